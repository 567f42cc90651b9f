"""Models of mixed columns: numbers, values that own a region of a number, and categories as groups of one-hot columns."""

from __future__ import annotations

import itertools

import pytest
import torch

from saddlepoint.data.event import Event
from saddlepoint.errors import DataError, SettingError
from saddlepoint.models import build
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.models.settings import FAMILIES
from saddlepoint.models.vae import completion
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.objectives.phase import Batch

GROUPS = ((1, 4), (5, 7))
CELLS = ((4, -9.0, 0.3), (4, 0.3, 9.0), (0, 1.0, 1.5))
MIXED = Event((7,), "vector", mean=(2.0,) * 7, std=(0.5,) * 7, groups=GROUPS, cells=CELLS)
CATEGORIES = Event((6,), "vector", groups=((0, 3), (3, 5)), cells=((5, -9.0, -0.5), (5, -0.5, 9.0)))
VAE = {"likelihood": "mixed", "observation_std": 0.5, "importance_samples": 20}
SOFT = {"generator": {"hidden": [8]}, "discriminator": {"hidden": [8]}, "latent": 3}
MODELS = {
    "vae": VAESettings(**VAE),
    "vae-learnt": VAESettings(likelihood="mixed-learnt", bound="iwae", bound_samples=3),
    "gan": GANSettings(**SOFT),
    "gan-straight-through": GANSettings(**SOFT, categories="straight-through"),
    "gan-uniform": GANSettings(**SOFT, noise={"distribution": "uniform", "scale": 2.0, "stratified": True}),
    "gan-packing": GANSettings(**{**SOFT, "discriminator": {"hidden": [8], "packing": 2}}, penalties={"r1": 1.0}),
    "gan-info": GANSettings(**SOFT, condition={"discriminator": {"name": "info", "categories": [3]}}),
}


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def rows(event: Event = MIXED, n: int = 8) -> torch.Tensor:
    """Numbers, and codes of random categories with noise."""
    x = torch.rand(n, *event.shape, generator=generator(5)) * 0.5 - 0.25
    for start, stop in event.groups:
        x[torch.arange(n), torch.randint(start, stop, (n,), generator=generator(start))] += 1.0
    return x


def is_one_hot(x: torch.Tensor, groups=GROUPS) -> bool:
    return all(
        bool(((part == 0) | (part == 1)).all()) and bool((part.sum(1) == 1).all())
        for part in (x[:, start:stop] for start, stop in groups)
    )


@pytest.mark.parametrize("settings", MODELS.values(), ids=MODELS)
def test_samples_are_exactly_one_hot_and_examples_too_in_the_models_units(settings) -> None:
    model = build(settings, MIXED, seed=0)
    drawn = model.sample(50, generator=generator())
    assert is_one_hot(drawn)
    assert torch.equal(drawn, model.sample(50, generator=generator()))
    seen = model.model_units(rows())
    assert is_one_hot(seen)
    assert all(torch.equal(seen[:, a:b].argmax(1), rows()[:, a:b].argmax(1)) for a, b in GROUPS)
    torch.testing.assert_close(seen[:, 0], (rows()[:, 0] - 2) / 0.5)


@pytest.mark.parametrize("name", [name for name in MODELS if name != "gan-straight-through"])
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    model = build(MODELS[name], MIXED, seed=0)
    for player in model.players.values():
        player.double()
    phase = model.phases[-1]
    x = model.model_units(rows())
    noise = model.noise(phase, len(x), 0, generator())
    noise = type(noise)(
        **{
            key: v.double() if isinstance(v, torch.Tensor) and v.is_floating_point() else v
            for key, v in vars(noise).items()
        }
    )

    def loss() -> torch.Tensor:
        value = phase.loss(model.players, Batch(x, None), noise)[0]
        assert isinstance(value, torch.Tensor)
        return value.mean()

    player = model.players[phase.player]
    weights = [weight for weight in player.parameters() if weight.requires_grad]
    slopes = torch.autograd.grad(loss(), weights, allow_unused=True)
    steps = [torch.randn(weight.shape, generator=generator(n), dtype=torch.float64) for n, weight in enumerate(weights)]
    along = sum((slope * step).sum() for slope, step in zip(slopes, steps, strict=True) if slope is not None)
    values = []
    with torch.no_grad():
        for sign in (1.0, -2.0):
            for weight, step in zip(weights, steps, strict=True):
                weight += sign * 1e-6 * step
            values.append(loss())
    torch.testing.assert_close((values[0] - values[1]) / 2e-6, along, rtol=1e-4, atol=1e-6)


def test_probabilities_of_a_table_of_categories_sum_to_one() -> None:
    model = build(VAESettings(**VAE), CATEGORIES, seed=0)
    every = [
        [*torch.eye(3)[a].tolist(), *torch.eye(2)[b].tolist(), number]
        for a, b, number in itertools.product(range(3), range(2), (-1.0, 2.0))
    ]
    x = model.model_units(torch.tensor(every))
    for code in torch.randn(4, 3, generator=generator()):
        output = model.player.decoder(code.expand(len(x), -1)).detach()
        log_prob = model.likelihood.log_prob(x, output, model.player.log_std)
        torch.testing.assert_close(log_prob.exp().sum(), torch.tensor(1.0))
    assert model.log_prob_of == "mixed"
    assert (model.log_prob(torch.tensor(every)) < 0).all()


