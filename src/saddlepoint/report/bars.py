"""Bars that place a number between two references, as inline SVG that needs no script and stretches with the page.

Every mark has its own shape and every bar a description in words, so that colour is never the only information.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from saddlepoint.evaluation.scorecard.score import ClassScores, Score
from saddlepoint.markup import Markup, html, joined
from saddlepoint.report.words import number

BEYOND = 0.5  # how far a bar extends past either reference, as a share of their distance
MARGIN = 3.0  # per cent of the width, at either end, for the marks
MIDDLE = 13  # pixels from the top


@dataclass(frozen=True)
class Scale:
    """The map from values to positions on a bar.

    Attributes:
        start: the value at position 0; may be above or below `end`.
        end: the value at position 1.
        first: the leftmost position that the bar shows, 0 or less; values further left are drawn at the edge.
        last: the rightmost position that the bar shows, 1 or more.
        folded: place a value by its distance from `end`, on either side of it.
    """

    start: float
    end: float
    first: float = 0.0
    last: float = 1.0
    folded: bool = False

    def position(self, value: float) -> float:
        """The position of a value, which may be outside the bar."""
        if self.folded:
            return 1 - abs(value - self.end) / abs(self.end - self.start)
        return (value - self.start) / (self.end - self.start)

    def span(self, low: float, high: float) -> tuple[float, float]:
        """The left and right ends, in per cent of the width, of the values from `low` to `high`."""
        ends = [self.percent(low), self.percent(high)]
        if self.folded and low <= self.end <= high:
            ends.append(self.percent(self.end))
        return min(ends), max(ends)

    def percent(self, value: float) -> float:
        """A value's place in per cent of the width, at most at the edges."""
        inside = min(self.last, max(self.first, self.position(value)))
        return MARGIN + (100 - 2 * MARGIN) * (inside - self.first) / (self.last - self.first)


def scale_of(score: Score) -> Scale | None:
    """The scale from a deliberately bad generator on the left to real data on the right.

    A score without a better direction is placed by its distance from real data.

    Returns:
        None where the two references make no scale.
    """
    if score.position is None or score.baseline is None or score.worst_case is None:
        return None
    if math.isinf(score.baseline.value):
        return Scale(0.0, math.inf)  # only the bad generator has a finite place
    plain = Scale(score.worst_case.value, score.baseline.value, folded=score.better == "none")
    shown = (score.value, score.low, score.high, score.baseline.low, score.baseline.high)
    positions = [plain.position(value) for value in shown if value is not None and not math.isnan(value)]
    first, last = min(0.0, *positions), max(1.0, *positions)
    return replace(plain, first=max(-BEYOND, first), last=min(1 + BEYOND, last))


def score_bar(score: Score) -> Markup:
    """The value with its interval between both references, or the reason why it cannot be placed."""
    scale = scale_of(score)
    if scale is None or score.baseline is None or score.worst_case is None:
        return html('<span class="quiet">{}</span>', _reason_without_scale(score))
    if math.isinf(scale.end):
        return _unbounded(score.worst_case.value)
    words = f"{number(score.value)}{_within(score.low, score.high)}, on a line from a bad generator at "
    words += f"{number(score.worst_case.value)} to real data at {number(score.baseline.value)}"
    words += ", by its distance from real data on either side" if scale.folded else ""
    marks = [_line("axis", scale.percent(scale.start), scale.percent(scale.end))]
    if score.baseline.low is not None and score.baseline.high is not None:
        marks.append(_band(*scale.span(score.baseline.low, score.baseline.high)))
    marks += [_tick("bad", scale.percent(scale.start), 5), _tick("real", scale.percent(scale.end), 8)]
    marks += _value_marks(scale, score.value, score.low, score.high)
    return _drawing(words, marks)


