"""Clusters and probes of codes, beside raw values and principal components: digits and the test part of MNIST, five trainings a recipe.

    python benchmarks/cluster.py [--keep DIR] [--data digits mnist] [--models NAME ...] [--seeds N] [--minutes M] [--part I/N] [--page FILE] [--quick]

A finished training is in outcomes/cluster.jsonl and not repeated. The section of a data set in RESULTS.md has every recipe with all seeds, and
says which recipes are not measured yet. --quick trains one recipe of each data set for two steps and writes nothing.

References:
    Unsupervised Deep Embedding for Clustering Analysis (Junyuan Xie, Ross Girshick, Ali Farhadi, 2016), https://arxiv.org/abs/1511.06335
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

import results
from saddlepoint.applications.cluster.settings import CODES, METHODS, RAW
from saddlepoint.evaluation.statistics.intervals import Interval, mean_interval
from tables.cluster_plan import DATA, MODELS, SEEDS, Outcome, Trial, run, trials
from tables.outcomes import group_outcomes, origin, outcomes_file
from tables.trials import argument_parser, train_missing

METRIC = "nmi"
BASELINES = (RAW, "pca")
COMPARED = (CODES, *BASELINES)
SIGNS = {1: " ▲", -1: " ▼", 0: ""}


def describe(trial: Trial, outcome: Outcome) -> str:
    """One line about a finished trial."""
    codes, raw = (outcome.scores[name]["k-means"][METRIC] for name in (CODES, RAW))
    return f"{trial.data}, {trial.model}, seed {trial.seed}: NMI by k-means {codes:.3f}, raw {raw:.3f}"


def over_seeds(values: Sequence[float]) -> Interval:
    """The mean over trainings with its 95 % interval."""
    return mean_interval(torch.tensor(values, dtype=torch.float64))


def with_half(interval: Interval, *, signed: bool = False) -> str:
    """The mean ± half of the interval; a difference with a mark where the interval excludes zero."""
    half = (interval.high - interval.low) / 2
    if not signed:
        return f"{interval.value:.3f} ± {half:.3f}"
    return f"{interval.value:+.3f} ± {half:.3f}{SIGNS[(interval.low > 0) - (interval.high < 0)]}"


def beside_baselines(scores: Mapping[str, Sequence[float]]) -> list[str]:
    """The cells of a row: the score of codes, then of each baseline its score and by how much codes are higher.

    Args:
        scores: of each representation, one for each training.
    """
    cells = [with_half(over_seeds(scores[CODES]))]
    for name in BASELINES:
        differences = [codes - other for codes, other in zip(scores[CODES], scores[name], strict=True)]
        cells += [f"{over_seeds(scores[name]).value:.3f}", with_half(over_seeds(differences), signed=True)]
    return cells


def cluster_rows(found: Mapping[str, Sequence[Outcome]], metric: str = METRIC) -> list[list[str]]:
    """A row for each recipe and method: scores of codes, and differences to raw values and to PCA of the same dimension."""
    rows = []
    for model, some in found.items():
        for method in METHODS:
            row = beside_baselines({name: [one.scores[name][method][metric] for one in some] for name in COMPARED})
            accuracy = over_seeds([one.scores[CODES][method]["accuracy"] for one in some])
            rows.append([f"{model} ({some[0].dimension})", method, *row, with_half(accuracy)])
    return rows


def probe_rows(found: Mapping[str, Sequence[Outcome]]) -> list[list[str]]:
    """A row for each recipe and probe, as `cluster_rows`."""
    rows = []
    for model, some in found.items():
        for probe in some[0].probes:
            row = beside_baselines({name: [one.probes[probe][name] for one in some] for name in COMPARED})
            rows.append([f"{model} ({some[0].dimension})", probe, *row])
    return rows


def tally(found: Mapping[str, Sequence[Outcome]]) -> str:
    """In how many rows codes are better or worse than each baseline."""
    rows = cluster_rows(found)
    said = []
    for name, column in ((RAW, 4), ("PCA", 6)):
        better, worse = (sum(sign in row[column] for row in rows) for sign in ("▲", "▼"))
        said.append(f"than {name}, codes are better in {better} and worse in {worse} of {len(rows)} rows")
    return f"By NMI {'; '.join(said)}."


def body(data: str, found: Mapping[str, Sequence[Outcome]]) -> str:
    """The section of a data set as Markdown."""
    one = next(iter(found.values()))[0]
    seeds = len(next(iter(found.values())))
    left = [model for model in MODELS[data] if model not in found]
    missing = f" Not measured yet: {', '.join(left)}." if left else ""
    seconds = sum(some.seconds for outcomes in found.values() for some in outcomes)
    which = "all examples" if DATA[data][1] == "all" else "the test part, which was not trained on"
    heads = ["raw", "codes less raw", "PCA", "codes less PCA"]
    return (
        f"Mean of {seeds} trainings of each recipe ± half of the 95 % interval (Student's t over trainings, differences paired by seed); in "
        f"parentheses numbers in a code. {one.examples:,} examples: {which}. The number of clusters is that of the classes, which HDBSCAN only "
        "takes for its smallest cluster; its noise is one more cluster for NMI and wrong for accuracy. PCA has as many components as a code has "
        "numbers. ▲ codes are better, ▼ worse, otherwise no difference is shown; each row is an interval of its own, uncorrected for their "
        "number.\n\n"
        + results.table(["recipe", "method", "NMI of codes", *heads, "accuracy of codes"], cluster_rows(found))
        + f"\n\n{tally(found)}\n\nProbes, accuracy on held-out examples:\n\n"
        + results.table(["recipe", "probe", "codes", *heads], probe_rows(found))
        + f"\n\n{seconds / 60:.0f} minutes on a machine with other work.{missing}\n"
    )


def main(argv: Sequence[str]) -> int:
    parser = argument_parser(__doc__, SEEDS)
    parser.add_argument("--data", nargs="+", choices=list(DATA), default=list(DATA))
    parser.add_argument("--models", nargs="+", metavar="NAME", help="recipes to train (all)")
    parser.add_argument("--page", type=Path, help="write the sections here too")
    arguments = parser.parse_args(argv)
    wanted = trials(arguments.data, arguments.seeds, quick=arguments.quick)
    chosen = [one for one in wanted if arguments.models is None or one.model in arguments.models]
    with outcomes_file("cluster", arguments.keep, quick=arguments.quick) as file:
        train_missing(chosen[arguments.part], file, arguments.minutes, run, describe)
        found = group_outcomes(wanted, file, Outcome, lambda one: (one.data, one.model))
        measured_at = {name: origin([one for one in wanted if one.data == name], file) for name in arguments.data}
    if arguments.quick:
        return 0
    written = ""
    for name in arguments.data:
        own = {model: some for (data, model), some in found.items() if data == name and len(some) == arguments.seeds}
        if not own or arguments.seeds < 2:
            continue
        text = body(name, own)
        written += f"### {name}\n\n{text}\n"
        if arguments.seeds >= SEEDS:
            results.write(f"Clusters of codes: {name}", text, origin=measured_at[name])
    print(written)
    if arguments.page:
        arguments.page.write_text(written, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
