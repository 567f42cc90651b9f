"""What could make a step of the DCGAN 28x28 (batch 64) faster: each attempt against a reference step in plain PyTorch.

    python benchmarks/dcgan_attempts.py [--rounds N] [--quick] [--force]

All attempts train in turn in one process and on one thread, a step each in every round. The figure of an attempt is the median
over rounds of (time of the reference step) / (time of the attempt), per image: above 1, the attempt is faster. Precision is fp32,
which every machine has. An attempt that fails, for want of a compiler for example, is reported as failed.

A section of RESULTS.md is written on a machine that did nothing else before (or with --force); never with --quick, which takes
few steps of small batches and compiles nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from torch import Tensor, nn
from torch.nn import functional

import results
from sides.hand import DCGAN
from sides.networks import LATENT
from sides.pairs import quartiles
from sides.quiet import measurable
from sides.tasks import TASKS

SECTION = "Attempts to make the DCGAN step faster"
BATCH, QUICK_BATCH = 64, 4
ROUNDS, QUICK_ROUNDS = 60, 2
WARM_UP = 3  # steps


class FoldedConvolution(nn.Module):
    """A convolution of one channel, kernel 4, stride 2 and padding 1, as one matrix product over all windows."""

    def __init__(self, layer: nn.Conv2d) -> None:
        super().__init__()
        self.weight, self.bias = layer.weight, layer.bias

    def forward(self, x: Tensor) -> Tensor:
        """(B, 1, H, W) -> (B, C, H / 2, W / 2)."""
        windows = functional.pad(x[:, 0], (1, 1, 1, 1)).unfold(1, 4, 2).unfold(2, 4, 2)
        y = functional.linear(windows.flatten(3), self.weight.flatten(1), self.bias)
        return y.permute(0, 3, 1, 2)


class FoldedTransposedConvolution(nn.Module):
    """A transposed convolution to one channel, kernel 4, stride 2 and padding 1, as one matrix product and a sum of windows."""

    def __init__(self, layer: nn.ConvTranspose2d) -> None:
        super().__init__()
        self.weight, self.bias = layer.weight, layer.bias

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, 1, 2 H, 2 W)."""
        size = (2 * x.shape[2], 2 * x.shape[3])
        windows = x.flatten(2).transpose(1, 2) @ self.weight.flatten(1)
        y = functional.fold(windows.transpose(1, 2), size, 4, stride=2, padding=1)
        return y if self.bias is None else y + self.bias.view(1, -1, 1, 1)


class Contiguous(DCGAN):
    """Weights and images in the default memory layout instead of channels-last."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.g, self.d = (player.to(memory_format=torch.contiguous_format) for player in (self.g, self.d))


class FoldedFirstLayer(DCGAN):
    """The first layer of the discriminator as a matrix product."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.d[0] = FoldedConvolution(self.d[0])


class FoldedLastLayer(DCGAN):
    """The last layer of the generator as a matrix product."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        last = max(i for i, layer in enumerate(self.g) if isinstance(layer, nn.ConvTranspose2d))
        self.g[last] = FoldedTransposedConvolution(self.g[last])


class OnePass(DCGAN):
    """Real and generated examples as one batch: another game, because BatchNorm normalises both together."""

    def judge(self, x: Tensor, fake: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        both: Tensor = self.d(torch.cat((x, fake)))
        return both[: len(x)], both[len(x) :], None


class Compiled(DCGAN):
    """Both networks through torch.compile, which joins BatchNorm with the activation after it."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.g, self.d = torch.compile(self.g), torch.compile(self.d)  # type: ignore[assignment]


@dataclass(frozen=True)
class Attempt:
    """One attempt.

    Attributes:
        title: for the table.
        game: the changed step.
        same: whether it computes the same as the reference step.
        batches: batches of the reference step that it takes together.
    """

    title: str
    game: type[DCGAN]
    same: bool = True
    batches: int = 1


