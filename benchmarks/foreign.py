"""How well training by somebody else's script is diagnosed: by the losses that it prints alone, and with `sp.watch` in its loop.

    python benchmarks/foreign.py [--what logs watched] [--keep DIR] [--halves calibration report] [--seeds N] [--minutes M] [--part I/N] [--quick]

Plain PyTorch loops in the manner of tutorials (benchmarks/loops) are trained on small digits with and without mistakes. Their logs are given to
`diagnose` without flags: thresholds were chosen on the scripts and seeds of the calibration half; the reporting half has other scripts and
other seeds. The same loops are watched. Finished runs are in outcomes/foreign.jsonl, with their logs, and are not trained again. --quick
trains a few steps and writes nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import results
from tables.foreign_page import LOGS, OF_LOGS, OF_WATCHED, WATCHED, alarms_at_any_time, page
from tables.foreign_plan import (
    HALVES,
    Outcome,
    Trial,
    WatchedOutcome,
    judge,
    judge_watched,
    run,
    run_watched,
    trials,
)
from tables.outcomes import origin, outcomes_file, read_outcomes
from tables.trials import argument_parser, train_missing

NAMES = {"logs": "Logs of other scripts", "watched": "Loops of other scripts, watched"}
SEEDS = 2


def describe(trial: Trial, outcome: Outcome) -> str:
    """One line about a finished run."""
    return f"{trial.script}, {trial.mistake}, seed {trial.seed}: {len(outcome.log.splitlines())} lines"


def describe_watched(trial: Trial, outcome: WatchedOutcome) -> str:
    """One line about a finished run that was watched."""
    said = ", ".join(outcome.active) or "nothing"
    return f"{trial.script}, {trial.mistake}, seed {trial.seed}, watched: {said}"


def main(argv: Sequence[str]) -> int:
    parser = argument_parser(__doc__, SEEDS)
    parser.add_argument("--halves", nargs="+", choices=HALVES, default=list(HALVES))
    parser.add_argument("--what", nargs="+", choices=NAMES, default=list(NAMES))
    arguments = parser.parse_args(argv)
    for what in arguments.what:
        is_watched = what == "watched"
        wanted = trials(arguments.halves, arguments.seeds, arguments.quick, watched=is_watched)
        with outcomes_file("foreign", arguments.keep, quick=arguments.quick) as file:
            if is_watched:
                train_missing(wanted[arguments.part], file, arguments.minutes, run_watched, describe_watched)
                of_loops = read_outcomes(wanted, file, WatchedOutcome)
                text = page([(trial, judge_watched(outcome)) for trial, outcome in of_loops], WATCHED, OF_WATCHED)
                text += f"\n\n{alarms_at_any_time(of_loops)}"
            else:
                train_missing(wanted[arguments.part], file, arguments.minutes, run, describe)
                of_logs = read_outcomes(wanted, file, Outcome)
                text = page([(trial, judge(outcome.log)) for trial, outcome in of_logs], LOGS, OF_LOGS)
            facts = origin(wanted, file)
        print(text)
        if not arguments.quick and arguments.keep is None and set(arguments.halves) == set(HALVES):
            results.write(NAMES[what], text, origin=facts)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
