"""Orthogonal weights: W W^T = gain^2 I after every projection, and the projection is the closest such matrix."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm
from torch.utils._python_dispatch import TorchDispatchMode

from saddlepoint.errors import SettingError
from saddlepoint.objectives.adversarial.orthogonal import Orthogonal, polar_factor, polar_factors

LAYERS = {
    "wide": (nn.Linear(9, 4), 1),
    "tall": (nn.Linear(4, 9), 1),
    "square": (nn.Linear(8, 8), 1),
    "one output": (nn.Linear(7, 1), 1),
    "convolution": (nn.Conv2d(3, 6, 3), 1),
    "tall convolution": (nn.Conv1d(2, 20, 3), 1),
    "grouped": (nn.Conv2d(6, 9, 3, groups=3), 3),
    "transposed": (nn.ConvTranspose2d(8, 2, 4), 1),
    "grouped transposed": (nn.ConvTranspose1d(6, 4, 3, groups=2), 2),
    "volume": (nn.Conv3d(2, 5, 2), 1),
}


def assert_orthogonal(weight: torch.Tensor, groups: int, gain: float) -> None:
    """Check that the shorter side's Gram matrix is gain^2 times the identity, group by group."""
    for matrix in weight.detach().reshape(groups, weight.shape[0] // groups, -1):
        short = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
        torch.testing.assert_close(short @ short.T, gain**2 * torch.eye(len(short)), atol=1e-5 * gain**2, rtol=0)


@pytest.mark.parametrize("gain", [1.0, 0.3, 4.0])
@pytest.mark.parametrize("name", LAYERS)
def test_weights_are_orthogonal_before_training_and_after_every_update_however_large(name: str, gain: float) -> None:
    layer, groups = LAYERS[name]
    constraint = Orthogonal(gain)
    constraint.prepare(layer)
    assert_orthogonal(layer.weight, groups, gain)
    generator = torch.Generator().manual_seed(0)
    for length in (1e-4, 0.1, 10.0):
        with torch.no_grad():
            layer.weight.add_(length * torch.randn(layer.weight.shape, generator=generator))
        constraint.project(layer)
        assert_orthogonal(layer.weight, groups, gain)


def test_a_layer_with_more_outputs_than_inputs_keeps_lengths() -> None:
    layer = nn.Linear(4, 9, bias=False)
    Orthogonal(2.0).prepare(layer)
    x = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(layer(x).norm(dim=1), 2 * x.norm(dim=1))


@pytest.mark.parametrize("shape", [(1, 5, 8), (2, 8, 5), (1, 6, 6)])
def test_the_polar_factor_is_that_of_singular_values(shape: tuple[int, ...]) -> None:
    generator = torch.Generator().manual_seed(0)
    matrices = torch.randn(shape, generator=generator, dtype=torch.float64)
    left, _, right = torch.linalg.svd(matrices, full_matrices=False)
    torch.testing.assert_close(polar_factor(matrices), left @ right)
    # Projecting twice is projecting once, and a positive factor does not matter.
    torch.testing.assert_close(polar_factor(polar_factor(matrices)), left @ right)
    torch.testing.assert_close(polar_factor(1e-3 * matrices), left @ right)


@pytest.mark.parametrize("rank", [0, 1, 3])
def test_singular_matrices_become_orthogonal_too(rank: int) -> None:
    generator = torch.Generator().manual_seed(0)
    matrix = torch.randn(4, rank, generator=generator) @ torch.randn(rank, 6, generator=generator)
    found = polar_factor(matrix[None])[0]
    torch.testing.assert_close(found @ found.T, torch.eye(4), atol=1e-5, rtol=0)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_weights_that_are_not_finite_stay_so_that_the_failure_is_found(value: float) -> None:
    layer = nn.Linear(3, 2)
    with torch.no_grad():
        layer.weight[0, 0] = value
    Orthogonal().project(layer)
    assert not layer.weight.isfinite().all()


class HostReads(TorchDispatchMode):
    """Counts the single numbers that are read from a device, for each of which the host waits."""

    count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += func is torch.ops.aten._local_scalar_dense.default
        return func(*args, **(kwargs or {}))


def test_layers_are_judged_in_one_transfer_and_each_gets_its_own_factor() -> None:
    generator = torch.Generator().manual_seed(0)
    shapes = ((1, 5, 8), (3, 9, 2), (1, 6, 6))
    layers = [torch.eye(*shape[1:]) + 0.1 * torch.randn(shape, generator=generator) for shape in shapes]
    with HostReads() as reads:
        found = polar_factors(layers)
    assert reads.count == 0  # flags of all layers come as one list
    broken, flat = torch.full((1, 3, 4), math.nan), torch.ones(2, 4, 3)
    with HostReads() as reads:
        mixed = polar_factors([layers[0], broken, layers[1], flat, layers[2]])
    assert reads.count == 2  # whether layers that need singular values are finite
    assert all(torch.equal(mixed[at], factor) for at, factor in zip((0, 2, 4), found, strict=True))
    assert mixed[1].isnan().all()
    torch.testing.assert_close(mixed[3].mT @ mixed[3], torch.eye(3).expand(2, 3, 3), atol=1e-5, rtol=0)
    assert polar_factors([]) == []


def test_other_layers_and_parametrised_weights_are_left_alone() -> None:
    network = nn.Sequential(spectral_norm(nn.Linear(3, 3)), nn.BatchNorm1d(3), nn.Embedding(4, 3))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    Orthogonal().project(network)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


@pytest.mark.parametrize("gain", [0.0, -1.0, math.inf, math.nan, "large", True])
def test_a_gain_out_of_range_is_refused(gain: object) -> None:
    with pytest.raises(SettingError, match="gain must be a finite number above 0"):
        Orthogonal(gain)  # type: ignore[arg-type]
