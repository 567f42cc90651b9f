"""The cost of testing whether replicas have converged, relative to the rest of their training.

    python benchmarks/convergence.py            writes its section of RESULTS.md
    python benchmarks/convergence.py --quick    small: shows that everything runs, writes nothing

The game is the 1-D GAN as it was first described (toy-lab-1: batch 8, a generator with three layers of 4), 5,000 steps of 256 replicas.
Processor time of one thread is counted, so that other work on the machine matters as little as possible. Tests and steps belong to the same
run, so that what a test does to the following steps (it evicts their data from the cache) is part of the steps' time.
"""

from __future__ import annotations

import argparse
import sys
import time

import results

SECTION = "Lanes: testing whether they have converged"
GOAL = 0.05


def seconds(size: int, steps: int, compiled: bool) -> tuple[float, float, int]:
    """Processor time of a step, without the first twentieth, which traces and compiles; of all tests; and the number of tests."""
    from saddlepoint.data.mixtures import gaussian
    from saddlepoint.lanes import Replica, Replicas
    from saddlepoint.studies.claims.setups import described
    from saddlepoint.studies.convergence import Convergence

    setup = described(1, steps=steps)
    dataset, tick = gaussian(setup.data), max(1, steps // 20)
    training = setup.training.model_copy(update={"tick": tick, "observe_every": tick})
    replicas = Replicas(
        Replica.over_seeds(setup.model, training, dataset, size), device="cpu", compiled=compiled, threads=1
    )
    convergence = Convergence(dataset, size)
    looking = 0.0

    def look(step: int) -> None:
        nonlocal looking
        began = time.process_time()
        convergence.check(replicas, step)
        looking += time.process_time() - began

    begun, before, first = 0.0, 0.0, 0
    for record in replicas.play(look):
        if not first:
            begun, before, first = time.process_time(), looking, record.step
    training_alone = time.process_time() - begun - (looking - before)
    return training_alone / (steps - first), looking, len(convergence.checked)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small, nothing written")
    parser.add_argument("--force", action="store_true", help="measure and write though the machine is busy")
    chosen = parser.parse_args(arguments)
    from sides.quiet import measurable

    size, steps = (4, 60) if chosen.quick else (256, 5_000)
    busy = measurable(anyway=chosen.quick or chosen.force)
    if busy is None:
        return 1
    a_step, testing, tests = seconds(size, steps, compiled=not chosen.quick)
    share = testing / (a_step * steps)
    text = (
        f"{size} replicas of the 1-D GAN as described, {steps:,} steps; the processor's time, of one thread:\n\n"
        + results.table(
            ["ms a step", "ms a test", "tests", "share of training"],
            [[f"{1e3 * a_step:.3g}", f"{1e3 * testing / tests:.3g}", tests, f"{share:.1%}"]],
        )
        + f"\n\n- testing takes {share:.1%} of the time that training takes; "
        + results.goal(f"under {GOAL:.0%}", share < GOAL)
        + f"\n- a test decodes 128 samples of every replica and takes as long as {testing / tests / a_step:.1f} steps of batch 8; every doubling "
        "of the steps adds 16 tests, so that longer runs spend a smaller share\n"
        "- a test evicts data of the steps from the cache: that the steps after it are slower is counted among the steps, "
        "not among the tests\n"
    )
    print(text)
    if chosen.quick:
        return 0
    from saddlepoint.training.threads import using_threads

    with using_threads(1):  # as the replicas were trained, which the section's head tells
        results.write(SECTION, text, load=busy)
    return 0


if __name__ == "__main__":
    sys.exit(main())
