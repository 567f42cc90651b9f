"""The adversarial zoo: every sensible loss with every sensible penalty, on several data sets, over seeds.

    python benchmarks/zoo.py --keep DIR [--data ring grid digits mnist] [--seeds N] [--minutes M] [--part I/N] [--page FILE] [--quick]

A run that is finished is kept in --keep and not done again, so that the tables can grow over several calls; runs come in rounds,
one of every game, so that what is there at any time is comparable. --page writes the tables and what they recommend (docs/zoo.md).
--quick trains a few steps of four games and writes nothing.

Every game of a data set has the same networks, optimiser, batch size and steps (`DATA`), so that only loss and penalty differ. What is
measured: the energy distance of samples to held-out data with its 95 % interval over seeds, the share of runs that end without a
failure according to the diagnosis, and the CPU time of a step relative to the plain game's, both timed in turn.
"""

from __future__ import annotations

import math
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import results
from tables.step_costs import Cost, measure_cost
from tables.trials import argument_parser, folder_of_outcomes, outcome_file, read_outcomes, train_missing

SEEDS = 3
SCALE = 1_000  # of energy distances in tables
PLAIN = ("non-saturating", "none")
LOSSES = (
    "non-saturating",
    "minimax",
    "least-squares",
    "hinge",
    "wasserstein",
    "relativistic",
    "relativistic-average",
    "relativistic-average-hinge",
    "f-kl",
    "f-reverse-kl",
    "f-jensen-shannon",
    "f-pearson",
    "f-squared-hellinger",
)
# The weight of the slope penalties is that of the data's best recipe; the others are those of their papers.
PENALTIES: dict[str, dict[str, Any]] = {
    "none": {},
    "r1": {"model.penalties.r1": "weight"},
    "r1, r2": {"model.penalties.r1": "weight", "model.penalties.r2": "weight"},
    "zero-centred": {"model.penalties.zero_centred": "weight"},
    "gradient penalty": {"model.penalties.gradient_penalty": 10.0},
    "spectral": {"model.constraints.discriminator": "spectral"},
}
# A critic without any limit has no best value, so a game without a penalty is not sensible for these.
UNLIMITED = ("wasserstein", "f-kl", "f-pearson")


@dataclass(frozen=True)
class Data:
    """The settings that all games of a data set share.

    Attributes:
        base: the recipe.
        settings: that differ from it.
        weight: of the slope penalties.
    """

    base: str
    settings: dict[str, Any]
    weight: float


NO_PICTURES = {"training.sample_every": 10**9}  # samples are drawn at the first and the last step only
_RATE = {"training.optimiser.betas": [0.0, 0.99], "training.optimiser.schedule": "cosine"}
DATA = {
    "ring": Data("toy-ring", {"training.steps": 3_000, "data.points": 20_000, **_RATE}, 0.1),
    "grid": Data("toy-grid", {"training.steps": 6_000, "data.points": 20_000, **_RATE}, 0.1),
    "digits": Data("gan-digits", {"training.steps": 3_000, "model.labels.smoothing": 0.0}, 1.0),
    "mnist": Data("dcgan-mnist", {"training.steps": 1_500, "data.limit": 20_000}, 1.0),
}


@dataclass(frozen=True)
class Outcome:
    """The outcome of one run.

    Attributes:
        distance: energy distance of samples to held-out data; NaN if it is not finite.
        modes: share of the modes that samples cover; None without known modes.
        high_quality: share of samples near a mode; None without known modes.
        headline: of the verdict.
        codes: of the findings that stand at the end.
        steps_per_second: of training, which other processes slow down: the cost of a step is measured apart.
    """

    distance: float
    modes: float | None
    high_quality: float | None
    headline: str
    codes: Sequence[str]
    steps_per_second: float


@dataclass(frozen=True)
class Trial:
    """One run: data, loss, penalty and seed."""

    data: str
    loss: str
    penalty: str
    seed: int
    quick: bool = False

    @cached_property
    def recipe(self) -> Any:
        """The recipe of the game."""
        from saddlepoint.recipe import Recipe

        of = DATA[self.data]
        parts = {name: of.weight if value == "weight" else value for name, value in PENALTIES[self.penalty].items()}
        short = {"training.steps": 20} if self.quick else {}
        own = {"model.objective": self.loss, **parts, **NO_PICTURES, "training.seed": self.seed, **short}
        return Recipe.load(of.base).override({**of.settings, **own})

    def place(self, keep: Path) -> Path:
        """Its file, see `outcome_file`."""
        return outcome_file(keep, f"{self.data}-{self.seed}", self.recipe)


