"""How fast ours trains and samples: against hand-written loops, against published scripts, against the machine's peak.

Both sides of a comparison are held warm in a process each and work in turn, block by block; the figure is the median of
the ratios of the pairs, with its quartiles in brackets. Steps a second stand beside it for orientation alone. Measure on a machine
that does nothing else.

python benchmarks/training.py [--only NAME ...] [--pairs N] [--quick] [--force]

A section of RESULTS.md is written when all that belongs to it was measured, on a machine that did nothing else before
(or with --force); never with --quick, which only shows that everything runs.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from dataclasses import dataclass
from typing import Any

import results
from sides.pairs import Blocks, Side, alternate, quartiles
from sides.quiet import measurable
from sides.tasks import TASKS, Task

SAMPLING = "sampling"
SAMPLES = 10_000
SAMPLES_A_SECOND = 10_000
OPERATORS = 5
OTHER = {"hand": "by hand", "published": "published"}


@dataclass(frozen=True)
class Effort:
    """Pairs of blocks, seconds a block, seconds of warm-up, steps between two records, images; `None` is all of them."""

    pairs: int
    seconds: float = 1.0
    warm_up: float = 2.0
    tick: int = 50
    images: int | None = None


@dataclass(frozen=True)
class Measured:
    """One comparison: times, what both sides report of themselves, and where our step spends its time."""

    task: Task
    blocks: Blocks
    ours: dict[str, Any]
    other: dict[str, Any]
    operations: float
    shares: dict[str, Any]

    @property
    def ratio(self) -> tuple[float, float, float]:
        return quartiles(self.blocks.ratios(speedup=self.task.against == "published"))

    @property
    def met(self) -> bool:
        figure, goal = self.ratio[1], self.task.goal
        return figure >= goal if self.task.against == "published" else figure <= goal


def measured(name: str, effort: Effort) -> Measured:
    """Both sides of the comparison `name`, then ours alone."""
    task = TASKS[name]
    tick = effort.tick
    with Side(kind="ours", name=name, images=effort.images, tick=tick) as ours:
        with Side(kind=task.against, name=name, images=effort.images, precision=ours.precision) as other:
            blocks = alternate(ours, other, effort.pairs, tick, effort.seconds, effort.warm_up)
            facts = [side.ask("facts", n=tick) for side in (ours, other)]
        if facts[0]["parameters"] != facts[1]["parameters"]:
            raise RuntimeError(f"{name}: the sides do not train the same networks: {facts[0]} and {facts[1]}.")
        return Measured(
            task,
            blocks,
            *facts,
            operations=ours.ask("operations", n=tick)["operations"],
            shares=ours.ask("shares", n=tick, top=OPERATORS),
        )


def comparison(rows: list[Measured]) -> str:
    """The table of the tasks that are compared with the same kind of other side, and their goals."""
    published = rows[0].task.against == "published"
    figure = "speed-up" if published else "time ours / by hand"
    columns = ["", figure, "goal", "ours, steps/s", f"{OTHER[rows[0].task.against]}, steps/s", "ours in", "other in"]
    lines = []
    for row in rows:
        low, middle, high = row.ratio
        wanted = "at least" if published else "at most"
        goal = results.goal(f"{wanted} {row.task.goal:g}", row.met)
        rates = [f"{1 / statistics.median(times):.1f}" for times in (row.blocks.ours, row.blocks.other)]
        precisions = [facts["precision"] for facts in (row.ours, row.other)]
        lines.append([row.task.title, f"{middle:.3f} ({low:.3f} to {high:.3f})", goal, *rates, *precisions])
    checks = [
        [
            row.task.title,
            ", ".join(f"{player} {count:,}" for player, count in sorted(row.ours["parameters"].items())),
            *(
                ", ".join(f"{p} {loss:.4g}" for p, loss in sorted(facts["losses"].items()))
                for facts in (row.ours, row.other)
            ),
        ]
        for row in rows
    ]
    return (
        f"Medians (quartiles) of {len(rows[0].blocks.ours)} pairs of blocks; data: {rows[0].ours['images']}.\n\n"
        + results.table(columns, lines)
        + "\n\nThat both sides train the same: their mean losses after the measurement (not after equally many steps).\n\n"
        + results.table(["", "parameters", "ours, loss", "other, loss"], checks)
    )


def peak_shares(rows: list[Measured], peak: dict[str, float]) -> str:
    """The share of the machine's matrix multiplication that each of our steps reaches, and where the rest of the time goes."""
    reached, spent = [], []
    for row in rows:
        rate = row.operations / statistics.median(row.blocks.ours)
        precision = row.ours["precision"]
        cells = [f"{rate / peak[name]:.1%}" for name in ("fp32", "bf16")]
        reached.append([row.task.title, precision, f"{row.operations / 1e9:.4g}", f"{rate / 1e9:.4g}", *cells])
        shares = row.shares["shares"] | {k: row.shares[k] for k in ("other operators", "outside operators")}
        spent += [[row.task.title if not i else "", k, f"{v:.1%}"] for i, (k, v) in enumerate(shares.items())]
    columns = ["", "precision", "GFLOP a step", "GFLOP/s", "of the fp32 peak", "of the bf16 peak"]
    return (
        f"Peak, the best of several products of 2048 x 2048 matrices: fp32 {peak['fp32'] / 1e9:.0f} GFLOP/s, bf16 "
        f"{peak['bf16'] / 1e9:.0f} GFLOP/s.\nOperations counted by torch's FlopCounterMode on real steps of ours (matrix "
        "products and convolutions as they are\ndispatched, forward and backward, two for a multiplication with its addition; nothing "
        "else counts).\nA share of the fp32 peak may pass 100 %: convolutions run in another library than matrix products.\n\n"
        + results.table(columns, reached)
        + "\n\nWhere a step's time goes (torch's profiler: each operator's own time, share of the profiled steps):\n\n"
        + results.table(["", "operator", "share"], spent)
    )


