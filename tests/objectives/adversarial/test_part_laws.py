"""Laws of every penalty, constraint and view of the registries; a new entry is tested without a change here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_map

from saddlepoint.data.event import Event
from saddlepoint.models import build
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.networks.mlp import MLP
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.objectives.adversarial.penalties import Penalty
from saddlepoint.objectives.adversarial.registry import part_at
from saddlepoint.objectives.adversarial.settings import CONSTRAINTS, PENALTIES, VIEWS
from saddlepoint.objectives.phase import Batch

IMAGE = Event((2, 4, 4), "image", "float32", -1.0, 1.0)
N = 4
SMALL = {"hidden": (5,), "activation": "tanh"}
# What a discriminator with a constant logit pays, if not 0: the square of the slope that is asked for.
AT_A_CONSTANT = {"gradient_penalty": 1.0, "dragan": 1.0}

each_penalty = pytest.mark.parametrize("name", PENALTIES)
each_view = pytest.mark.parametrize("name", VIEWS)
each_constraint = pytest.mark.parametrize("name", CONSTRAINTS)


def gan(**settings: Any) -> Any:
    """A small GAN in double precision on images of two channels."""
    network = NetworkSettings(**SMALL)  # type: ignore[arg-type]
    model = build(GANSettings(latent=3, generator=network, discriminator=network, **settings), IMAGE, seed=0)
    for player in model.players.values():
        player.double()
    return model


def images(seed: int = 1) -> Tensor:
    return torch.rand(N, *IMAGE.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 2 - 1


def noise_of(model: Any, phase: Any, seed: int = 2) -> Any:
    """The random numbers of an update, those that are not decisions in double precision."""
    drawn = model.noise(phase, N, 3, torch.Generator().manual_seed(seed))
    return tree_map(lambda value: value if value.dtype == torch.bool else value.double(), drawn)


def penalised(name: str) -> tuple[Any, Callable[[nn.Module | Callable[..., Tensor]], Tensor]]:
    """A GAN with the penalty, and the function from a discriminator to what the penalty adds to its loss, (N,)."""
    model, bare = gan(penalties={name: 1.0}), gan()
    phase, plain = model.phases[0], bare.phases[0]
    noise = noise_of(model, phase)

    def added(discriminator: nn.Module | Callable[..., Tensor]) -> Tensor:
        nets = {"d": discriminator, "g": model.players["g"]}
        loss: Tensor = phase.loss(nets, Batch(images()), noise)[0]
        without: Tensor = plain.loss(nets, Batch(images()), noise)[0]
        return loss - without

    return model, added


@each_penalty
def test_a_penalty_is_one_number_of_at_least_zero_an_example(name: str) -> None:
    model, added = penalised(name)
    found = added(model.players["d"])
    assert found.shape == (N,)
    # The difference of two losses of order 1 has their rounding.
    assert (found >= -1e-12).all()


@each_penalty
def test_a_constant_discriminator_pays_what_theory_says_and_has_finite_gradients(name: str) -> None:
    _, added = penalised(name)
    network = MLP(IMAGE.shape, (), (5,), "tanh").double()
    nn.init.zeros_(list(network.parameters())[-2])
    found = added(network)
    torch.testing.assert_close(found, torch.full_like(found, AT_A_CONSTANT.get(name, 0.0)), atol=1e-12, rtol=1e-9)
    gradients = torch.autograd.grad(found.sum(), list(network.parameters()), allow_unused=True)
    assert all(gradient.isfinite().all() for gradient in gradients if gradient is not None)


@each_penalty
def test_the_gradient_of_a_penalty_agrees_with_finite_differences(name: str) -> None:
    model, added = penalised(name)
    network = model.players["d"]
    names = [key for key, _ in network.named_parameters()]

    def of_weights(*weights: Tensor) -> Tensor:
        parameters = {key: 2 * value for key, value in zip(names, weights, strict=True)}
        return added(lambda x, **named: torch.func.functional_call(network, parameters, (x,), named))

    weights = tuple(weight.detach().requires_grad_() for weight in network.parameters())
    assert torch.autograd.gradcheck(of_weights, weights, fast_mode=True)


@each_penalty
def test_the_weight_of_a_penalty_multiplies_it(name: str) -> None:
    _, once = penalised(name)
    model = gan(penalties={name: 3.0})
    network, phase = model.players["d"], model.phases[0]
    nets = {"d": network, "g": model.players["g"]}
    noise = noise_of(model, phase)
    thrice = phase.loss(nets, Batch(images()), noise)[0] - gan().phases[0].loss(nets, Batch(images()), noise)[0]
    torch.testing.assert_close(thrice, 3 * once(network))


def drawn(name: str, strength: float = 1.0, seed: int = 2) -> tuple[Any, Tensor]:
    """The view with its default arguments, and its random numbers."""
    found = part_at(VIEWS[name])
    view = found() if isinstance(found, type) else found
    state = getattr(view, "state", None)
    # A state that has seen many certain logits, so that the view does something.
    kept = [] if state is None else [state.following(state.first, torch.ones(10**6), -torch.ones(10**6))]
    return view, view.draw(N, IMAGE.shape, strength, torch.Generator().manual_seed(seed), *kept).double()


@each_view
def test_a_view_keeps_the_shape_and_comes_from_the_generator_alone(name: str) -> None:
    before = torch.get_rng_state()
    view, noise = drawn(name)
    x = images()
    found = view(x, noise)
    assert found.shape == x.shape
    assert torch.equal(found, view(x, drawn(name)[1]))
    assert any(not torch.equal(found, view(x, drawn(name, seed=seed)[1])) for seed in (3, 4, 5))
    assert torch.equal(torch.get_rng_state(), before)


@each_view
def test_a_view_of_no_strength_is_the_identity(name: str) -> None:
    view, noise = drawn(name, strength=0.0)
    assert torch.equal(view(images(), noise), images())


@each_view
def test_the_gradient_through_a_view_agrees_with_finite_differences(name: str) -> None:
    view, noise = drawn(name)
    assert torch.autograd.gradcheck(lambda x: view(x, noise), (images().requires_grad_(),))


@each_view
def test_a_view_changes_each_example_alone(name: str) -> None:
    view, noise = drawn(name)
    whole = view(images(), noise)
    for index in range(N):
        part = slice(index, index + 1)
        torch.testing.assert_close(view(images()[part], noise[part]), whole[part])


@each_view
def test_replicas_may_have_their_own_examples_and_random_numbers_of_a_view(name: str) -> None:
    view = drawn(name)[0]
    x = torch.stack([images(1), images(2)])
    noise = torch.stack([drawn(name, seed=seed)[1] for seed in (2, 3)])
    expected = torch.stack([view(*pair) for pair in zip(x, noise, strict=True)])
    torch.testing.assert_close(torch.func.vmap(view)(x, noise), expected)


@each_view
def test_a_view_acts_on_real_and_generated_examples_alike(name: str) -> None:
    model = gan(views={name: 1.0})
    phase = model.phases[0]
    noise = noise_of(model, phase)
    same = type(noise)(noise.latent, noise.real_views, noise.real_views)
    nets = {"d": model.players["d"], "g": lambda latent: images()}
    _, observed = phase.loss(nets, Batch(images()), same)
    torch.testing.assert_close(observed["real_score"], observed["fake_score"])
    assert [leaf.shape for leaf in tree_leaves(noise.real_views)] == [n.shape for n in tree_leaves(noise.fake_views)]


@each_view
def test_the_gradient_of_the_generator_passes_through_a_view(name: str) -> None:
    model = gan(views={name: 1.0})
    phase = next(phase for phase in model.phases if phase.player == "g")
    loss, _ = phase.loss(model.players, Batch(images()), noise_of(model, phase))
    gradients = torch.autograd.grad(loss.mean(), list(model.players["g"].parameters()))
    assert all(gradient.isfinite().all() for gradient in gradients)
    assert any(gradient.any() for gradient in gradients)


def networks() -> Iterator[nn.Module]:
    """A perceptron and a convolutional network."""
    yield MLP((6,), (), (5, 4), "tanh")
    yield nn.Sequential(nn.Conv2d(2, 6, 3), nn.LeakyReLU(), nn.Flatten(), nn.Linear(24, 1))


@each_constraint
def test_a_constraint_is_satisfied_after_every_update(name: str) -> None:
    """A projection leaves weights that it has projected as they are; a parametrisation keeps its constraint by itself."""
    for network in networks():
        constraint = part_at(CONSTRAINTS[name])()
        constraint.prepare(network)
        generator = torch.Generator().manual_seed(0)
        for _ in range(3):
            with torch.no_grad():
                for weight in network.parameters():
                    weight.add_(0.1 * torch.randn(weight.shape, generator=generator))
            constraint.project(network)
            once = {key: value.clone() for key, value in network.state_dict().items()}
            constraint.project(network)
            for key, value in network.state_dict().items():
                torch.testing.assert_close(value, once[key], atol=1e-6, rtol=1e-5)


@each_constraint
def test_a_prepared_network_is_restored_from_its_state_and_a_second_preparation_changes_nothing(name: str) -> None:
    for network, other in zip(networks(), networks(), strict=True):
        constraint = part_at(CONSTRAINTS[name])()
        constraint.prepare(network)
        constraint.prepare(other)
        other.load_state_dict(network.state_dict())
        assert [key for key, _ in network.named_parameters()] == [key for key, _ in other.named_parameters()]
        constraint.prepare(other)
        for key, value in network.state_dict().items():
            torch.testing.assert_close(other.state_dict()[key], value, atol=1e-6, rtol=1e-5)


NEGATIVE = Penalty("real", lambda squared: -squared - 1)


class Shift:
    """A view that ignores its strength."""

    def draw(self, n: int, event: Sequence[int], strength: float, generator: torch.Generator) -> Tensor:
        return torch.rand(n, 1, 1, 1, generator=generator)

    def __call__(self, x: Tensor, noise: Tensor) -> Tensor:
        return x + noise


class Shrink:
    """A constraint that never stops to shrink the weights."""

    after_update = True

    def prepare(self, network: nn.Module) -> None:
        self.project(network)

    def project(self, network: nn.Module) -> None:
        with torch.no_grad():
            for weight in network.parameters():
                weight.mul_(0.5)


@pytest.mark.parametrize(
    ("registry", "each", "wrong", "law"),
    [
        (PENALTIES, each_penalty, "NEGATIVE", test_a_penalty_is_one_number_of_at_least_zero_an_example),
        (VIEWS, each_view, "Shift", test_a_view_of_no_strength_is_the_identity),
        (CONSTRAINTS, each_constraint, "Shrink", test_a_constraint_is_satisfied_after_every_update),
    ],
)
def test_entries_are_tested_unasked_and_wrong_ones_are_found(
    registry: dict[str, str], each: Any, wrong: str, law: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert each.args[1] is registry
    # Settings list the keys of the registries when they are imported; an import path is always a key.
    path = f"{__name__}:{wrong}"
    monkeypatch.setitem(registry, path, path)
    with pytest.raises(AssertionError):
        law(path)
