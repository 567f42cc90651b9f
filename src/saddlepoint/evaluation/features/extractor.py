"""Features of examples, with a name and a fingerprint that scores are reported with.

A metric compares two sets of points, and depends on the features more than on the formula. A score is therefore named
after its features, and two scores are comparable if the fingerprints of their features are equal.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.split import Part, content_digest
from saddlepoint.errors import DataError
from saddlepoint.models.arrays import CHUNK, Numbers, as_tensor

# Called with the number of examples that were finished since the last call.
Advance = Callable[[int], None]

_CHUNK_NUMBERS = 1 << 22  # in the examples of one chunk, so that large ones are taken a few at a time


@dataclass(frozen=True, eq=False)
class Features:
    """A fixed function of examples.

    Attributes:
        name: shown with scores, such as "pixels", "PCA-64" or "digits classifier".
        fingerprint: hex SHA-256 of all that determines the numbers: kind, settings, weights, the data of the fit.
        dimension: numbers for each example.
        function: (n, *event) in the data's own units and type -> (n, dimension); treats each example separately.
        posterior: (n, *event) -> (n, classes) probabilities that add up to 1; only the data's classifier has it.
        notes: sentences for readers of a score: test accuracy, preprocessing, what the fingerprint does not cover.
        shape: of an example; if it is given, examples of another shape raise an error.
    """

    name: str
    fingerprint: str
    dimension: int
    function: Callable[[Tensor], Tensor]
    posterior: Callable[[Tensor], Tensor] | None = None
    notes: tuple[str, ...] = ()
    shape: tuple[int, ...] | None = None

    def __call__(self, x: Numbers, progress: Advance | None = None, *, chunk: int = CHUNK) -> Tensor:
        """Compute the features of examples.

        Args:
            x: (N, *event) in the data's own units.
            progress: callback for the number of examples finished since the last call.
            chunk: examples at a time.

        Returns:
            (N, dimension) float32 on the CPU.

        Raises:
            DataError: x has another shape, holds NaN or infinite values, or the function does not return one finite
                row of `dimension` numbers for each example.
        """
        return self._apply_in_chunks(self._row_features, x, self.dimension, progress, chunk)

    def probabilities(self, x: Numbers, progress: Advance | None = None, *, chunk: int = CHUNK) -> Tensor:
        """Compute class probabilities by `posterior`.

        Args:
            x: (N, *event) in the data's own units.
            progress: callback for the number of examples finished since the last call.
            chunk: examples at a time.

        Returns:
            (N, classes) float32.

        Raises:
            DataError: these features have no posterior; or as for a call.
        """
        if self.posterior is None:
            raise DataError(
                f"{self.name}: these features give no class probabilities; a classifier of the data's own labels does "
                '(build_features("classifier", dataset)).'
            )
        return self._apply_in_chunks(self.posterior, x, None, progress, chunk)

    def _row_features(self, x: Tensor) -> Tensor:
        rows = self.function(x)
        if not isinstance(rows, Tensor) or tuple(rows.shape) != (len(x), self.dimension):
            got = tuple(rows.shape) if isinstance(rows, Tensor) else type(rows).__name__
            raise DataError(
                f"{self.name}: one row of {self.dimension} features an example is needed, ({len(x)}, {self.dimension}), "
                f"got {got}: return a tensor of that shape."
            )
        if not rows.isfinite().all():
            raise DataError(f"{self.name}: the features of some examples are NaN or infinite; scores would hide them.")
        return rows

    def _apply_in_chunks(
        self, function: Callable[[Tensor], Tensor], x: Numbers, width: int | None, progress: Advance | None, chunk: int
    ) -> Tensor:
        x = as_tensor(x)
        if self.shape is not None and tuple(x.shape[1:]) != self.shape:
            raise DataError(
                f"{self.name}: these features are of examples of shape {self.shape}, got a batch of shape "
                f"{tuple(x.shape)}: give (N, {', '.join(map(str, self.shape))})."
            )
        if len(x) == 0:
            raise DataError(f"{self.name}: there are no examples to compute features of; give one or more.")
        size = max(1, min(chunk, _CHUNK_NUMBERS // max(1, x[0].numel())))
        result: Tensor | None = None
        done = 0
        with torch.no_grad():
            for part in torch.split(x, size):
                check_finite(part, self.name)
                rows = function(part.cpu()).to("cpu", torch.float32)
                if result is None:
                    result = torch.empty(len(x), rows.shape[1] if width is None else width)
                result[done : done + len(part)] = rows
                done += len(part)
                if progress is not None:
                    progress(len(part))
        assert result is not None
        return result


def check_finite(x: Tensor, name: str) -> None:
    """Check that examples are finite.

    Args:
        x: (N, ...) examples.
        name: of the data, for the message.

    Raises:
        DataError: an example holds NaN or infinite values.
    """
    if x.is_floating_point() and not x.isfinite().all():
        broken = int((~x.isfinite()).flatten(1).any(1).sum())
        raise DataError(
            f"{name}: {broken:,} of {len(x):,} examples of one batch hold NaN or infinite values; features of the "
            "others would hide them: find out why, or leave them out yourself."
        )


def fingerprint(kind: str, weights: Mapping[str, Tensor] | None = None, **settings: Any) -> str:
    """Hex SHA-256 of features.

    Args:
        kind: of the features.
        weights: tensors by name.
        **settings: anything that JSON can hold.
    """
    digest = hashlib.sha256(json.dumps([kind, settings], sort_keys=True).encode())
    for name, value in sorted((weights or {}).items()):
        value = value.detach().cpu().contiguous()
        digest.update(f"{name} {tuple(value.shape)} {value.dtype}".encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def module_weights(function: object) -> dict[str, Tensor] | None:
    """The parameters and buffers of a module by name; None for other callables."""
    return dict(function.state_dict()) if isinstance(function, nn.Module) else None


def dataset_digest(dataset: Dataset) -> str:
    """The dataset's fingerprint; for a dataset without one, a digest of its content."""
    return dataset.fingerprint or content_digest(Part(dataset.x, dataset.y))
