"""Two models without a network, beside which trained ones are judged: real examples, and a Gaussian mixture.

Both are `GenerativeModel`s: all that an evaluation asks for is an `event` and a `sample`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.data import Dataset
from saddlepoint.data.split import shuffled_order
from saddlepoint.models.mixture import GaussianMixture


class RealExamples:
    """Training examples in the samples' place: no model does better but by chance, and none copies more.

    part of parts: which of so many disjoint parts of the shuffled training examples are its own, so that several of
    them differ as several trainings do.
    """

    def __init__(self, dataset: Dataset, part: int, parts: int) -> None:
        self.event = dataset.event
        self.x = dataset.x[shuffled_order(len(dataset), 0)[part::parts]]
        self._generator: torch.Generator | None = None
        self._left = torch.empty(0, dtype=torch.int64)

    def sample(self, n: int, *, labels: Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
        """(n, *event). None comes twice from one generator as long as there are others left."""
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
        """components: of the codes. gaussians: in the mixture, fitted by expectation maximisation to 10,000 codes at most."""
        from sklearn.decomposition import PCA

        self.event = dataset.event
        rows = dataset.x.flatten(1).double()
        self.pca = PCA(components, svd_solver="covariance_eigh").fit(rows.numpy())
        self.kept = float(self.pca.explained_variance_ratio_.sum())
        generator = torch.Generator().manual_seed(seed)
        self.mixture = GaussianMixture.fitted(torch.from_numpy(self.pca.transform(rows.numpy())), gaussians, generator)

    def sample(self, n: int, *, labels: Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
        """(n, *event), in the data's own units and type."""
        rows = torch.from_numpy(self.pca.inverse_transform(self.mixture.sample(n, generator).double().numpy()))
        if self.event.bounded:
            rows = rows.clamp(self.event.low, self.event.high)
        if self.event.dtype == "uint8":
            rows = rows.round()
        return rows.reshape(n, *self.event.shape).to(self.event.torch_dtype)
