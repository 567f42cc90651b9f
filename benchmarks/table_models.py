"""How good generated rows of small tables are, beside published results of the same protocol: the recipes for tables, and auto-table.

    python benchmarks/table_models.py --times
    python benchmarks/table_models.py [--keep DIR] [--models auto gaussian-table] [--data iris] [--seeds N] [--minutes M]
        [--part I/N] [--page FILE] [--quick]

Finished trials are in outcomes/table_models.jsonl and not done again, so that the table can grow over several calls. The protocol is described
in tables/table_models_plan.py. --times prints the CPU seconds of each recipe for 1,000 rows of 13 numbers, on one thread. With all trials
the section `table models` of RESULTS.md is written. --quick writes nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import results
from tables.outcomes import group_outcomes, origin, outcomes_file
from tables.table_models_page import page
from tables.table_models_plan import DATA, SPLITS, Outcome, Trial, models, run, training_times
from tables.trials import argument_parser, train_missing


def trials(names: Sequence[str], data: Sequence[str], seeds: int, quick: bool) -> list[Trial]:
    """The trials in the order in which they are run: a split of every data set and model, then the next split."""
    return [Trial(one, name, seed, quick) for seed in range(1 if quick else seeds) for one in data for name in names]


def describe(trial: Trial, outcome: Outcome) -> str:
    """One line about a finished trial."""
    w, f1 = (sum(values) / len(values) for values in (outcome.wasserstein, outcome.macro_f1))
    chosen = "" if outcome.recipe == trial.model else f" ({outcome.recipe})"
    return f"{trial.data}, {trial.model}{chosen}, split {trial.seed}: W {w:.3f}, F1 {f1:.3f}"


def main(argv: Sequence[str]) -> int:
    parser = argument_parser(__doc__, SPLITS)
    parser.add_argument("--models", nargs="+", choices=models(), default=models())
    parser.add_argument("--data", nargs="+", choices=DATA, default=list(DATA))
    parser.add_argument("--page", type=Path, help="write the table here")
    parser.add_argument("--times", action="store_true", help="only time the recipes")
    arguments = parser.parse_args(argv)
    if arguments.times:
        for name, seconds in training_times().items():
            print(f"{name}: {seconds:.1f} s", flush=True)
        return 0
    wanted = trials(arguments.models, arguments.data, arguments.seeds, arguments.quick)
    with outcomes_file("table_models", arguments.keep, quick=arguments.quick) as file:
        train_missing(wanted[arguments.part], file, arguments.minutes, run, describe)
        found = group_outcomes(wanted, file, Outcome, lambda one: (one.data, one.model))
        measured_at = origin(wanted, file)
    text = page(found)
    print(text)
    if arguments.quick:
        return 0
    if arguments.page:
        arguments.page.write_text(text, "utf-8")
    if set(trials(models(), DATA, SPLITS, quick=False)) <= set(wanted) and sum(map(len, found.values())) == len(wanted):
        results.write("table models", text, origin=measured_at)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
