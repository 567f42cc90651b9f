"""Metrics on given features against the packages that they are usually taken from, in turn, on the same points.

    python benchmarks/metrics.py            full size, 2,048 features; writes its section of RESULTS.md
    python benchmarks/metrics.py --quick    small and once: shows that everything runs, not how fast; writes nothing

- precision, recall, density and coverage against `prdc`; goal: 3 times as fast
- kernel distance over 100 subsets of 1,000 against `torch-fidelity`; goal: twice as fast. Ours computes the kernel of each
  pair of points once, so that the gain depends on how much the subsets overlap: at 5,000 points theirs multiplies four
  times as much, at 10,000 exactly as much; both are reported
- kernel distance over all pairs, which needs no subsets and states its own error, against the same
- Fréchet distance against `torch-fidelity`

Every round times ours and theirs one after the other; the median of their ratios is reported, with the smallest and the
largest. Both use all cores. Neither package is a dependency of ours: where one is missing its rows are left out, a sentence says so,
and nothing is written.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

import results
from saddlepoint.evaluation.metrics.frechet import frechet_distance
from saddlepoint.evaluation.metrics.kernel import kernel_distance, kernel_distance_by_subsets
from saddlepoint.evaluation.metrics.precision_recall import neighbourhoods
from sides.quiet import measurable

SECTION = "Metrics on features"
FEATURES = 2_048
SUBSETS, SIZE = 100, 1_000


@dataclass(frozen=True)
class Comparison:
    """One comparison; both sides take the points and return numbers that should agree.

    Attributes:
        module: the package of the other side.
        points: of each set.
        goal: the least ratio theirs / ours; None where there is none.
    """

    name: str
    module: str
    points: int
    goal: float | None
    ours: Callable[[Tensor, Tensor], dict[str, float]]
    theirs: Callable[[Any, Tensor, Tensor], dict[str, float]]


def our_neighbours(x: Tensor, y: Tensor) -> dict[str, float]:
    found = neighbourhoods(x, y, k=5, density_k=5)  # prdc has one k for all
    return {name: getattr(found, name) for name in ("precision", "recall", "density", "coverage")}


def their_neighbours(prdc: Any, x: Tensor, y: Tensor) -> dict[str, float]:
    return {name: float(score) for name, score in prdc.compute_prdc(x.numpy(), y.numpy(), nearest_k=5).items()}


def our_subsets(x: Tensor, y: Tensor) -> dict[str, float]:
    generator = torch.Generator().manual_seed(0)
    mean, _ = kernel_distance_by_subsets(x, y, generator=generator, subsets=SUBSETS, size=SIZE)
    return {"MMD^2": mean}


def our_pairs(x: Tensor, y: Tensor) -> dict[str, float]:
    return {"MMD^2": kernel_distance(x, y).value}


def their_subsets(metric_kid: Any, x: Tensor, y: Tensor) -> dict[str, float]:
    found = metric_kid.kid_features_to_metric(x, y, kid_subsets=SUBSETS, kid_subset_size=SIZE, verbose=False)
    return {"MMD^2": found["kernel_inception_distance_mean"]}


def our_frechet(x: Tensor, y: Tensor) -> dict[str, float]:
    return {"distance": frechet_distance(x, y)}


def their_frechet(metric_fid: Any, x: Tensor, y: Tensor) -> dict[str, float]:
    moments = [metric_fid.fid_features_to_statistics(points.double()) for points in (x, y)]
    return {"distance": metric_fid.fid_statistics_to_metric(*moments, verbose=False)["frechet_inception_distance"]}


KID, FID = "torch_fidelity.metric_kid", "torch_fidelity.metric_fid"
COMPARISONS = (
    Comparison("precision, recall, density, coverage", "prdc", 10_000, 3, our_neighbours, their_neighbours),
    Comparison("kernel distance, subsets", KID, 5_000, 2, our_subsets, their_subsets),
    Comparison("kernel distance, subsets", KID, 10_000, None, our_subsets, their_subsets),
    Comparison("kernel distance, all pairs", KID, 10_000, None, our_pairs, their_subsets),
    Comparison("Fréchet distance", FID, 10_000, None, our_frechet, their_frechet),
)


def timed(call: Callable[[], dict[str, float]]) -> tuple[float, dict[str, float]]:
    with contextlib.redirect_stdout(io.StringIO()):  # prdc prints
        start = time.perf_counter()
        scores = call()
        return time.perf_counter() - start, scores


def measured(comparison: Comparison, theirs: Any, x: Tensor, y: Tensor, rounds: int) -> tuple[list[object], list[str]]:
    """The row of times, and a line for each pair of scores."""
    ours, others = [], []
    for _ in range(rounds):
        seconds, our_scores = timed(lambda: comparison.ours(x, y))
        ours.append(seconds)
        seconds, their_scores = timed(lambda: comparison.theirs(theirs, x, y))
        others.append(seconds)
    ratios = [other / our for our, other in zip(ours, others, strict=True)]
    ratio = statistics.median(ratios)
    goal = "" if comparison.goal is None else results.goal(f"at least {comparison.goal:g}", ratio >= comparison.goal)
    row = [
        comparison.name,
        f"{len(x):,}",
        f"{statistics.median(ours):.2f}",
        f"{statistics.median(others):.2f}",
        f"{ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
        goal,
    ]
    name = f"{comparison.name}, {len(x):,}"
    scores = [f"- {name}: {n}: {s:.6g} ours, {their_scores[n]:.6g} theirs" for n, s in our_scores.items()]
    return row, scores


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often each side is timed (default: 3)")
    parser.add_argument("--quick", action="store_true", help="small and once; writes nothing")
    arguments = parser.parse_args(argv)
    busy = measurable(anyway=True)

    features, rounds = (256, 1) if arguments.quick else (FEATURES, arguments.rounds)
    most = 1_500 if arguments.quick else max(comparison.points for comparison in COMPARISONS)
    generator = torch.Generator().manual_seed(0)
    # Like Inception's: not negative, and the samples' spread is a little off.
    x = torch.randn(most, features, generator=generator).relu()
    y = (1.05 * torch.randn(most, features, generator=generator)).relu()
    rows, scores, absent = [], [], []
    for comparison in COMPARISONS:
        try:
            theirs = importlib.import_module(comparison.module)
        except Exception as error:  # a broken install fails in ways of its own
            absent.append(f"- left out: {comparison.name}: {comparison.module} cannot be imported ({error})")
            continue
        print(f"{comparison.name} ...", file=sys.stderr, flush=True)
        row, lines = measured(comparison, theirs, x[: comparison.points], y[: comparison.points], rounds)
        rows.append(row)
        scores += lines
    body = (
        f"As many samples as real points, {features:,} features, rounds of both sides in turn: {rounds}; seconds.\n\n"
        + results.table(["", "points", "ours", "theirs", "theirs / ours", ""], rows)
        + "\n\n"
        + "\n".join([*scores, *absent])
    )
    print(f"\n## {SECTION}\n\n{body}", flush=True)
    if not absent and not arguments.quick:
        results.write(SECTION, body, load=busy)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
