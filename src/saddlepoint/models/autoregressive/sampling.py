"""How an autoregressive model samples and completes examples."""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.models.arrays import CHUNK, Numbers, check_completion, device_of, uniform_like
from saddlepoint.models.autoregressive.generation import Known, generate, in_row_chunks
from saddlepoint.models.autoregressive.network import Autoregression
from saddlepoint.models.autoregressive.settings import AutoregressiveSettings
from saddlepoint.models.base import Model
from saddlepoint.models.labels import draw_labels, draw_labels_given
from saddlepoint.networks.evaluating import evaluating
from saddlepoint.objectives.autoregression import step_log_probs
from saddlepoint.objectives.autoregressive_likelihood import ConditionalLikelihood
from saddlepoint.objectives.binarisation import to_black_and_white

SAMPLES = 2 * CHUNK  # drawn at a time: steps of many examples cost hardly more than those of few


class SamplesInOrder(Model):
    """A model that draws one number after the other.

    Attributes:
        settings: of the model.
        player: the network.
        likelihood: of each block of numbers.
    """

    settings: AutoregressiveSettings
    player: Autoregression
    likelihood: ConditionalLikelihood

    @property
    def uniforms(self) -> tuple[int, int]:
        """Shape of the uniform numbers on [0, 1) that one sample is a function of: distributions, and numbers for each."""
        return self.player.steps_count, self.likelihood.uniforms

    def _sample(self, n: int, labels: Tensor | None, generator: torch.Generator | None) -> Tensor:
        """Draw each number from its distribution given those before it; for a Bernoulli likelihood, black or white."""
        if self.classes is not None and labels is None:
            labels = draw_labels(self.event.shares, n, generator)
        return self.sample_from(self._draw_uniforms(n, generator), labels)

    def sample_from(self, uniforms: Tensor, labels: Tensor | None = None, *, cached: bool = True) -> Tensor:
        """Return the samples that are given by uniform numbers.

        Args:
            uniforms: (N, *`uniforms`) on [0, 1).
            labels: (N,) int64 for a conditional model, otherwise None.
            cached: whether to compute each activation once, instead of repeating a full pass for every number.

        Returns:
            (N, *event) in the data's units.
        """
        with evaluating(self.player):
            return in_row_chunks(
                lambda rows: self.scaling.to_data(
                    generate(self.player, uniforms[rows].to(self.device), self._rows(labels, rows), cached)
                ),
                len(uniforms),
                SAMPLES,
            )

    def complete(self, x: Numbers, known: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """Fill in missing numbers, one after the other in the model's order.

        Each is drawn from its distribution given everything before it, known or filled in. If the known numbers come first in
        that order, such as the upper rows of an image or the beginning of a text, these are exact samples of the rest. Otherwise
        a filled-in number does not depend on the known numbers after it. The class of a conditional model is drawn given the
        known numbers before the first missing one.

        Args:
            x: (N, *event) in the data's units; missing numbers may have any value.
            known: (N, *event) bool.
            generator: draws the numbers, and the classes of a conditional model; None takes torch's global generator.

        Returns:
            (N, *event) in the data's units, equal to x where it is known.

        Raises:
            SettingError: an argument is invalid.
        """
        x = check_completion(x, known, generator)
        inputs = self._binarise(self.model_units(x), generator)
        mask, player = known.to(self.device), self.player
        labels = None if self.classes is None else self._labels_of_known(inputs, mask, generator)
        uniforms = self._draw_uniforms(len(x), generator)

        def fill(rows: slice) -> Tensor:
            given = Known(player.blocks(inputs[rows]), player.blocks(mask[rows]))
            made = generate(player, uniforms[rows].to(self.device), self._rows(labels, rows), known=given)
            return self.scaling.to_data(made)

        with evaluating(player):
            made = in_row_chunks(fill, len(x), SAMPLES)
        return torch.where(mask, x.to(made), made)

    def _labels_of_known(self, x: Tensor, known: Tensor, generator: torch.Generator | None) -> Tensor:
        """Draw a class (N,) for each x (N, *event) in the model's units from p(y | the known numbers before the first missing one)."""
        player, classes = self.player, self.classes or 0
        leading = player.blocks(known).all(2).cumprod(1).bool()

        def log_probs_by_class(rows: slice) -> Tensor:
            columns = []
            for label in range(classes):
                labels = torch.full((len(x[rows]),), label, device=x.device)
                log_probs = step_log_probs(player(x[rows], labels), self.likelihood)
                # A missing number may have a log probability of minus infinity.
                columns.append(log_probs.double().where(leading[rows], 0.0).sum(1))
            return torch.stack(columns, 1)

        with evaluating(player):
            found = in_row_chunks(log_probs_by_class, len(x), CHUNK)
        return draw_labels_given(found, self.event.shares, generator)

    def _draw_uniforms(self, n: int, generator: torch.Generator | None) -> Tensor:
        device = device_of(generator)
        return torch.rand(n, *self.uniforms, generator=generator, device=device)

    def _rows(self, labels: Tensor | None, rows: slice) -> Tensor | None:
        return None if labels is None else labels[rows].to(self.device)

    def _binarise(self, x: Tensor, generator: torch.Generator | None) -> Tensor:
        """x (N, *event) in the model's units, black and white where training has it so."""
        if self.settings.binarise == "none":
            return x
        if self.settings.binarise == "threshold":
            return to_black_and_white(x, 0.5)
        generator = generator or torch.Generator(x.device).manual_seed(0)
        return to_black_and_white(x, uniform_like(x, generator))
