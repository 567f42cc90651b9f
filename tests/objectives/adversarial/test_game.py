"""Laws of the composed game, for every loss of the registry where they hold for every loss."""

import math
from dataclasses import replace
from itertools import permutations

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from saddlepoint.objectives.adversarial.composition import logits
from saddlepoint.objectives.adversarial.game import adversarial_game, discriminator_loss, generator_loss
from saddlepoint.objectives.adversarial.heads import Head
from saddlepoint.objectives.adversarial.losses import cross_entropy
from saddlepoint.objectives.adversarial.noise import GameNoise
from saddlepoint.objectives.adversarial.part_state import PartState
from saddlepoint.objectives.adversarial.penalties import ConsistencyPenalty, Penalty, ScorePenalty, half
from saddlepoint.objectives.adversarial.registry import loss_named
from saddlepoint.objectives.adversarial.settings import LOSSES
from saddlepoint.objectives.phase import Batch
from tests.objectives.adversarial.parts import fake_cost, parts

OF_LOGITS = [name for name in LOSSES if not loss_named(name).features]
ALONE = [name for name in OF_LOGITS if not loss_named(name).paired and loss_named(name).state is None]
REAL = torch.tensor([-3.0, 0.0, 2.0, 40.0], dtype=torch.float64)
FAKE = torch.tensor([1.0, 0.0, -5.0, 30.0], dtype=torch.float64)


def identity(value):
    return value


# The networks pass logits through: batch.x holds those of real examples, z those of generated ones.
NETS = {"d": lambda x: x[:, :1], "g": identity}
BATCH, NOISE = Batch(REAL[:, None]), GameNoise(FAKE[:, None])


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_discriminator_pays_two_cross_entropies(smoothing):
    loss, observations = discriminator_loss(parts(smoothing=smoothing))(NETS, BATCH, NOISE)
    expected = binary_cross_entropy_with_logits(
        REAL, torch.full_like(REAL, 1 - smoothing), reduction="none"
    ) + binary_cross_entropy_with_logits(FAKE, torch.zeros_like(FAKE), reduction="none")
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(observations["real_score"], REAL.sigmoid())
    torch.testing.assert_close(observations["fake_score"], FAKE.sigmoid())


def test_an_undecided_discriminator_pays_two_log_two():
    zero = torch.zeros(3, 1, dtype=torch.float64)
    loss, _ = discriminator_loss(parts())(NETS, Batch(zero), GameNoise(zero))
    torch.testing.assert_close(loss, torch.full((3,), 2 * math.log(2), dtype=torch.float64))


def test_minimax_is_zero_sum():
    discriminator, _ = discriminator_loss(parts())(NETS, BATCH, NOISE)
    generator, _ = generator_loss(parts("minimax"))(NETS, BATCH, NOISE)
    # What is left of the sum is the part that the generator cannot move, -log D(x).
    torch.testing.assert_close(discriminator + generator, torch.nn.functional.softplus(-REAL))


def gradient(loss, logit):
    z = torch.tensor([[logit]], dtype=torch.float64, requires_grad=True)
    (found,) = torch.autograd.grad(loss(NETS, Batch(z.detach()), GameNoise(z))[0].sum(), z)
    return found.item()


@pytest.mark.parametrize("logit", [-1e4, -30.0, -1.0, 0.0, 2.0, 1e4])
def test_both_generators_push_the_logit_up_one_by_d_the_other_by_1_minus_d(logit):
    d = 1 / (1 + math.exp(-logit)) if logit > -700 else 0.0
    # Relative, so that a tiny gradient must be right too; torch takes softplus(a) = a beyond a = 20, off by e^-20 = 2e-9.
    assert gradient(generator_loss(parts("minimax")), logit) == pytest.approx(-d, rel=3e-9, abs=0)
    assert gradient(generator_loss(parts("non-saturating")), logit) == pytest.approx(-(1 - d), rel=3e-9, abs=0)


def test_at_one_half_both_generator_losses_have_equal_gradients():
    assert (
        gradient(generator_loss(parts("minimax")), 0.0)
        == gradient(generator_loss(parts("non-saturating")), 0.0)
        == -0.5
    )


# The exponentials of these f-divergences have no limit, as their module says.
EXPONENTIAL = {"f-kl", "f-reverse-kl", "f-squared-hellinger"}


