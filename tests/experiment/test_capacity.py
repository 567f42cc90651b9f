"""The memory of a training is known before allocation, exactly for the weights, and reported if it exceeds what is available."""

from __future__ import annotations

import sys

import pytest

from saddlepoint.data.event import Event
from saddlepoint.errors import SettingError
from saddlepoint.experiment import capacity
from saddlepoint.experiment.capacity import needed_memory, require_memory, rough_memory
from saddlepoint.models import build
from saddlepoint.networks.settings import NETWORKS
from saddlepoint.recipe import Recipe
from saddlepoint.training import Devices, TrainingState

PLANE = Event((2,), "vector")
IMAGE = Event((1, 8, 8), "image", "uint8", 0.0, 255.0)
VOLUME = Event((2, 8, 8, 8), "volume", "uint8", 0.0, 255.0)
WIDE = {
    "model.discriminator.minibatch_kernels": 7,
    "model.discriminator.packing": 2,
    "model.discriminator.activation": "maxout",
}


def event_of(recipe: Recipe) -> Event:
    return PLANE if recipe.name.startswith(("toy", "pacgan", "lab")) else IMAGE


@pytest.mark.parametrize("name", ["gan-digits", "dcgan-digits", "vae-digits", "autoencoder-digits", "toy-lab-1"])
def test_parameters_and_optimiser_are_counted_as_they_are_allocated(name: str) -> None:
    recipe = Recipe.load(name)
    event = event_of(recipe)
    needs = needed_memory(recipe, event, 1_000)
    model = build(recipe.model, event)
    state = TrainingState.start(model, recipe.training, Devices.choose("cpu", "fp32", model))
    weights = {name: sum(p.numel() for p in player.parameters()) for name, player in model.players.items()}
    averaged = sum(p.numel() for average in state.averages.values() for p in average.module.parameters())
    assert needs is not None
    assert needs.parameters == 4 * (2 * sum(weights.values()) + averaged)
    for name, optimiser in state.optimisers.items():  # one step fills it
        for parameter in model.players[name].parameters():
            parameter.grad = parameter.detach().clone()
        optimiser.step()
    kept = sum(tensor.nbytes for tensor in state.optimiser_tensors().values() if tensor.ndim)
    assert needs.optimiser == kept


@pytest.mark.parametrize("name", ["gan-digits", "dcgan-digits", "vae-mnist", "autoencoder-digits", "pacgan-ring"])
@pytest.mark.parametrize("changes", [{}, {"training.batch_size": 977}, WIDE], ids=["as it is", "batch", "wide"])
def test_the_rough_count_is_above_the_exact_one(name: str, changes: dict[str, object]) -> None:
    recipe = Recipe.load(name)
    if changes is WIDE and recipe.model.family != "gan":
        pytest.skip("these settings are a GAN's")
    recipe = recipe.override(changes)
    for event in (event_of(recipe), Event((3, 20, 33), "image", "uint8", 0.0, 255.0), VOLUME):
        needs = needed_memory(recipe, event, 5_000)
        assert needs is not None
        assert needs.total <= rough_memory(recipe, event, 5_000)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("width", [1, 64, 300])
def test_the_rough_count_holds_for_every_built_in_network(name: str, width: int) -> None:
    roles = ("generator", "discriminator")
    changes = {f"model.{role}.network": name for role in roles} | {f"model.{role}.width": width for role in roles}
    recipe = Recipe.load("gan-digits").override(changes)
    for event in (IMAGE, Event((3, 20, 33), "image", "uint8", 0.0, 255.0), Event((1, 99), "sound"), VOLUME):
        needs = needed_memory(recipe, event, 5_000)
        assert needs is not None
        assert needs.total <= rough_memory(recipe, event, 5_000)


