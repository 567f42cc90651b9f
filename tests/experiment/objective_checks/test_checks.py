"""Injected mistakes in objectives are found on one batch, before the first step; ready-made models make none."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from saddlepoint.data import from_array
from saddlepoint.data.event import Event
from saddlepoint.data.preflight import preflight
from saddlepoint.diagnosis.escalation import next_remedy
from saddlepoint.diagnosis.remedies import propose
from saddlepoint.experiment import first_checks
from saddlepoint.experiment.objective_checks.check import find_mistakes, output_range
from saddlepoint.models import build
from saddlepoint.models.autoencoder.settings import AutoencoderSettings
from saddlepoint.models.base import Model
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.models.vae.network import Pass
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.objectives.adversarial.composition import logits
from saddlepoint.objectives.adversarial.losses import cross_entropy
from saddlepoint.objectives.divergence import kl_standard_normal
from saddlepoint.objectives.likelihood import log_likelihood
from tests.experiment.runs import recipe, start_session

IMAGE = Event((1, 8, 8), "image", "uint8", 0.0, 255.0)
X = torch.randint(0, 256, (64, 1, 8, 8), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)

READY = {
    "autoencoder": AutoencoderSettings(),
    "vae": VAESettings(latent=4),
    "vae, Gaussian, warm-up": VAESettings(likelihood="gaussian-learnt", warm_up=100, beta=4),
    "vae, free bits": VAESettings(free_bits=0.5),
    "vae, binarised": VAESettings(binarise="stochastic"),
    "gan": GANSettings(),
    "minimax": GANSettings(objective="minimax", labels={"smoothing": 0.1}),
    "relativistic": GANSettings(objective="relativistic", penalties={"r1": 1.0, "r2": 1.0}),
    "feature matching": GANSettings(objective="feature-matching"),
    "packed": GANSettings(
        discriminator={"packing": 2, "minibatch_kernels": 4},
        labels={"flipping": 0.1},
        views={"instance_noise": 0.1},
        replay={"share": 0.5},
    ),
    "dcgan": GANSettings(
        generator=NetworkSettings(network="dcgan", width=4), discriminator=NetworkSettings(network="dcgan", width=4)
    ),
}


@pytest.mark.parametrize("name", READY)
def test_ready_made_models_make_none(name: str) -> None:
    model = build(READY[name], IMAGE)
    before = {key: value.clone() for player in model.players.values() for key, value in player.state_dict().items()}
    modes = [layer.training for player in model.players.values() for layer in player.modules()]
    assert find_mistakes(model, X) == []
    after = {key: value for player in model.players.values() for key, value in player.state_dict().items()}
    assert all(torch.equal(value, after[key]) for key, value in before.items())
    assert [layer.training for player in model.players.values() for layer in player.modules()] == modes
    assert all(p.grad is None for player in model.players.values() for p in player.parameters())


def vae(kl: Callable[[Tensor, Tensor], Tensor], model: Any = None) -> Model:
    """A VAE that charges this for KL."""
    model = model or build(VAESettings(latent=4), IMAGE)

    def loss(nets: Any, batch: Any, noise: Any) -> Any:
        output, mean, log_variance, log_std = nets["vae"](batch.x, noise.epsilon)
        return -log_likelihood(batch.x, output, log_std) + noise.kl_weight * kl(mean, log_variance), {}

    model._phases = (replace(model.phases[0], loss=loss),)
    return model  # type: ignore[no-any-return]


WRONG = {
    "its sign is flipped": lambda m, v: -kl_standard_normal(m, v),
    "the mean over units": lambda m, v: kl_standard_normal(m, v) / 4,
    "divided by the batch's size": lambda m, v: kl_standard_normal(m, v) / 64,
    "times what it should be": lambda m, v: 3 * kl_standard_normal(m, v),
}


@pytest.mark.parametrize("words", WRONG)
def test_a_wrong_kl_is_found_and_named(words: str) -> None:
    (found,) = find_mistakes(vae(WRONG[words]), X)
    assert found.code == "VAE202"
    assert words in found.title


COLOUR = Event((3, 64, 64), "image", "uint8", 0.0, 255.0)
PICTURES = torch.randint(0, 256, (32, 3, 64, 64), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)


@pytest.mark.parametrize("likelihood", ["gaussian", "gaussian-learnt", "bernoulli"])
@pytest.mark.parametrize("seed", range(3))
def test_a_kl_next_to_the_nats_of_an_image_is_detected(likelihood: Any, seed: int) -> None:
    torch.manual_seed(seed)
    model: Any = build(VAESettings(latent=4, likelihood=likelihood, observation_std=0.1), COLOUR)
    assert find_mistakes(model, PICTURES) == []
    model._phases = vae(lambda m, v: 1.2 * kl_standard_normal(m, v), model).phases
    assert [finding.code for finding in find_mistakes(model, PICTURES)] == ["VAE202"]


def test_nan_weights_are_no_mistake() -> None:
    model = build(GANSettings(), IMAGE)
    nowhere: Any = build(VAESettings(latent=4), IMAGE)
    for network in (*model.players.values(), nowhere.player):
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.fill_(float("nan"))
    assert find_mistakes(model, X) == []
    assert find_mistakes(nowhere, X) == []
    assert find_mistakes(vae(lambda m, v: kl_standard_normal(m, v) / 0), X) == []


def test_a_logs_cost_without_a_number_is_no_mistake() -> None:
    model: Any = build(GANSettings(), IMAGE)

    def loss(nets: Any, batch: Any, noise: Any) -> Any:
        return (logits(nets, batch.x) + logits(nets, nets["g"](noise.latent))) * float("nan"), {}

    model._phases = tuple(replace(phase, loss=loss) for phase in model.phases)
    assert find_mistakes(model, X) == []


def test_equal_examples_and_a_dead_encoder_are_no_clamped_heads() -> None:
    model: Any = build(VAESettings(latent=4), IMAGE)
    assert find_mistakes(model, X[:1].expand(64, -1, -1, -1)) == []
    with torch.no_grad():
        model.player.mean.weight.zero_()
        model.player.log_variance.weight.zero_()
    assert find_mistakes(model, X) == []


@pytest.mark.parametrize("heads", [("mean",), ("log_variance",), ("mean", "log_variance")])
def test_clamped_heads_are_found(heads: tuple[str, ...]) -> None:
    model: Any = build(VAESettings(latent=8), IMAGE)
    for name in heads:
        setattr(model.player, name, nn.Sequential(getattr(model.player, name), nn.ReLU()))
    assert [found.code for found in find_mistakes(model, X)] == ["VAE203"] * len(heads)


def swapped(model: Any) -> None:
    def loss(nets: Any, batch: Any, noise: Any) -> Any:
        real, fake = logits(nets, batch.x), logits(nets, nets["g"](noise.latent).detach())
        return cross_entropy(real, 0.0) + cross_entropy(fake, 1.0), {}

    model._phases = (replace(model.phases[0], loss=loss), *model.phases[1:])


def wrong_direction(model: Any) -> None:
    own = model.phases[1].loss

    def loss(nets: Any, batch: Any, noise: Any) -> Any:
        value, seen = own(nets, batch, noise)
        return -value, seen

    model._phases = (model.phases[0], replace(model.phases[1], loss=loss))


def not_detached(model: Any) -> None:
    def loss(nets: Any, batch: Any, noise: Any) -> Any:
        real, fake = logits(nets, batch.x), logits(nets, nets["g"](noise.latent))
        return cross_entropy(real, 1.0) + cross_entropy(fake, 0.0), {}

    model._phases = (replace(model.phases[0], loss=loss), *model.phases[1:])


def squashed(model: Any) -> None:
    model.players["d"] = nn.Sequential(model.players["d"], nn.Sigmoid())


def rectified(model: Any) -> None:
    model.players["d"] = nn.Sequential(model.players["d"], nn.ReLU())


def never_training(model: Any) -> None:
    class Still(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.BatchNorm1d(8), nn.Linear(8, 1))

        def forward(self, x: Tensor) -> Tensor:
            return self.layers(x)  # type: ignore[no-any-return]

        def train(self, mode: bool = True) -> Still:
            return super().train(False)

    model.players["d"] = Still()


@pytest.mark.parametrize(
    ("plant", "code", "words"),
    [
        (swapped, "GAN106", "labels are swapped"),
        (wrong_direction, "GAN106", "wrong sign"),
        (not_detached, "GAN101", "not detached"),
        (squashed, "GAN104", "sigmoid"),
        (rectified, "GAN104", "rectifier"),
        (never_training, "GAN104", "evaluation mode"),
    ],
)
def test_a_mistake_in_a_game_is_found(plant: Callable[[Any], None], code: str, words: str) -> None:
    model = build(GANSettings(), IMAGE)
    plant(model)
    (found,) = find_mistakes(model, X)
    assert (found.code, found.step) == (code, 0)
    assert words in found.title


@pytest.mark.parametrize(
    ("last", "bounds"),
    [(nn.Tanh(), (-1, 1)), (nn.Sigmoid(), (0, 1)), (nn.ReLU(), (0, float("inf"))), (nn.Identity(), None)],
)
def test_a_custom_generator_reveals_its_range(last: nn.Module, bounds: tuple[float, float] | None) -> None:
    own = nn.Sequential(nn.Linear(64, 64), nn.Unflatten(1, (1, 8, 8)), last)
    model = build(GANSettings(), IMAGE, modules={"generator": own})
    assert model.output_range is None
    assert output_range(model) == bounds
    assert output_range(build(GANSettings(), IMAGE)) == (-1, 1)


@pytest.mark.slow
def test_a_trial_that_fails_does_not_end_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(model: Model, x: Tensor, labels: Tensor | None) -> None:
        raise AttributeError("a loss of one's own asked for what the trial does not have")

    monkeypatch.setattr(first_checks, "find_mistakes", failing)
    with pytest.warns(RuntimeWarning, match="networks and losses could not be made .AttributeError"):
        summary = start_session(recipe("gan"), tmp_path / "run").run()
    assert summary is not None
    assert summary["step"] == recipe("gan").training.steps


class Own(nn.Module):
    """A generator of 8x8 images that makes its pictures of `function(z)`."""

    def __init__(self, function: Callable[[Tensor], Tensor], latent: int = 64) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(latent, 32), nn.Tanh(), nn.Linear(32, 64), nn.Tanh())
        self.function = function

    def forward(self, z: Tensor) -> Tensor:
        return self.layers(self.function(z)).view(-1, 1, 8, 8)  # type: ignore[no-any-return]


def test_weights_initialised_to_zero_do_not_ignore_the_code() -> None:
    own = Own(lambda z: z)
    nn.init.zeros_(own.layers[2].weight)
    assert find_mistakes(build(GANSettings(), IMAGE, modules={"generator": own}), X) == []


def decoder(last: nn.Module, latent: int = 4) -> nn.Module:
    return nn.Sequential(nn.Linear(latent, 32), nn.Tanh(), nn.Linear(32, 64), last, nn.Unflatten(1, (1, 8, 8)))


@pytest.mark.parametrize(
    ("likelihood", "last", "bounds"),
    [
        ("bernoulli", nn.Tanh(), (1 / (1 + math.e), math.e / (1 + math.e))),
        ("bernoulli", nn.Sigmoid(), (0.5, math.e / (1 + math.e))),
        ("bernoulli", nn.ReLU(), (0.5, 1.0)),
        ("bernoulli", nn.Identity(), (0.0, 1.0)),
        ("gaussian", nn.Tanh(), (-1.0, 1.0)),
        ("gaussian", nn.Softplus(), (0.0, math.inf)),
        ("gaussian", nn.Identity(), None),
    ],
)
def test_a_custom_decoder_reveals_its_range(
    likelihood: Any, last: nn.Module, bounds: tuple[float, float] | None
) -> None:
    model = build(VAESettings(latent=4, likelihood=likelihood), IMAGE, modules={"decoder": decoder(last)})
    assert output_range(model) == (None if bounds is None else pytest.approx(bounds))


def test_columns_of_several_kinds_have_no_range_in_common() -> None:
    event = Event((4,), "vector", mean=(0.0,) * 4, std=(1.0,) * 4, groups=((1, 4),))
    assert output_range(build(VAESettings(latent=2, likelihood="mixed-learnt"), event)) is None


@pytest.mark.parametrize("last", [nn.Tanh(), nn.Sigmoid()])
def test_a_decoder_that_ends_with_a_bound_under_bernoulli_is_found(last: nn.Module) -> None:
    data = from_array(X[:, 0].numpy())
    model = build(VAESettings(latent=4), data.event, modules={"decoder": decoder(last)})
    (found,) = preflight(data, 16, output_range(model), scaling=model.scaling)
    assert (found.code, found.severity, found.remedy) == ("DATA401", "failure", None)
    assert "logits" in found.advice


def test_a_remedy_that_is_in_force_is_not_proposed() -> None:
    data = from_array(X[:, 0].numpy() / 4)  # a quarter of the range of bytes
    model = build(GANSettings(), data.event)
    for scaling in (None, data.event.scaling("none")):
        assert preflight(data, 16, (-1.0, 1.0), scaling=scaling, propose=propose)[0].remedy == {
            "model.scaling": "symmetric"
        }
    symmetric = replace(data.event, low=0.0, high=1e4).scaling("symmetric")
    wide = replace(data, event=replace(data.event, low=0.0, high=1e4))
    (found,) = preflight(wide, 16, (-1.0, 1.0), scaling=symmetric, propose=propose)
    assert (found.code, found.remedy) == ("DATA401", None)
    assert model.scaling == data.event.scaling("symmetric")


def vae_with(reconstruction: Callable[[Tensor, Tensor], Tensor]) -> Model:
    """A VAE with this reconstruction term of logits and examples."""
    model: Any = build(VAESettings(latent=4, beta=2.0), IMAGE)

    def loss(nets: Any, batch: Any, noise: Any) -> Any:
        output, mean, log_variance, _ = nets["vae"](batch.x, noise.epsilon)
        return reconstruction(output, batch.x) + noise.kl_weight * kl_standard_normal(mean, log_variance), {}

    model._phases = (replace(model.phases[0], loss=loss),)
    return model  # type: ignore[no-any-return]


def cross_entropies(logit: Tensor, x: Tensor) -> Tensor:
    return nn.functional.binary_cross_entropy_with_logits(logit, x, reduction="none").flatten(1)


def squares(logit: Tensor, x: Tensor) -> Tensor:
    return (logit.sigmoid() - x).square().flatten(1)


@pytest.mark.parametrize("costs", [cross_entropies, squares])
def test_a_reconstruction_that_is_a_mean_is_named_with_its_remedy(costs: Callable[[Tensor, Tensor], Tensor]) -> None:
    (found,) = find_mistakes(vae_with(lambda output, x: costs(output, x).mean(1)), X)
    assert (found.code, found.severity, found.remedy) == ("VAE204", "failure", {"model.beta": 2 / 64})
    assert "mean over 64 numbers" in found.title
    assert next_remedy(found, {"model.beta": 2.0, "model.warm_up": 0}) == (0, {"model.beta": 2 / 64})
    assert find_mistakes(vae_with(lambda output, x: costs(output, x).sum(1)), X) == []


DRAWN: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "without noise": lambda mean, v, e: mean,
    "exp(v), the variance": lambda mean, v, e: mean + v.exp() * e,
    "times as far": lambda mean, v, e: mean + 6 * (0.5 * v).exp() * e,
}


@pytest.mark.parametrize("words", [*DRAWN, ""])
@pytest.mark.parametrize("own_noise", [False, True])
def test_a_code_that_does_not_follow_its_heads_is_found(words: str, own_noise: bool) -> None:
    model: Any = build(VAESettings(latent=4), IMAGE)
    draw = DRAWN.get(words, lambda mean, v, e: mean + (0.5 * v).exp() * e)

    def loss(nets: Any, batch: Any, noise: Any) -> Any:
        player = nets["vae"]
        mean, v = player.heads(batch.x)
        output = player.decoder(draw(mean, v, torch.randn_like(mean) if own_noise else noise.epsilon))
        return -log_likelihood(batch.x, output, None) + noise.kl_weight * kl_standard_normal(mean, v), {}

    model._phases = (replace(model.phases[0], loss=loss),)
    found = find_mistakes(model, X)
    assert [(one.code, words in one.title) for one in found] == ([("VAE202", True)] if words else [])


def test_a_code_that_is_drawn_in_training_alone_is_no_mistake() -> None:
    model: Any = build(VAESettings(latent=4), IMAGE)
    player = model.player

    def forward(x: Tensor, epsilon: Tensor) -> Any:
        mean, v = player.heads(x)
        return Pass(player.decoder(mean + (0.5 * v).exp() * epsilon if player.training else mean), mean, v, None)

    player.forward = forward
    assert find_mistakes(model, X) == []
