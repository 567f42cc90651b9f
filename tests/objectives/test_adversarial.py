import math

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from saddlepoint.objectives.adversarial import (
    GENERATOR_LOSSES,
    adversarial_game,
    cross_entropy,
    discriminator_cross_entropy,
    feature_matching_generator,
    logits,
    minimax_generator,
    non_saturating_generator,
    relativistic_generator,
)
from saddlepoint.objectives.phase import Batch

REAL = torch.tensor([-3.0, 0.0, 2.0, 40.0], dtype=torch.float64)
FAKE = torch.tensor([1.0, 0.0, -5.0, 30.0], dtype=torch.float64)


def identity(value):
    return value


# The networks pass logits through: batch.x holds those of real examples, z those of generated ones.
NETS = {"d": lambda x: x[:, :1], "g": identity}
BATCH, NOISE = Batch(REAL[:, None]), {"z": FAKE[:, None]}


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_discriminator_pays_two_cross_entropies(smoothing):
    loss, observations = discriminator_cross_entropy(smoothing)(NETS, BATCH, NOISE)
    expected = binary_cross_entropy_with_logits(
        REAL, torch.full_like(REAL, 1 - smoothing), reduction="none"
    ) + binary_cross_entropy_with_logits(FAKE, torch.zeros_like(FAKE), reduction="none")
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(observations["real_score"], REAL.sigmoid())
    torch.testing.assert_close(observations["fake_score"], FAKE.sigmoid())


def test_who_cannot_tell_pays_two_log_two():
    zero = torch.zeros(3, 1, dtype=torch.float64)
    loss, _ = discriminator_cross_entropy()(NETS, Batch(zero), {"z": zero})
    torch.testing.assert_close(loss, torch.full((3,), 2 * math.log(2), dtype=torch.float64))


def test_minimax_is_zero_sum():
    discriminator, _ = discriminator_cross_entropy()(NETS, BATCH, NOISE)
    generator, _ = minimax_generator(NETS, BATCH, NOISE)
    # What is left of the sum is the part that the generator cannot move, -log D(x).
    torch.testing.assert_close(discriminator + generator, torch.nn.functional.softplus(-REAL))


def gradient(loss, logit):
    z = torch.tensor([[logit]], dtype=torch.float64, requires_grad=True)
    (found,) = torch.autograd.grad(loss(NETS, Batch(z.detach()), {"z": z})[0].sum(), z)
    return found.item()


@pytest.mark.parametrize("logit", [-1e4, -30.0, -1.0, 0.0, 2.0, 1e4])
def test_both_generators_push_the_logit_up_one_by_d_the_other_by_1_minus_d(logit):
    d = 1 / (1 + math.exp(-logit)) if logit > -700 else 0.0
    # Relative, so that a tiny gradient must be right too; torch takes softplus(a) = a beyond a = 20, off by e^-20 = 2e-9.
    assert gradient(minimax_generator, logit) == pytest.approx(-d, rel=3e-9, abs=0)
    assert gradient(non_saturating_generator, logit) == pytest.approx(-(1 - d), rel=3e-9, abs=0)


def test_at_one_half_both_generators_move_alike():
    assert gradient(minimax_generator, 0.0) == gradient(non_saturating_generator, 0.0) == -0.5


@pytest.mark.parametrize("objective", GENERATOR_LOSSES)
@pytest.mark.parametrize("logit", [1e4, -1e4])
@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_extreme_logits_stay_finite(objective, logit, kind):
    x = torch.full((2, 1), logit, dtype=kind, requires_grad=True)
    for phase in adversarial_game(objective, label_smoothing=0.1):
        loss, _ = phase.loss(NETS, Batch(x), {"z": -x})
        assert loss.isfinite().all()
        assert loss.dtype == torch.float32
        assert torch.autograd.grad(loss.sum(), x)[0].isfinite().all()


def test_instance_noise_reaches_both_kinds_of_example():
    noise = NOISE | {"real": torch.full((4, 1), 2.0), "fake": torch.full((4, 1), -1.0)}
    shifted, _ = discriminator_cross_entropy()(NETS, BATCH, noise)
    expected, _ = discriminator_cross_entropy()(NETS, Batch(BATCH.x + 2), {"z": NOISE["z"] - 1})
    torch.testing.assert_close(shifted, expected)
    for loss in GENERATOR_LOSSES.values():
        torch.testing.assert_close(loss(NETS, BATCH, noise)[0], loss(NETS, BATCH, {"z": NOISE["z"] - 1})[0])


@pytest.mark.parametrize("shape", [(4,), (4, 1), (4, 1, 1, 1)])
def test_logits_come_in_any_shape_of_ones(shape):
    assert logits({"d": lambda x: torch.zeros(shape)}, torch.zeros(4, 2)).shape == (4,)


def test_the_game_is_data():
    first, second = adversarial_game("minimax", discriminator_steps=3)
    assert (first.player, first.repeats, first.uses_data) == ("d", 3, True)
    assert (second.player, second.repeats, second.uses_data) == ("g", 1, False)


