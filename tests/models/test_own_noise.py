"""Noise that a network draws by itself is decided by its input, except where inputs cannot be read."""

from __future__ import annotations

import torch

from saddlepoint.models.own_noise import global_seed_from


def test_a_network_can_be_mapped_over_replicas() -> None:
    """Replicas draw samples under vmap, where the numbers of a code cannot be read."""

    def made(z: torch.Tensor) -> torch.Tensor:
        with global_seed_from(z):
            return 2 * z

    z = torch.randn(3, 5, 2)
    assert torch.equal(torch.vmap(made)(z), 2 * z)
