"""Compares the findings with the ground truth: rates with intervals, times to detection, and which codes are raised in which runs.

A failure is detected where its code was raised in a run in which the ground truth finds it. A false alarm is any warning or failure at
any time in a run in which the ground truth finds nothing, even if it was withdrawn later.
"""

from __future__ import annotations

import json
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import results
from failures.base_recipes import BASES
from failures.failure_scores import Reference
from failures.ground_truth import Truth, decide
from failures.kinds import INJECTED, KINDS, Kind
from failures.replay import Alarm, alarms
from saddlepoint.evaluation.statistics.intervals import wilson_interval
from saddlepoint.records.result import FAR, ResultLevel

DETECTED, FALSE, EARLY = 0.98, 0.01, 0.25  # goals
CODES = tuple(dict.fromkeys(kind.code for kind in INJECTED))


@dataclass(frozen=True)
class Case:
    """One run: what it was made to be, what it is, and what the rules said.

    Attributes:
        kind: of the run.
        seed: of the run.
        strength: of the injection.
        steps: of the run.
        truth: the ground truth.
        alarms: findings that opened.
        seconds: that training took.
        level: the result part of the verdict; None where the samples could not be measured.
    """

    kind: Kind
    seed: int
    strength: float
    steps: int
    truth: Truth
    alarms: Sequence[Alarm]
    seconds: float
    level: ResultLevel | None = None

    @property
    def half(self) -> str:
        return self.kind.on.half

    @property
    def raised(self) -> dict[str, Alarm]:
        return {alarm.code: alarm for alarm in self.alarms}

    @property
    def name(self) -> str:
        return f"{self.kind.name}/{self.seed}"

    def has(self, code: str) -> bool:
        held = self.truth.codes.get(code)
        return held is not None and held.state == "yes"

    def lacks(self, code: str) -> bool:
        """Whether the ground truth is certain that the code is absent; a code of another family cannot be present."""
        held = self.truth.codes.get(code)
        return held.state == "no" if held is not None else self.truth.judged

    def delay(self, code: str) -> float:
        """From onset to detection, as a share of the run after the onset; 0 where the code was raised before."""
        onset = self.truth.codes[code].onset
        return max(0.0, self.raised[code].step - onset) / max(1, self.steps - onset)


def read(keep: Path, names: Iterable[str] | None = None, bases: Path | None = None) -> list[Case]:
    """All finished runs of a folder, with their ground truth and the findings of the present rules.

    Args:
        keep: the folder of kept runs.
        names: kinds to read; None for all.
        bases: the folder of the healthy runs that they are compared with, if it is another.
    """
    runs = {name: members for name in (KINDS if names is None else names) if (members := _finished(keep / name))}
    cases = []
    for name, members in runs.items():
        kind = KINDS[name]
        reference = Reference.of([facts for _, facts in _finished((bases or keep) / kind.base)])
        for folder, facts in members:
            truth = decide(facts, reference)
            said = alarms(folder, facts)
            own = (kind, facts["seed"], facts["strength"], facts["steps"])
            level = facts["outcome"]["level"] if "outcome" in facts else None
            cases.append(Case(*own, truth, said, facts.get("seconds", 0.0), level))
    return cases


def _finished(place: Path) -> list[tuple[Path, dict[str, Any]]]:
    folders = sorted((path.parent for path in place.glob("*/truth.json")), key=lambda path: int(path.name))
    return [(folder, json.loads((folder / "truth.json").read_text("utf-8"))) for folder in folders]


@dataclass(frozen=True)
class Rate:
    """A count of all, shown with its Wilson interval."""

    count: int
    of: int

    def __str__(self) -> str:
        if not self.of:
            return "-"
        interval = wilson_interval(self.count, self.of)
        return f"{interval.value:.1%} ({self.count}/{self.of}; {interval.low:.1%} to {interval.high:.1%})"


@dataclass(frozen=True)
class CodeAccuracy:
    """The accuracy of one code on one half.

    Attributes:
        code: of the finding.
        detected: of the runs in which the failure is present.
        alarmed: of the same runs, those with any alarm.
        false: raised, of the healthy runs.
        delay: the median from onset to detection, as a share of the rest of the run; None where none was detected.
    """

    code: str
    detected: Rate
    alarmed: Rate
    false: Rate
    delay: float | None


