"""A variational autoencoder trained on observed cells alone, after MIWAE; draws by importance resampling of its codes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from saddlepoint.applications.impute.design import Design
from saddlepoint.applications.impute.method import ImputationMethod, Mask, Matrix
from saddlepoint.applications.impute.network import Cells, batches, seeded, torch_generator
from saddlepoint.networks.mlp import MLP
from saddlepoint.objectives.likelihood import importance_bound

LEAST_SCALE = 1e-2  # standard deviation of a number given its code, in units of the column's
CODES = 64  # codes of a row, of which one is drawn
EXPECTED = 1_000  # codes whose weighted mean is a best guess
DRAWN_ROWS, EXPECTED_ROWS = 512, 64  # at a time


class MaskedAutoencoder(ImputationMethod):
    """MIWAE: the importance-weighted bound on the density of the observed cells.

    Missing cells enter the encoder as the column's mean. Numbers given a code are Student-t, categories are categorical.

    Args:
        latent: numbers of a code.
        hidden: units of a layer.
        steps: training steps of 64 rows.
        samples: codes a row in the bound.
        learning_rate: of Adam.
        chains: accepted for all methods that draw; there is one fit, so parameters are not drawn.

    References:
        MIWAE: Deep Generative Modelling and Imputation of Incomplete Data Sets (Mattei, Frellsen, 2019),
        https://proceedings.mlr.press/v97/mattei19a.html.
    """

    draws = True

    def __init__(
        self,
        latent: int = 10,
        hidden: int = 128,
        steps: int = 3_000,
        samples: int = 10,
        learning_rate: float = 1e-3,
        chains: int = 1,
    ) -> None:
        self.latent, self.hidden, self.steps, self.samples = latent, hidden, steps, samples
        self.learning_rate = learning_rate

    def _fit(self, matrix: Matrix, targets: Mask, rng: np.random.Generator) -> None:
        design = Design(matrix, self.kinds)
        self._cells = Cells(design)
        x, observed = self._cells.tensors(matrix)
        numbers = len(self._cells.numbers)
        with seeded(rng) as generator:
            hidden = (self.hidden, self.hidden)
            self._encoder = MLP((design.width,), (2 * self.latent,), hidden)
            # Of every number a mean, a scale and degrees of freedom; of every category a logit.
            self._decoder = MLP((self.latent,), (design.width + 2 * numbers,), hidden)
            parameters = [*self._encoder.parameters(), *self._decoder.parameters()]
            adam = torch.optim.Adam(parameters, lr=self.learning_rate)
            for rows in batches(len(x), 64, self.steps, generator, self._say):
                _, log_weights = self._explain(x[rows], observed[rows], self.samples, generator)
                loss = -importance_bound(log_weights).mean()
                adam.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                adam.step()
        for parameter in parameters:
            parameter.requires_grad_(False)

    def _guess(self, matrix: Matrix, rng: np.random.Generator) -> Matrix:
        """The conditional expectation, and the most likely category."""
        return self._in_blocks(self._expect, matrix, EXPECTED_ROWS, rng)

    def _fill(self, matrix: Matrix, rng: np.random.Generator, draw: int) -> Matrix:
        return self._in_blocks(self._draw, matrix, DRAWN_ROWS, rng)

    def _in_blocks(
        self, complete: Callable[[Matrix, torch.Generator], Matrix], matrix: Matrix, size: int, rng: np.random.Generator
    ) -> Matrix:
        generator = torch_generator(rng)
        return np.concatenate(
            [complete(matrix[start : start + size], generator) for start in range(0, len(matrix), size)]
        )

    def _expect(self, matrix: Matrix, generator: torch.Generator) -> Matrix:
        x, observed = self._cells.tensors(matrix)
        outputs, log_weights = self._explain(x, observed, EXPECTED, generator)
        weights = torch.softmax(log_weights, 0)[..., None]
        means = outputs[..., : x.shape[1]].clone()
        for _, part in self._cells.categories:
            means[..., part] = torch.softmax(means[..., part], -1)
        return self._cells.design.decode((weights * means).sum(0).double().numpy())

    def _draw(self, matrix: Matrix, generator: torch.Generator) -> Matrix:
        x, observed = self._cells.tensors(matrix)
        outputs, log_weights = self._explain(x, observed, CODES, generator)
        chosen = torch.multinomial(torch.softmax(log_weights, 0).T, 1, generator=generator)[:, 0]
        picked = outputs[chosen, torch.arange(len(x))]
        drawn = picked[:, : x.shape[1]].clone()
        means, scales, freedom = self._number_heads(picked, x.shape[1])
        if means.shape[1]:
            normal = torch.randn(means.shape, generator=generator)
            # A chi-square variable by its normal approximation (Wilson, Hilferty, 1931), since torch draws none from a generator.
            root = 1 - 2 / (9 * freedom) + torch.randn(means.shape, generator=generator) * (2 / (9 * freedom)).sqrt()
            drawn[:, self._cells.numbers] = means + scales * normal / root.clamp(min=0.2).pow(1.5)
        for _, part in self._cells.categories:
            logits = drawn[:, part]
            uniform = torch.rand(logits.shape, generator=generator).clamp(1e-9, 1 - 1e-7)
            drawn[:, part] = logits - torch.log(-torch.log(uniform))
        inputs = drawn.double().numpy()
        for _, part in self._cells.categories:
            inputs[:, part] = inputs[:, part] == inputs[:, part].max(1, keepdims=True)
        return self._cells.design.decode(inputs)

    def _number_heads(self, outputs: Tensor, width: int) -> tuple[Tensor, Tensor, Tensor]:
        """Means, scales and degrees of freedom (at least 3) of the numbers (..., numbers)."""
        numbers = len(self._cells.numbers)
        means = outputs[..., :width][..., self._cells.numbers]
        scales = torch.nn.functional.softplus(outputs[..., width : width + numbers]) + LEAST_SCALE
        return means, scales, torch.nn.functional.softplus(outputs[..., width + numbers :]) + 3

    def _explain(self, x: Tensor, observed: Tensor, samples: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw codes of rows x (B, F).

        Returns:
            The decoder's outputs (S, B, F + 2 numbers), and log importance weights (S, B).
        """
        mean, raw = self._encoder(x).chunk(2, -1)
        scale = torch.nn.functional.softplus(raw) + 1e-4
        noise = torch.randn(samples, *mean.shape, generator=generator)
        codes = mean + scale * noise
        outputs = self._decoder(codes.flatten(0, 1)).unflatten(0, codes.shape[:2])
        log_ratio = (-0.5 * codes.square() + 0.5 * noise.square() + scale.log()).sum(-1)
        return outputs, log_ratio + self._log_likelihood(outputs, x, observed)

    def _log_likelihood(self, outputs: Tensor, x: Tensor, observed: Tensor) -> Tensor:
        """Nats (S, B) of the observed cells."""
        total = torch.zeros(outputs.shape[:2])
        means, scales, freedom = self._number_heads(outputs, x.shape[1])
        if means.shape[-1]:
            density = torch.distributions.StudentT(freedom, means, scales, validate_args=False)
            values = density.log_prob(x[:, self._cells.numbers])  # type: ignore[no-untyped-call]
            total = total + (values * observed[:, self._cells.numbers]).sum(-1)
        for _, part in self._cells.categories:
            total = total + (torch.log_softmax(outputs[..., part], -1) * x[:, part] * observed[:, part]).sum(-1)
        return total
