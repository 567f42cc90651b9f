"""The section of benchmarks/foreign.py: what was found in the logs of each half, with Wilson intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import results
from loops import SCRIPTS
from tables.foreign_plan import CALIBRATION, REPORT, Trial, Verdict

FOUND_GOAL, ALARM_GOAL = 0.70, 0.05
Judged = Sequence[tuple[Trial, Verdict]]


def page(found: Judged) -> str:
    """Return the tables.

    Args:
        found: the finished runs with what was said about their logs.
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
        "Shares of runs with 95 % Wilson intervals; the log holds losses alone, and diagnose gets no flags. Scripts and seeds of the reporting half "
        "were not used to choose thresholds.",
        table,
        *_goals(halves[REPORT]),
        _by_mistake(halves[REPORT]),
    ]
    return "\n\n".join(part for part in parts if part)


def _goals(pairs: Judged) -> list[str]:
    mistakes = [pair for pair in pairs if not pair[0].is_control]
    controls = [verdict for trial, verdict in pairs if trial.is_control]
    if not mistakes or not controls:
        return []
    either = sum(bool(_found(pair)) for pair in mistakes) / len(mistakes)
    alarms = sum(bool(verdict.named or verdict.possible) for verdict in controls) / len(controls)
    return [
        results.goal(f"mistakes named or one of two: {either:.0%}, at least {FOUND_GOAL:.0%}", either >= FOUND_GOAL),
        results.goal(f"false alarms: {alarms:.1%}, at most {ALARM_GOAL:.0%}", alarms <= ALARM_GOAL),
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
    return verdict.finds(SCRIPTS[trial.script].mistakes[trial.mistake])


def _share(count: int, total: int) -> str:
    from saddlepoint.evaluation.statistics.intervals import wilson_interval

    if not total:
        return "no runs"
    interval = wilson_interval(float(count), total)
    return f"{count / total:.1%} ({interval.low:.1%} to {interval.high:.1%}; {count} of {total})"