@pytest.mark.parametrize("objective", [name for name in OF_LOGITS if name not in EXPONENTIAL])
@pytest.mark.parametrize("logit", [1e4, -1e4])
@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_extreme_logits_stay_finite(objective, logit, kind):
    x = torch.full((2, 1), logit, dtype=kind, requires_grad=True)
    for phase in adversarial_game(
        parts(objective, smoothing=0.0 if "labels.smoothing" in loss_named(objective).forbids else 0.1)
    ):
        state = loss_named(objective).state
        kept = None if state is None else {"objective": dict(state.first)}
        loss, _ = phase.loss(NETS, Batch(x), GameNoise(-x, kept=kept))
        assert loss.isfinite().all()
        assert loss.dtype == torch.float32
        assert torch.autograd.grad(loss.sum(), x)[0].isfinite().all()


def test_instance_noise_reaches_both_kinds_of_example():
    views = {"instance_noise": torch.full((4, 1), 2.0)}, {"instance_noise": torch.full((4, 1), -1.0)}
    noise = replace(NOISE, real_views=views[0], fake_views=views[1])
    shifted, _ = discriminator_loss(parts())(NETS, BATCH, noise)
    changed = Batch(BATCH.x + 2), GameNoise(NOISE.latent - 1)
    expected, _ = discriminator_loss(parts())(NETS, *changed)
    torch.testing.assert_close(shifted, expected)
    for loss in (generator_loss(parts(name)) for name in ALONE):
        torch.testing.assert_close(loss(NETS, BATCH, noise)[0], loss(NETS, *changed)[0])


@pytest.mark.parametrize("shape", [(4,), (4, 1), (4, 1, 1, 1)])
def test_logits_may_have_trailing_axes_of_size_one(shape):
    assert logits({"d": lambda x: torch.zeros(shape)}, torch.zeros(4, 2)).shape == (4,)


def test_the_game_is_data():
    first, second = adversarial_game(parts("minimax"), discriminator_updates=3)
    assert (first.player, first.repeats, first.uses_data) == ("d", 3, True)
    assert (second.player, second.repeats, second.uses_data) == ("g", 1, False)


def test_the_discriminators_gradient_stops_at_the_discriminator_without_detach():
    w = torch.tensor(0.7, dtype=torch.float64)

    def loss(discriminator, generator):
        nets = {"d": lambda x: discriminator * x[:, 0], "g": lambda z: generator * z}
        return discriminator_loss(parts())(nets, BATCH, NOISE)[0].mean()

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
    loss = discriminator_loss(parts(smoothing=smoothing))
    none, all_of_them = torch.zeros(4, dtype=torch.float64), torch.ones(4, dtype=torch.float64)
    plain, _ = loss(NETS, BATCH, NOISE)
    torch.testing.assert_close(loss(NETS, BATCH, replace(NOISE, flip_real=none, flip_fake=none))[0], plain)
    flipped, _ = loss(NETS, BATCH, replace(NOISE, flip_real=all_of_them, flip_fake=all_of_them))
    swapped, _ = discriminator_loss(parts())(NETS, Batch(FAKE[:, None]), GameNoise(REAL[:, None]))
    torch.testing.assert_close(flipped, swapped)


def test_replayed_examples_take_the_place_of_new_ones_where_it_says():
    old = torch.full((4, 1), 7.0, dtype=torch.float64)
    loss = discriminator_loss(parts())
    nowhere = torch.zeros(4, dtype=torch.bool)
    plain, _ = loss(NETS, BATCH, NOISE)
    assert torch.equal(loss(NETS, BATCH, replace(NOISE, replayed=old, is_replayed=nowhere))[0], plain)
    some = torch.tensor([True, False, False, True])
    mixed, _ = loss(NETS, BATCH, replace(NOISE, replayed=old, is_replayed=some))
    everywhere, _ = loss(NETS, BATCH, GameNoise(old))
    assert torch.equal(mixed, torch.where(some, everywhere, plain))


FEATURED = {"d": lambda x, features: torch.cat([x, x.square()], 1), "g": identity}


def test_feature_matching_is_the_distance_of_mean_features():
    loss, _ = generator_loss(parts("feature-matching"))(FEATURED, BATCH, NOISE)
    expected = (REAL.mean() - FAKE.mean()) ** 2 + (REAL.square().mean() - FAKE.square().mean()) ** 2
    torch.testing.assert_close(loss, expected.expand(4))