def sampling(effort: Effort, count: int, peak: dict[str, float]) -> str:
    """Samples a second written by the MNIST DCGAN, and what limits them."""
    with Side(kind=SAMPLING, count=count) as side:
        side.ask("sampled", repetitions=1)
        times = side.ask("sampled", repetitions=effort.pairs)["times"]
        operations = side.ask("operations", n=1)["operations"] / count
        shares = side.ask("shares", n=1, top=OPERATORS)
    low, middle, high = quartiles([count / (t["drawing"] + t["writing"]) for t in times])
    writing = statistics.median(t["writing"] / (t["drawing"] + t["writing"]) for t in times)
    drawing = count / statistics.median(t["drawing"] for t in times)
    rows = [[k, f"{v:.1%}"] for k, v in shares["shares"].items()]
    rows += [[k, f"{shares[k]:.1%}"] for k in ("other operators", "outside operators")]
    return (
        f"`model.sample({count:,})` of the MNIST DCGAN (latent 100, base 64) and `np.savez`, {len(times)} times: "
        f"**{middle:,.0f} samples/s** ({low:,.0f} to {high:,.0f});\n"
        f"{results.goal(f'at least {SAMPLES_A_SECOND:,}', middle >= SAMPLES_A_SECOND)}.\n\n"
        f"Writing takes {writing:.1%} of the time. A sample is {operations / 1e6:.3g} MFLOP, so drawing reaches "
        f"{drawing * operations / 1e9:.0f} GFLOP/s,\n{drawing * operations / peak['fp32']:.0%} of the peak of fp32 matrix products "
        f"({peak['fp32'] / 1e9:.0f} GFLOP/s), and at that peak it would be {peak['fp32'] / operations:,.0f} samples/s.\n\n"
        + results.table(["operator", "share of drawing and writing"], rows)
    )


# Differ from dcgan by a penalty alone, so that a quick run, which takes a minute for each, leaves them out.
REPEATED = ("dcgan-r1", "dcgan-gradient_penalty", "dcgan-zero_centred", "dcgan-dragan")
SECTIONS = {
    "Training against loops written by hand": [n for n, t in TASKS.items() if t.against == "hand"],
    "Training against published scripts": [n for n, t in TASKS.items() if t.against == "published"],
}


def main(argv: list[str]) -> int:
    names = [*TASKS, SAMPLING]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--pairs", type=int, default=15, help="pairs of blocks, at least 10 for a result (default: 15)")
    parser.add_argument(
        "--quick", action="store_true", help="two short pairs: shows that everything runs, not how fast"
    )
    parser.add_argument("--force", action="store_true", help="measure and write although other work keeps cores busy")
    arguments = parser.parse_args(argv)
    if arguments.pairs < 1:
        parser.error("--pairs: at least 1")
    busy = measurable(anyway=arguments.quick or arguments.force)
    if busy is None:
        return 1
    effort = Effort(2, 0.0, 0.0, 1, 1_000) if arguments.quick else Effort(arguments.pairs)

    def publish(name: str, body: str, *, complete: bool) -> None:
        print(f"\n## {name}\n\n{body}", flush=True)
        if complete and not arguments.quick:
            results.write(name, body, load=busy)

    with Side(kind="peak") as side:
        # Without instructions for it, a processor takes a minute for a large product in bf16.
        peak = side.ask("peak", repetitions=1, size=256) if arguments.quick else side.ask("peak", repetitions=30)
    found: dict[str, Measured] = {}
    for section, members in SECTIONS.items():
        for name in members:
            if name in arguments.only and not (arguments.quick and name in REPEATED):
                print(f"{name} ...", file=sys.stderr, flush=True)
                found[name] = measured(name, effort)
        if rows := [found[name] for name in members if name in found]:
            publish(section, comparison(rows), complete=len(rows) == len(members))
    if found:
        publish(
            "Share of the machine's peak", peak_shares(list(found.values()), peak), complete=len(found) == len(TASKS)
        )
    if SAMPLING in arguments.only:
        count = 500 if arguments.quick else SAMPLES
        publish("Samples into an .npz", sampling(effort, count, peak), complete=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
