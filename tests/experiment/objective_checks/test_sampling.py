"""The code alone determines the sample: custom networks that violate this are found before the first step."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from saddlepoint.data import load
from saddlepoint.errors import SettingError
from saddlepoint.experiment.objective_checks.sampling import check_sampling
from saddlepoint.models import build
from saddlepoint.models.gan.model import GAN
from saddlepoint.recipe import Recipe, shipped_names

LATENT, SIZE = 8, 64


def plain(normalisation: nn.Module | None = None) -> nn.Module:
    layers = [nn.Linear(LATENT, 32), *([normalisation] if normalisation else []), nn.ReLU(), nn.Linear(32, SIZE)]
    return nn.Sequential(*layers, nn.Tanh(), nn.Unflatten(1, (1, 8, 8)))


class Noisy(nn.Module):
    """Noise in the hidden layer; `ignores` leaves the code out."""

    def __init__(self, ignores: bool = False) -> None:
        super().__init__()
        self.first, self.last, self.ignores = nn.Linear(LATENT, 32), nn.Linear(32, SIZE), ignores

    def forward(self, z: Tensor) -> Tensor:
        hidden = self.first(torch.zeros_like(z) if self.ignores else z)
        made: Tensor = torch.tanh(self.last(hidden + torch.randn_like(hidden))).view(-1, 1, 8, 8)
        return made


class Constant(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.randn(1, 1, 8, 8, generator=torch.Generator().manual_seed(0)))

    def forward(self, z: Tensor) -> Tensor:
        return torch.tanh(self.value).expand(len(z), -1, -1, -1)


def gan(generator: nn.Module) -> GAN:
    event = load("digits").event
    settings = Recipe.load("gan-digits").override({"model.latent": LATENT}).model
    model = build(settings, event, modules={"generator": generator}, seed=0)
    assert isinstance(model, GAN)
    return model


FOUND: dict[str, tuple[Callable[[], nn.Module], list[tuple[str, str]]]] = {
    "plain": (plain, []),
    "batch norm": (lambda: plain(nn.BatchNorm1d(32)), []),
    "batch statistics": (lambda: plain(nn.BatchNorm1d(32, track_running_stats=False)), [("NUM305", "warning")]),
    "layer norm": (lambda: plain(nn.LayerNorm(32)), []),
    "own noise": (Noisy, []),
    "own noise instead of the code": (lambda: Noisy(ignores=True), [("GAN110", "warning")]),
    "one example": (Constant, [("GAN110", "failure")]),
}


@pytest.mark.parametrize("name", FOUND)
def test_the_generator_depends_on_its_code(name: str) -> None:
    make, expected = FOUND[name]
    state = torch.get_rng_state()
    with torch.random.fork_rng(devices=[]):
        found = [(finding.code, finding.severity) for finding in check_sampling(gan(make()))]
    assert found == expected
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    "name", [name for name in shipped_names() if name.endswith("digits") or name.startswith("toy")]
)
def test_ready_made_networks_take_their_code(name: str) -> None:
    recipe = Recipe.load(name)
    model = build(recipe.model, load(recipe.data).event, seed=0)
    with torch.random.fork_rng(devices=[]):
        assert list(check_sampling(model)) == []


@pytest.mark.parametrize("make", [plain, Noisy])
def test_samples_repeat_by_seed_and_leave_the_callers_random_numbers_alone(make: Callable[[], nn.Module]) -> None:
    model = gan(make())
    torch.manual_seed(5)
    one = model.sample(40, generator=torch.Generator().manual_seed(0))
    expected = torch.rand(3)
    torch.manual_seed(6)
    other = model.sample(40, generator=torch.Generator().manual_seed(0))
    assert torch.equal(one, other)
    torch.manual_seed(5)
    assert torch.equal(torch.rand(3), expected)
    assert not torch.equal(one, model.sample(40, generator=torch.Generator().manual_seed(1)))


@pytest.mark.parametrize("n", [2, 250, 251, 501])
def test_any_number_of_samples_but_one_can_be_normalised_by_the_batch(n: int) -> None:
    model = gan(plain(nn.BatchNorm1d(32, track_running_stats=False)))
    assert len(model.sample(n)) == n
    with pytest.raises(SettingError, match="running statistics"):
        model.sample(1)
