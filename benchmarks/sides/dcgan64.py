"""The DCGAN 64x64 by hand on any device, and forms of its step that spend less time between kernels.

On a GPU a kernel of a small network takes less time than the host needs to launch it. torch.compile joins kernels; a CUDA graph
launches all kernels of a step at once. A graph repeats the addresses that it was captured with: its input is a tensor that batches
are copied to, and no number may go to the host while it is captured.

References:
    CUDA semantics, CUDA Graphs (PyTorch, 2026), https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs
    CUDAGraph Trees (PyTorch, 2026), https://docs.pytorch.org/docs/stable/torch.compiler_cudagraph_trees.html
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.networks.settings import NetworkSettings

from . import networks
from .hand import DCGAN, Losses, cross_entropy
from .tasks import GAME, Task, training

NAME = "dcgan-64"
GOAL = 1.05
BEFORE_CAPTURE = 5  # steps on a side stream; the documentation of torch wants at least 3


def task(width: int, batch: int) -> Task:
    """The comparison of our loop with the loop by hand.

    Args:
        width: channels of the level next to the image.
        batch: images of a batch.
    """
    network = NetworkSettings(network="dcgan", width=width)
    model = GANSettings(latent=networks.LATENT, generator=network, discriminator=network)
    return Task(f"DCGAN 64x64, width {width}, batch {batch}", "hand", GOAL, model, training(batch, GAME), size=64)


def images(count: int) -> Tensor:
    """(count, 3, 64, 64) uint8, random."""
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, 3, 64, 64), dtype=torch.uint8, generator=generator)


class DCGAN64(DCGAN):
    """The step as it is."""

    shape = (3, 64, 64)

    def __init__(
        self, task: Task, precision: str, device: torch.device, generator: torch.Generator | None = None
    ) -> None:
        self.device = device
        super().__init__(task, generator, precision)

    def make_players(self, task: Task) -> tuple[nn.Sequential, nn.Sequential]:
        assert isinstance(task.model, GANSettings)
        return networks.dcgan_64(task.model.generator.width)


class Compiled(DCGAN64):
    """Both networks through torch.compile."""

    def __init__(
        self, task: Task, precision: str, device: torch.device, generator: torch.Generator | None = None
    ) -> None:
        super().__init__(task, precision, device, generator)
        self.g, self.d = (torch.compile(player, dynamic=False) for player in (self.g, self.d))


class DiscriminatorLoss(nn.Module):
    """(B, 3, 64, 64) images and (B, latent) noise -> the loss, a scalar. The generator gets no gradient."""

    def __init__(self, g: nn.Module, d: nn.Module) -> None:
        super().__init__()
        self.g, self.d = g, d

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        with torch.no_grad():
            fake = self.g(z)
        real_logits, fake_logits = self.d(x).float(), self.d(fake).float()
        return cross_entropy(real_logits, torch.ones_like(real_logits)) + cross_entropy(
            fake_logits, torch.zeros_like(fake_logits)
        )


class GeneratorLoss(nn.Module):
    """(B, latent) noise -> the loss, a scalar."""

    def __init__(self, g: nn.Module, d: nn.Module) -> None:
        super().__init__()
        self.g, self.d = g, d

    def forward(self, z: Tensor) -> Tensor:
        logits = self.d(self.g(z)).float()
        return cross_entropy(logits, torch.ones_like(logits))


class TwoLosses(DCGAN64):
    """One function for each player's loss; no tensor of one is used by the other, so the generator makes its examples twice."""

    def __init__(
        self, task: Task, precision: str, device: torch.device, generator: torch.Generator | None = None
    ) -> None:
        super().__init__(task, precision, device, generator)
        self.d_loss: nn.Module = DiscriminatorLoss(self.g, self.d)
        self.g_loss: nn.Module = GeneratorLoss(self.g, self.d)

    def step(self, x: Tensor) -> Losses:
        z = torch.randn(len(x), networks.LATENT, generator=self.noise, device=self.device)
        found = {"d": self.move(self.d_optimiser, self.d_loss, x, z)}
        for parameter in self.frozen:
            parameter.requires_grad = False
        found["g"] = self.move(self.g_optimiser, self.g_loss, z)
        for parameter in self.frozen:
            parameter.requires_grad = True
        return found

    def move(self, optimiser: torch.optim.Optimizer, loss_of: nn.Module, *inputs: Tensor) -> Tensor:
        """One player's update; returns its loss."""
        with self.arithmetic():
            loss = loss_of(*inputs)
        loss.backward()
        optimiser.step()
        # Gradients and losses are in the memory of the graph, which its next replay overwrites.
        optimiser.zero_grad()
        found: Tensor = loss.detach().clone()
        return found