@dataclass(frozen=True)
class CostTrial:
    """The cost of a step of one game on one data set."""

    trial: Trial

    def place(self, keep: Path) -> Path:
        """Its file, see `outcome_file`."""
        return outcome_file(keep, f"{self.trial.data}-cost", self.trial.recipe, "cost")


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


def trials(data: Sequence[str], seeds: int, quick: bool) -> list[Trial]:
    """All trials, in rounds of one of every game."""
    games = [(loss, penalty) for loss in LOSSES for penalty in PENALTIES if penalty != "none" or loss not in UNLIMITED]
    if quick:
        games = [PLAIN, ("hinge", "spectral"), ("wasserstein", "gradient penalty"), ("relativistic", "r1, r2")]
    return [Trial(name, *game, seed, quick) for seed in range(seeds) for name in data for game in games]


def train(trial: Trial) -> Outcome:
    """Train one run with its diagnosis, and measure it."""
    import torch

    import saddlepoint as sp
    from saddlepoint.records import active_findings

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        run = sp.train(trial.recipe, run=Path(folder) / "run", pictures=False)
        records, findings, headline = list(run.records), active_findings(run.findings), run.headline
    last = {name: value for record in records for name, value in record.values.items()}
    speeds = [record.values["time/steps_per_second"] for record in records if "time/steps_per_second" in record.values]
    return Outcome(
        float(last.get("quality/energy_distance", math.nan)),
        last.get("g/modes"),
        last.get("g/high_quality"),
        headline,
        sorted({finding.code for finding in findings if finding.severity == "failure"}),
        statistics.median(speeds),
    )


def describe(trial: Trial, outcome: Outcome) -> str:
    """One line about a finished run."""
    return f"{trial.data}, {trial.loss}, {trial.penalty}, seed {trial.seed}: {outcome.distance:.4f}, {outcome.headline}"


def read(wanted: Sequence[Trial], keep: Path) -> dict[str, dict[tuple[str, str], list[Outcome]]]:
    """The finished runs by data and game."""
    found: dict[str, dict[tuple[str, str], list[Outcome]]] = {}
    for trial, outcome in read_outcomes(wanted, keep, Outcome):
        found.setdefault(trial.data, {}).setdefault((trial.loss, trial.penalty), []).append(outcome)
    return found


Costs = dict[tuple[str, str], float]


def rows(games: dict[tuple[str, str], list[Outcome]], costs: Costs) -> list[list[str]]:
    """The rows of one data set's table, best first."""
    lines = []
    for (loss, penalty), outcomes in games.items():
        distances = [o.distance for o in outcomes]
        whole = sum(map(_is_whole, outcomes))
        modes = [o.modes for o in outcomes if o.modes is not None]
        good = [o.high_quality for o in outcomes if o.high_quality is not None]
        cost = costs.get((loss, penalty))
        cells = [loss, penalty, interval(distances), f"{whole} of {len(outcomes)}"]
        if modes:
            cells += [f"{statistics.fmean(modes):.0%}", f"{statistics.fmean(good):.0%}"]
        lines.append(
            (-whole / len(outcomes), _mean_distance(outcomes), [*cells, "" if cost is None else f"{cost:.2f}"])
        )
    return [cells for _, _, cells in sorted(lines, key=lambda line: line[:2])]


def recommendation(found: dict[str, dict[tuple[str, str], list[Outcome]]]) -> list[str]:
    """What the tables recommend: the game that is best over all data sets, with its margin over the plain game.

    Games without any failure come first, then those whose distance has the lowest mean rank over the data sets.
    """
    common = [game for game in next(iter(found.values()), {}) if all(game in games for games in found.values())]
    if not common:
        return []
    ranks: dict[tuple[str, str], list[int]] = {game: [] for game in common}
    failed = dict.fromkeys(common, 0)
    for games in found.values():
        for rank, game in enumerate(sorted(common, key=lambda game: _mean_distance(games[game])), 1):
            ranks[game].append(rank)
            failed[game] += sum(not _is_whole(outcome) for outcome in games[game])
    order = sorted(common, key=lambda game: (failed[game], statistics.fmean(ranks[game])))
    lines = []
    for game in order[:5]:
        places = ", ".join(f"{name} {rank}" for name, rank in zip(found, ranks[game], strict=True))
        lines.append([*game, str(failed[game]), places])
    loss, penalty = order[0]
    against = [
        f"{name}: {interval([o.distance for o in games[order[0]]])} against {interval([o.distance for o in games[PLAIN]])}"
        for name, games in found.items()
        if PLAIN in games
    ]
    return [
        "## Which game to take",
        f"Over {', '.join(found)}, the loss `{loss}` with the penalty `{penalty}` comes first: fewest runs with a failure, then the "
        f"lowest mean rank of the energy distance. {SCALE:,} times its distance against that of the plain game (`{PLAIN[0]}`, no penalty): "
        f"{'; '.join(against)}. Where intervals overlap, the order of games is not certain. The five first:",
        results.table(["loss", "penalty", "runs with a failure", "rank of the distance"], lines),
    ]


