"""Scorecards on terminals of different widths: names whole, numbers whole, features named once, reasons given."""

from __future__ import annotations

import io
import math
from dataclasses import replace

import pytest

from saddlepoint.cli.console import Output
from saddlepoint.cli.scores import show, show_ranking
from saddlepoint.evaluation.scorecard.protocol import FeatureCard, ProtocolCard
from saddlepoint.evaluation.scorecard.ranking import rank
from saddlepoint.evaluation.scorecard.score import Estimate, Score, Skipped
from saddlepoint.evaluation.scorecard.scorecard import Scorecard

FEATURES = "random convolutions"
TITLES = ("Fréchet distance", "Sliced Wasserstein distance", "Near copies of training examples")


def scorecard(shift: float = 0.0) -> Scorecard:
    scores = [
        Score(
            title, f"{title} ({FEATURES})", 0.6915 + shift, 0.6865 + shift, 0.6965 + shift, "lower", FEATURES,
            baseline=Estimate(-0.0006379), worst_case=Estimate(7.812e-08),
        )
        for title in TITLES
    ]  # fmt: skip
    scores.append(Score("likelihood", "Held-out log-likelihood (lower bound)", -40.71, -40.8, -40.62, "higher"))
    scores.append(Score("reverse_kl", "Reverse KL of modes", math.nan, None, None, "lower", notes=("Nothing here.",)))
    features = FeatureCard(FEATURES, "0" * 64, 448, ())
    card = ProtocolCard("runs/a", "digits", "1" * 64, "held-out", "2" * 64, 180, 180, (features,), "none", (0,), 0)
    return Scorecard(card, tuple(scores))


def render(width: int, *, terminal: bool = True, compared: bool = False) -> list[str]:
    output = Output(file=io.StringIO(), force_terminal=terminal, width=width, no_color=True, color_system=None)
    if compared:
        show_ranking(output, rank({"runs/a": scorecard(), "runs/b": scorecard(0.5)}))
    else:
        show(output, scorecard())
    return output.file.getvalue().splitlines()  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize("compared", [False, True])
@pytest.mark.parametrize("width", [80, 120])
def test_a_table_names_its_features_once_and_cuts_nothing(width: int, compared: bool) -> None:
    lines = render(width, compared=compared)
    end = next(at for at, line in enumerate(lines) if line.startswith(("*:", "Reverse KL of modes is")))
    start = next(at for at, line in enumerate(lines) if line.startswith("score"))
    rows = lines[start:end]
    assert all(len(line.rstrip()) <= width for line in rows)
    assert not any("…" in line for line in rows)
    assert sum("by random" in line for line in rows) == 1
    words = " ".join(rows)
    assert f"({FEATURES})" not in words
    for number in ("0.6915", "0.6865 to 0.6965", "-40.8 to -40.62", "-0.0006379", "7.812e-08"):
        assert number in words, number
    assert any(line.startswith("Held-out") for line in rows)  # not by these features: not under them


@pytest.mark.parametrize("terminal", [False, True])
def test_nan_values_are_shown_with_their_reason(terminal: bool) -> None:
    assert "Reverse KL of modes is nan: Nothing here." in render(80, terminal=terminal)


def test_a_comparison_says_in_words_which_values_are_not_finite() -> None:
    lines = render(140, compared=True)
    assert [line for line in lines if " is nan: " in line] == [
        f"runs/{name}: Reverse KL of modes is nan: Nothing here." for name in "ab"
    ]
    (row,) = (line for line in lines if line.startswith("Reverse KL"))
    assert row.split()[-2:] == ["nan", "nan"]
    assert "Not tested, for want of an interval or of finite values: Reverse KL of modes: runs/a and runs/b." in lines
    infinite = scorecard()
    infinite = replace(infinite, scores=(replace(infinite.scores[0], value=math.inf, low=None, high=None),))
    output = Output(file=io.StringIO(), width=140)
    show_ranking(output, rank({"a": infinite, "b": scorecard()}))
    assert f"a: {TITLES[0]} ({FEATURES}) is inf: it is infinite for these samples." in output.file.getvalue()  # type: ignore[attr-defined]


def test_a_pair_is_reported_with_one_line_per_score() -> None:
    lines = render(80, compared=True)
    head = lines.index("runs/a is better than runs/b in")
    assert lines[head + 1 : head + 4] == [f"  {title} ({FEATURES})" for title in TITLES]
    assert lines[head + 4] == "1 of 4 differences may be chance"


@pytest.mark.parametrize("lacking", ["a", "b"])
def test_a_score_that_one_run_lacks_has_a_row_with_a_dash_and_the_reason(lacking: str) -> None:
    whole = scorecard()
    title = f"{TITLES[1]} ({FEATURES})"
    less = replace(
        whole,
        scores=tuple(score for score in whole.scores if score.title != title),
        skipped=(Skipped(TITLES[1], title, "too few points."),),
    )
    output = Output(file=io.StringIO(), width=140)
    show_ranking(output, rank({"a": less, "b": whole} if lacking == "a" else {"a": whole, "b": less}))
    lines = output.file.getvalue().splitlines()  # type: ignore[attr-defined]
    (row,) = (line for line in lines if line.startswith("  Sliced"))
    assert " - " in row
    assert "0.6915" in row
    assert sum("by random" in line for line in lines) == 1
    assert f"-: {lacking} has no {title}: too few points." in lines


def test_equal_runs_are_reported_in_one_sentence() -> None:
    output = Output(file=io.StringIO(), width=140)
    show_ranking(output, rank({"a": scorecard(), "b": scorecard(), "bb": scorecard()}))
    said = output.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert sum("none of 4 differences is real" in line for line in said) == 3
