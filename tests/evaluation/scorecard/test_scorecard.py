"""A scorecard survives a round trip through its file, and refuses files that are no scorecards."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.errors import RunError
from saddlepoint.evaluation.scorecard.score import Estimate
from saddlepoint.evaluation.scorecard.scorecard import Scorecard
from tests.evaluation.cards import score, scorecard

NUMBERS = st.floats(width=64)


@given(value=NUMBERS, low=st.none() | NUMBERS, repeats=st.lists(NUMBERS, max_size=3), note=st.text())
def test_json_and_back_is_the_same(value: float, low: float | None, repeats: list[float], note: str) -> None:
    before = scorecard(score(value, low=low, repeats=tuple(repeats), notes=(note,), bounds=(0.0, None)))
    text = json.dumps(before.to_json(), allow_nan=False)
    after = Scorecard.from_json(json.loads(text))
    assert json.dumps(after.to_json()) == text
    assert repr(after.scores) == repr(before.scores)  # which takes one NaN for another
    assert after.card == before.card
    assert after.classes == before.classes


def test_a_scorecard_of_an_earlier_version_is_read() -> None:
    written = scorecard().to_json()
    for entry in written["scores"]:
        del entry["meaning"]
    assert Scorecard.from_json(written) == scorecard()


def test_it_is_stored_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "scorecard.json"
    scorecard().save(path)
    assert Scorecard.load(path) == scorecard()
    assert [entry.name for entry in tmp_path.iterdir()] == ["scorecard.json"]


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"format": 2}', '{"format": 1}', '{"format": 1, "card": {}, "scores": []}']
)
def test_a_file_that_is_no_scorecard_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "scorecard.json"
    path.write_text(content)
    with pytest.raises(RunError, match="evaluate"):
        Scorecard.load(path)


def test_scores_are_found_by_key_and_title() -> None:
    found = scorecard()
    assert found["frechet"] is found["Fréchet distance (PCA-28)"]
    with pytest.raises(KeyError, match="true distribution"):
        found["truth"]
    with pytest.raises(KeyError, match="there are frechet"):
        found["precision"]


@pytest.mark.parametrize(
    ("value", "position"), [(10.0, 0.0), (0.1, 1.0), (5.05, 0.5), (math.inf, -math.inf), (math.nan, None)]
)
def test_the_position_runs_from_worst_case_to_real_data(value: float, position: float | None) -> None:
    assert score(value).position == (position if position is None else pytest.approx(position))


def test_a_score_equal_to_that_of_real_data_is_at_the_baseline() -> None:
    """The birthday test, where neither samples nor real data hold a duplicate."""
    ends: dict[str, Any] = {"better": "higher", "baseline": Estimate(math.inf), "worst_case": Estimate(0.0)}
    assert score(math.inf, **ends).position == 1.0
    assert score(500.0, **ends).position is None
    assert score(math.inf, **{**ends, "baseline": Estimate(900.0)}).position == math.inf
    assert score(math.inf, **{**ends, "worst_case": Estimate(math.inf)}).position is None


@pytest.mark.parametrize(("better", "alike"), [("none", True), ("lower", False), ("higher", False)])
def test_without_a_better_direction_both_sides_are_equally_bad(better: str, alike: bool) -> None:
    below, above = (score(0.1 + way, better=better, worst_case=Estimate(-10.0)) for way in (-4.0, 4.0))
    if better == "lower":  # whose worst case is above
        below, above = (score(0.1 + way, better=better) for way in (-4.0, 4.0))
    assert below.position is not None
    assert above.position is not None
    assert (abs(below.position - above.position) < 1e-9) is alike
    assert max(below.position, above.position) < 1 if alike else max(below.position, above.position) > 1


@pytest.mark.parametrize(
    "ends", [{"baseline": None}, {"worst_case": None}, {"baseline": Estimate(1.0), "worst_case": Estimate(1.0)}]
)
def test_without_two_ends_there_is_no_position(ends: dict[str, Any]) -> None:
    assert score(**ends).position is None


@pytest.mark.parametrize(("better", "blind"), [("lower", False), ("higher", True), ("none", False)])
def test_a_worst_case_better_than_real_data_is_no_scale(better: Any, blind: bool) -> None:
    found = score(better=better)  # real data at 0.1, the bad generator at 10
    assert found.blind is blind
    assert (found.position is None) is blind


def test_it_displays_itself() -> None:
    shown = scorecard()
    assert "Fréchet distance (PCA-28)" in repr(shown)
    assert "Warning: too few" in repr(shown)
    page = scorecard(score(title="<script>"))._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
