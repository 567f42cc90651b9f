"""The validation of the verdict: corruptions match their descriptions, the ground truth is right in simple cases, and agreement is counted correctly."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from saddlepoint.records.result import CLOSE, FAR, NOT_TOLD_APART, PARTLY, Aspect, Result
from tests.benchmarks import program
from tests.benchmarks.program import RESULTS

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
PAGE = BENCHMARKS.parent / "docs" / "diagnosis-accuracy.md"


def problem(name: str) -> Any:
    from verdicts.problems import load_problem

    return load_problem(name)


def test_the_three_parts_of_a_data_set_share_no_example() -> None:
    digits = problem("digits")
    parts = [digits.dataset.x, digits.dataset.held_out.x, digits.source, digits.reference]
    rows = [row.numpy().tobytes() for part in parts for row in part.flatten(1)]
    assert len(rows) == len(set(rows)) == 1797


@pytest.mark.parametrize("kind", ["narrow", "noisy", "mixed", "thinned"])
@pytest.mark.parametrize("name", ["ring", "digits"])
def test_a_corruption_of_no_strength_is_the_real_data(name: str, kind: str) -> None:
    from verdicts.corruptions import corrupt

    own = problem(name)
    known = {row.numpy().tobytes() for row in own.source.flatten(1)}
    samples = corrupt(own, kind, 0.0, seed=3)
    assert samples.dtype == own.source.dtype
    # `narrow` moves a float by a rounding error.
    if name == "digits" or kind != "narrow":
        assert all(row.numpy().tobytes() in known for row in samples.flatten(1))
    assert torch.equal(samples, corrupt(own, kind, 0.0, seed=3)), "the same seed makes the same samples"
    assert not torch.equal(samples, corrupt(own, kind, 0.0, seed=4))


@pytest.mark.parametrize(("strength", "left"), [(0.1, 7), (0.3, 6), (0.9, 1)])
def test_dropped_modes_are_gone_and_the_others_are_all_there(strength: float, left: int) -> None:
    from verdicts.corruptions import corrupt

    own = problem("ring")
    samples = corrupt(own, "dropped", strength, seed=0)
    nearest = torch.cdist(samples.double(), own.dataset.truth.modes).argmin(1)
    assert len(nearest.unique()) == left


def test_narrow_modes_are_narrower_by_what_it_says() -> None:
    from verdicts.corruptions import corrupt

    own = problem("gaussian-2")
    samples = corrupt(own, "narrow", 0.8, seed=0).double()
    centres = own.dataset.truth.modes
    nearest = torch.cdist(samples, centres).argmin(1)
    widths = [float(samples[nearest == mode].std()) for mode in range(2)]
    assert widths == pytest.approx([0.2 * own.dataset.truth.mode_std] * 2, rel=0.1)


def test_a_blurred_image_keeps_its_mean_and_loses_contrast() -> None:
    from verdicts.corruptions import corrupt

    own = problem("digits")
    sharp, soft, softer = (corrupt(own, "blurred", strength, 0).double() for strength in (0.0, 0.7, 2.5))
    assert soft.mean() == pytest.approx(float(sharp.mean()), rel=0.05)
    contrast = [x.flatten(1).std(1).mean() for x in (sharp, soft, softer)]
    assert contrast[0] > contrast[1] > contrast[2]


def test_a_classifier_is_right_by_chance_on_one_distribution_and_always_on_two() -> None:
    from verdicts.classifiers import boosted_stumps, held_out_accuracy

    drawn = torch.Generator().manual_seed(0)
    real, same = torch.randn(600, 2, generator=drawn), torch.randn(500, 2, generator=drawn)
    # 4 standard deviations of a share of 1,000 answers.
    assert held_out_accuracy(real, same, boosted_stumps) == pytest.approx(0.5, abs=4 * 0.5 / 1000**0.5)
    assert held_out_accuracy(real, same + 100, boosted_stumps) > 0.98


def test_gabor_energies_see_no_edge_in_a_constant_image_and_less_in_a_blurred_one() -> None:
    from scipy.ndimage import gaussian_filter

    from verdicts.image_features import CELLS, ORIENTATIONS, WAVELENGTHS, gabor_energies

    cells = CELLS**2
    flat = gabor_energies(torch.full((1, 1, 16, 16), 0.5))
    assert flat.shape == (1, cells * (1 + ORIENTATIONS * len(WAVELENGTHS)))
    torch.testing.assert_close(flat[0, :cells], torch.full((cells,), 0.5))
    assert flat[0, cells:].abs().max() < 1e-5
    noise = np.random.default_rng(0).random((1, 1, 16, 16))
    sharp, soft = (
        gabor_energies(torch.from_numpy(x)) for x in (noise, gaussian_filter(noise, (0, 0, 1, 1), mode="nearest"))
    )
    assert soft[0, cells:].sum() < 0.5 * sharp[0, cells:].sum()


@pytest.mark.slow
def test_the_truth_knows_real_data_a_lost_mode_and_modes_of_another_width() -> None:
    from verdicts.corruptions import corrupt
    from verdicts.truth import measure_truth

    own = problem("ring")
    real = measure_truth(own, corrupt(own, "real", 0.0, seed=0))
    assert real.is_close
    assert min(real.parts.values()) > 0.9
    for kind, strength in (("dropped", 0.1), ("narrow", 0.8), ("mixed", 0.9)):
        wrong = measure_truth(own, corrupt(own, kind, strength, seed=0))
        assert not wrong.is_close, kind
        assert wrong.score < real.score
    fact = measure_truth(own, corrupt(own, "narrow", 0.8, seed=0)).facts
    assert fact["width"] == pytest.approx(0.2, rel=0.1)
    assert fact["modes_lost"] == 0
    constant = measure_truth(own, own.reference[:1].expand(5_000, -1))
    assert constant.score < 0.4


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "strengths"), [("noisy", (0.2, 2.0, 20.0)), ("mixed", (0.02, 0.4, 0.9))])
def test_the_truth_falls_with_the_strength_of_a_corruption(kind: str, strengths: Sequence[float]) -> None:
    from verdicts.corruptions import corrupt
    from verdicts.truth import measure_truth

    own = problem("moons")
    scores = [measure_truth(own, corrupt(own, kind, strength, seed=0)).score for strength in strengths]
    assert scores == sorted(scores, reverse=True)


def answer(level: Any, score: float, *, close: bool, truth: float, kind: str = "noisy", seed: int = 1) -> Any:
    from verdicts.answers import Answer
    from verdicts.cases import Case

    result = Result(level, score, 100, "standardised values", (Aspect("recall", 0.5, 1.0, 0.5),))
    return Answer(Case("ring", kind, "", 0.1, seed), truth, close, {"strong": truth}, result)


def test_agreement_counts_praise_that_is_right_and_close_sets_that_are_found() -> None:
    from verdicts.scores import Agreement, confusion, wrong

    answers = [
        answer(NOT_TOLD_APART, 1.0, close=True, truth=0.99, kind="real"),
        answer(CLOSE, 0.8, close=True, truth=0.9, kind="real"),
        answer(CLOSE, 0.7, close=False, truth=0.6),
        answer(PARTLY, 0.5, close=True, truth=0.7),
        answer(FAR, 0.1, close=False, truth=0.1),
    ]
    found = Agreement.of(answers)
    assert (found.right.count, found.right.of) == (2, 3)
    assert (found.found.count, found.found.of) == (2, 3)
    assert (found.real.count, found.real.of) == (1, 2)
    assert confusion(answers)[CLOSE][:2] == (1, 1)
    praised, missed = wrong(answers)
    assert [a.score for a in praised] == [0.6]
    assert [a.score for a in missed] == [0.7]


@pytest.mark.slow
def test_ranks_agree_fully_where_one_score_grows_with_the_other() -> None:
    from verdicts.scores import rank_correlation

    rising = [answer(PARTLY, (at / 20) ** 3, close=False, truth=at / 20) for at in range(20)]
    found = rank_correlation(rising)
    assert (found.value, found.low, found.high) == pytest.approx((1.0, 1.0, 1.0))
    falling = [answer(PARTLY, 1 - at / 20, close=False, truth=at / 20) for at in range(20)]
    assert rank_correlation(falling).value == pytest.approx(-1.0)


def test_the_split_is_by_seed_and_both_parts_hold_every_kind_of_case() -> None:
    from verdicts.cases import all_cases

    cases = all_cases(["gaussian-2", "ring", "digits"])
    assert len({case.key for case in cases}) == len(cases)
    kinds = {
        half: {(case.problem, case.kind) for case in cases if case.half == half}
        for half in ("calibration", "reporting")
    }
    assert kinds["calibration"] == kinds["reporting"]
    assert ("gaussian-2", "dropped") not in kinds["reporting"], "one mode of two cannot be dropped in several strengths"


def test_a_training_has_whole_ticks_at_its_stops() -> None:
    from verdicts.trainings import TRAININGS

    for training in TRAININGS.values():
        recipe = training.settings(seed=0)
        assert all(stop % recipe.training.tick == 0 for stop in training.stops())
        assert training.stops()[-1] == recipe.training.steps


@pytest.mark.slow
def test_the_report_counts_and_lists_disagreements() -> None:
    from verdicts import page

    answers = [answer(CLOSE, 0.9 - at / 40, close=at < 9, truth=1 - at / 20) for at in range(10)]
    text = page.report(answers)
    assert "90.0% (9/10;" in text
    assert "goal at least 95 %: not met" in text
    assert "Called close and not so: 1." in text


@pytest.mark.slow
def test_quick_runs_from_training_to_tables_and_computes_nothing_twice(tmp_path: Path) -> None:
    before = [path.read_bytes() if path.exists() else None for path in (RESULTS, PAGE)]
    done = program.run("verdict", "--quick", "--keep", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert re.search(r"^\d+ sample sets of 1 data sets: 4 of 1 trainings", done.stdout, re.MULTILINE)
    assert [path.read_bytes() if path.exists() else None for path in (RESULTS, PAGE)] == before, (
        "--quick writes no results"
    )
    again = program.run("verdict", "--quick", "--keep", str(tmp_path))
    assert again.stdout == done.stdout
    assert again.stderr == ""


@pytest.mark.slow
def test_a_data_set_that_is_not_there_is_named() -> None:
    done = program.run("verdict", "--only", "no-such-data")
    assert done.returncode == 2
    assert "no-such-data" in done.stderr
