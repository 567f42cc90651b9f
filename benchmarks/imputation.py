"""How well missing cells are filled in: errors under published protocols, and coverage of intervals.

    python benchmarks/imputation.py [--keep DIR] [--protocols forest slope] [--methods trees matching] [--data iris]
        [--seeds N] [--minutes M] [--part I/N] [--page FILE] [--quick]

Finished trials are in outcomes/imputation.jsonl and not done again, so that the tables can grow over several calls; they come in rounds,
one of every method, so that what is there at any time is comparable. The protocols are described in tables/imputation_plan.py.
--quick runs one seed with the least work and writes nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")

from tables.imputation_page import page
from tables.imputation_plan import COMPLETE_DATA, DATA, PROTOCOLS, SEEDS, UCI, Outcome, Trial, run
from tables.inpainting import BASELINE, MODELS
from tables.outcomes import group_outcomes, outcomes_file
from tables.trials import argument_parser, train_missing

# Best first in the tables that are known, so that a call that is cut short has what matters.
METHODS = ("trees", "iterative", "neighbours", "mean", "matching", "normal", "leaves", "mixture", "vae", "gain", "auto")
DRAWING = (
    "normal",
    "matching",
    "leaves",
    "mixture",
    "vae",
    "iterative",
    "mean",
)  # in the simulations; the last two to compare
HOLE_FILLERS = (BASELINE, *MODELS)


def trials(
    protocols: Sequence[str], methods: Sequence[str], data: Sequence[str], seeds: int | None, quick: bool
) -> list[Trial]:
    """The trials in the order in which they are run: a seed of every protocol, data set and method, then the next seed."""
    wanted = []
    for seed in range(1 if quick else max(SEEDS.values()) if seeds is None else seeds):
        for protocol in protocols:
            if seed >= SEEDS[protocol] and seeds is None:
                continue
            allowed = [one for one in methods if one in _methods_of(protocol)]
            names = [name for name in DATA[protocol] if name in data or name in ("simulation", "digits")]
            wanted += [Trial(protocol, name, method, seed, quick) for name in names for method in allowed]
    return wanted


def _methods_of(protocol: str) -> Sequence[str]:
    if protocol == "holes":
        return HOLE_FILLERS
    return DRAWING if protocol.startswith("slope") else METHODS


def describe(trial: Trial, outcome: Outcome) -> str:
    """One line about a finished trial."""
    scores = ", ".join(f"{name} {value:.4f}" for name, value in outcome.scores.items())
    used = f" ({outcome.method})" if outcome.method != trial.method else ""
    return f"{trial.protocol}, {trial.data}, {trial.method}{used}, seed {trial.seed}: {scores}"


def main(argv: Sequence[str]) -> int:
    parser = argument_parser(__doc__, 0)
    parser.set_defaults(seeds=None)
    parser.add_argument("--protocols", nargs="+", choices=PROTOCOLS, default=list(PROTOCOLS))
    parser.add_argument("--methods", nargs="+", choices=(*METHODS, *HOLE_FILLERS), default=[*METHODS, *HOLE_FILLERS])
    parser.add_argument("--data", nargs="+", choices=(*COMPLETE_DATA, *UCI), default=[*COMPLETE_DATA, *UCI])
    parser.add_argument("--page", type=Path, help="write the tables here")
    arguments = parser.parse_args(argv)
    wanted = trials(arguments.protocols, arguments.methods, arguments.data, arguments.seeds, arguments.quick)
    with outcomes_file("imputation", arguments.keep, quick=arguments.quick) as file:
        train_missing(wanted[arguments.part], file, arguments.minutes, run, describe)
        found = group_outcomes(wanted, file, Outcome, lambda one: (one.protocol, one.data, one.method))
        text = page(found, (*METHODS, *HOLE_FILLERS))
    print(text)
    if arguments.page and not arguments.quick:
        arguments.page.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
