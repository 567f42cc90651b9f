from __future__ import annotations

import math
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.evaluation.scorecard.score import ClassScores, Estimate, Score
from saddlepoint.report.bars import BEYOND, MARGIN, Scale, class_bar, legend, scale_of, score_bar

numbers = st.floats(-1e6, 1e6)
anything = st.none() | st.floats(allow_nan=True, allow_infinity=True)


def score(
    value: float,
    low: float | None,
    high: float | None,
    real: Estimate | None,
    bad: Estimate | None,
    better: str = "lower",
) -> Score:
    return Score("m", "M", value, low, high, better, baseline=real, worst_case=bad)  # type: ignore[arg-type]


def marks(drawing: str, name: str, kind: str) -> list[ElementTree.Element]:
    return [e for e in ElementTree.fromstring(drawing).iter(name) if e.get("class") == kind]


def percentage(element: ElementTree.Element, name: str) -> float:
    return float((element.get(name) or "").removesuffix("%"))


@given(numbers, numbers, numbers, numbers)
def test_better_is_never_further_left(real: float, bad: float, one: float, other: float) -> None:
    scale = Scale(bad, real, -BEYOND, 1 + BEYOND) if real != bad else Scale(0.0, 1.0)
    better, worse = sorted((one, other), key=scale.position, reverse=True)
    assert 0 <= scale.percent(worse) <= scale.percent(better) <= 100


@given(st.floats(0, 1), st.floats(0, 1))
def test_between_the_references_places_are_linear(first: float, second: float) -> None:
    scale = Scale(400.0, 2.0)
    a, b = (400.0 - 398.0 * share for share in (first, second))
    middle = (scale.percent(a) + scale.percent(b)) / 2
    assert scale.percent((a + b) / 2) == pytest.approx(middle)


@pytest.mark.parametrize(("real", "bad", "better"), [(1.0, 400.0, "lower"), (0.9, 0.1, "higher")])
def test_a_bad_score_is_on_the_left_and_a_perfect_one_on_the_right(real: float, bad: float, better: str) -> None:
    for value, place in ((bad, MARGIN), (real, 100 - MARGIN), ((real + bad) / 2, 50.0)):
        drawing = score_bar(score(value, None, None, Estimate(real), Estimate(bad), better))
        (dot,) = marks(drawing, "circle", "value")
        assert percentage(dot, "cx") == pytest.approx(place, abs=0.01)
        (left,), (right,) = marks(drawing, "line", "bad"), marks(drawing, "line", "real")
        assert (percentage(left, "x1"), percentage(right, "x1")) == (MARGIN, 100 - MARGIN)


@given(anything, anything, anything, anything, anything, st.sampled_from(["lower", "higher", "none"]))
def test_a_bar_stays_inside_for_any_numbers_or_its_absence_is_explained(
    value: float | None, low: float | None, high: float | None, real: float | None, bad: float | None, better: str
) -> None:
    one = score(
        math.nan if value is None else value,
        low,
        high,
        None if real is None else Estimate(real, low, high),
        None if bad is None else Estimate(bad),
        better,
    )
    drawing = score_bar(one)
    if scale_of(one) is None:
        assert drawing.startswith('<span class="quiet">')
        assert len(ElementTree.fromstring(drawing).text or "") > 10
        return
    places = [float(x) for x in re.findall(r'(?:x|x1|x2|cx)="([^"]*)%"', drawing)]
    assert places
    assert all(0 <= place <= 100 for place in places)
    assert all(0 <= float(width) <= 100 for width in re.findall(r'width="([^"]*)%"', drawing))


def test_a_value_beyond_the_bar_is_an_arrowhead_at_its_edge() -> None:
    real, bad = Estimate(1.0), Estimate(400.0)
    worse, better = (score_bar(score(value, None, None, real, bad)) for value in (9e9, -9e9))
    for drawing, place in ((worse, MARGIN), (better, 100 - MARGIN)):
        assert not marks(drawing, "circle", "value")
        assert len(marks(drawing, "polygon", "value")) == 1
        assert f'<svg x="{place:.2f}%"' in drawing
    assert re.findall("points=.*?/", worse) != re.findall("points=.*?/", better)


