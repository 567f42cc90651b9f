"""GAIN: a generator fills the missing cells, and a discriminator guesses cell by cell which were observed."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from saddlepoint.applications.impute.design import Design
from saddlepoint.applications.impute.method import ImputationMethod, Mask, Matrix
from saddlepoint.applications.impute.network import Cells, batches, seeded, torch_generator
from saddlepoint.networks.mlp import MLP

NOISE = 0.01  # range of the numbers that stand in missing cells, as in the authors' code


class Gain(ImputationMethod):
    """Generative adversarial imputation.

    Both networks see numbers scaled to [0, 1]. The discriminator is told which cells were observed for a random share of them
    (the hint). The noise in missing cells is so small that the values hardly vary with it: they are best guesses, no draws.

    Args:
        steps: training steps of 128 rows.
        hint: share of the cells that the discriminator is told.
        reconstruction: weight of the error on observed cells.

    References:
        GAIN: Missing Data Imputation using Generative Adversarial Nets (Yoon, Jordon, van der Schaar, 2018),
        https://proceedings.mlr.press/v80/yoon18a.html.
    """

    def __init__(self, steps: int = 5_000, hint: float = 0.9, reconstruction: float = 100.0) -> None:
        self.steps, self.hint, self.reconstruction = steps, hint, reconstruction

    def _fit(self, matrix: Matrix, targets: Mask, rng: np.random.Generator) -> None:
        self._cells = Cells(Design(matrix, self.kinds))
        x, observed = self._cells.tensors(matrix)
        inside = torch.where(observed > 0, x, torch.nan).numpy()
        self._least = torch.from_numpy(np.nanmin(inside, 0))
        self._range = torch.from_numpy(np.nanmax(inside, 0)) - self._least
        self._range[self._range == 0] = 1.0
        x = (x - self._least) / self._range
        width = x.shape[1]
        with seeded(rng) as generator:
            self._generator, discriminator = (
                MLP((2 * width,), (width,), (width, width), output_activation="sigmoid") for _ in range(2)
            )
            adams = [torch.optim.Adam(net.parameters()) for net in (discriminator, self._generator)]
            for rows in batches(len(x), 128, self.steps, generator, self._say):
                self._train(x[rows], observed[rows], discriminator, adams, generator)
        for parameter in self._generator.parameters():
            parameter.requires_grad_(False)

    def _train(
        self,
        x: Tensor,
        observed: Tensor,
        discriminator: nn.Module,
        adams: list[torch.optim.Adam],
        generator: torch.Generator,
    ) -> None:
        """One update of each network."""
        noisy = self._with_noise(x, observed, generator)
        told = (torch.rand(x.shape, generator=generator) < self.hint).float() * observed
        made = self._generator(torch.cat([noisy, observed], 1))
        filled = observed * x + (1 - observed) * made
        guess = discriminator(torch.cat([filled.detach(), told], 1))
        cost = nn.functional.binary_cross_entropy(guess, observed)
        _update(adams[0], cost)
        guess = discriminator(torch.cat([filled, told], 1))
        fooled = -((1 - observed) * torch.log(guess + 1e-8)).mean()
        error = (observed * (x - made).square()).sum() / observed.sum()
        _update(adams[1], fooled + self.reconstruction * error)

    def _fill(self, matrix: Matrix, rng: np.random.Generator, draw: int) -> Matrix:
        generator = torch_generator(rng)
        x, observed = self._cells.tensors(matrix)
        x = (x - self._least) / self._range
        made = self._generator(torch.cat([self._with_noise(x, observed, generator), observed], 1))
        return self._cells.design.decode((made * self._range + self._least).double().numpy())

    def _with_noise(self, x: Tensor, observed: Tensor, generator: torch.Generator) -> Tensor:
        return observed * x + (1 - observed) * NOISE * torch.rand(x.shape, generator=generator)


def _update(adam: torch.optim.Adam, cost: Tensor) -> None:
    adam.zero_grad()
    cost.backward()  # type: ignore[no-untyped-call]
    adam.step()
