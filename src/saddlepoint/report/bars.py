"""Bars that place a number between two references, as inline SVG: they need no script, and stretch with the page.

Every mark has a shape of its own and every bar a description in words, so that nothing is told by colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from saddlepoint.evaluation.scorecard.score import ClassScores, Score
from saddlepoint.markup import Markup, html, joined
from saddlepoint.report.words import number

BEYOND = 0.5  # of the way between the two references that a bar goes on past either of them
MARGIN = 3.0  # per cent of the width left at either end for the marks
MIDDLE = 13  # pixels from the top


@dataclass(frozen=True)
class Scale:
    """From values to per cent of a bar's width: `start` stands at position 0 and `end` at position 1, in either order;
    the bar shows positions `first` (0 or less) to `last` (1 or more), and what lies further stands at its edge. Folded:
    a value stands by its distance from `end`, on whichever side."""

    start: float
    end: float
    first: float = 0.0
    last: float = 1.0
    folded: bool = False

    def position(self, value: float) -> float:
        """Of a value; may leave the bar."""
        if self.folded:
            return 1 - abs(value - self.end) / abs(self.end - self.start)
        return (value - self.start) / (self.end - self.start)

    def span(self, low: float, high: float) -> tuple[float, float]:
        """Per cent, left and right, of all values from `low` to `high`."""
        ends = [self.percent(low), self.percent(high)]
        if self.folded and low <= self.end <= high:
            ends.append(self.percent(self.end))
        return min(ends), max(ends)

    def percent(self, value: float) -> float:
        """Of a value, at most at the edges; rises with the value where `end` is above `start`, else falls."""
        inside = min(self.last, max(self.first, self.position(value)))
        return MARGIN + (100 - 2 * MARGIN) * (inside - self.first) / (self.last - self.first)


def scale_of(score: Score) -> Scale | None:
    """A deliberately bad generator on the left, real against real on the right; None where these two make no scale. A
    score without a better direction stands by its distance from real data."""
    if score.position is None or score.baseline is None or score.worst_case is None:
        return None
    if math.isinf(score.baseline.value):
        return Scale(0.0, math.inf)  # nothing finite has a place between the two but the bad generator
    plain = Scale(score.worst_case.value, score.baseline.value, folded=score.better == "none")
    shown = (score.value, score.low, score.high, score.baseline.low, score.baseline.high)
    positions = [plain.position(value) for value in shown if value is not None and not math.isnan(value)]
    first, last = min(0.0, *positions), max(1.0, *positions)
    return replace(plain, first=max(-BEYOND, first), last=min(1 + BEYOND, last))


def score_bar(score: Score) -> Markup:
    """The value with its interval between both references, or why it cannot be placed."""
    scale = scale_of(score)
    if scale is None or score.baseline is None or score.worst_case is None:
        return html('<span class="quiet">{}</span>', _unplaced(score))
    if math.isinf(scale.end):
        return _unbounded(score.worst_case.value)
    words = f"{number(score.value)}{_within(score.low, score.high)}, on a line from a bad generator at "
    words += f"{number(score.worst_case.value)} to real data at {number(score.baseline.value)}"
    words += ", by its distance from real data on either side" if scale.folded else ""
    marks = [_line("axis", scale.percent(scale.start), scale.percent(scale.end))]
    if score.baseline.low is not None and score.baseline.high is not None:
        marks.append(_band(*scale.span(score.baseline.low, score.baseline.high)))
    marks += [_tick("bad", scale.percent(scale.start), 5), _tick("real", scale.percent(scale.end), 8)]
    marks += _measured(scale, score.value, score.low, score.high)
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
        *_measured(scale, one.share, one.low, one.high),
    ]
    return _drawing(words, marks)


def legend() -> Markup:
    """What the marks of a score's bar mean, drawn with the same marks."""
    samples = [
        (_measured(Scale(0, 1), 0.5, 0.2, 0.8), "the score with its 95 % interval"),
        ([_tick("bad", 50, 5)], "left: a deliberately bad generator"),
        ([_band(25, 75), _tick("real", 50, 8)], "right: real data against real data, the best to hope for"),
    ]
    entries = [html("<span>{} {}</span>", _drawing("", marks, "key"), words) for marks, words in samples]
    return html('<p class="legend quiet">{}</p>', joined(entries))


def _unbounded(bad: float) -> Markup:
    """Both the score and real data are without bound: an arrowhead at the right end, where real data stand."""
    scale = Scale(0.0, 1.0)
    marks = [_line("axis", scale.percent(0), scale.percent(1)), _tick("bad", scale.percent(0), 5)]
    marks += [_tick("real", scale.percent(1), 8), *_measured(scale, math.inf, None, None)]
    return _drawing(f"unbounded, as real data are; a bad generator at {number(bad)}", marks)


def _unplaced(score: Score) -> str:
    if score.baseline is None or score.worst_case is None:
        return "No scale: a reference is missing."
    if score.blind:
        return "No scale: a bad generator does better here than real data."
    if math.isinf(score.baseline.value) and math.isfinite(score.value):
        return "No scale: real data are without bound."
    if not math.isfinite(score.value):
        return "Not a finite number."
    return "No scale: the references are equal or not finite."


def _measured(scale: Scale, value: float, low: float | None, high: float | None) -> list[Markup]:
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
    spoken = html('role="img" aria-label="{}"', words) if words else html('aria-hidden="true"')
    return html('<svg class="{}" {} height="{}">{}</svg>', kind, spoken, 2 * MIDDLE, joined(marks))


def _within(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f", 95 % interval {number(low)} to {number(high)}"
