"""The section of benchmarks/foreign.py: what was found in the logs of each half, with Wilson intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import results
from tables.foreign_plan import CALIBRATION, REPORT, Trial, Verdict, WatchedOutcome

LOGS = (
    "Shares of runs with 95 % Wilson intervals; the log holds losses alone, and diagnose gets no flags. Scripts and seeds of the reporting half "
    "were not used to choose thresholds. One rule was changed after they had been seen: losses that never move (NUM304) are compared with the size of "
    "both losses, because hinge and WGAN-GP scripts whose optimisers never step had been named GAN104."
)
WATCHED = (
    "The same scripts with `sp.watch` in their loops: players, objective, data and sampler are given, and the findings that are active at the "
    "end count. Named: the finding that the verdict puts first names the mistake. Shares of runs with 95 % Wilson intervals. Thresholds were chosen "
    "on the calibration half. The reporting half is not unseen: an earlier measurement of it had missed mistakes (overfitting, critics that nothing "
    "limits, subtracted penalties, a sigmoid beside labels), and the rules that find them were written afterwards."
)


@dataclass(frozen=True)
class Goals:
    """What is to be reached on the reporting half.

    Attributes:
        found: lowest share of mistakes found.
        alarms: highest share of false alarms.
        either: whether a mistake counts as found if it is one of two that are named.
    """

    found: float
    alarms: float
    either: bool

    @property
    def what(self) -> str:
        """What is counted, in words."""
        return f"mistakes named{' or one of two' if self.either else ''}"


OF_LOGS, OF_WATCHED = Goals(0.70, 0.05, either=True), Goals(0.95, 0.02, either=False)
Judged = Sequence[tuple[Trial, Verdict]]


def page(found: Judged, introduction: str = LOGS, goals: Goals = OF_LOGS) -> str:
    """Return the tables.

    Args:
        found: the finished runs with what was said about them.
        introduction: how they were judged.
        goals: what is to be reached.
    """
    halves = {half: [pair for pair in found if pair[0].half == half] for half in (REPORT, CALIBRATION)}
    rows = []
    for half, pairs in halves.items():
        mistakes = [(trial, verdict) for trial, verdict in pairs if not trial.is_control]
        controls = [verdict for trial, verdict in pairs if trial.is_control]
        named = sum(_found(pair) == "named" for pair in mistakes)
        either = sum(bool(_found(pair)) for pair in mistakes)
        alarms = sum(bool(verdict.named or verdict.possible) for verdict in controls)
        rows.append([half, _share(named, len(mistakes)), _share(either, len(mistakes)), _share(alarms, len(controls))])
    table = results.table(["half", "mistake named", "named or one of two", "false alarms"], rows)
    parts = [
        introduction,
        table,
        *_reached(halves[REPORT], goals),
        _by_mistake(halves[REPORT]),
    ]
    return "\n\n".join(part for part in parts if part)


def _reached(pairs: Judged, goals: Goals) -> list[str]:
    mistakes = [pair for pair in pairs if not pair[0].is_control]
    controls = [verdict for trial, verdict in pairs if trial.is_control]
    if not mistakes or not controls:
        return []
    hits = [_found(pair) for pair in mistakes]
    found = sum(bool(hit) if goals.either else hit == "named" for hit in hits) / len(hits)
    alarms = sum(bool(verdict.named or verdict.possible) for verdict in controls) / len(controls)
    return [
        results.goal(f"{goals.what}: {found:.0%}, at least {goals.found:.0%}", found >= goals.found),
        results.goal(f"false alarms: {alarms:.1%}, at most {goals.alarms:.0%}", alarms <= goals.alarms),
    ]


def _by_mistake(pairs: Judged) -> str:
    """Return a row for each script and mistake of a half."""
    groups: dict[tuple[str, str], list[tuple[Trial, Verdict]]] = {}
    for pair in pairs:
        groups.setdefault((pair[0].script, pair[0].mistake), []).append(pair)
    rows = []
    for (script, mistake), group in groups.items():
        said = Counter(code for _, verdict in group for code in (*verdict.named[:1], *verdict.possible))
        hits = sum(
            bool(verdict.named or verdict.possible) if trial.is_control else bool(_found((trial, verdict)))
            for trial, verdict in group
        )
        codes = ", ".join(f"{code} {count}" for code, count in said.most_common(4)) or "nothing"
        rows.append([script, mistake, f"{hits} of {len(group)}", codes])
    return results.table(["script", "mistake", "found (none: false alarms)", "said"], rows) if rows else ""


def _found(pair: tuple[Trial, Verdict]) -> str:
    trial, verdict = pair
    return verdict.finds(trial.codes)


def _share(count: int, total: int) -> str:
    from saddlepoint.evaluation.statistics.intervals import wilson_interval

    if not total:
        return "no runs"
    interval = wilson_interval(float(count), total)
    return f"{count / total:.1%} ({interval.low:.1%} to {interval.high:.1%}; {count} of {total})"


def alarms_at_any_time(found: Sequence[tuple[Trial, WatchedOutcome]]) -> str:
    """Return how many watched loops without a mistake had a finding at some time, in a sentence."""
    controls = [outcome for trial, outcome in found if trial.is_control]
    alarmed = sum(bool(outcome.opened) for outcome in controls)
    return f"Loops without a mistake in which a warning or failure opened at some time, both halves: {_share(alarmed, len(controls))}."
