"""Rules consider trends: chaos is no progress, a run that still settles is no failure, a player that moves is not slow."""

from __future__ import annotations

import itertools
import math

import pytest

from saddlepoint.diagnosis import Diagnosis, Facts, Series
from saddlepoint.diagnosis.rules.collapse import mode_collapse
from saddlepoint.diagnosis.rules.generalisation import bounds_part
from saddlepoint.diagnosis.rules.instability import past_its_best
from saddlepoint.diagnosis.rules.memory import discriminator_overfits, generator_copies_among_few
from saddlepoint.diagnosis.rules.numerics import non_finite
from saddlepoint.diagnosis.rules.posterior import codes_leave_the_prior
from saddlepoint.diagnosis.rules.weakness import discriminator_stands_still, discriminator_too_weak
from saddlepoint.records import Record

RUN = Facts(
    steps=1_000,
    settings={"model.penalties.r1.weight": 0.0, "model.beta": 0.01, "training.optimiser.betas": (0.9, 0.99)},
)


def series(name: str, values: list[float], last: int = 600, every: int = 20) -> Series:
    """A value every so many steps, the newest at step `last`."""
    return Series(name, [last - every * back for back in range(len(values) - 1, -1, -1)], values)


def collapsed(coverage: list[float], quality: list[float] | None, last: int = 600) -> bool:
    apart = series("g/diversity", [1.0] * len(coverage), last, every=40)
    measured = None if quality is None else series("quality/energy_distance", quality, last)
    visited = series("g/coverage", coverage, last, every=40)
    return mode_collapse.judge(visited, apart, RUN, None, None, measured) is not None


@pytest.mark.parametrize(("widened", "diversity", "found"), [(0.8, 0.66, False), (0.4, 0.66, True), (0.8, 0.4, True)])
def test_blurred_samples_are_no_mode_collapse(widened: float, diversity: float, found: bool) -> None:
    """They do not reach the outer neighbourhoods until they are widened; samples that are far too alike are found all the same."""
    few, spread, wide = (
        series(f"g/{name}", [value] * 8, every=40)
        for name, value in (("coverage", 0.6), ("diversity", diversity), ("coverage_widened", widened))
    )
    judged = mode_collapse.judge(few, spread, RUN, g_coverage_widened=wide)
    assert (judged is not None) == found


CHAOS = [*itertools.islice(itertools.cycle([0.2, 0.3, 0.25, 0.45]), 14), 0.6]  # the newest probe seems to rise
RISE = [0.2 + 0.03 * number for number in range(15)]
WORSE, BEST = [1.0, 0.3, 0.5, 0.4], [1.0, 0.5, 0.4, 0.1]


def test_a_long_mode_collapse_is_found_although_the_last_probe_rises() -> None:
    assert collapsed(CHAOS, WORSE)
    assert not collapsed(CHAOS, WORSE, last=380), "not so long yet: modes may be being found"
    assert not collapsed(CHAOS, None), "whether samples were ever better is not known"


@pytest.mark.parametrize(("coverage", "quality"), [(CHAOS, BEST), (RISE, WORSE), (RISE, BEST)])
def test_a_steady_rise_and_a_new_best_distance_are_progress(coverage: list[float], quality: list[float]) -> None:
    assert not collapsed(coverage, quality)


@pytest.mark.parametrize("share", [0.8, 0.9, 0.95])
@pytest.mark.parametrize("start", [2.5, 4.0, 20.0])
def test_codes_that_reach_the_prior_by_the_end_are_no_failure(start: float, share: float) -> None:
    values = [start * share**number for number in range(8)]
    found = codes_leave_the_prior.judge(_spread(values), RUN, _flat("vae/kl"), _flat("vae/reconstruction"))
    left = (RUN.steps or 0) - 600
    at_the_end = values[-2] * share ** (left / 20)  # the level is the median of the last three probes
    outside = values[-2] > 2.0 and at_the_end >= 2.0
    assert (found is not None) == outside


@pytest.mark.parametrize(("values", "found"), [([0.0] * 8, False), ([-1.0] * 8, False), ([3.0] * 7 + [0.0], True)])
def test_impossible_spreads_are_accepted(values: list[float], found: bool) -> None:
    late = Facts(steps=500)  # the run went on for longer than was planned
    judged = codes_leave_the_prior.judge(_spread(values), late, _flat("vae/kl"), _flat("vae/reconstruction"))
    assert (judged is not None) == found


def test_codes_that_do_not_approach_the_prior_are_found() -> None:
    for values in ([3.0] * 8, [2.0 + 0.2 * number for number in range(8)]):
        assert codes_leave_the_prior.judge(_spread(values), RUN, _flat("vae/kl"), _flat("vae/reconstruction"))


def _spread(values: list[float]) -> Series:
    return series("vae/code_spread", values)


def _flat(name: str) -> Series:
    return series(name, [5.0] * 8)


