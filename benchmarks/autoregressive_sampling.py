"""Sampling of autoregressive models: a full pass of the network for every number, against cached activations.

    python benchmarks/autoregressive_sampling.py [--quick] [--force] [--results FILE]

Both ways draw the same samples, in turn, on one thread; times are CPU seconds, so that other processes count little. A full pass takes as
long at every number, so the naive way is timed over some numbers and multiplied by their count. Goal: cached at least 10 times faster for a
batch of samples; for a single one the calls of small operators count as much as their arithmetic.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from results import RESULTS, goal, table, write
from saddlepoint.data.event import Event
from saddlepoint.models import build
from saddlepoint.models.autoregressive.settings import AutoregressiveSettings
from sides.quiet import measurable

GOAL, BATCH = 10.0, 32
MNIST = Event((1, 28, 28), "image", "uint8", 0.0, 255.0)
TEXT = Event((256,), "text", "uint8", 0.0, 64.0, alphabet=tuple(map(chr, range(48, 113))))
SOUND = Event((1, 1_024), "sound", low=-1.0, high=1.0, rate=8_000.0)
BLACK_AND_WHITE = {"likelihood": "bernoulli", "binarise": "stochastic"}
CASES: dict[str, tuple[Event, dict[str, Any]]] = {
    "MADE, 1,000 hidden units": (MNIST, {"network": {"network": "made", "hidden": [1000]}, **BLACK_AND_WHITE}),
    "NADE, 500 hidden units": (
        MNIST,
        {"network": {"network": "nade", "hidden": [500], "activation": "sigmoid"}, **BLACK_AND_WHITE},
    ),
    "PixelCNN, width 32, 6 blocks": (
        MNIST,
        {"network": {"network": "pixelcnn", "width": 32, "layers": 6}, **BLACK_AND_WHITE},
    ),
    "Gated PixelCNN, width 32, 6 layers": (
        MNIST,
        {"network": {"network": "gated-pixelcnn", "width": 32, "layers": 6}, **BLACK_AND_WHITE},
    ),
    "transformer, width 64, 4 blocks": (
        TEXT,
        {"network": {"network": "transformer", "width": 64, "layers": 4, "heads": 4}},
    ),
    "WaveNet, width 32, 8 layers": (
        SOUND,
        {"network": {"network": "wavenet", "width": 32, "layers": 8, "cycle": 8}, "likelihood": "mu-law", "bins": 64},
    ),
}


def measure(name: str, n: int, rounds: int, passes: int) -> tuple[float, float, float]:
    """Return CPU seconds of n samples in the naive and the cached way, and how far the predictions of both differ at most.

    Args:
        name: in CASES.
        n: number of samples.
        rounds: how often both are timed in turn; the medians count.
        passes: full passes that are timed in a round.
    """
    event, settings = CASES[name]
    model: Any = build(AutoregressiveSettings.model_validate(settings), event)
    player, likelihood = model.player, model.likelihood
    count = player.steps_count
    uniforms = torch.rand(n, *model.uniforms, generator=torch.Generator().manual_seed(0))

    def draw(cached: bool, steps: int) -> tuple[float, Tensor, Tensor]:
        start = time.process_time()
        predictions, numbers, given = [], [], None
        way = player.steps(n, None, cached)
        for step in range(steps):
            predictions.append(way.advance(given))
            numbers.append(likelihood.draw(predictions[-1], uniforms[:, step]))
            given = player.features(numbers[-1])
        return time.process_time() - start, torch.stack(predictions, 1), torch.stack(numbers, 1)

    player.eval()
    naive, cached, apart = [], [], 0.0
    with torch.inference_mode():
        draw(True, 2), draw(False, 1)  # warm up
        for _ in range(rounds):
            naive.append(draw(False, passes)[0] * count / passes)
            taken, predictions, numbers = draw(True, count)
            cached.append(taken)
            apart = float((player(player.examples(numbers)).parameters - predictions).abs().max())
    return statistics.median(naive), statistics.median(cached), apart


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one round, few passes; nothing is written")
    parser.add_argument("--force", action="store_true", help="measure although the machine is busy")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="FILE", help="where the section is written")
    options = parser.parse_args(arguments)
    load = measurable(anyway=options.quick or options.force)
    if load is None:
        return 1
    torch.set_num_threads(1)
    rounds, passes = (1, 2) if options.quick else (3, 4)
    rows: list[tuple[object, ...]] = []
    ratios: dict[int, list[float]] = {}
    for name, (event, _) in CASES.items():
        for n in (BATCH,) if options.quick else (1, BATCH):
            naive, cached, apart = measure(name, n, rounds, passes)
            ratios.setdefault(n, []).append(naive / cached)
            size = "x".join(map(str, event.shape))
            figures = (f"{naive:.2f}", f"{cached:.2f}", f"{naive / cached:.0f}", f"{n / cached:.0f}", f"{apart:.0e}")
            rows.append((name, f"{event.kind} of {size}", n, *figures))
            print(*rows[-1], sep="  ", flush=True)
    columns = ("network", "data", "samples", "naive, s", "cached, s", "ratio", "samples/s", "predictions apart")
    text = "\n\n".join(
        (
            "A full pass of the network for every number (naive) against cached activations, drawing the same samples in turn. CPU seconds on "
            "one thread, medians of three rounds; the naive way is timed over 4 numbers and multiplied by their count. Untrained networks: "
            "times do not depend on the weights. The last column is the largest difference between a cached prediction and that of a full "
            "pass on the finished samples.",
            table(columns, rows),
            "Smallest ratios: "
            + ", ".join(
                f"{min(found):.0f} for {n} sample{'s' if n > 1 else ''} at a time" for n, found in ratios.items()
            )
            + f"; {goal(f'at least {GOAL:g} for each network, {BATCH} at a time', min(ratios[BATCH]) >= GOAL)}.",
        )
    )
    if not options.quick:
        write("Sampling with cached activations", text, load=load, path=options.results)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
