"""Unusual settings are found, with the usual range; those of shipped recipes and of published work are not unusual."""

from __future__ import annotations

from typing import Any

import pytest

from saddlepoint.diagnosis.unusual_settings import OPTIMISER_RANGES, RANGES, unusual_settings
from saddlepoint.recipe import Recipe, shipped_names
from saddlepoint.records import active_findings


def settings(name: str = "gan-digits", **changes: Any) -> dict[str, Any]:
    recipe = Recipe.load(name).override({key.replace("__", "."): value for key, value in changes.items()})
    return {entry.name: value for entry, value in recipe.settings()}


@pytest.mark.parametrize("name", shipped_names())
def test_shipped_recipes_have_usual_settings(name: str) -> None:
    assert unusual_settings(settings(name), batch_norm=True) is None


ADAM, RATE = "training.optimiser.betas", "training.optimiser.learning_rate"
PUBLISHED: dict[str, tuple[str, dict[str, Any]]] = {
    "DCGAN": ("gan-digits", {RATE: 2e-4, ADAM: (0.5, 0.999), "training.batch_size": 128, "model.latent": 100}),
    "WGAN": ("gan-digits", {RATE: 5e-5, "training.optimiser.name": "rmsprop", "model.updates.discriminator": 100}),
    "WGAN-GP": ("gan-digits", {RATE: 1e-4, ADAM: (0.0, 0.9), "model.updates.discriminator": 5}),
    "SNGAN": ("gan-digits", {RATE: 2e-4, ADAM: (0.0, 0.9), "model.updates.discriminator": 5}),
    "SAGAN": (
        "gan-digits",
        {"training.players.generator.learning_rate": 1e-4, "training.players.discriminator.learning_rate": 4e-4},
    ),
    "BigGAN": ("gan-digits", {RATE: 5e-5, ADAM: (0.0, 0.999), "training.batch_size": 2048, "training.ema": 0.9999}),
    "StyleGAN2": (
        "gan-digits",
        {RATE: 2.5e-3, ADAM: (0.0, 0.99), "model.latent": 512, "model.penalties.r1.weight": 10.0},
    ),
    "StyleGAN3": (
        "gan-digits",
        {
            "training.players.generator.learning_rate": 2.5e-3,
            "model.penalties.r1.weight": 32.8,
            "training.batch_size": 32,
        },
    ),
    "R3GAN": (
        "gan-digits",
        {RATE: 2e-4, ADAM: (0.0, 0.9), "model.penalties.r1.weight": 150.0, "model.penalties.r2.weight": 150.0},
    ),
    "instance noise": ("gan-digits", {"model.views.instance_noise.strength": 0.5, "model.labels.flipping": 0.2}),
    "single examples": ("gan-digits", {"training.batch_size": 1}),  # without BatchNorm
    "VAE": ("vae-digits", {RATE: 1e-3, "model.latent": 20, "training.batch_size": 100}),
    "VAE, AdaGrad-like": ("vae-digits", {RATE: 0.02, "training.optimiser.name": "rmsprop"}),
    "beta-VAE": ("vae-digits", {"model.beta": 250.0, "model.latent": 32, RATE: 1e-4}),
    "small KL weight": ("vae-digits", {"model.beta": 1e-6}),
    "IAF": ("vae-digits", {"model.free_bits": 8.0, "training.optimiser.name": "adamw", ADAM: (0.9, 0.9999)}),
    "NVAE": ("vae-digits", {RATE: 1e-2, "training.optimiser.weight_decay": 3e-4}),
    "SGD": ("vae-digits", {RATE: 0.1, "training.optimiser.name": "sgd", "training.optimiser.momentum": 0.9}),
    "SGD, clipped": (
        "vae-digits",
        {RATE: 20.0, "training.optimiser.name": "sgd", "training.optimiser.clip_norm": 0.25},
    ),
    "Nesterov": ("vae-digits", {"training.optimiser.name": "sgd", "training.optimiser.momentum": 0.99, RATE: 1e-3}),
    "AdamW": ("vae-digits", {"training.optimiser.name": "adamw", "training.optimiser.weight_decay": 0.3, RATE: 5e-4}),
    "denoising": ("autoencoder-digits", {"model.denoising": 0.5, "model.sparsity_weight": 3.0}),
}


