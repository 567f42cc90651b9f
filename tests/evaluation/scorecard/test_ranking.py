"""Which differences between runs are called real."""

from __future__ import annotations

import json
import math

import pytest

from saddlepoint.errors import RunError
from saddlepoint.evaluation.scorecard.ranking import Ranking, rank
from saddlepoint.evaluation.scorecard.score import Estimate, Score
from tests.evaluation.cards import score, scorecard

DRAWS = tuple(math.sin(number) for number in range(25))  # a scatter that two runs share


def rank_two(first: Score, second: Score) -> Ranking:
    return rank({"first": scorecard(first), "second": scorecard(second)})


def test_equal_runs_do_not_differ() -> None:
    found = rank_two(score(), score())
    assert [d.real for d in found.differences] == [False]
    assert "none of 1 differences is real" in found.sentences[0]


@pytest.mark.parametrize(("better", "winner"), [("lower", "first"), ("higher", "second"), ("none", None)])
def test_far_apart_the_better_one_wins(better: str, winner: str | None) -> None:
    floor = Estimate(10.0 if better == "higher" else 0.1, None, None)
    difference = rank_two(
        score(1.0, better=better, baseline=floor), score(9.0, better=better, baseline=floor)
    ).differences[0]
    assert difference.real
    assert difference.winner == winner
    swapped = rank_two(score(9.0, better=better), score(1.0, better=better)).differences[0]
    assert swapped.value == -difference.value
    assert swapped.p == pytest.approx(difference.p)


@pytest.mark.parametrize(("better", "past"), [("higher", 9.0), ("lower", -9.0)])
def test_more_than_real_data_have_does_not_win(better: str, past: float) -> None:
    """Noise is more diverse than anything."""
    found = rank_two(score(past, better=better), score(0.1 - past / 10, better=better))
    assert found.differences[0].real
    assert found.differences[0].winner is None
    assert "differ in" in found.sentences[0]
    assert score(past, better=better).better_than_real
    assert not score(0.1, better=better).better_than_real
    assert not score(past, better=better, baseline=None).better_than_real


@pytest.mark.parametrize("pairing", ["halves", "groups"])
def test_pairing_takes_out_what_both_share(pairing: str) -> None:
    def with_draws(value: float, spread: float) -> Score:
        draws = tuple(value + draw + spread * math.cos(7 * at) for at, draw in enumerate(DRAWS))
        return score(value, low=value - 2, high=value + 2, resamples=draws, pairing=pairing)

    paired = rank_two(with_draws(1.0, 0.0), with_draws(1.4, 0.1)).differences[0]
    assert paired.paired
    assert paired.real
    lone = rank_two(score(1.0, low=-1, high=3), score(1.4, low=-0.6, high=3.4)).differences[0]
    assert not lone.paired
    assert not lone.real
    assert paired.high - paired.low < lone.high - lone.low


def test_more_questions_make_each_harder_to_answer() -> None:
    alone = rank_two(score(1.0), score(1.35)).differences[0]
    many = [score(1.0), *(score(1.0, title=f"score {number}") for number in range(20))]
    others = [score(1.35), *(score(1.0, title=f"score {number}") for number in range(20))]
    among = rank({"first": scorecard(*many), "second": scorecard(*others)}).differences[0]
    assert alone.real
    assert among.p == alone.p
    assert among.adjusted == pytest.approx(21 * alone.p)
    assert not among.real


def test_untestable_metrics_are_named() -> None:
    found = rank_two(score(math.inf, low=None, high=None), score())
    assert found.differences == ()
    assert found.untested == ("Fréchet distance (PCA-28): first and second",)
    assert "share no score" in found.sentences[0]


def test_other_protocols_are_refused_unless_forced() -> None:
    cards = {"first": scorecard(score(resamples=DRAWS, pairing="halves")), "second": scorecard(score(), n_fake=10)}
    with pytest.raises(RunError, match="number of samples \\(180 against 10\\)"):
        rank(cards)
    forced = rank(cards, force=True)
    assert "number of samples" in forced.warnings[0]
    assert not forced.differences[0].paired


def test_it_fits_into_one_json_document() -> None:
    document = rank_two(score(1.0), score(9.0)).to_json()
    assert json.loads(json.dumps(document, allow_nan=False))["differences"][0]["winner"] == "first"
