"""How far the scores of generated rows can be trusted: how often their intervals hold the truth, and how often they find known generators.

    python benchmarks/table_scores.py [--keep DIR] [--seeds N] [--minutes M] [--part I/N] [--quick]

Rows come from a known distribution of three numbers and two categories. For other real rows, every score below is .5 in expectation, and 95 % of
intervals should hold it. Training rows drawn again, SMOTE and a Gaussian copula are generators whose faults are known. Finished
trials are in outcomes/table_scores.jsonl and not done again. With all trials the section `scores of tables` of RESULTS.md is written.
--quick writes nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

import results
from tables.outcomes import group_outcomes, hashed_key, origin, outcomes_file
from tables.trials import argument_parser, train_missing

SEEDS = 100
ROWS = (100, 400)  # of each of the training, held-out and generated rows
GENERATORS = ("real", "duplicated", "smote", "copula")
METRICS = ("detection-logistic", "detection-boosting", "copies", "attack-distance", "attack-calibrated")


@dataclass(frozen=True)
class Trial:
    """One draw of all tables.

    Attributes:
        generator: one of `GENERATORS`.
        rows: of each table.
        seed: of the draw.
        quick: without the slowest score.
    """

    generator: str
    rows: int
    seed: int
    quick: bool = False

    @property
    def key(self) -> str:
        """The key of its outcome."""
        return hashed_key(f"{self.generator}-{self.rows}-{self.seed}", asdict(self))


@dataclass(frozen=True)
class Outcome:
    """Value and interval of each score by its name."""

    scores: Mapping[str, tuple[float, float, float]]


def draw(rows: int, rng: np.random.Generator) -> Any:
    """Rows of the known distribution, as a frame."""
    import pandas as pd

    group = rng.integers(0, 3, rows)
    height = rng.normal(170 + 6 * group, 8)
    weight = 0.9 * (height - 100) + rng.gamma(2, 5, rows)
    pulse = np.where(rng.random(rows) < 0.1, np.nan, rng.normal(75 - 3 * group, 9))
    active = np.where(rng.random(rows) < 1 / (1 + np.exp((weight - 75) / 8)), "yes", "no")
    columns = {"group": np.array(["a", "b", "c"])[group], "height": height, "weight": weight, "pulse": pulse}
    return pd.DataFrame({**columns, "active": active}).round(1)


def run(trial: Trial) -> Outcome:
    """Draw all tables and measure the scores."""
    from saddlepoint.data.tabular.infer import infer_schema
    from saddlepoint.evaluation.tables.comparison import Comparison
    from saddlepoint.evaluation.tables.generators import copula_rows, duplicate_rows, smote_rows
    from saddlepoint.evaluation.tables.metrics import METRICS as ALL

    rng = np.random.default_rng([trial.seed, trial.rows])
    train, test, other = (draw(trial.rows, rng) for _ in range(3))
    schema = infer_schema(train)
    columns = tuple(column.model_copy(update={"missing": 1.0}) for column in schema.columns)
    schema = schema.model_copy(update={"columns": columns})
    generators = {
        "real": lambda: other,
        "duplicated": lambda: duplicate_rows(train, trial.rows, rng),
        "smote": lambda: smote_rows(train, schema, None, trial.rows, rng),
        "copula": lambda: copula_rows(train, schema, trial.rows, rng),
    }
    comparison = Comparison(generators[trial.generator](), train, test, schema, True, None, trial.seed)
    scores = {}
    for name in METRICS:
        if trial.quick and name == "detection-boosting":
            continue
        found = ALL[name].measure(comparison).estimate
        scores[name] = (
            found.value,
            found.value if found.low is None else found.low,
            found.value if found.high is None else found.high,
        )
    return Outcome(scores)


def describe(trial: Trial, outcome: Outcome) -> str:
    """One line about a finished trial."""
    return f"{trial.generator}, {trial.rows} rows, seed {trial.seed}: {len(outcome.scores)} scores"


def page(found: Mapping[tuple[str, int], Sequence[Outcome]]) -> str:
    """The table: for real rows how many intervals hold .5, for the generators how many lie above it, and the mean score."""
    lines = [
        "| rows | score | real: intervals that hold .5 | real: above .5 | "
        + " | ".join(f"{name}: above .5 (mean)" for name in GENERATORS[1:])
        + " |"
    ]
    lines.append("|" + " --- |" * (4 + len(GENERATORS[1:])))
    for rows in ROWS:
        for metric in METRICS:
            cells = [str(rows), metric]
            for name in GENERATORS:
                values = np.array([one.scores[metric] for one in found.get((name, rows), ()) if metric in one.scores])
                if not len(values):
                    cells += ["", ""] if name == "real" else [""]
                    continue
                above = f"{(values[:, 1] > 0.5).mean():.0%}"
                held = f"{((values[:, 1] <= 0.5) & (values[:, 2] >= 0.5)).mean():.0%}"
                cells += [held, above] if name == "real" else [f"{above} ({values[:, 0].mean():.2f})"]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str]) -> int:
    arguments = argument_parser(__doc__, SEEDS).parse_args(argv)
    sizes, seeds = (ROWS[:1], 1) if arguments.quick else (ROWS, arguments.seeds)
    wanted = [
        Trial(name, rows, seed, arguments.quick) for seed in range(seeds) for rows in sizes for name in GENERATORS
    ]
    with outcomes_file("table_scores", arguments.keep, quick=arguments.quick) as file:
        train_missing(wanted[arguments.part], file, arguments.minutes, run, describe)
        found = group_outcomes(wanted, file, Outcome, lambda one: (one.generator, one.rows))
        measured_at = origin(wanted, file)
    text = page(found)
    print(text)
    if not arguments.quick and seeds >= SEEDS and sum(map(len, found.values())) == len(wanted):
        results.write("scores of tables", f"{seeds} draws of all tables.\n\n{text}", origin=measured_at)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