@pytest.mark.parametrize("work", PUBLISHED)
def test_settings_of_published_work_are_usual(work: str) -> None:
    name, changes = PUBLISHED[work]
    recipe = Recipe.load(name).override(changes)
    assert unusual_settings({entry.name: value for entry, value in recipe.settings()}) is None


ABSURD: list[tuple[str, dict[str, Any], str, str]] = [
    ("gan-digits", {"training.players.generator.learning_rate": 1e6}, "failure", "1e-05 to 0.01 for adam"),
    ("gan-digits", {RATE: 0.5}, "warning", "1e-05 to 0.01 for adam"),
    ("gan-digits", {RATE: 1e-9}, "warning", "1e-05 to 0.01 for adam"),
    ("vae-digits", {RATE: 1e6, "training.optimiser.name": "sgd"}, "failure", "0.0001 to 0.1 for sgd"),
    ("vae-digits", {"model.beta": 1e4}, "warning", "at most 250"),
    ("vae-digits", {"model.beta": 1e6}, "failure", "at most 250"),
    ("vae-digits", {"model.observation_std": 1e-6}, "warning", "0.01 to 1"),
    ("vae-digits", {"model.warm_up": 10**6}, "warning", "5,000 steps of the run"),
    ("gan-digits", {ADAM: (0.9999, 0.999)}, "warning", "at most 0.95 for the first"),
    ("gan-digits", {ADAM: (0.5, 0.1)}, "warning", "0.9 to 0.9999 for the second"),
    ("gan-digits", {"training.players.discriminator.betas": (0.9999, 0.999)}, "warning", "at most 0.95"),
    (
        "gan-digits",
        {"training.optimiser.momentum": 0.9999, "training.optimiser.name": "sgd"},
        "warning",
        "at most 0.95",
    ),
    ("gan-digits", {"training.optimiser.weight_decay": 50.0}, "failure", "at most 0.01"),
    ("vae-digits", {"training.optimiser.weight_decay": 0.1}, "warning", "adam adds it to the gradient, unlike adamw"),
    (
        "vae-digits",
        {"training.optimiser.weight_decay": 50.0, "training.optimiser.name": "adamw"},
        "warning",
        "at most 0.3",
    ),
    ("gan-digits", {"training.optimiser.clip_norm": 1e-9}, "warning", "0.01 to 1000"),
    ("gan-digits", {"training.optimiser.epsilon": 100.0}, "warning", "1e-10 to 0.001"),
    ("gan-digits", {"model.penalties.r1.weight": 1e6}, "failure", "at most 100"),
    ("gan-digits", {"model.latent": 50_000}, "warning", "1 to 1024"),
    ("gan-digits", {"model.updates.discriminator": 1_000}, "warning", "1 to 10"),
    ("gan-digits", {"training.ema": 0.999999}, "warning", "at most 0.9999"),
    (
        "gan-digits",
        {
            "training.optimiser.decay_rate": 0.5,
            "training.optimiser.decay_steps": 1,
            "training.optimiser.schedule": "exponential",
        },
        "warning",
        "after half of the run",
    ),
    ("gan-digits", {ADAM: (0.9999, 0.99)}, "warning", "at most 0.95 for the first"),
    ("gan-digits", {"training.optimiser.momentum": 0.9999}, "warning", "adam ignores it"),
]


@pytest.mark.parametrize(("name", "changes", "severity", "words"), ABSURD)
def test_unusual_settings_are_found_and_corrected(
    name: str, changes: dict[str, Any], severity: str, words: str
) -> None:
    recipe = Recipe.load(name).override(changes)
    found = unusual_settings({entry.name: value for entry, value in recipe.settings()})
    assert found is not None
    assert (found.code, found.severity, found.step) == ("SET401", severity, 0)
    assert words in found.title
    assert next(iter(changes)) in found.title
    mended = recipe.override(found.remedy or {})
    assert unusual_settings({entry.name: value for entry, value in mended.settings()}) is None


