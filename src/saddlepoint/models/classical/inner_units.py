"""The units in which a distribution computes."""

from __future__ import annotations

from torch import Tensor

from saddlepoint.models.base import Model
from saddlepoint.models.classical.distribution import Distribution
from saddlepoint.models.classical.per_class import PerClass
from saddlepoint.models.classical.settings import DISTRIBUTIONS, ClassicalSettings
from saddlepoint.models.varying import VaryingNumbers


class AroundDistribution(Model):
    """A model around one distribution, which computes in double precision on the CPU and without constants.

    Attributes:
        settings: of the model.
        distribution: what is fitted.
    """

    settings: ClassicalSettings
    distribution: Distribution
    _varying: VaryingNumbers

    def _inside(self, x: Tensor) -> Tensor:
        """x (N, *event) in the model's units -> (N, *shape) float64 on the CPU, without constants."""
        return self.event.without_constants(x.detach().cpu().double())

    def _outside(self, x: Tensor) -> Tensor:
        """(N, *shape) -> (N, *event) in the data's units."""
        return self.scaling.to_data(self._varying.examples(x.flatten(1))).to(self.device)

    @property
    def _kind(self) -> str:
        """What the model is, in a few words."""
        per_class = " of each class" if isinstance(self.distribution, PerClass) else ""
        return f"{DISTRIBUTIONS[self.settings.distribution].summary}{per_class}"