def test_feature_matching_is_nothing_between_equal_batches_in_any_order():
    z = REAL.flip(0)[:, None].requires_grad_()
    loss, _ = generator_loss(parts("feature-matching"))(FEATURED, BATCH, GameNoise(z))
    assert loss.abs().max() < 1e-20
    assert torch.autograd.grad(loss.mean(), z)[0].abs().max() < 1e-9


def test_feature_matching_uses_the_data():
    _, generator = adversarial_game(parts("feature-matching"))
    assert generator.uses_data


def test_an_indistinguishable_pair_costs_log_two_and_a_reversed_pair_costs_more():
    discriminator = discriminator_loss(parts("relativistic"))
    both, _ = discriminator(NETS, BATCH, GameNoise(BATCH.x))
    torch.testing.assert_close(both, torch.full((4,), math.log(2), dtype=torch.float64))
    loss, observations = discriminator(NETS, BATCH, NOISE)
    torch.testing.assert_close(loss, torch.nn.functional.softplus(FAKE - REAL))
    torch.testing.assert_close(observations["real_score"] + observations["fake_score"], torch.ones_like(REAL))


def test_in_pairs_only_differences_of_scores_count_and_the_players_trade_places():
    shifted = {"d": lambda x: x[:, :1] + 5, "g": identity}
    for loss in (discriminator_loss(parts("relativistic")), generator_loss(parts("relativistic"))):
        torch.testing.assert_close(loss(shifted, BATCH, NOISE)[0], loss(NETS, BATCH, NOISE)[0])
    generator, _ = generator_loss(parts("relativistic"))(NETS, BATCH, NOISE)
    swapped, _ = discriminator_loss(parts("relativistic"))(NETS, Batch(FAKE[:, None]), GameNoise(REAL[:, None]))
    torch.testing.assert_close(generator, swapped)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_a_pairs_label_is_flipped_and_smoothed(smoothing):
    loss = discriminator_loss(parts("relativistic", smoothing=smoothing))
    plain, _ = loss(NETS, BATCH, NOISE)
    torch.testing.assert_close(plain, cross_entropy(REAL - FAKE, 1 - smoothing))
    flipped = replace(NOISE, flip_real=torch.ones_like(REAL), flip_fake=torch.zeros_like(REAL))
    torch.testing.assert_close(loss(NETS, BATCH, flipped)[0], cross_entropy(REAL - FAKE, 0.0))


def test_the_relativistic_game_shows_the_generator_real_examples():
    discriminator, generator = adversarial_game(parts("relativistic", r1=1.0, r2=1.0))
    assert generator.uses_data
    assert discriminator.loss(NETS, BATCH, NOISE)[1].keys() >= {"real_slope", "fake_slope"}


@pytest.mark.parametrize("name", LOSSES)
def test_the_registry_agrees_with_the_loss(name):
    entry, loss = LOSSES[name], loss_named(name)
    assert ("probability" in entry.traits, "paired" in entry.traits) == (loss.link is not None, loss.paired)
    if "cross_entropy" in entry.traits and loss.fake is not None and not loss.features:
        torch.testing.assert_close(
            loss.real(REAL) + loss.fake(FAKE), cross_entropy(REAL, 1.0) + cross_entropy(FAKE, 0.0)
        )
    if "saturates" in entry.traits:
        assert slope(loss.generator, -20.0) > -1e-6
    elif not loss.features:
        assert slope(loss.generator, -20.0) < -1e-3


def slope(cost, logit):
    x = torch.tensor([logit], dtype=torch.float64, requires_grad=True)
    return torch.autograd.grad(cost(x).sum(), x)[0].item()


@pytest.mark.parametrize("name", OF_LOGITS)
def test_every_loss_pulls_real_logits_up_generated_ones_down_and_the_generator_pulls_up(name):
    loss = loss_named(name)
    for logit in (-0.9, -0.3, 0.3, 0.9):
        assert slope(loss.real, logit) < 0
        assert slope(loss.generator, logit) < 0
        if not loss.paired:
            pull = slope(fake_cost(loss), logit + (1 if name == "least-squares" else 0))
            assert pull > 0 or (loss.state is not None and pull == 0)


