"""Completion by a diffusion model without training it for that: RePaint.

While noise is removed, the known numbers are replaced at every noise level by the true ones with noise of that level. The missing
numbers follow the model's reverse process, which does not look ahead: at high noise levels it cannot know what the known numbers
will be. Therefore each step is repeated: noise is added again, and removed again, so that missing and known numbers come to agree.
With more repetitions and more steps, completions approach the conditional distribution; they do not reach it exactly.

References:
    RePaint: Inpainting using Denoising Diffusion Probabilistic Models (Andreas Lugmayr, Martin Danelljan, Andres Romero, Fisher Yu,
        Radu Timofte, Luc Van Gool, 2022), https://arxiv.org/abs/2201.09865
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from saddlepoint.models.arrays import Numbers, check_completion, in_chunks, normal_like
from saddlepoint.models.class_codes import ClassCodes
from saddlepoint.models.diffusion.samplers.sampler import Estimator, estimate_at, weights_at
from saddlepoint.models.diffusion.settings import DiffusionSettings
from saddlepoint.models.labels import draw_labels
from saddlepoint.networks.evaluating import evaluating
from saddlepoint.objectives.denoising import Formulation
from saddlepoint.objectives.noise_paths import Path
from saddlepoint.objectives.preconditioning import Estimate

STEPS, REPEATS = 50, 10
HIGHEST, LOWEST = 10.0, 0.02  # noise levels: above, data are invisible; below, nothing is decided any more


def repaint(
    estimate: Estimator,
    path: Path,
    x: Tensor,
    known: Tensor,
    times: Sequence[float],
    repeats: int,
    generator: torch.Generator | None,
    data_std: float = 1.0,
) -> Tensor:
    """Draw the missing numbers (algorithm 1 of the paper).

    Args:
        estimate: the estimates of example and noise at (x_t, t).
        path: from data to noise.
        x: (B, *event) in the model's units; missing numbers may have any finite value.
        known: (B, *event) bool.
        times: falling, the last one is 0.
        repeats: how often each step is done.
        generator: draws the noise.
        data_std: standard deviation of the data, for the numbers to start from.

    Returns:
        (B, *event), equal to x where it is known.
    """
    first = weights_at(path, times[0], x)
    spread = ((first.signal * data_std).square() + first.noise.square()).sqrt()
    noise = normal_like(x, generator)
    state = torch.where(known, first.signal * x + first.noise * noise, spread * noise)
    for now, following in pairwise(times):
        high, low = weights_at(path, now, x), weights_at(path, following, x)
        # x_t = kept x_s + sqrt(added) n, from the lower level s to the higher one t.
        kept = high.signal / low.signal
        added = (high.noise.square() - (kept * low.noise).square()).clamp(min=0)
        share = added / high.noise.square()
        of_state, of_example = kept * (low.noise / high.noise).square(), low.signal * share
        noise_std = torch.where(known, low.noise, share.sqrt() * low.noise)
        given = low.signal * x
        rounds = repeats if following > 0 else 1
        for round_number in range(rounds):
            example, _ = estimate_at(estimate, state, now)
            state = torch.where(known, given, of_state * state + of_example * example)
            state = state + noise_std * normal_like(x, generator)
            if round_number < rounds - 1:
                state = kept * state + added.sqrt() * normal_like(x, generator)
    return state


class Completion(ClassCodes):
    """A diffusion model that fills in missing parts.

    Attributes:
        settings: of the model.
        player: the network.
        formulation: with the path.
    """

    settings: DiffusionSettings
    player: nn.Module
    formulation: Formulation
    path: Path
    _chunk: int

    @property
    def completion_passes(self) -> int:
        """Passes of the network for one completion."""
        return STEPS * REPEATS

    @abstractmethod
    def estimate(self, noisy: Tensor, t: Tensor, weights: Tensor | None = None, guidance: float = 1.0) -> Estimate:
        """Estimate the examples and the noise in x_t."""

    def complete(self, x: Numbers, known: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """Fill in missing numbers by RePaint.

        A conditional model does so without a label if labels were dropped in training (`model.label_dropout`), and otherwise with
        a random one.

        Args:
            x: (N, *event) in the data's units; missing numbers may have any value.
            known: (N, *event) bool.
            generator: draws the noise; None takes torch's global generator.

        Returns:
            (N, *event) in the data's units, equal to x where it is known.

        Raises:
            SettingError: an argument is invalid.
        """
        x = check_completion(x, known, generator)
        inputs = self.model_units(x)
        mask = known.to(inputs.device)
        ratios = HIGHEST * (LOWEST / HIGHEST) ** torch.linspace(0, 1, STEPS, dtype=torch.float64)
        times = [*self.path.time_of(ratios).tolist(), 0.0]
        weights = self._class_weights(len(x), generator)

        def fill(index: Tensor) -> Tensor:
            own = None if weights is None else weights[index]

            def estimate(noisy: Tensor, t: Tensor) -> Estimate:
                return self.estimate(noisy, t, own)

            made = repaint(
                estimate, self.path, inputs[index], mask[index], times, REPEATS, generator, self.settings.data_std
            )
            return self.scaling.to_data(made)

        if not len(x):
            return self.scaling.to_data(inputs)
        with evaluating(self.player):
            made = in_chunks(fill, torch.arange(len(x), device=inputs.device), self._chunk)
        return torch.where(mask, x.to(made), made)

    def _class_weights(self, n: int, generator: torch.Generator | None) -> Tensor | None:
        """Weights (n, classes) of a conditional model."""
        if self.classes is None:
            return None
        if self.settings.label_dropout > 0:
            return torch.zeros(n, self.classes, device=self.device)
        labels = draw_labels(self.event.shares, n, generator).to(self.device)
        return torch.nn.functional.one_hot(labels, self.classes).float()