@pytest.mark.slow
def test_arguments_of_a_built_in_network_are_counted_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    changes = {"model.discriminator.network": "r3gan", "model.discriminator.width": 64}
    recipe = Recipe.load("gan-digits").override(changes)
    deep = recipe.override({"model.discriminator.arguments": {"blocks": 8}})
    counts = [needed_memory(one, IMAGE, 1_000) for one in (recipe, deep)]
    assert counts[0] is not None
    assert counts[1] is not None
    monkeypatch.setattr(capacity, "memory_limit", lambda: (counts[0].total + counts[1].total) // 2)
    require_memory(recipe, IMAGE, 1_000)
    with pytest.raises(SettingError, match=r"lower .*model\.discriminator\.width"):
        require_memory(deep, IMAGE, 1_000)


PARTS = {
    "a loss with state": {"model.objective": "boundary-equilibrium", "model.labels.smoothing": 0.0},
    "a penalty with state": {"model.penalties.lecam": 0.1},
    "constraints": {"model.constraints.discriminator": "orthogonal", "model.constraints.generator": "clip"},
}


@pytest.mark.parametrize("part", PARTS)
def test_counting_leaves_the_parts_of_a_game_usable(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # As in a new process, in which the count is the first to import them.
    for module in ("energy", "lecam"):
        monkeypatch.delitem(sys.modules, f"saddlepoint.objectives.adversarial.{module}", raising=False)
    recipe = Recipe.load("gan-digits").override(PARTS[part])
    assert needed_memory(recipe, IMAGE, 1_000) is not None
    model = build(recipe.model, IMAGE)
    assert not any(value.is_meta for value in model.extra_state().values())


def test_data_that_do_not_fit_are_refused_with_the_required_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = Recipe.load("gan-digits")
    needs = needed_memory(recipe, IMAGE, 1_000)
    assert needs is not None
    monkeypatch.setattr(capacity, "memory_limit", lambda: needs.total)
    require_memory(recipe, IMAGE, 1_000)
    monkeypatch.setattr(capacity, "memory_limit", lambda: needs.total - 1)
    with pytest.raises(
        SettingError, match=r"needs at least 2\.06 MB of memory .* can use 2\.06 MB: lower model.latent"
    ):
        require_memory(recipe, IMAGE, 1_000)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model.latent": 10**9}, r"2\.56 TB .* lower model\.latent"),
        ({"training.batch_size": 10**9}, r"TB\).* lower training\.batch_size"),
        ({"model.generator.hidden": [10**9, 10**9]}, "more weights than torch can address"),
        ({"model.discriminator.network": "dcgan", "model.discriminator.width": 10**9}, "lower .*discriminator.width"),
        ({"model.discriminator.minibatch_kernels": 10**9}, r"TB of memory"),
    ],
)
def test_absurd_sizes_are_refused_before_anything_is_allocated(changes: dict[str, object], said: str) -> None:
    with pytest.raises(SettingError, match=said):
        require_memory(Recipe.load("gan-digits").override(changes), IMAGE, 10**9)


def test_a_custom_network_is_not_imported_to_count_it() -> None:
    recipe = Recipe.load("gan-digits").override({"model.generator.network": "nowhere.to_be_found:Network"})
    needs = needed_memory(recipe, IMAGE, 1_000)
    assert needs is not None
    assert needs.total > 0


def test_a_batch_is_at_most_all_examples() -> None:
    recipe = Recipe.load("gan-digits").override({"training.batch_size": 10**9})
    assert needed_memory(recipe, IMAGE, 100) == needed_memory(recipe.override({"training.batch_size": 100}), IMAGE, 100)


def test_the_batch_of_a_model_in_closed_form_is_all_examples() -> None:
    recipe = Recipe.load("kernel-density-digits").override({"training.batch_size": 64})
    needs = needed_memory(recipe, IMAGE, 60_000)
    assert needs is not None
    assert needs.batch == 4 * 60_000 * IMAGE.size <= rough_memory(recipe, IMAGE, 60_000)
