"""What it costs to look whether lanes have converged: the same lanes with looks and without, in turn.

    python benchmarks/convergence.py            writes its section of RESULTS.md
    python benchmarks/convergence.py --quick    small and once: shows that everything runs, writes nothing

The game is the 1-D GAN as it was described (toy-lab-1: batch 8, a generator with three layers of 4), 5,000 steps of 256 lanes.
"""

from __future__ import annotations

import argparse
import statistics
import sys

import results

SECTION = "Lanes: looking whether they have converged"
GOAL = 0.05


def seconds(size: int, steps: int, compiled: bool, looking: bool) -> tuple[float, int]:
    """Of the training but for its first twentieth, which traces and compiles; and the looks in it."""
    from saddlepoint.data.mixtures import gaussian
    from saddlepoint.studies.claims.setups import described
    from saddlepoint.studies.convergence import Convergence
    from saddlepoint.studies.lanes import Lane, Lanes

    setup = described(1, steps=steps)
    dataset, tick = gaussian(setup.data), max(1, steps // 20)
    training = setup.training.model_copy(update={"tick": tick, "observe_every": tick})
    lanes = Lanes(Lane.over_seeds(setup.model, training, dataset, size), device="cpu", compiled=compiled)
    convergence = Convergence(dataset, size)
    convergence.check(lanes, 1)
    for _ in lanes.play():
        break
    begun = lanes.seconds
    for _ in lanes.play((lambda step: convergence.check(lanes, step)) if looking else None):
        pass
    return lanes.seconds - begun, len(convergence.looked) - 1


def first_looks(steps: int) -> int:
    """How many looks there are in the first twentieth, which is not timed."""
    from saddlepoint.studies.convergence import due

    return sum(due(step) for step in range(1, max(1, steps // 20) + 1))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small and once, nothing written")
    parser.add_argument("--force", action="store_true", help="measure and write though the machine is busy")
    parser.add_argument("--repeats", type=int, default=3, help="of both sides, in turn")
    chosen = parser.parse_args(arguments)
    from sides.quiet import measurable

    size, steps, repeats = (4, 60, 1) if chosen.quick else (256, 5_000, chosen.repeats)
    busy = measurable(anyway=chosen.quick or chosen.force)
    if busy is None:
        return 1
    compiled = not chosen.quick
    without, looking, looks = [], [], 0
    for _ in range(repeats):
        without.append(seconds(size, steps, compiled, False)[0])
        spent, looks = seconds(size, steps, compiled, True)
        looking.append(spent)
    alone, timed = statistics.median(without), steps - max(1, steps // 20)
    a_look = (statistics.median(looking) - alone) / looks
    # The first looks, which are the densest, are counted at what the others cost.
    share = a_look * (looks + first_looks(steps)) / (alone * steps / timed)
    text = (
        f"{size} lanes of the 1-D GAN as described, {steps:,} steps, {repeats} times in turn:\n\n"
        + results.table(
            ["ms a step", "ms a look", "looks", "share of training"],
            [[f"{1e3 * alone / timed:.3g}", f"{1e3 * a_look:.3g}", looks + first_looks(steps), f"{share:.1%}"]],
        )
        + f"\n\n- looking takes {share:.1%} of the time that training takes; "
        + results.goal(f"under {GOAL:.0%}", share < GOAL)
    )
    print(text)
    if chosen.quick:
        return 0
    results.write(SECTION, text, load=busy)
    return 0


if __name__ == "__main__":
    sys.exit(main())