def test_draws_have_the_probabilities_of_the_likelihood() -> None:
    model = build(VAESettings(**VAE), CATEGORIES, seed=0)
    code, n = torch.tensor([[0.5, -1.0, 2.0]]), 4_000
    output = 2 * model.player.decoder(code).detach()
    mean, log_std = model.likelihood.mean(output), model.player.log_std
    torch.testing.assert_close(
        model.decode(code)[:, :5], model.likelihood.mean(model.player.decoder(code))[:, :5].detach()
    )
    drawn = model.likelihood.draw(mean.expand(n, -1), log_std, generator())
    shares = drawn[:, :5].mean(0)
    assert ((shares - mean[0, :5]).abs() < 4 * (mean[0, :5] * (1 - mean[0, :5]) / n).sqrt() + 1e-9).all()
    below = (drawn[:, 5] < -0.5).float().mean()
    x = torch.tensor([[1.0, 0, 0, 1, 0, -1.0]])
    expected = model.likelihood.joint(model.model_units(x), output, log_std)[0, 5].exp()
    assert abs(below - expected) < 4 * (expected * (1 - expected) / n).sqrt()


def test_a_likelihood_does_not_depend_on_where_in_its_region_a_value_is() -> None:
    model = build(VAESettings(**VAE), MIXED, seed=0)
    x = rows(n=1).repeat(3, 1)
    x[:, 4] = torch.tensor([0.4, 2.0, 8.0])
    output = torch.randn(1, 7, generator=generator()).repeat(3, 1)
    value = model.likelihood.log_prob(model.model_units(x), output, model.player.log_std)
    torch.testing.assert_close(value, value[:1].expand(3))


def test_without_categories_a_mixed_likelihood_is_gaussian_and_a_gan_is_unchanged() -> None:
    plain = Event((3,), "vector", mean=(1.0, 2.0, 3.0), std=(2.0, 1.0, 0.5))
    x = torch.randn(6, 3, generator=generator())
    for names in (("mixed", "gaussian"), ("mixed-learnt", "gaussian-learnt")):
        both = [build(VAESettings(likelihood=name), plain, seed=0) for name in names]
        assert torch.equal(*(model.log_prob(x) for model in both))
        assert torch.equal(*(model.sample(5, generator=generator()) for model in both))
    gans = [build(GANSettings(**SOFT, categories=name), plain, seed=0) for name in ("soft", "numbers")]
    assert torch.equal(*(model.sample(5, generator=generator()) for model in gans))


@pytest.mark.parametrize("distribution", ["normal", "uniform"])
def test_categories_of_a_generator_follow_its_logits(distribution: str) -> None:
    settings = {**SOFT, "noise": {"distribution": distribution, "scale": 3.0}}
    model = build(GANSettings(**settings), MIXED, seed=0)
    last = model.players["g"].network.layers[-1]
    logits = torch.tensor([0.0, 1.0, -1.0, 0.5, 0.0, 2.0, 0.0])
    with torch.no_grad():
        last.weight.zero_()
        last.bias.copy_(logits)
    n = 4_000
    shares = model.sample(n, generator=generator()).mean(0)
    for start, stop in GROUPS:
        expected = logits[start:stop].softmax(0)
        assert ((shares[start:stop] - expected).abs() < 4 * (expected * (1 - expected) / n).sqrt()).all()


def test_known_categories_stay_and_missing_ones_are_drawn_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completion, "STEPS", 5)
    model = build(VAESettings(**VAE), MIXED, seed=0)
    x = model.sample(20, generator=generator())
    known = torch.zeros(20, 7, dtype=torch.bool)
    known[:10, 1:4] = known[5:, 0] = True
    filled = model.complete(x.masked_fill(~known, torch.nan), known, generator=generator(1))
    assert torch.equal(filled[known], x[known])
    assert is_one_hot(filled)
    known[0, 2] = False
    with pytest.raises(SettingError, match=r"columns 1 to 3 are the one-hot code of one value"):
        model.complete(x, known)


def test_constant_columns_are_left_out() -> None:
    event = Event((7,), "vector", groups=GROUPS, cells=CELLS, constants=((0, 3.0), (2, 0.1)))
    x = rows(event)
    x[:, 0], x[:, 2] = 3.0, 0.1
    for settings in (VAESettings(**VAE), GANSettings(**SOFT)):
        model = build(settings, event, seed=0)
        drawn = model.sample(20, generator=generator())
        assert (drawn[:, 0] == 3.0).all()
        assert is_one_hot(drawn, GROUPS[1:])
    assert build(VAESettings(**VAE), event, seed=0).log_prob(x).isfinite().all()


def test_an_encoder_of_a_gan_refuses_categories() -> None:
    settings = {"family": "gan", **SOFT, "encoder": {"kind": "bigan", "hidden": [8]}}
    with pytest.raises(SettingError, match=r"model.encoder \(bigan\) and model.categories soft cannot be combined"):
        build(FAMILIES["gan"].settings.model_validate(settings), MIXED)


@pytest.mark.parametrize("groups", [((2, 2),), ((0, 3), (2, 5)), ((3, 5), (0, 2)), ((0, 8),)])
def test_groups_that_are_no_ranges_of_columns_are_refused(groups) -> None:
    with pytest.raises(DataError, match=r"Event: groups is"):
        Event((7,), "vector", groups=groups)
    with pytest.raises(DataError, match=r"Event: groups is"):
        Event((1, 4, 4), "image", groups=((0, 1),))