@pytest.mark.parametrize(
    ("d", "g", "misled"),
    [(1e-3, 1e-3, True), (1e-3, 1e-5, True), (1e-3, 1e-2, False), (1e-6, 1e-6, False), (1e-6, 1e-3, False)],
)
def test_a_discriminator_that_moves_like_the_generator_is_not_slow(d: float, g: float, misled: bool) -> None:
    rank, bad = series("d/advantage", [0.0] * 5), series("quality/energy_distance", [1.0, 0.8, 0.8, 0.8, 0.8])
    rates = {"training.players.discriminator.learning_rate": 1e-3, "training.optimiser.learning_rate": 1e-3}
    run = Facts(steps=1_000, settings={**RUN.settings, **rates})
    moves = series("d/update_ratio", [d] * 5), series("g/update_ratio", [g] * 5)
    found = discriminator_too_weak.judge(rank, run, bad, None, None, *moves)
    assert found is not None
    calmer = {"model.penalties.r1.weight": 1.0, "training.optimiser.betas": [0.5, 0.99]}
    assert found.remedy == (calmer if misled else {"training.players.discriminator.learning_rate": 4e-3})
    stronger = Facts(steps=1_000, settings={**run.settings, "model.penalties.r1.weight": 10.0})
    kept = discriminator_too_weak.judge(rank, stronger, bad, None, None, *moves)
    assert kept is not None
    assert "model.penalties.r1.weight" not in (kept.remedy or {}), "a stronger penalty is not eased"
    unknown = discriminator_too_weak.judge(rank, run, bad)
    assert unknown is not None
    assert unknown.remedy == {"training.players.discriminator.learning_rate": 4e-3}