def test_a_small_batch_is_unusual_with_batch_norm_alone() -> None:
    small = settings(training__batch_size=2)
    assert unusual_settings(small) is None
    found = unusual_settings(small, batch_norm=True)
    assert found is not None
    assert "training.batch_size is 2 (usual: 16 or more with BatchNorm)" in found.title


def test_several_settings_are_one_finding_the_worst_first() -> None:
    found = unusual_settings(settings("vae-digits", model__beta=1e4, training__optimiser__learning_rate=1e6))
    assert found is not None
    assert found.severity == "failure"
    assert found.title.index("learning_rate") < found.title.index("beta")
    assert found.remedy == {"training.optimiser.learning_rate": 1e-3, "model.beta": 1.0}
    assert len(active_findings([found])) == 1


def test_a_setting_without_effect_is_ignored() -> None:
    for key, wrong, right in (
        ("learning_rate", 1e6, 1e-4),
        ("betas", (0.9999, 0.99), (0.5, 0.99)),
        ("epsilon", 99, 1e-8),
    ):
        both = {f"training__{player}__{key}": right for player in ("generator", "discriminator")}
        assert unusual_settings(settings(**{f"training__optimiser__{key}": wrong}, **both)) is None, key


def test_a_player_without_clipping_is_usual() -> None:
    assert unusual_settings(settings(training__players__discriminator__clip_norm=0)) is None
    clipped = {"training__optimiser__name": "sgd", "training__optimiser__clip_norm": 0.01}
    rates = {f"training__players__{player}__learning_rate": 50.0 for player in ("generator", "discriminator")}
    assert unusual_settings(settings(**clipped, **rates)) is None
    found = unusual_settings(settings(**clipped, **rates, training__players__discriminator__clip_norm=0))
    assert found is not None
    assert list(found.evidence["settings"]) == ["training.players.discriminator.learning_rate"]


@pytest.mark.parametrize("section", ["optimiser", "players__discriminator", "players__generator"])
@pytest.mark.parametrize("optimiser", ["adam", "optimistic-sgd"])
def test_an_unusual_momentum_that_the_optimiser_ignores_is_reported_as_ignored(section: str, optimiser: str) -> None:
    changes: dict[str, Any] = {f"training__{section}__momentum": 0.9999, "training__optimiser__name": optimiser}
    found = unusual_settings(settings(**changes, training__optimiser__learning_rate=1e-2))
    assert found is not None
    assert found.severity == "warning"
    name = f"training.{section}.momentum".replace("__", ".")
    assert f"{name} is 0.9999 (usual: at most 0.95; {optimiser} ignores it" in found.title
    assert ("the first of betas" in found.title) == (optimiser == "adam")


@pytest.mark.parametrize("key", ["decay_rate", "decay_steps"])
@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_a_players_own_decay_of_the_shared_schedule_is_checked(player: str, key: str) -> None:
    shared = {
        "schedule": "exponential",
        "decay_rate": 0.5,
        "decay_steps": 1_000,
        key: {"decay_rate": 0.99}.get(key, 1_000),
    }
    own = {"decay_rate": 1e-9, "decay_steps": 1}[key]
    changes = {f"training__optimiser__{name}": value for name, value in shared.items()}
    assert unusual_settings(settings(**changes)) is None
    recipe = Recipe.load("gan-digits").override({k.replace("__", "."): v for k, v in changes.items()})
    recipe = recipe.override({f"training.players.{player}.{key}": own})
    found = unusual_settings({entry.name: value for entry, value in recipe.settings()})
    assert found is not None
    assert f"training.players.{player}.decay_rate" in found.title
    assert "after half of the run" in found.title
    mended = recipe.override(found.remedy or {})
    assert unusual_settings({entry.name: value for entry, value in mended.settings()}) is None


def test_a_range_contains_its_usual_value() -> None:
    for usual in (*RANGES.values(), *OPTIMISER_RANGES.values()):
        assert usual.low <= usual.least <= usual.value <= usual.most <= usual.high
