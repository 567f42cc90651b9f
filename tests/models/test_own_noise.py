"""Noise that a network draws by itself is decided by its input, except where inputs cannot be read."""

from __future__ import annotations

import pytest
import torch

from saddlepoint.models.own_noise import global_seed_from


def test_a_network_can_be_mapped_over_replicas() -> None:
    """Replicas draw samples under vmap, where the numbers of a code cannot be read."""

    def made(z: torch.Tensor) -> torch.Tensor:
        with global_seed_from(z):
            return 2 * z

    z = torch.randn(3, 5, 2)
    assert torch.equal(torch.vmap(made)(z), 2 * z)


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.cuda)])
def test_noise_is_that_of_the_seed_and_the_generators_are_restored(device: str) -> None:
    z = torch.arange(6.0, device=device).view(3, 2)
    seed = 0
    for word in z.flatten().cpu().view(torch.int32).tolist():
        seed = (seed * 1_000_003 + word) % (1 << 63)
    torch.manual_seed(7)
    usual = torch.randn(4, device=device)
    torch.manual_seed(seed)
    expected = torch.randn(4, device=device)
    torch.manual_seed(7)
    with global_seed_from(z):
        assert torch.equal(torch.randn(4, device=device), expected)
    assert torch.equal(torch.randn(4, device=device), usual)
    torch.manual_seed(7)
    with pytest.raises(ValueError, match="of the network"), global_seed_from(z):
        raise ValueError("of the network")
    assert torch.equal(torch.randn(4, device=device), usual)