def class_bar(one: ClassScores, classes: Iterable[ClassScores]) -> Markup:
    """The share of samples, with its interval and the real share as a tick; from 0 to the largest of all classes."""
    largest = max(max(other.real_share, other.share, other.high) for other in classes)
    scale = Scale(0.0, largest or 1.0)
    words = f"{one.share:.1%} of samples{_within(one.low, one.high)}; of real examples {one.real_share:.1%}"
    left, right = scale.percent(0.0), scale.percent(one.share)
    marks = [
        _line("axis", left, scale.percent(scale.end)),
        html('<rect class="share" x="{:.2f}%" width="{:.2f}%" y="{}" height="8"/>', left, right - left, MIDDLE - 4),
        _tick("real", scale.percent(one.real_share), 9),
        *_value_marks(scale, one.share, one.low, one.high),
    ]
    return _drawing(words, marks)


def legend() -> Markup:
    """The legend of a score's bar, drawn with the same marks."""
    samples = [
        (_value_marks(Scale(0, 1), 0.5, 0.2, 0.8), "the score with its 95 % interval"),
        ([_tick("bad", 50, 5)], "left: a deliberately bad generator"),
        ([_band(25, 75), _tick("real", 50, 8)], "right: real data against real data, the best to hope for"),
    ]
    entries = [html("<span>{} {}</span>", _drawing("", marks, "key"), words) for marks, words in samples]
    return html('<p class="legend quiet">{}</p>', joined(entries))


def _unbounded(bad: float) -> Markup:
    """A bar for an unbounded score: an arrowhead at the right end, where real data are."""
    scale = Scale(0.0, 1.0)
    marks = [_line("axis", scale.percent(0), scale.percent(1)), _tick("bad", scale.percent(0), 5)]
    marks += [_tick("real", scale.percent(1), 8), *_value_marks(scale, math.inf, None, None)]
    return _drawing(f"unbounded, as real data are; a bad generator at {number(bad)}", marks)


def _reason_without_scale(score: Score) -> str:
    if score.baseline is None or score.worst_case is None:
        return "No scale: a reference is missing."
    if score.blind:
        return "No scale: a bad generator does better here than real data."
    if math.isinf(score.baseline.value) and math.isfinite(score.value):
        return "No scale: the score of real data is unbounded."
    if not math.isfinite(score.value):
        return "Not a finite number."
    return "No scale: the references are equal or not finite."


def _value_marks(scale: Scale, value: float, low: float | None, high: float | None) -> list[Markup]:
    """The interval as a bracketed line and the value as a dot, or as an arrowhead at the edge it lies beyond."""
    marks = []
    if low is not None and high is not None and not math.isnan(low) and not math.isnan(high):
        ends = scale.span(low, high)
        marks += [_line("interval", *ends), *(_tick("interval", end, 4) for end in ends)]
    at, position = scale.percent(value), scale.position(value)
    if position < scale.first or position > scale.last:
        turned = "4,-6 -5,0 4,6" if position < scale.first else "-4,-6 5,0 -4,6"
        marks.append(
            html(
                '<svg x="{:.2f}%" y="{}" overflow="visible"><polygon class="value" points="{}"/></svg>',
                at,
                MIDDLE,
                turned,
            )
        )
    else:
        marks.append(html('<circle class="value" cx="{:.2f}%" cy="{}" r="4.5"/>', at, MIDDLE))
    return marks


def _line(kind: str, left: float, right: float) -> Markup:
    return html('<line class="{}" x1="{:.2f}%" x2="{:.2f}%" y1="{}" y2="{}"/>', kind, left, right, MIDDLE, MIDDLE)


def _tick(kind: str, at: float, reach: int) -> Markup:
    ends = (MIDDLE - reach, MIDDLE + reach)
    return html('<line class="{}" x1="{:.2f}%" x2="{:.2f}%" y1="{}" y2="{}"/>', kind, at, at, *ends)


def _band(left: float, right: float) -> Markup:
    return html('<rect class="band" x="{:.2f}%" width="{:.2f}%" y="{}" height="14"/>', left, right - left, MIDDLE - 7)


def _drawing(words: str, marks: Iterable[Markup], kind: str = "bar") -> Markup:
    label = html('role="img" aria-label="{}"', words) if words else html('aria-hidden="true"')
    return html('<svg class="{}" {} height="{}">{}</svg>', kind, label, 2 * MIDDLE, joined(marks))


def _within(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f", 95 % interval {number(low)} to {number(high)}"