@pytest.mark.parametrize("name", OF_LOGITS)
def test_losses_match_finite_differences(name):
    loss = loss_named(name)
    x = torch.tensor([-2.3, -0.4, 0.2, 1.7], dtype=torch.float64, requires_grad=True)
    for cost in (loss.real, loss.generator, *([] if loss.fake is None else [fake_cost(loss)])):
        assert torch.autograd.gradcheck(cost, (x,))


@pytest.mark.parametrize("name", [name for name in OF_LOGITS if "labels.smoothing" not in loss_named(name).forbids])
def test_labels_at_their_ends_are_the_plain_costs(name):
    loss = loss_named(name)
    torch.testing.assert_close(loss.cost(REAL, 1.0), loss.real(REAL))
    torch.testing.assert_close(loss.cost(REAL, 0.0), loss.real(-REAL) if loss.fake is None else loss.fake(REAL))


@pytest.mark.parametrize("name", [name for name in LOSSES if loss_named(name).link])
def test_a_link_is_a_probability_that_grows_with_the_logit_and_is_one_half_where_the_loss_is_undecided(name):
    loss = loss_named(name)
    probabilities = loss.link(torch.linspace(-5, 5, 101, dtype=torch.float64))
    assert probabilities.min() >= 0
    assert probabilities.max() <= 1
    assert (probabilities.diff() >= 0).all()
    assert loss.link(torch.tensor(loss.neutral)) == 0.5


@pytest.mark.parametrize("name", ALONE)
def test_a_loss_without_probabilities_observes_outputs(name):
    _, observed = discriminator_loss(parts(name))(NETS, BATCH, NOISE)
    expected = {"real_score", "fake_score"} if "probability" in LOSSES[name].traits else {"real_output", "fake_output"}
    assert observed.keys() == expected


def test_a_penalty_at_points_of_its_own_takes_them_from_both_kinds_of_examples():
    between = Penalty(
        lambda real, fake, share: share * real + (1 - share) * fake,
        half,
        draw=lambda n, event, g: torch.rand(n, 1, generator=g),
    )
    game = replace(parts(), penalties={"between": (between, 3.0)})
    nets = {"d": lambda x: x.square().sum(1), "g": identity}
    share = between.draw(4, (1,), torch.Generator().manual_seed(0)).double()
    value, observed = discriminator_loss(game)(nets, BATCH, replace(NOISE, penalties={"between": share}))
    plain, _ = discriminator_loss(parts())(nets, BATCH, NOISE)
    points = share[:, 0] * REAL + (1 - share[:, 0]) * FAKE
    torch.testing.assert_close(value - plain, 3.0 / 2 * (2 * points).square())
    torch.testing.assert_close(observed["between_slope"], (2 * points).abs())


def test_a_conditional_game_gives_labels_by_name_to_both_players():
    labels = torch.tensor([0, 1, 1, 0])
    seen = []

    def network(x, *, labels):
        seen.append(labels)
        return x[:, :1] + labels[:, None]

    for phase in adversarial_game(replace(parts("relativistic"), conditional=True)):
        assert phase.uses_data
        phase.loss({"d": network, "g": network}, Batch(BATCH.x, labels), NOISE)
    assert len(seen) == 6
    assert all(given is labels for given in seen)