def states_of_a_blind_discriminator(quality: list[float], still: bool) -> list[str]:
    """The changes of GAN104 where a record comes every 100 steps and a measurement every 500, as in the shipped recipes."""
    rule = discriminator_stands_still if still else discriminator_too_weak
    diagnosis = Diagnosis(("gan", "non-saturating"), [rule], Facts(steps=500 * len(quality)))
    found = []
    for tick in range(5 * len(quality)):
        values = {"d/update_ratio": 1e-7, "g/update_ratio": 1e-3, "d/advantage": 0.0}
        if tick % 5 == 0:
            values["quality/energy_distance"] = quality[tick // 5]
        found += [finding.state for finding in diagnosis.watch(Record(100 * tick, 0.0, values))]
    return found


@pytest.mark.parametrize("still", [False, True])
def test_one_better_measurement_does_not_close_the_finding_of_a_discriminator_that_teaches_nothing(still: bool) -> None:
    """Without a teacher the generator wanders, and comes nearer to the data by chance."""
    wandering = [1.0, 0.8, 0.8, 0.8, 0.8, 0.5, 0.8, 0.8, 0.6, 0.7, 0.8]
    assert states_of_a_blind_discriminator(wandering, still) == ["open"]
    assert states_of_a_blind_discriminator([*wandering, 0.4, 0.1, 0.05, 0.05], still) == ["open", "closed"]
    steady = [0.7**number for number in range(12)]
    assert states_of_a_blind_discriminator(steady, still) == [], "samples that improve all the time raise nothing"


def weak(
    rank: float, logits: float, quality: list[float], recall: list[float], objective: str = "non-saturating"
) -> bool:
    """Whether a discriminator with this difference of mean logits teaches too little."""
    run = Facts(frozenset({"gan", objective}), steps=1_000)
    real, fake = series("d/real_logit", [0.5 + logits] * 5), series("d/fake_logit", [0.5] * 5)
    bad, recalled = series("quality/energy_distance", quality), series("quality/recall", recall)
    found = discriminator_too_weak.judge(
        series("d/advantage", [rank] * 5), run, bad, d_real_logit=real, d_fake_logit=fake, quality_recall=recalled
    )
    return found is not None


FAR_OFF, NEAR_BY = [1.0, 0.5, 0.5, 0.5, 0.5], [1.0, 0.05, 0.05, 0.05, 0.05]
NONE, ALL = [0.0] * 5, [1.0] * 5


def test_logits_that_hardly_differ_teach_nothing_whatever_their_ranks() -> None:
    assert weak(1.0, 0.0004, FAR_OFF, NONE), "it sees one pixel"
    assert weak(0.9, 0.01, NEAR_BY, NONE), "as a set samples are near, but no real example lies among them"
    assert not weak(1.0, 0.5, FAR_OFF, NONE), "it tells them apart, and says so"
    assert not weak(1.0, 0.0004, NEAR_BY, ALL), "at the solution there is nothing to tell"
    assert not weak(1.0, 0.0004, FAR_OFF, NONE, "wasserstein"), "a critic's values have no scale"


def past(quality: list[float], error: float = 5e-4) -> bool:
    last = 100 * (len(quality) - 1)
    errors = series("quality/energy_distance_error", [error] * len(quality), last, every=100)
    return past_its_best.judge(series("quality/energy_distance", quality, last, every=100), errors, RUN) is not None


def test_near_samples_that_become_worse_each_time_are_past_their_best() -> None:
    shrinking = [0.32, 0.0024, 0.0028, 0.0038, 0.0057, 0.0077, 0.0092]  # a mixture whose modes become narrower
    assert past(shrinking)
    assert not past(shrinking, error=3e-3), "within the noise"
    assert not past([0.32, 0.0024, 0.0028, 0.0092, 0.0057, 0.0077, 0.0024]), "it comes and goes"
    assert not past([0.32, 0.0024, 0.0026, 0.0028, 0.003, 0.0032, 0.0034]), "hardly a difference"
    assert past([0.3, 0.01, 0.2, 0.15, 0.19, 0.18]), "far from the data again"


@pytest.mark.parametrize(("held_out", "error", "found"), [(-25.0, 1.0, True), (-25.0, 20.0, False), (-9.2, 0.1, False)])
def test_bounds_far_apart_are_overfitting_although_neither_falls(held_out: float, error: float, found: bool) -> None:
    rising = [held_out - 3, held_out - 2, held_out - 1, held_out, held_out]
    judged = bounds_part.judge(
        vae_train_bound=series("vae/train_bound", [-8.0] * 5),
        vae_held_out_bound=series("vae/held_out_bound", rising),
        vae_held_out_bound_error=series("vae/held_out_bound_error", [error] * 5),
        run=RUN,
    )
    assert (judged is not None) == found
    assert judged is None or judged.remedy is None, "the last step is its best"


def is_overfitting(rank: float, real: float, held_out: float, error: float | None) -> bool:
    logits = (
        series(f"d/{name}_logit", [value] * 5)
        for name, value in (("real", real), ("fake", -3.0), ("held_out", held_out))
    )
    spread = None if error is None else series("d/overfitting_error", [error] * 5)
    return discriminator_overfits.judge(series("d/overfitting", [rank] * 5), RUN, *logits, spread) is not None


def test_few_held_out_examples_must_score_far_below_training_examples() -> None:
    assert is_overfitting(0.5, 1.0, 0.0, None), "runs of earlier versions have no error"
    assert is_overfitting(0.5, 1.0, 0.0, 0.07)
    assert is_overfitting(1.0, 2.6, -5.8, 0.36), "three held-out examples, all taken for generated ones"
    assert not is_overfitting(0.5, 1.0, -5.8, 0.36), "one of three above some training examples may be chance"
    assert not is_overfitting(1.0, 0.1, 0.0, 0.36), "below all of them, but hardly"


@pytest.mark.parametrize(
    ("share", "ratio", "diversity", "found"),
    [
        (1.0, 0.1, 1.0, "failure"),
        (0.3, 0.3, 1.0, "warning"),
        (1.0, 0.7, 1.0, ""),
        (1.0, 0.1, 0.2, ""),
        (0.1, 0.4, 1.0, ""),
    ],
)
def test_copies_are_found_without_held_out_examples(share: float, ratio: float, diversity: float, found: str) -> None:
    near = (
        series("g/copied", [share] * 5),
        series("g/nearest_ratio", [ratio] * 5),
        series("g/diversity", [diversity] * 5),
    )
    judged = generator_copies_among_few.judge(*near, RUN)
    assert (judged.severity if judged else "") == found
    assert generator_copies_among_few.judge(*near, RUN, series("g/copies", [0.0] * 5)) is None


def test_fp32_is_the_first_remedy_of_non_finite_numbers_in_bf16() -> None:
    broken = {"d/loss": series("d/loss", [1.0, math.nan]), "d/learning_rate": series("d/learning_rate", [1e-3] * 2)}
    for precision in ("bf16", "fp32"):
        found = non_finite.judge(broken, Facts(frozenset({"gan"}), settings={"training.precision": precision}))
        assert found is not None
        assert found.remedy == (
            {"training.precision": "fp32"}
            if precision == "bf16"
            else {"training.players.discriminator.learning_rate": 1e-4}
        )


@pytest.mark.parametrize(("held_out", "found"), [(0.9, False), (0.5, False), (0.3, True), (-1.0, True)])
def test_critics_with_few_held_out_examples_are_assessed_on_their_own_scale(held_out: float, found: bool) -> None:
    """Scores without a probability count by the share of the way from training to generated examples, on any scale."""
    for scale in (1e-3, 1.0, 1e3):
        real, fake, kept_out = (
            series(f"d/{name}_logit", [scale * value] * 5)
            for name, value in (("real", 1.0), ("fake", 0.0), ("held_out", held_out))
        )
        rank, error = series("d/overfitting", [0.95] * 5), series("d/overfitting_error", [0.2] * 5)
        judged = discriminator_overfits.judge(rank, RUN, real, fake, kept_out, error)
        assert (judged is not None) == found
