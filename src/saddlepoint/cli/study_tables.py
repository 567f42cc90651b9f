"""A study's summary as a table: two lines a point, below every number its interval."""

from __future__ import annotations

import math
from itertools import zip_longest
from typing import TYPE_CHECKING

from saddlepoint.cli.console import Output, print_json

if TYPE_CHECKING:
    from saddlepoint.evaluation.statistics.intervals import Interval
    from saddlepoint.studies.plan import Plan
    from saddlepoint.studies.study import StudyResult
    from saddlepoint.studies.summary import PointSummary

MOST_POINTS = 60
BEST = {
    "wasserstein": "0 is best",
    "high_quality": "1 is best",
    "least_mode": "1 is best",
    "mode_width": "1 is best",
    "reverse_kl": "0 is best",
    "quality": "0 is best",
}
Cell = tuple[str, str]  # a number and its interval


def show(output: Output, done: StudyResult, axes: list[str]) -> None:
    """The table, where everything lies, and what to know of it."""
    output.say()
    for line, style in table(done.summary[:MOST_POINTS], axes):
        output.say(line, style)
    if len(done.summary) > MOST_POINTS:
        output.say(f"... and {len(done.summary) - MOST_POINTS} more points: {done.folder.summary}")
    for words in explained(done.summary):
        output.say(words, "dim")
    already = f" ({done.kept:,} were there already)" if done.kept else ""
    output.say(f"{len(done.rows):,} runs{already}: {done.folder.results}")
    for path in done.pictures:
        output.say(str(path))


def explained(summary: list[PointSummary]) -> list[str]:
    """A line on each column that does not say itself what it is, and in which direction it is good."""
    from saddlepoint.studies.pictures import WORDS

    found = ["Each row is one point (n runs, one a seed); below each number is its 95 % interval."]
    if any(point.converged is not None for point in summary):
        found.append(
            "  converged: share of the runs whose samples came to fit the data, and stayed so for some looks in a row"
        )
        found.append("  median steps: until half of all runs had converged, those that never did included")
    means = "mean of the runs that did not diverge" if any(point.frozen for point in summary) else "mean of the runs"
    for name in dict.fromkeys(name for point in summary for name in point.outcomes):
        best = f"; {BEST[name]}" if name in BEST else ""
        found.append(f"  {name.replace('_', ' ')}: {means}{', ' + WORDS[name] if name in WORDS else ''}{best}")
    return found


def table(summary: list[PointSummary], axes: list[str]) -> list[tuple[str, str | None]]:
    """(line, style) of each: headings, then the points."""
    from saddlepoint.studies.pictures import short

    asked = any(point.converged is not None for point in summary)
    diverged = any(point.frozen for point in summary)
    names = list(dict.fromkeys(name for point in summary for name in point.outcomes))
    headings = [short(axis) for axis in axes] + ["n"] + ["diverged"] * diverged
    headings += ["converged", "median steps"] * asked + [name.replace("_", " ") for name in names]
    rows = []
    for point in summary:
        row: list[Cell] = [(str(point.values[axis]), "") for axis in axes] + [(str(point.n), "")]
        row += [(str(point.frozen), "")] * diverged
        row += [_share(point.converged), _number(point.median_steps)] * asked
        rows.append(row + [_number(point.outcomes.get(name)) for name in names])
    columns = list(zip_longest(headings, *rows))
    widths = [
        max(len(words) for cell in column for words in ((cell,) if isinstance(cell, str) else cell))
        for column in columns
    ]

    def line(words: list[str]) -> str:
        left = len(axes)
        return "  ".join(
            f"{word:<{width}}" if place < left else f"{word:>{width}}"
            for place, (word, width) in enumerate(zip(words, widths, strict=True))
        ).rstrip()

    found: list[tuple[str, str | None]] = [(line(headings), "bold")]
    for row in rows:
        found.append((line([number for number, _ in row]), None))
        if any(interval for _, interval in row):
            found.append((line([interval for _, interval in row]), "dim"))
    return found


def _share(interval: Interval | None) -> Cell:
    if interval is None:
        return "-", ""
    return f"{100 * interval.value:.0f} %", f"[{100 * interval.low:.0f}, {100 * interval.high:.0f}]"


def _number(interval: Interval | None) -> Cell:
    if interval is None:
        return "-", ""
    if math.isinf(interval.value):  # fewer than half of the runs have
        return "not reached", "" if math.isinf(interval.low) else f"[{_word(interval.low)}, ∞]"
    return _word(interval.value), f"[{_word(interval.low)}, {_word(interval.high)}]"


def _word(number: float) -> str:
    if math.isinf(number):
        return "∞"
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


def announce(output: Output, plan: Plan) -> None:
    """What will be trained, in one line."""
    steps = sorted({run.training.steps for run in plan.runs})
    asked = f"{steps[0]:,}" if len(steps) == 1 else f"{steps[0]:,} to {steps[-1]:,}"
    output.say(
        f"{len(plan.points)} points x {plan.study.seeds.count} seeds = {len(plan.runs):,} runs of {asked} steps. They are "
        "trained many at once, in groups, and count when their group is finished."
    )


def show_plan(output: Output, plan: Plan, *, as_json: bool, workers: int = 1) -> None:
    """Points, runs and groups, and why some runs are trained one at a time."""
    groups = plan.groups(workers=workers)
    facts = {
        "study": plan.study.name,
        "points": len(plan.points),
        "runs": len(plan.runs),
        "groups": len(groups),
        "alone": len(plan.alone),
        "why_alone": sorted(set(plan.alone.values())),
    }
    if as_json:
        print_json(facts)
        return
    for name, axis in plan.study.axes.items():
        output.say(f"  {name}: {', '.join(map(str, axis.labels))}")
    output.say(
        f"  {len(plan.points)} points x {plan.study.seeds.count} seeds = {len(plan.runs):,} runs in {len(groups)} groups"
    )
    for why in sorted(set(plan.alone.values())):
        output.say(f"  one at a time: {why}")