ATTEMPTS = (
    Attempt("default memory layout", Contiguous),
    Attempt("discriminator's first layer as a matrix product", FoldedFirstLayer),
    Attempt("generator's last layer as a matrix product", FoldedLastLayer),
    Attempt("real and generated examples in one pass", OnePass, same=False),
    Attempt("two batches together", DCGAN, same=False, batches=2),
    Attempt("torch.compile of both networks", Compiled),
)


def make(game: type[DCGAN]) -> DCGAN:
    """One game with the first weights and the noise that all of them have."""
    torch.manual_seed(0)
    return game(TASKS["dcgan-published"], torch.Generator().manual_seed(0), "fp32")


def measure(attempts: Sequence[Attempt], batch: int, rounds: int) -> dict[str, list[float] | str]:
    """The ratios of all rounds by attempt, or the error with which it failed.

    Args:
        attempts: to be measured.
        batch: images.
        rounds: one step of each game in every round.
    """
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(1)
    most = max(attempt.batches for attempt in attempts)
    x = torch.rand(most * batch, 1, 28, 28, generator=generator) * 2 - 1
    reference = partial(make(DCGAN).step, x[:batch])
    _warm_up(reference)
    ratios: dict[str, list[float] | str] = {attempt.title: "not measured" for attempt in attempts}
    steps: dict[str, tuple[Attempt, Callable[[], object]]] = {}
    for attempt in attempts:
        step = partial(make(attempt.game).step, x[: attempt.batches * batch])
        try:
            _warm_up(step)
        except Exception as error:  # a compiler fails in many ways
            ratios[attempt.title] = f"failed: {type(error).__name__}"
        else:
            steps[attempt.title] = attempt, step
    times: dict[str, list[float]] = {title: [] for title in steps}
    for _ in range(rounds):
        plain = _seconds(reference)
        for title, (attempt, step) in steps.items():
            times[title].append(plain * attempt.batches / _seconds(step))
    return ratios | times


def _warm_up(step: Callable[[], object]) -> None:
    for _ in range(WARM_UP):
        step()


def _seconds(step: Callable[[], object]) -> float:
    begin = time.perf_counter()
    step()
    return time.perf_counter() - begin


def body(ratios: Mapping[str, list[float] | str], rounds: int) -> str:
    """The table as Markdown.

    Args:
        ratios: what `measure` returned.
        rounds: that were measured.
    """
    same = {attempt.title: "yes" if attempt.same else "no" for attempt in ATTEMPTS}
    rows = []
    for title, found in ratios.items():
        cell = found
        if not isinstance(found, str):
            low, middle, high = quartiles(found)
            cell = f"{middle:.3f} ({low:.3f} to {high:.3f})"
        rows.append([title, cell, same[title]])
    return (
        f"Latent {LATENT}, base 64, batch {BATCH}, fp32, one thread; median (quartiles) of {rounds} rounds. Above 1, the attempt is "
        f"faster than the reference step, which already is channels-last, generates examples once a step and updates with a fused "
        f"Adam. Two batches together: time per image.\n\n{results.table(['attempt', 'times as fast', 'computes the same'], rows)}"
    )


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"steps of each attempt ({ROUNDS})")
    parser.add_argument("--quick", action="store_true", help="few steps of small batches; writes nothing")
    parser.add_argument("--force", action="store_true", help="measure on a busy machine too")
    arguments = parser.parse_args(argv)
    load = measurable(anyway=arguments.force or arguments.quick)
    if load is None:
        return 1
    if arguments.quick:
        text = body(measure(ATTEMPTS[:-1], QUICK_BATCH, QUICK_ROUNDS), QUICK_ROUNDS)
    else:
        text = body(measure(ATTEMPTS, BATCH, arguments.rounds), arguments.rounds)
    print(text)
    if not arguments.quick:
        results.write(SECTION, text, load=load)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