def of_code(cases: Sequence[Case], code: str) -> CodeAccuracy:
    ill = [case for case in cases if case.has(code)]
    found = [case for case in ill if code in case.raised]
    well = [case for case in cases if case.truth.healthy]
    return CodeAccuracy(
        code,
        Rate(len(found), len(ill)),
        Rate(sum(bool(case.alarms) for case in ill), len(ill)),
        Rate(sum(code in case.raised for case in well), len(well)),
        statistics.median(case.delay(code) for case in found) if found else None,
    )


def overall(cases: Sequence[Case]) -> dict[str, Rate]:
    """Failed runs with any alarm, healthy runs with any, and failures, code by code, that were raised."""
    failed = [case for case in cases if case.truth.failed]
    well = [case for case in cases if case.truth.healthy]
    pairs = [(case, code) for case in cases for code in CODES if case.has(code)]
    return {
        "failed runs with an alarm": Rate(sum(bool(case.alarms) for case in failed), len(failed)),
        "failures named by their code": Rate(sum(code in case.raised for case, code in pairs), len(pairs)),
        "healthy runs with a false alarm": Rate(sum(bool(case.alarms) for case in well), len(well)),
        "healthy runs with one that is active at the end": Rate(
            sum(any(alarm.stands for alarm in case.alarms) for case in well), len(well)
        ),
    }


def misses(cases: Sequence[Case]) -> list[tuple[Case, str]]:
    return [(case, code) for case in cases for code in CODES if case.has(code) and code not in case.raised]


def false_alarms(cases: Sequence[Case]) -> list[tuple[Case, Alarm]]:
    return [(case, alarm) for case in cases if case.truth.healthy for alarm in case.alarms]


def confusion(cases: Sequence[Case]) -> dict[str, Counter[str]]:
    """Rows: the injected code where it had an effect, or "healthy"; columns: codes raised in those runs, or "none"."""
    rows: dict[str, Counter[str]] = {}
    for case in cases:
        row = "healthy" if case.truth.healthy else case.kind.code if case.has(case.kind.code) else None
        if row is None:
            continue
        counts = rows.setdefault(row, Counter())
        counts["runs"] += 1
        counts.update([*case.raised] or ["none"])
    return {code: rows[code] for code in ("healthy", *CODES) if code in rows}


def verdicts(cases: Sequence[Case]) -> dict[str, Counter[str]]:
    """Rows: the ground truth of a run; columns: runs, both parts of their verdicts, and those that are good in both.

    A verdict is good where no warning or failure is active at the end and the result is not far from the data.
    """
    rows = {"healthy": Counter[str](), "in between": Counter[str](), "failed": Counter[str]()}
    for case in cases:
        counts = rows["healthy" if case.truth.healthy else "failed" if case.truth.failed else "in between"]
        # Warnings about the data alone are not about the process.
        quiet = not any(a.stands and (a.severity == "failure" or a.code[:4] != "DATA") for a in case.alarms)
        counts.update(["runs", case.level or "not measured"])
        counts.update(["no failure found"] * quiet)
        counts.update(["good verdict"] * (quiet and case.level not in (FAR, None)))
    return rows


def injections_that_worked(cases: Sequence[Case]) -> Counter[str]:
    return Counter(case.kind.name for case in cases if case.kind.code and case.has(case.kind.code))


def bases() -> dict[str, str]:
    return {name: base.half for name, base in BASES.items()}


def goals(cases: Sequence[Case]) -> list[str]:
    """The rates that have a goal, one line each, with whether it is met."""
    whole = overall(cases)
    asked = (
        ("failed runs with an alarm", "at least 98 %", DETECTED),
        ("failures named by their code", "at least 98 %", DETECTED),
        ("healthy runs with a false alarm", "at most 1 %", FALSE),
        ("healthy runs with one that is active at the end", "at most 1 %", FALSE),
    )
    lines = []
    for name, words, bound in asked:
        rate = whole[name]
        met = rate.count >= bound * rate.of if bound > 0.5 else rate.count <= bound * rate.of
        if rate.of:
            lines.append(f"- {name}: {rate}, {results.goal(words, met)}")
    delays = [case.delay(code) for case in cases for code in CODES if case.has(code) and code in case.raised]
    if delays:
        median = statistics.median(delays)
        lines.append(
            f"- median time from onset to detection {median:.1%} of what is left of the run, "
            f"{results.goal('within 25 %', median <= EARLY)}"
        )
    return lines
