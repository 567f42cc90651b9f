"""How well the log of somebody else's script is diagnosed, by the losses that it prints alone.

    python benchmarks/foreign.py [--keep DIR] [--halves calibration report] [--seeds N] [--minutes M] [--part I/N] [--quick]

Plain PyTorch loops in the manner of tutorials (benchmarks/loops) are trained on small digits with and without mistakes, and their logs are given to
`diagnose` without flags. A mistake counts as found if the answer names it, or as one of two. Thresholds were chosen on the scripts and
seeds of the calibration half; the reporting half has other scripts and other seeds. Finished runs are in outcomes/foreign.jsonl, with
their logs, and are not trained again. --quick trains a few steps and writes nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import results
from tables.foreign_page import page
from tables.foreign_plan import HALVES, Outcome, Trial, judge, run, trials
from tables.outcomes import origin, outcomes_file, read_outcomes
from tables.trials import argument_parser, train_missing

NAME = "Logs of other scripts"
SEEDS = 2


def describe(trial: Trial, outcome: Outcome) -> str:
    """One line about a finished run."""
    return f"{trial.script}, {trial.mistake}, seed {trial.seed}: {len(outcome.log.splitlines())} lines"


def main(argv: Sequence[str]) -> int:
    parser = argument_parser(__doc__, SEEDS)
    parser.add_argument("--halves", nargs="+", choices=HALVES, default=list(HALVES))
    arguments = parser.parse_args(argv)
    wanted = trials(arguments.halves, arguments.seeds, arguments.quick)
    with outcomes_file("foreign", arguments.keep, quick=arguments.quick) as file:
        train_missing(wanted[arguments.part], file, arguments.minutes, run, describe)
        found = [(trial, judge(outcome.log)) for trial, outcome in read_outcomes(wanted, file, Outcome)]
        text, facts = page(found), origin(wanted, file)
    print(text)
    if not arguments.quick and arguments.keep is None and set(arguments.halves) == set(HALVES):
        results.write(NAME, text, origin=facts)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
