"""Two models without a network, for comparison with trained ones: real examples, and a Gaussian mixture.

Both are `GenerativeModel`s: an evaluation needs an `event` and a `sample` only.
"""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.data import Dataset
from saddlepoint.data.split import shuffled_order
from saddlepoint.models.mixture import CodeMixture


class RealExamples:
    """Training examples in the samples' place: no model does better except by chance, and none copies more.

    Args:
        dataset: of the examples.
        part: which of the disjoint parts of the shuffled training examples this model owns.
        parts: how many parts there are; several parts differ as several training runs do.
    """

    def __init__(self, dataset: Dataset, part: int, parts: int) -> None:
        self.event = dataset.event
        self.x = dataset.x[shuffled_order(len(dataset), 0)[part::parts]]
        self._generator: torch.Generator | None = None
        self._left = torch.empty(0, dtype=torch.int64)

    def sample(self, n: int, *, labels: Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
        """(n, *event). No example is returned twice for one generator as long as others are left."""
        generator = generator or torch.Generator().manual_seed(0)
        if generator is not self._generator:
            self._generator, self._left = generator, torch.empty(0, dtype=torch.int64)
        while len(self._left) < n:
            self._left = torch.cat([self._left, torch.randperm(len(self.x), generator=generator)])
        index, self._left = self._left[:n], self._left[n:]
        return self.x[index]


class PrincipalMixture:
    """Principal components of the training examples, and a mixture of Gaussians with full covariances over them.

    What the components leave out is left out of the samples too. Samples are clipped to the data's range.
    """

    def __init__(self, dataset: Dataset, components: int, gaussians: int, seed: int) -> None:
        """Fit the mixture.

        Args:
            dataset: of the training examples.
            components: principal components.
            gaussians: in the mixture, fitted by expectation maximisation to at most 10,000 codes.
            seed: of the fit.
        """
        from sklearn.decomposition import PCA

        self.event = dataset.event
        rows = dataset.x.flatten(1).double()
        self.pca = PCA(components, svd_solver="covariance_eigh").fit(rows.numpy())
        self.kept = float(self.pca.explained_variance_ratio_.sum())
        generator = torch.Generator().manual_seed(seed)
        self.mixture = CodeMixture.fit(torch.from_numpy(self.pca.transform(rows.numpy())), gaussians, generator)

    def sample(self, n: int, *, labels: Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
        """(n, *event), in the data's own units and type."""
        rows = torch.from_numpy(self.pca.inverse_transform(self.mixture.sample(n, generator).double().numpy()))
        if self.event.bounded:
            rows = rows.clamp(self.event.low, self.event.high)
        if self.event.dtype == "uint8":
            rows = rows.round()
        return rows.reshape(n, *self.event.shape).to(self.event.torch_dtype)
