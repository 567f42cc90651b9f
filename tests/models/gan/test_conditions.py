"""Laws of conditional GANs, for every registered condition."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import saddlepoint as sp
from saddlepoint import models
from saddlepoint.data.event import Event
from saddlepoint.errors import DataError, SettingError
from saddlepoint.models.capabilities import Conditional, DecodesNormal, has
from saddlepoint.models.gan.conditions.settings import CONDITIONS, CONDITIONS_OF
from saddlepoint.models.gan.parts.named import make_part
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.networks.labels import class_weights
from saddlepoint.objectives.phase import Batch

CLASSES = 3
EVENTS = {
    "vector": Event((4,), "vector", class_names=("a", "b", "c")),
    "image": Event((1, 8, 8), "image", "uint8", 0.0, 255.0, class_names=("a", "b", "c"), class_shares=(0.5, 0.5, 0.0)),
    "series": Event((6, 2), "series", class_names=("a", "b", "c")),
}


def conditions() -> list[dict[str, str]]:
    """Every registered condition with one for the other player."""
    found = []
    for name, path in CONDITIONS.items():
        part = make_part(path, {}, name)
        for role in part.roles:
            other = {"generator": "discriminator", "discriminator": "generator"}[role]
            given = {role: name}
            if part.uses_labels:
                given[other] = name if other in part.roles else "concatenate"
            if given not in found:
                found.append(given)
    return found


def test_the_conditions_of_each_player_are_listed() -> None:
    roles = {name: make_part(path, {}, name).roles for name, path in CONDITIONS.items()}
    assert {
        role: tuple(name for name in CONDITIONS if role in roles[name]) for role in ("generator", "discriminator")
    } == CONDITIONS_OF
    with pytest.raises(SettingError, match="Conditions of the generator: concatenate, batch_norm"):
        build({"generator": "info"})


every_condition = pytest.mark.parametrize("condition", conditions(), ids=lambda given: "-".join(given.values()))


def settings(condition: dict[str, str], **model: Any) -> GANSettings:
    networks = {"generator": {"hidden": [8], "batch_norm": True}, "discriminator": {"hidden": [8]}}
    return GANSettings.model_validate({"latent": 5, "condition": condition, **networks, **model})


def build(condition: dict[str, str], event: Event = EVENTS["vector"], **model: Any) -> Any:
    return models.build(settings(condition, **model), event, seed=0)


@every_condition
@pytest.mark.parametrize("kind", EVENTS)
def test_every_phase_gives_one_loss_for_each_example_and_reaches_every_weight(condition: dict, kind: str) -> None:
    model = build(condition, EVENTS[kind])
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(6, *EVENTS[kind].shape, generator=generator)
    y = torch.arange(6) % CLASSES
    for phase in model.phases:
        noise = model.noise(phase, 6, 0, generator)
        loss, _ = phase.loss(model.players, Batch(x, y), noise)
        assert loss.shape == (6,)
        weights = dict(model.players[phase.player].named_parameters())
        gradients = torch.autograd.grad(loss.mean(), list(weights.values()), allow_unused=True)
        unused = [name for name, gradient in zip(weights, gradients, strict=True) if gradient is None]
        assert not unused


@every_condition
def test_samples_of_given_labels_are_those_of_codes_with_these_labels(condition: dict) -> None:
    model = build(condition)
    if not has(model, Conditional):
        pytest.skip("it takes no labels")
    labels = torch.tensor([2, 0, 1, 1])
    samples = model.sample(4, labels=labels, generator=torch.Generator().manual_seed(3))
    z = model.with_labels(model.fixed_noise(4, torch.Generator().manual_seed(3)), labels)
    assert torch.equal(samples, model.decode(z))
    assert z.shape == (4, model.latent)
    weights = model.split_codes(z)[1]
    assert torch.equal(weights.argmax(1), labels)
    others = model.sample(4, labels=(labels + 1) % CLASSES, generator=torch.Generator().manual_seed(3))
    assert not torch.equal(samples, others)
    assert not has(model, DecodesNormal)


@every_condition
def test_weights_of_classes_are_as_good_as_classes(condition: dict) -> None:
    model = build(condition)
    if model.classes is None:
        pytest.skip("it takes no labels")
    x, labels = torch.randn(5, 4), torch.tensor([0, 1, 2, 1, 0])
    weights = class_weights(labels, CLASSES, x)
    torch.testing.assert_close(model.players["d"](x, labels=labels), model.players["d"](x, labels=weights))


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (torch.tensor([9, 9]), "labels is 9, but this gan has 3 classes"),
        (torch.tensor([0, 9]), "labels range from 0 to 9"),
        (torch.tensor([0.0]), r"a tensor of shape \(1,\) and type float32; .* such as torch\.full\(\(2,\), 0\)"),
        ([0, 1], r"labels is \[0, 1\]; give .* a tensor of shape \(2,\) and type int64"),
    ],
)
def test_labels_that_do_not_fit_are_described(labels: Any, said: str) -> None:
    with pytest.raises(SettingError, match=said):
        build({"generator": "concatenate", "discriminator": "concatenate"}).sample(2, labels=labels)


def test_a_packed_discriminator_takes_labels() -> None:
    model = build(
        {"generator": "concatenate", "discriminator": "concatenate"}, discriminator={"packing": 2, "hidden": [8]}
    )
    assert model.logits(torch.randn(6, 4), torch.arange(6) % CLASSES).shape == (6,)


def test_unlabelled_samples_have_the_shares_of_the_data() -> None:
    model = build({"generator": "concatenate", "discriminator": "concatenate"}, EVENTS["image"])
    z = model.fixed_noise(2_000, torch.Generator().manual_seed(0))
    shares = model.split_codes(z)[1].mean(0)
    assert shares[2] == 0
    assert abs(float(shares[0]) - 0.5) < 0.06  # five standard errors


def test_a_score_without_a_label_is_refused() -> None:
    model = build({"generator": "concatenate", "discriminator": "concatenate"})
    with pytest.raises(DataError, match="give labels"):
        model.logits(torch.randn(2, 4))


@pytest.mark.parametrize(
    ("condition", "event", "message"),
    [
        (
            {"generator": "concatenate", "discriminator": "concatenate"},
            Event((4,), "vector"),
            "the data have no labels",
        ),
        ({"generator": "concatenate"}, EVENTS["vector"], "set model.condition.discriminator too"),
        ({"generator": "concatenat", "discriminator": "concatenate"}, EVENTS["vector"], "concatenate"),
    ],
)
def test_conditions_that_cannot_work_are_refused(condition: dict, event: Event, message: str) -> None:
    with pytest.raises((SettingError, ValueError), match=message):
        build(condition, event)


def test_replay_and_labels_are_refused_with_both_names() -> None:
    with pytest.raises(SettingError, match=r"model.condition.generator \(concatenate\) and model.replay.share"):
        build({"generator": "concatenate", "discriminator": "concatenate"}, replay={"share": 0.5})


@pytest.mark.slow
@pytest.mark.usefixtures("as_set")
@every_condition
def test_a_resumed_run_equals_an_uninterrupted_one(condition: dict, tmp_path: Path) -> None:
    model = {
        "condition": condition,
        "latent": 5,
        "generator": {"network": "mlp", "hidden": [8], "batch_norm": True},
        "discriminator": {"network": "mlp", "hidden": [8]},
    }
    training = {"tick": 2, "batch_size": 16, "checkpoint_every": 2}
    small = {"data": {"limit": 200}, "evaluation": {"samples": 20}, "model": model, "pictures": False}
    whole = sp.train("gan-digits", training={**training, "steps": 4}, run=tmp_path / "a", **small)
    sp.train("gan-digits", training={**training, "steps": 2}, run=tmp_path / "b", **small)
    resumed = sp.resume(tmp_path / "b", steps=4, pictures=False)
    for name, player in whole.model.players.items():
        for key, value in player.state_dict().items():
            assert torch.equal(value, resumed.model.players[name].state_dict()[key]), (name, key)
