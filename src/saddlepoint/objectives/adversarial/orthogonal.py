"""A constraint that keeps the weight matrices of a player orthogonal, so that no layer amplifies one direction over another.

The weight of a linear layer is the matrix W (outputs, inputs), that of a convolution is (output channels, input channels times
kernel size), and that of a transposed convolution (input channels, output channels times kernel size). Then W W^T = gain^2 I,
or W^T W = gain^2 I where W has more rows than columns. Matrices of grouped convolutions are orthogonal group by group.

After each update, W is replaced by gain times its polar factor, which is the closest orthogonal matrix. The alternative,
`torch.nn.utils.parametrizations.orthogonal`, computes a matrix exponential in every forward pass, of which a step has three or
more, and treats a convolution as one small matrix for each pair of channels. The projection is computed once an update, and has
no state: a checkpoint holds the weights alone, and a resumed run continues with the same numbers.

References:
    Orthogonal Wasserstein GANs (Jan Müller, Reinhard Klein, Michael Weinmann, 2019), https://arxiv.org/abs/1911.13060
    Neural Photo Editing with Introspective Adversarial Networks (Andrew Brock, Theodore Lim, J. M. Ritchie, Nick Weston, 2016),
        https://arxiv.org/abs/1609.07093 (orthogonality as a penalty of the weights)
    Computing the Polar Decomposition - with Applications (Nicholas Higham, 1986), https://doi.org/10.1137/0907079
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd
from torch.nn.utils import parametrize

from saddlepoint.objectives.adversarial.numbers import check_number
from saddlepoint.objectives.precision import at_least_float32

# Below this ratio of the smallest to the largest eigenvalue of W W^T, rounding in W W^T would show in the polar factor.
WELL_CONDITIONED = 0.01


@dataclass(frozen=True)
class Orthogonal:
    """Orthogonal weights: after each update, the weight of each linear and convolutional layer is made orthogonal.

    Attributes:
        gain: factor by which every layer changes lengths, above 0. A linear layer with more inputs than outputs changes them
            by at most this factor.
    """

    gain: float = 1.0
    after_update: ClassVar[bool] = True
    forbids: ClassVar[Mapping[str, str]] = {
        "updates.unrolled": "the steps that the generator looks ahead do not keep the weights orthogonal"
    }

    def __post_init__(self) -> None:
        check_number("gain", self.gain, exclusive=True)

    def prepare(self, network: nn.Module) -> None:
        """Make the first weights orthogonal."""
        self.project(network)

    def project(self, network: nn.Module) -> None:
        """Replace each weight matrix by `gain` times its polar factor. Weights that are not finite are left as they are."""
        # Weights on the meta device: the network is built only to count them.
        weights = [(weight, groups) for weight, groups in _weights(network) if not weight.is_meta]
        with torch.no_grad():
            matrices = [weight.reshape(groups, weight.shape[0] // groups, -1) for weight, groups in weights]
            for (weight, _), factor in zip(weights, polar_factors(matrices), strict=True):
                weight.copy_(self.gain * factor.reshape(weight.shape))


def polar_factor(matrices: Tensor) -> Tensor:
    """Return the closest orthogonal matrices.

    Args:
        matrices: (N, M, K), on the CPU or another device that computes eigenvalues.

    Returns:
        (N, M, K) at least float32: rows are orthonormal if M is at most K, otherwise columns. Matrices that are not finite
        are returned unchanged, because the failure is recorded elsewhere.
    """
    return polar_factors([matrices])[0]


def polar_factors(layers: Sequence[Tensor]) -> list[Tensor]:
    """Return the closest orthogonal matrices of several layers.

    Which layers need singular values is read from the device in one transfer, instead of one a layer. On a GPU,
    `torch.linalg.eigh` still makes the host wait once a layer, because it checks whether it converged.

    Args:
        layers: matrices (N, M, K) of each layer, all on one device, which computes eigenvalues. Sizes may differ between layers.

    Returns:
        For each layer what `polar_factor` returns, (N, M, K) at least float32.
    """
    if not layers:
        return []
    layers = [at_least_float32(matrices) for matrices in layers]
    factors, flags = zip(*map(_from_eigenvalues, layers), strict=True)
    return [
        factor if is_exact else _from_singular_values(matrices)
        for matrices, factor, is_exact in zip(layers, factors, torch.stack(flags).tolist(), strict=True)
    ]


def _from_eigenvalues(matrices: Tensor) -> tuple[Tensor, Tensor]:
    """The polar factors of (N, M, K) matrices, and whether all of them are exact to rounding, () bool.

    (W W^T)^(-1/2) W needs the eigenvalues of the small side alone: a quarter of the time of singular values for 128 x 1024.
    """
    if matrices.shape[1] > matrices.shape[2]:
        factor, is_exact = _from_eigenvalues(matrices.mT)
        return factor.mT, is_exact
    squares = (matrices @ matrices.mT).double()
    is_finite = squares.isfinite().all()
    # Eigenvalues of matrices that are not finite are an error.
    squares = torch.where(is_finite, squares, torch.eye(squares.shape[1], dtype=squares.dtype, device=squares.device))
    values, vectors = torch.linalg.eigh(squares)
    inverse_root = (vectors * values.rsqrt()[:, None]) @ vectors.mT
    is_exact = is_finite & (values[:, 0] > WELL_CONDITIONED * values[:, -1]).all()
    return inverse_root.to(matrices.dtype) @ matrices, is_exact


def _from_singular_values(matrices: Tensor) -> Tensor:
    """The polar factors of (N, M, K) matrices of any rank; matrices that are not finite are returned unchanged."""
    if matrices.shape[1] > matrices.shape[2]:
        return _from_singular_values(matrices.mT).mT
    if not matrices.isfinite().all():
        return matrices
    left, _, right = torch.linalg.svd(matrices, full_matrices=False)
    factor: Tensor = left @ right
    return factor


def _weights(network: nn.Module) -> Iterator[tuple[Tensor, int]]:
    """The weights of linear and convolutional layers without a parametrisation, and the number of groups of each."""
    for layer in network.modules():
        if isinstance(layer, nn.Linear | _ConvNd) and not (
            parametrize.is_parametrized(layer, "weight") or hasattr(layer, "weight_orig")
        ):
            yield layer.weight, layer.groups if isinstance(layer, _ConvNd) else 1