def by_penalty(found: dict[str, dict[tuple[str, str], list[Outcome]]]) -> str:
    """A row of each penalty, over all losses: runs without a failure, and the median of the energy distance."""
    lines = []
    for penalty in PENALTIES:
        cells = [penalty]
        for games in found.values():
            own = [outcome for game, outcomes in games.items() if game[1] == penalty for outcome in outcomes]
            distances = [SCALE * outcome.distance if math.isfinite(outcome.distance) else math.inf for outcome in own]
            cells += [
                f"{sum(map(_is_whole, own))} of {len(own)}",
                f"{statistics.median(distances):.2f}" if own else "-",
            ]
        lines.append(cells)
    columns = [f"{name}: {what}" for name in found for what in ("without failure", f"{SCALE:,} x median distance")]
    return results.table(["penalty, all losses", *columns], lines)


def _mean_distance(outcomes: Sequence[Outcome]) -> float:
    """The mean distance; infinite if one is not finite."""
    distances = [outcome.distance for outcome in outcomes]
    return statistics.fmean(distances) if all(map(math.isfinite, distances)) else math.inf


def _is_whole(outcome: Outcome) -> bool:
    """Whether a run ended without a failure."""
    return not outcome.codes and math.isfinite(outcome.distance)


def interval(values: Sequence[float]) -> str:
    """The mean of `SCALE` times the values with its interval, or how many of them are not finite."""
    broken = sum(not math.isfinite(value) for value in values)
    return (
        f"not finite in {broken} of {len(values)}" if broken else results.with_interval([SCALE * v for v in values], 2)
    )


def page(found: dict[str, dict[tuple[str, str], list[Outcome]]], costs: dict[str, Costs], seeds: int) -> str:
    """The tables as Markdown."""
    parts = [
        "# The adversarial zoo, measured",
        "Written by `python benchmarks/zoo.py --keep DIR --page docs/zoo.md`.",
        results.machine(),
        "All games of a data set have the same networks, optimiser, batch size and number of steps, so this compares losses and "
        "penalties at settings that were not tuned for any of them. The energy distance of samples to held-out data is the mean over "
        "seeds with its 95 % interval (Student's t; with few seeds intervals are wide). A run counts as without failure if no "
        "finding of the severity `failure` stood at its end and its distance is finite. The cost of a step is the CPU time relative to "
        "the plain game's, both timed in turn on one thread; an empty cell is not measured yet.",
    ]
    parts += recommendation(found)
    parts += ["## By penalty", by_penalty(found)]
    for name, games in found.items():
        of = DATA[name]
        some = next(iter(games.values()))
        columns = ["loss", "penalty", f"{SCALE:,} x energy distance", "without failure"]
        columns += ["modes", "high quality"] if some[0].modes is not None else []
        settings = ", ".join(f"`{key} {value}`" for key, value in of.settings.items())
        counts = sorted({len(outcomes) for outcomes in games.values()})
        parts += [
            f"## {name}",
            f"Recipe `{of.base}` with {settings}; slope penalties have the weight {of.weight:g}. Seeds of each game: "
            f"{' to '.join(map(str, dict.fromkeys((counts[0], counts[-1]))))} of {seeds}.",
            results.table([*columns, "cost of a step"], rows(games, costs.get(name, {}))),
        ]
    return "\n\n".join(parts) + "\n"


def main(argv: Sequence[str]) -> int:
    parser = argument_parser(__doc__, SEEDS)
    parser.add_argument("--data", nargs="+", choices=list(DATA), default=["ring", "digits"])
    parser.add_argument("--page", type=Path, help="write the tables here")
    arguments = parser.parse_args(argv)
    wanted = trials(arguments.data, 1 if arguments.quick else arguments.seeds, arguments.quick)
    with folder_of_outcomes(arguments.keep) as keep:
        train_missing(wanted[arguments.part], keep, arguments.minutes, train, describe)
        priced = [] if arguments.quick else [CostTrial(trial) for trial in wanted if trial.seed == 0]
        train_missing(priced[arguments.part], keep, arguments.minutes, cost_of, describe_cost)
        costs: dict[str, Costs] = {}
        for one, cost in read_outcomes(priced, keep, Cost):
            costs.setdefault(one.trial.data, {})[one.trial.loss, one.trial.penalty] = cost.ratio
        text = page(read(wanted, keep), costs, arguments.seeds)
    print(text)
    if arguments.page and not arguments.quick:
        arguments.page.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