@given(st.floats(-50, 50), st.floats(0.1, 20), st.floats(0.1, 20))
def test_a_score_without_a_direction_is_placed_by_its_distance_from_real_data(
    real: float, gap: float, away: float
) -> None:
    """Where the terminal puts it too: as far above as below is the same place, and none is right of real data."""
    ends = (Estimate(real), Estimate(real - gap))
    below, above = (score(real + side * away, None, None, *ends, "none") for side in (-1, 1))
    for one in (below, above):
        scale = scale_of(one)
        assert scale is not None
        assert scale.position(one.value) == pytest.approx(one.position)
        assert scale.percent(real) == pytest.approx(100 - MARGIN)
        assert scale.percent(one.value) <= scale.percent(real)
    assert (
        score_bar(below).partition("svg")[2].split(">", 1)[1] == score_bar(above).partition("svg")[2].split(">", 1)[1]
    )


def test_an_interval_around_real_data_reaches_them_from_either_side() -> None:
    """Folded: from the further end to real data."""
    one = score(-2.0, -8.0, 4.0, Estimate(0.0, -1.0, 2.0), Estimate(-10.0), "none")
    drawing = score_bar(one)
    (interval, *_) = marks(drawing, "line", "interval")
    (dot,), (band,) = marks(drawing, "circle", "value"), marks(drawing, "rect", "band")
    width = 100 - 2 * MARGIN
    assert percentage(interval, "x1") == pytest.approx(MARGIN + 0.2 * width, abs=0.01)
    assert percentage(interval, "x2") == pytest.approx(100 - MARGIN)
    assert percentage(dot, "cx") == pytest.approx(MARGIN + 0.8 * width, abs=0.01)
    assert percentage(band, "x") == pytest.approx(MARGIN + 0.8 * width, abs=0.01)
    assert "distance from real data" in (ElementTree.fromstring(drawing).get("aria-label") or "")


@pytest.mark.parametrize("real", [math.inf, 900.0])
def test_an_unbounded_value_is_an_arrowhead_at_the_right_end(real: float) -> None:
    drawing = score_bar(score(math.inf, 400.0, math.inf, Estimate(real), Estimate(0.0), "higher"))
    assert len(marks(drawing, "polygon", "value")) == 1
    assert f'<svg x="{100 - MARGIN:.2f}%"' in drawing
    assert "is unbounded" in score_bar(score(500.0, 400.0, 600.0, Estimate(math.inf), Estimate(0.0), "higher"))


def test_a_bar_has_a_description_of_its_values() -> None:
    one = score(14.0, 10.0, 18.0, Estimate(1.0, 0.5, 1.5), Estimate(400.0))
    said = ElementTree.fromstring(score_bar(one)).get("aria-label")
    assert said == "14, 95 % interval 10 to 18, on a line from a bad generator at 400 to real data at 1"
    assert "does better here than real data" in score_bar(replace(one, baseline=Estimate(500.0)))
    assert "a reference is missing" in score_bar(replace(one, baseline=None))


def test_the_key_is_drawn_with_the_marks_of_the_bars() -> None:
    key = ElementTree.fromstring(legend())
    kinds = {element.get("class") for element in key.iter()}
    assert {"value", "interval", "bad", "real", "band"} <= kinds


def test_shares_of_classes_have_one_scale() -> None:
    classes = [ClassScores("a", 0.25, 0.2, 0.1, 0.3), ClassScores("b", 0.75, 0.8, 0.7, 0.9)]
    widths = [percentage(marks(class_bar(one, classes), "rect", "share")[0], "width") for one in classes]
    assert widths[1] / widths[0] == pytest.approx(4, rel=1e-3)
    assert max(percentage(e, "x2") for e in marks(class_bar(classes[1], classes), "line", "interval")) == 100 - MARGIN
    nothing = [ClassScores("a", 0.0, 0.0, 0.0, 0.0)]
    assert percentage(marks(class_bar(nothing[0], nothing), "rect", "share")[0], "width") == 0