def test_a_consistency_penalty_costs_the_change_of_the_logits():
    change = ConsistencyPenalty(
        lambda x, numbers: x + numbers,
        draw=lambda n, event, g: torch.randn(n, *event, generator=g),
        how=lambda one, other: (one - other).square(),
        kinds=("real", "fake"),
    )
    game = replace(parts(), penalties={"change": (change, 3.0)})
    nets = {"d": lambda x: 2 * x[:, 0], "g": identity}
    numbers = change.draw(4, (1,), torch.Generator().manual_seed(0)).double()
    value, _ = discriminator_loss(game)(nets, BATCH, replace(NOISE, penalties={"change": numbers}))
    plain, _ = discriminator_loss(parts())(nets, BATCH, NOISE)
    torch.testing.assert_close(value - plain, 2 * 3.0 * (2 * numbers[:, 0]).square())


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_penalties_of_all_kinds_count_once_each_in_any_order(order):
    kinds = [
        ("real", Penalty("real", half)),
        ("middle", Penalty(lambda real, fake, _: (real + fake) / 2, half)),
        ("change", ConsistencyPenalty(torch.add, torch.randn, lambda one, other: (one - other).square(), ("fake",))),
        ("score", ScorePenalty(lambda real, fake, kept: (real - fake).square())),
    ]
    nets = {"d": lambda x: x.square().sum(1), "g": identity}
    noise = replace(NOISE, penalties={"change": torch.full((4, 1), 0.5, dtype=torch.float64)})
    value, observed = discriminator_loss(
        replace(parts(), penalties={kinds[at][0]: (kinds[at][1], 1.0 + at) for at in order})
    )(nets, BATCH, noise)
    plain, _ = discriminator_loss(parts())(nets, BATCH, noise)
    real, fake = REAL.square(), FAKE.square()
    middle, changed = (REAL + FAKE).square() / 2, (FAKE + 0.5).square()
    expected = 2 * real + 2 * middle + 3 * (fake - changed).square() + 4 * (real - fake).square()
    torch.testing.assert_close(value - plain, expected)
    assert {"real_slope", "middle_slope"} == {name for name in observed if name.endswith("_slope")}


def test_state_goes_in_with_the_noise_and_comes_out_with_the_observations():
    penalty = ScorePenalty(
        lambda real, fake, kept: (real - kept["mean"]).square() + 0 * fake,
        state=PartState(
            {"mean": torch.zeros(())}, lambda kept, real, fake: {"mean": 0.9 * kept["mean"] + 0.1 * real.mean()}
        ),
    )
    game = replace(parts(), penalties={"anchor": (penalty, 2.0)})
    nets = {"d": lambda x: 2 * x[:, 0], "g": identity}
    noise = replace(NOISE, kept={"penalties.anchor": {"mean": torch.tensor(0.5)}})
    value, observed = discriminator_loss(game)(nets, BATCH, noise)
    plain, _ = discriminator_loss(parts())(nets, BATCH, NOISE)
    torch.testing.assert_close(value - plain, 2 * (2 * REAL - 0.5).square())
    torch.testing.assert_close(observed["kept/penalties.anchor/mean"], 0.9 * 0.5 + 0.1 * (2 * REAL).mean())
    assert [phase.keep is None for phase in adversarial_game(game, keep=dict.clear)] == [False, True]


def test_heads_add_their_costs_to_both_players():
    head = Head(
        1,
        discriminator=lambda real, fake, targets: (real - fake)[:, 0] * targets.labels,
        generator=lambda fake, targets: fake[:, 0] + targets.codes[:, 0],
        weight=3.0,
        observe=lambda real, fake, targets: {"spread": real - fake},
    )
    labels = torch.tensor([0, 1, 1, 0])

    def discriminator(x, heads=False, *, labels):
        return (2 * x[:, 0], {"own": 5 * x}) if heads else 2 * x[:, 0]

    nets = {"d": discriminator, "g": lambda z, *, labels: z}
    batch = Batch(BATCH.x, labels)
    plain, with_head = (replace(parts(), conditional=True, heads=heads, codes=1) for heads in ({}, {"own": head}))
    value, observed = discriminator_loss(with_head)(nets, batch, NOISE)
    torch.testing.assert_close(value - discriminator_loss(plain)(nets, batch, NOISE)[0], 3 * 5 * (REAL - FAKE) * labels)
    assert "spread" in observed
    value = generator_loss(with_head)(nets, batch, NOISE)[0] - generator_loss(plain)(nets, batch, NOISE)[0]
    torch.testing.assert_close(value, 3 * (5 * FAKE + NOISE.latent[:, 0]))


def test_an_averaged_loss_compares_with_the_mean_of_the_other_kind():
    loss = replace(loss_named("non-saturating"), averaged=True)
    game = replace(parts(), loss=loss)
    nets = {"d": lambda x: 2 * x[:, 0], "g": identity}
    value, _ = discriminator_loss(game)(nets, BATCH, NOISE)
    real, fake = 2 * REAL - 2 * FAKE.mean(), 2 * FAKE - 2 * REAL.mean()
    torch.testing.assert_close(value, softplus(-real) + softplus(fake))
    torch.testing.assert_close(generator_loss(game)(nets, BATCH, NOISE)[0], softplus(-fake) + softplus(real))
