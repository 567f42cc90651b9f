"""What rules make of trends: chaos is no progress, what settles is left to settle, and who moves is not slow."""

from __future__ import annotations

import itertools

import pytest

from saddlepoint.diagnosis import Facts, Series
from saddlepoint.diagnosis.rules.balance import discriminator_too_weak
from saddlepoint.diagnosis.rules.collapse import mode_collapse
from saddlepoint.diagnosis.rules.posterior import codes_leave_the_prior

RUN = Facts(steps=1_000, settings={"model.r1": 0.0, "model.beta": 0.01, "training.optimiser.betas": (0.9, 0.99)})


def series(name: str, values: list[float], last: int = 600, every: int = 20) -> Series:
    """A value every so many steps, the newest at step `last`."""
    return Series(name, [last - every * back for back in range(len(values) - 1, -1, -1)], values)


def collapsed(coverage: list[float], quality: list[float] | None, last: int = 600) -> bool:
    apart = series("g/diversity", [1.0] * len(coverage), last, every=40)
    measured = None if quality is None else series("quality/energy_distance", quality, last)
    visited = series("g/coverage", coverage, last, every=40)
    return mode_collapse.judge(visited, apart, RUN, None, None, measured) is not None


CHAOS = [*itertools.islice(itertools.cycle([0.2, 0.3, 0.25, 0.45]), 14), 0.6]  # the newest look seems to rise
RISE = [0.2 + 0.03 * look for look in range(15)]
WORSE, BEST = [1.0, 0.3, 0.5, 0.4], [1.0, 0.5, 0.4, 0.1]


def test_few_answers_for_long_are_few_though_the_last_look_rises() -> None:
    assert collapsed(CHAOS, WORSE)
    assert not collapsed(CHAOS, WORSE, last=380), "not so long yet: modes may be being found"
    assert not collapsed(CHAOS, None), "whether samples were ever better is not known"


@pytest.mark.parametrize(("coverage", "quality"), [(CHAOS, BEST), (RISE, WORSE), (RISE, BEST)])
def test_a_steady_rise_and_samples_that_are_nearer_than_ever_are_progress(
    coverage: list[float], quality: list[float]
) -> None:
    assert not collapsed(coverage, quality)


@pytest.mark.parametrize("share", [0.8, 0.9, 0.95])
@pytest.mark.parametrize("start", [2.5, 4.0, 20.0])
def test_codes_that_will_be_inside_by_the_end_are_still_settling(start: float, share: float) -> None:
    values = [start * share**look for look in range(8)]
    found = codes_leave_the_prior.judge(_spread(values), RUN, _flat("vae/kl"), _flat("vae/reconstruction"))
    left = (RUN.steps or 0) - 600
    at_the_end = values[-2] * share ** (left / 20)  # the level is the middle of the last three looks
    outside = values[-2] > 2.0 and at_the_end >= 2.0
    assert (found is not None) == outside


@pytest.mark.parametrize(("values", "found"), [([0.0] * 8, False), ([-1.0] * 8, False), ([3.0] * 7 + [0.0], True)])
def test_a_spread_that_is_none_is_borne(values: list[float], found: bool) -> None:
    late = Facts(steps=500)  # the run went on for longer than was planned
    judged = codes_leave_the_prior.judge(_spread(values), late, _flat("vae/kl"), _flat("vae/reconstruction"))
    assert (judged is not None) == found


def test_codes_that_spread_are_found_however_long_is_left() -> None:
    for values in ([3.0] * 8, [2.0 + 0.2 * look for look in range(8)]):
        assert codes_leave_the_prior.judge(_spread(values), RUN, _flat("vae/kl"), _flat("vae/reconstruction"))


def _spread(values: list[float]) -> Series:
    return series("vae/code_spread", values)


def _flat(name: str) -> Series:
    return series(name, [5.0] * 8)


@pytest.mark.parametrize(
    ("d", "g", "misled"),
    [(1e-3, 1e-3, True), (1e-3, 1e-5, True), (1e-3, 1e-2, False), (1e-6, 1e-6, False), (1e-6, 1e-3, False)],
)
def test_a_discriminator_that_moves_as_the_generator_does_is_not_slow(d: float, g: float, misled: bool) -> None:
    rank, bad = series("d/advantage", [0.0] * 5), series("quality/energy_distance", [1.0, 0.8, 0.8, 0.8, 0.8])
    rates = {"training.discriminator.learning_rate": 1e-3, "training.optimiser.learning_rate": 1e-3}
    run = Facts(steps=1_000, settings={**RUN.settings, **rates})
    moves = series("d/update_ratio", [d] * 5), series("g/update_ratio", [g] * 5)
    found = discriminator_too_weak.judge(rank, run, bad, None, None, *moves)
    assert found is not None
    calmer = {"model.r1": 1.0, "training.optimiser.betas": [0.5, 0.99]}
    assert found.remedy == (calmer if misled else {"training.discriminator.learning_rate": 4e-3})
    stronger = Facts(steps=1_000, settings={**run.settings, "model.r1": 10.0})
    kept = discriminator_too_weak.judge(rank, stronger, bad, None, None, *moves)
    assert kept is not None
    assert "model.r1" not in (kept.remedy or {}), "a stronger penalty is not eased"
    unknown = discriminator_too_weak.judge(rank, run, bad)
    assert unknown is not None
    assert unknown.remedy == {"training.discriminator.learning_rate": 4e-3}