class ReducedOverhead(TwoLosses):
    """Both losses through torch.compile(mode="reduce-overhead"), which replays a CUDA graph for each forward and backward pass.

    Graphs of the networks alone would not do: the discriminator's backward pass ends an iteration in torch's accounting, and the
    examples that the generator has made for both updates would be overwritten before its own.
    """

    def __init__(
        self, task: Task, precision: str, device: torch.device, generator: torch.Generator | None = None
    ) -> None:
        super().__init__(task, precision, device, generator)
        self.d_loss, self.g_loss = (
            torch.compile(loss, mode="reduce-overhead", dynamic=False) for loss in (self.d_loss, self.g_loss)
        )

    def move(self, optimiser: torch.optim.Optimizer, loss_of: nn.Module, *inputs: Tensor) -> Tensor:
        torch.compiler.cudagraph_mark_step_begin()
        return super().move(optimiser, loss_of, *inputs)


class Captured(DCGAN64):
    """The whole step, updates included, as one CUDA graph.

    Noise comes from torch's own generator of the device, whose state a graph advances at each replay.
    """

    capturable = True

    def __init__(self, task: Task, precision: str, device: torch.device) -> None:
        super().__init__(task, precision, device)
        self._graph: torch.cuda.CUDAGraph | None = None

    def step(self, x: Tensor) -> Losses:
        if self._graph is None:
            self._graph = self._capture(x)
        self._x.copy_(x)
        self._graph.replay()
        return self._losses

    def _capture(self, x: Tensor) -> torch.cuda.CUDAGraph:
        self._x = x.clone()
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with warnings.catch_warnings(), torch.cuda.stream(side):
            warnings.filterwarnings("ignore", ".*capturable=True", UserWarning)  # these steps are not captured
            for _ in range(BEFORE_CAPTURE):
                super().step(self._x)
        torch.cuda.current_stream().wait_stream(side)
        # Gradients that do not exist are allocated in the memory of the graph.
        for optimiser in (self.d_optimiser, self.g_optimiser):
            optimiser.zero_grad(set_to_none=True)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            losses = super().step(self._x)
        self._losses = {player: loss.detach() for player, loss in losses.items()}
        return graph


class CapturedCompiled(Captured):
    """The same with both networks through torch.compile."""

    def __init__(self, task: Task, precision: str, device: torch.device) -> None:
        super().__init__(task, precision, device)
        self.g, self.d = (torch.compile(player, dynamic=False) for player in (self.g, self.d))


@dataclass(frozen=True)
class Attempt:
    """One form of the step.

    Attributes:
        title: for the table.
        game: the step.
        everywhere: whether it runs without CUDA, too, within seconds.
    """

    title: str
    game: type[DCGAN64]
    everywhere: bool = False


EAGER = Attempt("eager", DCGAN64, everywhere=True)
ATTEMPTS = (
    EAGER,
    Attempt("CUDA graph of the whole step", Captured),
    Attempt("torch.compile of both networks", Compiled),
    Attempt("both, a CUDA graph of the compiled step", CapturedCompiled),
    Attempt('torch.compile(mode="reduce-overhead") of both losses', ReducedOverhead),
)
