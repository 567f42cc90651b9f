"""The cost of watching a run: probes, measurements for findings, and rules, as a share of training itself.

python benchmarks/watching.py [--only RECIPE ...] [--quick] [--force]

Both are timed in one process in turn, so that other work on the machine affects both alike: a stretch of steps between two
probes, then a probe with the rules that read it. The quality series and the model's own held-out series were measured
before there were findings; of a measurement, only what was added for findings counts.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

import results
from saddlepoint.experiment import prepare
from saddlepoint.experiment.session import Session
from saddlepoint.models.capabilities import Reports, has
from saddlepoint.recipe import Recipe
from saddlepoint.records import Record, RunFolder
from saddlepoint.training.loop import play
from saddlepoint.training.threads import using_threads
from sides.quiet import measurable

RECIPES = (
    "toy-gaussian-1",
    "toy-ring",
    "gan-digits",
    "gan-mnist",
    "dcgan-digits",
    "dcgan-mnist",
    "vae-digits",
    "vae-mnist",
)
SECTION = "What watching a run costs"
GOAL = 0.03
ROUNDS = 12


def measured(name: str, rounds: int) -> tuple[float, float, float, float]:
    """Medians: seconds a step, the rules of a tick, a probe with its rules, and what a measurement does for findings alone."""
    recipe = Recipe.load(name).override({"training.steps": 10**6, "training.device": "cpu"})
    with tempfile.TemporaryDirectory() as folder:
        session = prepare(recipe, RunFolder(Path(folder)))
        with using_threads(session.threads):
            return _measured(session, rounds)


def _measured(session: Session, rounds: int) -> tuple[float, float, float, float]:
    records = play(session.model, session.batches, session.recipe.training, session.state)
    next(records)
    session.diagnosis.watch(Record(0, 0.0, {**session.measurement.probe(), **session.measurement.measure(0)}))
    steps, ticks, probes, extras = [], [], [], []
    for _ in range(rounds):
        started = time.perf_counter()
        record = checked(next(records))
        steps.append((time.perf_counter() - started) / session.recipe.training.tick)

        def look(record: Record = record) -> None:
            values = {**record.values, **session.measurement.probe()}
            session.diagnosis.watch(Record(record.step, 0.0, values))

        probes.append(timed(look))
        ticks.append(timed(partial(session.diagnosis.watch, checked(next(records)))))
        whole = timed(lambda: session.measurement.measure(session.state.step))
        extras.append(max(whole - timed(lambda: before_findings(session)), 0.0))
    step, tick, probe_, extra = map(statistics.median, (steps, ticks, probes, extras))
    return step, tick, probe_, extra


def checked(record: Record | None) -> Record:
    assert record is not None  # nothing pauses here
    return record


def before_findings(session: Session) -> None:
    """What a measurement did before there were findings: one distance, and the model's own held-out series."""
    measurement, model = session.measurement, session.model
    measurement.fit()
    with session.state.averaged(model):
        measurement._quality.measure(model)
        if session.dataset.held_out is not None:
            held_out = session.dataset.held_out.x[measurement._measured_on]
            learnt = session.dataset.x[measurement._fitted_on[: len(held_out)]]
            if has(model, Reports):
                model.held_out_series(held_out, torch.Generator().manual_seed(0))
                model.training_series(learnt, torch.Generator().manual_seed(0))


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Measure what watching a run costs.")
    parser.add_argument("--only", nargs="+", choices=RECIPES, default=RECIPES, metavar="RECIPE")
    parser.add_argument("--quick", action="store_true", help="two rounds: shows that everything runs")
    parser.add_argument("--force", action="store_true", help="measure although other work keeps cores busy")
    arguments = parser.parse_args(argv)
    busy = measurable(anyway=arguments.quick or arguments.force)
    if busy is None:
        return 1
    rows, shares = [], []
    for name in arguments.only:
        recipe = Recipe.load(name)
        step, tick, look, extra = measured(name, 2 if arguments.quick else ROUNDS)
        every = max(recipe.evaluation.watch_every, recipe.training.tick)
        alone = tick * (1 / recipe.training.tick - 1 / every)  # ticks without a probe
        share = (alone + look / every + extra / recipe.evaluation.every) / step
        shares.append(share)
        rows.append([name, *(f"{1e3 * seconds:.3g} ms" for seconds in (step, tick, look, extra)), f"{share:.2%}"])
        print(*rows[-1], flush=True)
    body = (
        f"Rules applied to every tick, a probe every `evaluation.watch_every` steps with the rules that read it, and what a measurement does for findings alone, "
        f"over the time of the steps between; medians of {ROUNDS} rounds. "
        + results.goal(f"at most {GOAL:.0%} of training", max(shares) <= GOAL)
        + "\n\n"
        + results.table(["", "a step", "a tick's rules", "a probe", "a measurement, added", "share of training"], rows)
    )
    if not arguments.quick and len(rows) == len(RECIPES):
        results.write(SECTION, body, load=busy)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
