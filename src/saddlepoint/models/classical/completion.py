"""Completion of examples by a classical model: missing numbers are drawn given the others."""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.errors import DataError
from saddlepoint.models.arrays import Numbers, as_tensor, check_completion
from saddlepoint.models.capabilities import Completes, CompletesByClass
from saddlepoint.models.classical.distribution import Completing
from saddlepoint.models.classical.inner_units import AroundDistribution
from saddlepoint.models.classical.per_class import PerClass
from saddlepoint.models.classical.settings import DISTRIBUTIONS
from saddlepoint.models.labels import draw_labels_given


class Completion(AroundDistribution):
    """A classical model that fills in missing parts if its distribution has closed conditional distributions."""

    def complete(self, x: Numbers, known: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """Draw the missing numbers of examples given the others.

        Args:
            x: (N, *event) in the data's units; unknown numbers are ignored.
            known: (N, *event) bool.
            generator: draws the noise; None takes torch's global generator.

        Returns:
            (N, *event) in the data's units, equal to x where it is known.

        Raises:
            DataError: there is no closed form for this distribution.
            SettingError: an argument is invalid.
        """
        return self._complete(x, known, None, generator)

    def complete_by_class(
        self, x: Numbers, known: Tensor, labels: Tensor, *, generator: torch.Generator | None = None
    ) -> Tensor:
        """As `complete`, given the classes: labels (N,) int64 from 0 to `classes` - 1."""
        self.labels_for("complete_by_class", as_tensor(x), labels)
        return self._complete(x, known, labels.cpu(), generator)

    def _complete(self, x: Numbers, known: Tensor, labels: Tensor | None, generator: torch.Generator | None) -> Tensor:
        """Complete examples of the classes (N,); None draws the classes given the known numbers."""
        reason = self.lacks(Completes)
        if reason is not None:
            able = ", ".join(name for name, entry in DISTRIBUTIONS.items() if entry.completes)
            raise DataError(f"complete: {reason.rstrip('.')}: fit one with another model.distribution ({able}).")
        given = check_completion(x, known, generator)
        distribution = self.distribution
        assert isinstance(distribution, Completing)
        mask = self.event.without_constants(known.cpu())
        inside = torch.where(mask, self._inside(self.model_units(given)), 0.0)
        if self.classes is not None and labels is None:
            every = torch.arange(self.classes)
            log_probs = torch.stack(
                [distribution.known_log_prob(inside, mask, label.expand(len(inside))) for label in every], 1
            )
            labels = draw_labels_given(log_probs, self.event.shares, generator)
        drawn = self._outside(distribution.complete(inside, mask, labels, generator))
        return torch.where(known.to(drawn.device), given.to(drawn.device, drawn.dtype), drawn)

    def lacks(self, capability: type) -> str | None:
        part = self.distribution.parts[0] if isinstance(self.distribution, PerClass) else self.distribution
        if capability in (Completes, CompletesByClass) and not isinstance(part, Completing):
            return (
                f"the model is {DISTRIBUTIONS[self.settings.distribution].summary}, which cannot fill in missing parts."
            )
        return super().lacks(capability)
