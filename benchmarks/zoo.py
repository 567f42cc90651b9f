"""The adversarial zoo: every sensible loss with every sensible penalty, on several data sets, over seeds.

    python benchmarks/zoo.py [--keep DIR] [--data ring grid digits mnist] [--seeds N] [--minutes M] [--part I/N] [--page FILE] [--quick]

A finished run is in outcomes/zoo.jsonl and not done again, so that the tables can grow over several calls; runs come in rounds,
one of every game, so that what is there at any time is comparable. --page writes the tables and what they recommend (docs/zoo.md), with a
picture, images/zoo.png beside the page.
--quick trains a few steps of four games and writes nothing.

Every game of a data set has the same networks, optimiser, batch size and steps (`DATA`), so that only loss and penalty differ. What is
measured: the energy distance of samples to held-out data with its 95 % interval over seeds, the share of runs that end without a
failure according to the diagnosis, and the CPU time of a step relative to the plain game's, both timed in turn.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")

from tables.diagnosed_runs import Outcome, train_diagnosed
from tables.outcomes import group_outcomes, origin, outcomes_file, read_outcomes
from tables.step_costs import Cost, measure_cost
from tables.trials import argument_parser, train_missing
from tables.zoo_page import Costs, page
from tables.zoo_picture import draw
from tables.zoo_plan import DATA, PLAIN, CostTrial, Trial, trials

SEEDS = 3
PICTURE = "images/zoo.png"  # beside the page


def cost_of(one: CostTrial) -> Cost:
    """Time the game's step and the plain game's in turn."""
    import torch

    torch.set_num_threads(1)
    trial = one.trial
    plain = Trial(trial.data, *PLAIN, trial.seed, trial.quick).recipe
    return measure_cost(trial.recipe, plain)


def describe_cost(one: CostTrial, cost: Cost) -> str:
    """One line about a measured cost."""
    return f"{one.trial.data}, {one.trial.loss}, {one.trial.penalty}: cost of a step {cost.ratio:.2f}"


def train(trial: Trial) -> Outcome:
    """Train one run with its diagnosis, and measure it."""
    return train_diagnosed(trial.recipe)


def describe(trial: Trial, outcome: Outcome) -> str:
    """One line about a finished run."""
    return f"{trial.data}, {trial.loss}, {trial.penalty}, seed {trial.seed}: {outcome.distance:.4f}, {outcome.headline}"


def read(wanted: Sequence[Trial], file: Path) -> dict[str, dict[tuple[str, str], list[Outcome]]]:
    """The finished runs by data and game."""
    by_data = {
        data: group_outcomes([t for t in wanted if t.data == data], file, Outcome, lambda t: (t.loss, t.penalty))
        for data in dict.fromkeys(trial.data for trial in wanted)
    }
    return {data: games for data, games in by_data.items() if games}


def main(argv: Sequence[str]) -> int:
    parser = argument_parser(__doc__, SEEDS)
    parser.add_argument("--data", nargs="+", choices=list(DATA), default=["ring", "digits"])
    parser.add_argument("--page", type=Path, help="write the tables here")
    arguments = parser.parse_args(argv)
    wanted = trials(arguments.data, 1 if arguments.quick else arguments.seeds, arguments.quick)
    with outcomes_file("zoo", arguments.keep, quick=arguments.quick) as file:
        train_missing(wanted[arguments.part], file, arguments.minutes, train, describe)
        priced = [] if arguments.quick else [CostTrial(trial) for trial in wanted if trial.seed == 0]
        train_missing(priced[arguments.part], file, arguments.minutes, cost_of, describe_cost)
        costs: dict[str, Costs] = {}
        for one, cost in read_outcomes(priced, file, Cost):
            costs.setdefault(one.trial.data, {})[one.trial.loss, one.trial.penalty] = cost.ratio
        found = read(wanted, file)
        text = page(found, costs, arguments.seeds, origin([*wanted, *priced], file), PICTURE)
    print(text)
    if arguments.page and not arguments.quick:
        picture = arguments.page.parent / PICTURE
        picture.parent.mkdir(parents=True, exist_ok=True)
        draw(found, picture)
        arguments.page.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
