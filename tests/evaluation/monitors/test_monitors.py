"""Monitors of fresh samples, of copies, of collapsed samples and of dead networks have the values they should."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from saddlepoint.data.arrays import from_array
from saddlepoint.evaluation.metrics.pairwise import mean_within
from saddlepoint.evaluation.monitors.adversarial import advantage, advantage_error, label_advantage
from saddlepoint.evaluation.monitors.codes import is_first_occurrence, tie_share
from saddlepoint.evaluation.monitors.copies import (
    copying_beside_held_out,
    copying_beside_training,
    distance_to_nearest,
    distance_to_others,
    standard_error,
)
from saddlepoint.evaluation.monitors.monitor import Monitor
from saddlepoint.evaluation.monitors.neighbourhood import Neighbourhood, k_means, modes_covered, turnover
from saddlepoint.models import build
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.networks.activity import record_activity


def draw(n: int, d: int = 2, seed: int = 0) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


def around(real: Tensor) -> Neighbourhood:
    return Neighbourhood(lambda x: x, real)


def test_copies_are_found_and_fresh_samples_are_not() -> None:
    training, held_out = draw(800, 8), draw(400, 8, 1)
    share, ratio, closest = copying_beside_held_out(training[:200], training, held_out)
    assert (share.item(), ratio.item(), closest.item()) == pytest.approx((1.0, 0.0, 1.0))
    share, ratio, closest = copying_beside_held_out(draw(400, 8, 2), training, held_out)
    # The nearest is a training example as often as a coin of 2/3 says, 400 times: 4 standard errors.
    assert abs(share.item()) < 4 * (2 / 3 * 1 / 3 / 400) ** 0.5 * 3
    assert ratio.item() == pytest.approx(1, abs=0.1)
    assert closest.item() < 0.05


def test_known_values_of_held_out_examples_change_nothing() -> None:
    training, held_out, samples = draw(700, 4), draw(300, 4, 1), draw(100, 4, 2)
    usual = distance_to_nearest(held_out, training)
    assert copying_beside_held_out(samples, training, held_out, usual) == copying_beside_held_out(
        samples, training, held_out
    )


@pytest.mark.slow
@pytest.mark.parametrize(("trained", "left"), [(400, 400), (900, 100)])
def test_the_standard_error_is_the_variation_of_fresh_samples(trained: int, left: int) -> None:
    found = torch.stack(
        [
            copying_beside_held_out(draw(64, 4, s), draw(trained, 4, 1_000 + s), draw(left, 4, 2_000 + s))[0]
            for s in range(100)
        ]
    )
    error = standard_error(64, trained, left)
    assert found.std().item() == pytest.approx(error, rel=0.5)  # samples may share a neighbour, so somewhat above it
    assert abs(found.mean().item()) < 0.5 * error


def test_fresh_samples_are_as_diverse_as_the_data_and_cover_them() -> None:
    places = around(draw(2_000))
    fresh = draw(2_000, seed=1)
    assert places.diversity(fresh).item() == pytest.approx(1, abs=0.05)
    assert places.reach(fresh).item() == pytest.approx(1, abs=0.05)
    assert places.coverage(places.shares_of(fresh)).item() == pytest.approx(1)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_diversity_and_reach_go_with_the_samples_scale(factor: float) -> None:
    real = draw(1_000)
    places = around(real)
    middle = real.mean(0)
    scaled = middle + factor * (real - middle)
    assert places.diversity(scaled).item() == pytest.approx(factor, rel=1e-4)
    assert places.reach(scaled).item() == pytest.approx(factor, rel=1e-4)


@pytest.mark.parametrize("factor", [0.55, 0.7, 1.0])
def test_blurred_samples_cover_the_data_once_they_are_widened(factor: float) -> None:
    """Samples that are too near the middle in all directions miss the outer neighbourhoods, which is no lost part of the data."""
    real = draw(2_000)
    places = around(real)
    blurred = real.mean(0) + factor * (real - real.mean(0))
    assert places.widened(blurred).allclose(real, atol=1e-4)
    assert places.coverage(places.shares_of(places.widened(blurred))).item() == pytest.approx(1)


@pytest.mark.parametrize("factor", [0.55, 0.7, 1.0, 1.5])
def test_a_lost_part_of_the_data_stays_lost_however_samples_are_scaled(factor: float) -> None:
    real = draw(2_000)
    places = around(real)
    half = real[(real - real.mean(0))[:, 0] > 0]
    blurred = real.mean(0) + factor * (half - real.mean(0))
    assert places.coverage(places.shares_of(places.widened(blurred))).item() < 0.62


def test_samples_that_are_wide_or_alike_are_not_made_like_the_data() -> None:
    real = draw(2_000)
    places = around(real)
    wide = real.mean(0) + 2 * (real - real.mean(0))
    assert torch.equal(places.widened(wide), wide)
    alike = real.mean(0) + 0.01 * (real - real.mean(0))
    assert places.reach(places.widened(alike)).item() == pytest.approx(0.02, rel=1e-3)


def test_a_single_repeated_sample_has_no_diversity_and_covers_one_place() -> None:
    real = draw(2_000)
    places = around(real)
    same = real[:1].expand(500, -1)
    assert places.diversity(same).item() == pytest.approx(0, abs=1e-3)
    assert places.coverage(places.shares_of(same)).item() == pytest.approx(places.shares.max().item(), abs=0.1)


def test_turnover_is_the_share_of_the_samples_that_moved() -> None:
    shares = torch.tensor([0.5, 0.5, 0.0, 0.0])
    assert turnover(shares, shares).item() == 0
    assert turnover(shares, torch.tensor([0.5, 0.3, 0.2, 0.0])).item() == pytest.approx(0.2)
    assert turnover(shares, shares.flip(0)).item() == pytest.approx(1)


def test_the_right_label_has_an_advantage_only_where_scores_depend_on_labels() -> None:
    scores, differs = draw(500, 1).flatten(), torch.arange(500) % 5 > 0
    assert label_advantage(scores, scores, differs).item() == 0
    assert label_advantage(scores + 0.1, scores, differs).item() == pytest.approx(1)
    assert label_advantage(scores - 0.1, scores, differs).item() == pytest.approx(-1)
    assert abs(label_advantage(scores, scores[torch.randperm(500)], differs).item()) < 0.2
    assert label_advantage(scores + 0.1, scores, differs & False).item() == 0
    assert label_advantage(scores + 0.1 * differs, scores, differs).item() == pytest.approx(1), (
        "equal labels are left out"
    )


def test_a_dropped_mode_is_not_covered() -> None:
    centres = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])
    samples = centres.repeat(100, 1) + 0.1 * draw(400)
    share, quality = modes_covered(samples, centres, 0.1)
    assert share.item() == 1
    assert quality.item() > 0.95
    assert modes_covered(samples[samples.sum(1) < 15], centres, 0.1)[0].item() == 0.75


def test_means_of_neighbourhoods_are_where_the_data_are() -> None:
    centres = torch.tensor([[0.0, 0.0], [50.0, 0.0], [0.0, 50.0]])
    found = k_means(centres.repeat(100, 1) + draw(300), 3, torch.Generator().manual_seed(0))
    assert torch.cdist(centres, found).min(1).values.max() < 1
    assert mean_within(torch.tensor([[0.0], [1.0], [3.0]])).item() == pytest.approx(2)


def test_advantage_is_of_ranks() -> None:
    real, fake = draw(200, 1)[:, 0] + 1, draw(300, 1, 1)[:, 0]
    value = advantage(real, fake)
    torch.testing.assert_close(advantage(real.exp(), fake.exp()), value)
    torch.testing.assert_close(advantage(fake, real), -value)
    assert advantage(real, real).item() == pytest.approx(0, abs=1e-6)
    assert advantage(real + 100, fake).item() == 1


@pytest.mark.parametrize(("bias", "share"), [(0.0, 0.0), (-100.0, 1.0)])
def test_rectifiers_below_0_are_dead(bias: float, share: float) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
    with torch.no_grad():
        network[0].bias.fill_(bias)  # type: ignore[operator, union-attr]
        with record_activity(network) as activity:
            network(draw(500, 4))
    dead = activity.dead_share()
    assert dead is not None
    assert dead.item() == share


@pytest.mark.parametrize("shape", [nn.Identity(), nn.Unflatten(1, (1, 3))], ids=["as it is", "reshaped"])
def test_the_outputs_own_activation_has_no_hidden_units(shape: nn.Module) -> None:
    network = nn.Sequential(nn.Linear(4, 3), nn.Sigmoid(), shape)
    with record_activity(network) as activity:
        network(draw(5, 4))
    assert activity.dead_share() is None


def test_ties_are_of_clamped_heads_alone() -> None:
    free = draw(100)
    assert tie_share(free).item() == 0
    assert tie_share(free.relu()).item() == pytest.approx((free <= 0).float().mean().item(), abs=0.01)


@pytest.mark.parametrize("units", [1, 2, 8])
def test_constant_units_cause_no_ties(units: int) -> None:
    free = draw(64, units)
    for same in (free[:1].expand(100, -1), torch.zeros(100, units), free[:1].expand(100, -1).relu(), free[:1]):
        assert tie_share(same).item() == 0
    assert tie_share(torch.cat([free, torch.full((64, 1), -9.0)], 1)).item() == 0
    assert tie_share(torch.cat([free.relu(), torch.zeros(64, 1)], 1)).item() > 0.2


def test_equal_examples_are_counted_once() -> None:
    free = draw(20, 6).view(20, 2, 3)
    assert is_first_occurrence(free).all()
    twice = torch.cat([free, free[:7], free[:7]])
    torch.testing.assert_close(twice[is_first_occurrence(twice)], free)


@pytest.mark.parametrize(("left_out", "enough"), [(None, False), (3, False), (99, False), (100, True)])
def test_copies_are_measured_with_few_held_out_examples_too(left_out: int | None, enough: bool) -> None:
    training = from_array(draw(400).numpy())
    others = None if left_out is None else replace(training, x=draw(left_out, 2, 1), held_out=None)
    dataset = replace(training, held_out=others)
    model = build(GANSettings(), dataset.event)
    found = Monitor(dataset, model, lambda x: x.flatten(1).float(), 0, torch.device("cpu")).measure()
    alone = {"g/nearest_ratio", "g/copied"}
    assert set(found) == ({"g/copies", "g/copies_error"} | alone if enough else alone)


def test_training_examples_alone_distinguish_copies_from_fresh_samples() -> None:
    training = draw(30, 8)
    usual = distance_to_others(training)
    ratio, share = copying_beside_training(training[:20] + 0.05 * draw(20, 8, 1), training, usual)
    assert (ratio.item() < 0.3, share.item()) == (True, 1.0)
    ratio, share = copying_beside_training(draw(300, 8, 2), training, usual)
    assert ratio.item() == pytest.approx(1, abs=0.2)
    assert share.item() < 0.3  # the nearest of 30 is what one in a hundred is
    shrunk = copying_beside_training(0.3 * draw(300, 8, 2), training, usual)
    assert shrunk[0].item() > 0.5, "what lies about the middle is near to everything, and to nothing very near"
    assert torch.equal(distance_to_others(torch.cat([training, training[:9]])).sort()[0], usual.sort()[0])


@pytest.mark.parametrize(("real", "fake"), [(27, 3), (128, 20), (50, 50)])
def test_ranks_of_one_distribution_scatter_by_their_error(real: int, fake: int) -> None:
    generator = torch.Generator().manual_seed(0)
    draws = torch.randn(2_000, real + fake, generator=generator)
    found = torch.stack([advantage(row[:real], row[real:]) for row in draws])
    assert found.std().item() == pytest.approx(
        advantage_error(real, fake), rel=0.08
    )  # 5 errors of a deviation of 2,000
