"""Models with one density, or one for each class if they are conditional."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor

from saddlepoint.models.arrays import Numbers, as_tensor
from saddlepoint.models.base import Model
from saddlepoint.models.bayes import marginal_log_prob, posterior


class ClassDensity(Model):
    """A model that computes log densities; a conditional one classifies by Bayes' rule."""

    @abstractmethod
    def _log_density(self, x: Tensor, labels: Tensor | None) -> Tensor:
        """log p(x), or log p(x | label) with labels (N,) on the model's device: x (N, *event) in the data's units -> (N,) nats.

        A log density, or the log probability of discrete values.
        """

    def log_prob(self, x: Numbers) -> Tensor:
        """Return log p(x) in the data's own units; a conditional model sums over classes.

        Args:
            x: (N, *event) in the data's units.

        Returns:
            (N,) nats, on the model's device.
        """
        x = as_tensor(x)
        if self.classes is None:
            return self._log_density(x, None)
        dtype = x.dtype if x.is_floating_point() else torch.float32
        return marginal_log_prob(self, x).to(self.device, dtype)  # type: ignore[arg-type]

    def class_log_prob(self, x: Numbers, labels: Tensor) -> Tensor:
        """Return log p(x | label), as `log_prob`.

        Args:
            x: (N, *event) in the data's units.
            labels: (N,) int64.

        Returns:
            (N,) nats.

        Raises:
            SettingError: the model has no classes, or labels are not N valid classes.
        """
        return self._log_density(as_tensor(x), self.labels_for("class_log_prob", x, labels))

    def posterior(self, x: Numbers) -> Tensor:
        """Return p(label | x) by Bayes' rule.

        Args:
            x: (N, *event) in the data's units.

        Returns:
            (N, classes) float64 on the CPU.

        Raises:
            SettingError: the model was trained without labels.
        """
        return posterior(self, as_tensor(x))  # type: ignore[arg-type]
