"""The cost of `sp.watch` in a training loop written by hand, as a share of the loop itself.

python benchmarks/own_loops.py [--quick] [--force]

Stretches of steps with and without `watch.step` are timed in turn, in the processor time of this process, so that other work on
the machine affects both alike. A stretch is a whole tick, with its observed steps and its record. Probes, measurements and sample
pictures are timed apart, and count by how often they are due.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

import results
import saddlepoint as sp
from saddlepoint.evaluation.settings import EvaluationSettings
from saddlepoint.experiment.watching.plan import OFTEN, QUALITY_EVERY
from sides.quiet import measurable

SECTION = "What watching a loop of your own costs"
BATCH, NOISE, STEPS, ROUNDS = 64, 64, 20_000, 7
GOALS = {"DCGAN, 28x28": 0.03, "perceptrons, 8x8": 0.05}


def dcgan() -> tuple[nn.Module, nn.Module, tuple[int, ...]]:
    """The networks of the usual DCGAN script for MNIST."""
    generator = nn.Sequential(
        nn.Linear(NOISE, 128 * 49), nn.Unflatten(1, (128, 7, 7)), nn.BatchNorm2d(128), nn.ReLU(),
        nn.ConvTranspose2d(128, 64, 4, 2, 1), nn.BatchNorm2d(64), nn.ReLU(), nn.ConvTranspose2d(64, 1, 4, 2, 1), nn.Tanh(),
    )  # fmt: skip
    discriminator = nn.Sequential(
        nn.Conv2d(1, 64, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(64, 128, 4, 2, 1), nn.BatchNorm2d(128), nn.LeakyReLU(0.2),
        nn.Flatten(), nn.Linear(128 * 49, 1),
    )  # fmt: skip
    return generator, discriminator, (1, 28, 28)


def perceptrons() -> tuple[nn.Module, nn.Module, tuple[int, ...]]:
    """Networks of two hidden layers for small images."""
    generator = nn.Sequential(
        nn.Linear(NOISE, 128),
        nn.ReLU(),
        nn.Linear(128, 128),
        nn.ReLU(),
        nn.Linear(128, 64),
        nn.Tanh(),
        nn.Unflatten(1, (1, 8, 8)),
    )
    discriminator = nn.Sequential(
        nn.Flatten(), nn.Linear(64, 128), nn.LeakyReLU(0.2), nn.Linear(128, 128), nn.LeakyReLU(0.2), nn.Linear(128, 1)
    )
    return generator, discriminator, (1, 8, 8)


LOOPS = {"DCGAN, 28x28": dcgan, "perceptrons, 8x8": perceptrons}


class Loop:
    """A GAN's loop by hand."""

    def __init__(self, build: Callable[[], tuple[nn.Module, nn.Module, tuple[int, ...]]]) -> None:
        torch.manual_seed(0)
        self.generator, self.discriminator, shape = build()
        self.images = torch.rand(2_000, *shape) * 2 - 1
        self.of_g, self.of_d = (
            torch.optim.Adam(network.parameters(), 2e-4, (0.5, 0.999))
            for network in (self.generator, self.discriminator)
        )
        self.real, self.fake = torch.ones(BATCH, 1), torch.zeros(BATCH, 1)

    def sample(self, n: int) -> Tensor:
        made: Tensor = self.generator(torch.randn(n, NOISE))
        return made

    def steps(self, count: int, watch: Any = None) -> None:
        for _ in range(count):
            x = self.images[torch.randint(len(self.images), (BATCH,))]
            made = self.sample(BATCH)
            self.of_d.zero_grad()
            d_loss = cross_entropy(self.discriminator(x), self.real)
            d_loss = d_loss + cross_entropy(self.discriminator(made.detach()), self.fake)
            d_loss.backward()
            self.of_d.step()
            self.of_g.zero_grad()
            g_loss = cross_entropy(self.discriminator(made), self.real)
            g_loss.backward()
            self.of_g.step()
            if watch is not None:
                watch.step(d_loss=d_loss, g_loss=g_loss)


def seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def measured(name: str, rounds: int) -> dict[str, float]:
    """Seconds of a step alone, of the same step watched, and of a probe, a measurement and a picture."""
    alone, loop = Loop(LOOPS[name]), Loop(LOOPS[name])
    with tempfile.TemporaryDirectory() as folder:
        arguments = {"players": {"discriminator": loop.discriminator, "generator": loop.generator}, "data": loop.images}
        watch = sp.watch(
            Path(folder) / "run", **arguments, objective="non-saturating", sample=loop.sample, steps=STEPS, pictures=False,
            listener=sp.Listener(), settings={"evaluation.watch_every": STEPS, "evaluation.every": STEPS, "training.sample_every": STEPS},
        )  # fmt: skip
        with watch:
            recording = watch._recording
            assert recording is not None
            assert recording.measurement is not None
            measurement, tick = recording.measurement, recording.tick
            loop.steps(3 * tick, watch)  # past the checks of the first steps
            alone.steps(tick)
            pairs = [
                (seconds(lambda: alone.steps(tick)) / tick, seconds(lambda: loop.steps(tick, watch)) / tick)
                for _ in range(rounds)
            ]
            step, watched = (statistics.median(values) for values in zip(*pairs, strict=True))
            few = max(1, rounds // 2)
            probe = statistics.median(seconds(measurement.probe) for _ in range(few))
            quality = statistics.median(seconds(lambda: measurement.measure(0)) for _ in range(few))
            picture = statistics.median(seconds(lambda: recording._draw(0)) for _ in range(few))
    return {"step": step, "watched": watched, "probe": probe, "quality": quality, "picture": picture}


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Measure what sp.watch costs.")
    parser.add_argument("--quick", action="store_true", help="one round: shows that everything runs")
    parser.add_argument("--force", action="store_true", help="measure although other work keeps cores busy")
    arguments = parser.parse_args(argv)
    busy = measurable(anyway=arguments.quick or arguments.force)
    if busy is None:
        return 1
    torch.set_num_threads(1)
    rows, met = [], True
    for name, goal in GOALS.items():
        found = measured(name, 1 if arguments.quick else ROUNDS)
        step = found["step"]
        parts = {
            "hooks and records": found["watched"] - step,
            "probes": found["probe"] / EvaluationSettings().watch_every,
            "quality": found["quality"] / QUALITY_EVERY,
            "pictures": found["picture"] / OFTEN["sample_every"],
        }
        share = sum(parts.values()) / step
        met = met and share <= goal
        rows.append(
            [
                name,
                f"{1e3 * step:.3g} ms",
                *(f"{part / step:.2%}" for part in parts.values()),
                f"{share:.2%}",
                f"{goal:.0%}",
            ]
        )
        print(*rows[-1], flush=True)
    body = (
        f"Processor time of one thread; medians of {ROUNDS} stretches of a tick, with and without `watch.step` in turn. "
        + results.goal("at most 3% of a DCGAN's step and 5% of small perceptrons'", met)
        + "\n\n"
        + results.table(["", "a step", "hooks and records", "probes", "quality", "pictures", "together", "goal"], rows)
    )
    if not arguments.quick:
        results.write(SECTION, body, load=busy)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