def test_the_discriminators_gradient_stops_at_the_discriminator_without_detach():
    w = torch.tensor(0.7, dtype=torch.float64)

    def loss(discriminator, generator):
        nets = {"d": lambda x: discriminator * x[:, 0], "g": lambda z: generator * z}
        return discriminator_cross_entropy()(nets, BATCH, NOISE)[0].mean()

    by_grad = torch.func.grad(loss)(w, w)
    by_hand = w.clone().requires_grad_()
    (expected,) = torch.autograd.grad(loss(by_hand, w), by_hand)
    torch.testing.assert_close(by_grad, expected)


@pytest.mark.parametrize("label", [0.0, 0.3, 1.0])
def test_cross_entropy_is_torchs(label):
    expected = binary_cross_entropy_with_logits(REAL, torch.full_like(REAL, label), reduction="none")
    torch.testing.assert_close(cross_entropy(REAL, label), expected)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_labels_that_are_not_flipped_change_nothing_and_flipped_ones_swap_sides(smoothing):
    loss = discriminator_cross_entropy(smoothing)
    none, all_of_them = torch.zeros(4, dtype=torch.float64), torch.ones(4, dtype=torch.float64)
    plain, _ = loss(NETS, BATCH, NOISE)
    torch.testing.assert_close(loss(NETS, BATCH, NOISE | {"flip_real": none, "flip_fake": none})[0], plain)
    flipped, _ = loss(NETS, BATCH, NOISE | {"flip_real": all_of_them, "flip_fake": all_of_them})
    swapped, _ = discriminator_cross_entropy()(NETS, Batch(FAKE[:, None]), {"z": REAL[:, None]})
    torch.testing.assert_close(flipped, swapped)


def test_replayed_examples_take_the_place_of_new_ones_where_it_says():
    old = torch.full((4, 1), 7.0, dtype=torch.float64)
    loss = discriminator_cross_entropy()
    nowhere = torch.zeros(4, dtype=torch.bool)
    plain, _ = loss(NETS, BATCH, NOISE)
    assert torch.equal(loss(NETS, BATCH, NOISE | {"replayed": old, "is_replayed": nowhere})[0], plain)
    some = torch.tensor([True, False, False, True])
    mixed, _ = loss(NETS, BATCH, NOISE | {"replayed": old, "is_replayed": some})
    everywhere, _ = loss(NETS, BATCH, {"z": old})
    assert torch.equal(mixed, torch.where(some, everywhere, plain))


FEATURED = {"d": lambda x, features: torch.cat([x, x.square()], 1), "g": identity}


def test_feature_matching_is_the_distance_of_mean_features():
    loss, _ = feature_matching_generator(FEATURED, BATCH, NOISE)
    expected = (REAL.mean() - FAKE.mean()) ** 2 + (REAL.square().mean() - FAKE.square().mean()) ** 2
    torch.testing.assert_close(loss, expected.expand(4))


def test_feature_matching_is_nothing_between_equal_batches_in_any_order():
    z = REAL.flip(0)[:, None].requires_grad_()
    loss, _ = feature_matching_generator(FEATURED, BATCH, {"z": z})
    assert loss.abs().max() < 1e-20
    assert torch.autograd.grad(loss.mean(), z)[0].abs().max() < 1e-9


def test_feature_matching_looks_at_the_data():
    _, generator = adversarial_game("feature-matching")
    assert generator.uses_data


def test_a_pair_costs_log_two_where_it_cannot_be_told_apart_and_more_where_it_is_the_wrong_way_round():
    discriminator = discriminator_cross_entropy(relativistic=True)
    both, _ = discriminator(NETS, BATCH, {"z": BATCH.x})
    torch.testing.assert_close(both, torch.full((4,), math.log(2), dtype=torch.float64))
    loss, observations = discriminator(NETS, BATCH, NOISE)
    torch.testing.assert_close(loss, torch.nn.functional.softplus(FAKE - REAL))
    torch.testing.assert_close(observations["real_score"] + observations["fake_score"], torch.ones_like(REAL))


def test_in_pairs_only_differences_of_scores_count_and_the_players_trade_places():
    shifted = {"d": lambda x: x[:, :1] + 5, "g": identity}
    for loss in (discriminator_cross_entropy(relativistic=True), relativistic_generator):
        torch.testing.assert_close(loss(shifted, BATCH, NOISE)[0], loss(NETS, BATCH, NOISE)[0])
    generator, _ = relativistic_generator(NETS, BATCH, NOISE)
    swapped, _ = discriminator_cross_entropy(relativistic=True)(NETS, Batch(FAKE[:, None]), {"z": REAL[:, None]})
    torch.testing.assert_close(generator, swapped)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_a_pairs_label_is_flipped_and_smoothed(smoothing):
    loss = discriminator_cross_entropy(smoothing, relativistic=True)
    plain, _ = loss(NETS, BATCH, NOISE)
    torch.testing.assert_close(plain, cross_entropy(REAL - FAKE, 1 - smoothing))
    flips = {"flip_real": torch.ones_like(REAL), "flip_fake": torch.zeros_like(REAL)}
    torch.testing.assert_close(loss(NETS, BATCH, NOISE | flips)[0], cross_entropy(REAL - FAKE, 0.0))


def test_the_relativistic_game_shows_the_generator_real_examples():
    discriminator, generator = adversarial_game("relativistic", r1=1.0, r2=1.0)
    assert generator.uses_data
    assert generator.loss is relativistic_generator
    assert discriminator.loss(NETS, BATCH, NOISE)[1].keys() >= {"real_slope", "fake_slope"}
