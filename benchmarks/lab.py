"""How fast the 1-D GAN can converge, and which ingredient makes it fast: the recipes lab-1, 2, 3, 10 and 15 over many seeds.

A blog post reports convergence in 20 to 30 steps on one and two modes, and in about 300 on three. Convergence is meant in the strict
sense of `studies.convergence`: Wasserstein-1 under 0.1 of the data's standard deviation and every mode with at least half its mass, in 5
tests in a row. The goal: half of all seeds within 30, 30 and 300 steps, and within 5,000 on 10 and 15 modes, and in the end at least 95 %
of them.

Then one ingredient at a time is left out. The recipes were found on seeds from 1000 on; those reported here begin at 0.

python benchmarks/lab.py             all of it: an hour or two of one core; --folder keeps what is finished
python benchmarks/lab.py --quick     8 seeds of one mode, nothing written
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import results

SECTION = "The 1-D lab: steps to convergence"
SEEDS, PART = 256, 32  # seeds, and so many of them at once: all of a part wait for its last to converge
GOALS = {1: 30, 2: 30, 3: 300, 10: 5_000, 15: 5_000}  # most steps of the median
SHARE = 0.95
LEFT_OUT: dict[str, dict[str, Any]] = {
    "nothing": {},
    "discriminator ahead (8 moves a step -> 1)": {"model.updates.discriminator": 1},
    "large batch (256 -> 16)": {"training.batch_size": 16},
    "one value of z from each equal part": {"model.noise.stratified": False},
    "average of the generator's weights": {"training.ema": 0.0},
    "rates that decay": {"training.optimiser.schedule": "constant"},
    "Adam (-> gradient descent, rate 0.03)": {
        "training.optimiser.name": "sgd",
        "training.optimiser.learning_rate": 0.03,
    },
    "data scaled to standard deviation 1": {"model.scaling": "none"},
    "wide layers (64 -> 8)": {"model.generator.hidden": [8, 8], "model.discriminator.hidden": [8, 8]},
    "penalties on the slope (R1, R2)": {"model.penalties.r1": 0.0, "model.penalties.r2": 0.0},
}
LEFT_OUT_MODES, LEFT_OUT_SEEDS = (2,), 16


def converged(modes: int, changes: Mapping[str, Any], first: int, count: int) -> dict[str, Any]:
    """Train `count` seeds from `first` on.

    Returns:
        The step at which each converged (None: not within the steps of the recipe), and the share of its samples within three standard
        deviations of a mode when the last of them had converged.
    """
    import torch

    from saddlepoint.data.mixtures import gaussian
    from saddlepoint.lanes import Replica, Replicas
    from saddlepoint.models.gan.settings import GANSettings
    from saddlepoint.recipe import Recipe
    from saddlepoint.studies.convergence import Convergence

    recipe = Recipe.load(f"lab-{modes}").override(changes)
    assert isinstance(recipe.model, GANSettings)
    dataset = gaussian(recipe.data)
    replicas = Replicas(
        Replica.over_seeds(recipe.model, recipe.training, dataset, count, first), device="cpu", compiled=False
    )
    convergence = Convergence(dataset, count)
    started = time.perf_counter()
    for _ in replicas.play(lambda step: convergence.check(replicas, step)):
        if convergence.share == 1.0:
            break
    truth = dataset.truth
    assert truth is not None
    assert truth.modes is not None
    assert truth.mode_std is not None
    apart = (replicas.sample(1_000) - truth.modes[:, 0]).abs().amin(-1) / truth.mode_std
    return {
        "steps": [None if math.isnan(step) else step for step in convergence.steps.tolist()],
        "limit": recipe.training.steps,
        "within": (apart <= 3).double().mean(1).tolist(),
        "frozen": int((replicas.frozen >= 0).sum()),
        "ms": 1e3 * (time.perf_counter() - started) / replicas.step / count,
        "torch": torch.__version__,
    }


def kept(folder: Path, modes: int, left_out: str, seeds: int, judge: bool = False) -> dict[str, Any]:
    """`converged` for all seeds, in parts; a part that is in the folder is not trained again.

    Args:
        folder: of finished parts.
        modes: of the data.
        left_out: key of LEFT_OUT.
        seeds: how many.
        judge: train nothing, and take the parts up to the first missing one; empty without any.
    """
    parts: list[dict[str, Any]] = []
    for first in range(0, seeds, PART):
        count = min(PART, seeds - first)
        path = folder / f"lab-{modes} without {list(LEFT_OUT).index(left_out)} from {first} {count}.json"
        if judge and not path.exists():
            break
        if not path.exists():
            found = converged(modes, LEFT_OUT[left_out], first, count)
            path.with_suffix(".part").write_text(json.dumps(found), "utf-8")
            path.with_suffix(".part").replace(path)
            done = [step for step in found["steps"] if step is not None]
            print(
                f"{path.stem}: {len(done)} converged, {found['ms']:.1f} ms a step and seed", file=sys.stderr, flush=True
            )
        parts.append(json.loads(path.read_text("utf-8")))
    if not parts:
        return {}
    return {
        "steps": [step for part in parts for step in part["steps"]],
        "within": [value for part in parts for value in part["within"]],
        "limit": parts[0]["limit"],
    }


def row(found: dict[str, Any]) -> tuple[list[str], float, float]:
    """Cells of a table, the median step, and the share that converged."""
    import numpy as np

    from saddlepoint.evaluation.statistics.intervals import wilson_interval
    from saddlepoint.studies.survival import kaplan_meier

    steps = found["steps"]
    met = np.array([step is not None for step in steps])
    curve = kaplan_meier([found["limit"] if step is None else step for step in steps], met)
    median, late, share = curve.quantile(0.5), curve.quantile(SHARE), wilson_interval(float(met.sum()), len(met))
    cells = [
        f"{_step(median.value)} ({_step(median.low)} to {_step(median.high)})",
        _step(late.value),
        f"{met.sum()} of {len(met)}: {share.value:.1%} ({share.low:.1%} to {share.high:.1%})",
        f"{found['limit']:,}",
    ]
    return cells, median.value, share.value


def _modes(count: int) -> str:
    return f"{count} mode{'s' if count > 1 else ''}"


def _step(value: float) -> str:
    return f"{value:,.0f}" if math.isfinite(value) else "not seen"


def body(recipes: dict[int, dict[str, Any]], without: dict[int, dict[str, dict[str, Any]]]) -> str:
    columns = ["modes", "median of steps (95 %)", "95 % of seeds by", "converged (95 %)", "steps at most"]
    lines, goals = [], []
    for modes, found in recipes.items():
        cells, median, share = row(found)
        lines.append([str(modes), *cells, f"{statistics.median(found['within']):.0%}"])
        met = median <= GOALS[modes] and share >= SHARE
        goals.append(
            f"- {_modes(modes)}: "
            + results.goal(f"median at most {GOALS[modes]:,}, {SHARE:.0%} of seeds converged", met)
        )
    text = (
        "Seeds from 0 on, as many as the rows say; the recipes were searched for on seeds from 1000 on. Convergence is tested at every step up to 48, then at every "
        "2nd up to 96, and so on. The last column, when training stopped because all seeds had converged or its steps were "
        "done: the median seed's samples within three standard deviations of a mode. On 10 and 15 modes convergence in "
        "this sense asks for little: samples spread evenly from the first mode to the last have it.\n\n"
        + results.table([*columns, "samples in a mode"], lines)
        + "\n\n"
        + "\n".join(goals)
    )
    for modes, variants in without.items():
        text += f"\n\n### {_modes(modes)}, one ingredient left out, seeds 0 to {LEFT_OUT_SEEDS - 1}\n\n"
        text += results.table(["left out", *columns[1:]], [[name, *row(found)[0]] for name, found in variants.items()])
    return text


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few seeds of one mode, nothing written to RESULTS.md")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"seeds of every recipe (default: {SEEDS})")
    parser.add_argument("--only", nargs="+", help="do these modes' seeds, or `out` what is left out, and write nothing")
    parser.add_argument("--folder", type=Path, help="where finished parts are kept, so that a second call goes on")
    parser.add_argument("--judge", action="store_true", help="train nothing, write what lies in --folder")
    chosen = parser.parse_args(arguments)
    if chosen.judge and chosen.folder is None:
        parser.error("--judge writes what lies in a folder: name it with --folder")
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as own:
        folder = chosen.folder or Path(own)
        folder.mkdir(parents=True, exist_ok=True)
        if chosen.quick:
            print(body({1: kept(folder, 1, "nothing", 8)}, {}))
            return 0
        wanted = chosen.only or [*map(str, GOALS), "out"]
        recipes = {
            modes: kept(folder, modes, "nothing", chosen.seeds, chosen.judge) for modes in GOALS if str(modes) in wanted
        }
        without = {
            modes: {name: kept(folder, modes, name, LEFT_OUT_SEEDS, chosen.judge) for name in LEFT_OUT}
            for modes in LEFT_OUT_MODES
            if "out" in wanted
        }
    without = {modes: {name: found for name, found in rows.items() if found} for modes, rows in without.items()}
    text = body({modes: found for modes, found in recipes.items() if found}, without)
    print(text)
    if chosen.only:
        return 0
    results.write(SECTION, text, load=load)
    return 0


if __name__ == "__main__":
    sys.exit(main())
