"""A user's own loss, penalty, view and constraint: by import path in a recipe, or as an object, end to end."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import saddlepoint as sp
from saddlepoint.errors import RunError, SettingError, TrustError
from saddlepoint.models import build
from saddlepoint.objectives.adversarial.losses import AdversarialLoss
from saddlepoint.recipe import Recipe

MODULE = '''
import torch
from torch.nn.functional import softplus


class Logistic:
    """The non-saturating loss, written by somebody else."""

    def real(self, logit):
        return softplus(-logit)

    def fake(self, logit):
        return softplus(logit)

    def generator(self, logit):
        return softplus(-logit)

    link = staticmethod(torch.sigmoid)


class Needs(Logistic):
    def __init__(self, number):
        pass


class Triple(Logistic):
    link = staticmethod(lambda logit: 3 * logit)


class Slope:
    """A gradient penalty between real and generated examples."""

    def __init__(self, target=1.0):
        self.target = target

    def where(self, real, fake, share):
        return share * real + (1 - share) * fake

    def how(self, squared_slope):
        return (squared_slope.sqrt() - self.target).square()

    def draw(self, n, event, generator):
        return torch.rand(n, 1, generator=generator)


class Shift:
    def draw(self, n, event, strength, generator):
        return strength * torch.randn(n, 1, generator=generator)

    def __call__(self, x, noise):
        return x + noise


class Halve:
    after_update = True

    def prepare(self, network):
        pass

    def project(self, network):
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.clamp_(-0.5, 0.5)


class Images(Slope):
    """Draws for images, whatever the examples are."""

    def draw(self, n, event, generator):
        return torch.rand(n, 1, 1, 1, generator=generator)

    def where(self, real, fake, share):
        return share * real + (1 - share) * fake[:1]


class Mean(Slope):
    def how(self, squared_slope):
        return squared_slope.mean()


class Raising(Shift):
    def __call__(self, x, noise):
        raise ValueError("no")


def reconstruction(nets, batch, noise):
    output, code = nets["ae"](batch.x)
    return (output - batch.x).abs().flatten(1).sum(1), {"code": code.abs().mean(1)}
'''
pytestmark = pytest.mark.usefixtures("as_set")

SHORT = {
    "steps": 20,
    "tick": 10,
    "checkpoint_every": 10,
    "samples": 16,
    "sample_every": 20,
    "optimiser.schedule": "constant",
}
GAN = {"latent": 2, "generator.hidden": [8], "discriminator.hidden": [8]}


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "own_parts.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "own_parts", raising=False)
    monkeypatch.setenv("SADDLEPOINT_CONFIG", str(tmp_path / "config"))
    return "own_parts"


def train(**changes: Any) -> sp.Run:
    model = GAN | changes.pop("model", {})
    return sp.train("toy-ring", data={"points": 200}, model=model, training=SHORT, pictures=False, **changes)


def weights(run: sp.Run) -> dict[str, torch.Tensor]:
    return {f"{name}.{key}": value for name, p in run.model.players.items() for key, value in p.state_dict().items()}


@pytest.mark.slow
def test_a_loss_by_path_or_as_an_object_trains_as_the_built_in_one_does(parts: str) -> None:
    import own_parts  # type: ignore[import-not-found]

    built_in = weights(train())
    by_path = train(model={"objective": f"{parts}:Logistic"})
    as_object = train(loss=own_parts.Logistic())
    for run in (by_path, as_object):
        assert all(torch.equal(built_in[name], value) for name, value in weights(run).items())
        assert "d/real_score" in list(run.folder.read_records())[-1].values
    assert by_path.recipe.model.objective == f"{parts}:Logistic"
    assert as_object.recipe.model.objective == "object:own_parts.Logistic"
    assert sp.diagnose(by_path.folder.path).headline == by_path.headline


def test_the_name_of_a_loss_in_place_of_an_object_is_sent_to_the_settings() -> None:
    with pytest.raises(SettingError, match=r'model=\{"objective": "hinge"\}'):
        sp.train("toy-ring", loss="hinge")


@pytest.mark.slow
def test_a_run_with_a_loss_as_an_object_is_sampled_without_it_and_resumed_with_it(parts: str) -> None:
    import own_parts

    run = train(loss=own_parts.Logistic())
    assert sp.load(run.folder.path).sample(3).shape == (3, 2)
    with pytest.raises(RunError, match=r"loss=\.\.\."):
        sp.resume(run.folder.path, steps=30)
    resumed = sp.resume(run.folder.path, steps=30, loss=own_parts.Logistic())
    assert resumed.summary["step"] == 30


@pytest.mark.slow
def test_custom_parts_train_together_and_resume_exactly(parts: str) -> None:
    model = {
        "objective": "wasserstein",
        "penalties": {f"{parts}:Slope": {"weight": 10, "target": 1.0}},
        "views": {f"{parts}:Shift": 0.05},
        "constraints": {"discriminator": f"{parts}:Halve"},
    }
    whole = train(model=model)
    names = set(list(whole.folder.read_records())[-1].values)
    assert {f"d/{parts}:Slope_slope", "d/real_output", "d/fake_output"} <= names
    assert max(p.abs().max() for p in whole.model.players["d"].parameters()) <= 0.5
    half = sp.train("toy-ring", data={"points": 200}, model=GAN | model, training=SHORT | {"steps": 10}, pictures=False)
    resumed = sp.resume(half.folder.path, steps=20)
    for name, value in weights(resumed).items():
        assert torch.equal(value, weights(whole)[name]), name


def test_a_recipe_that_names_parts_by_path_asks_for_trust(parts: str) -> None:
    text = f"model: {{family: gan, objective: '{parts}:Logistic', penalties: {{'{parts}:Slope': 1}}}}"
    Path("foreign.yaml").write_text(text)
    with pytest.raises(TrustError, match=r"model\.objective .*own_parts:Logistic.* and model\.penalties"):
        sp.train("foreign.yaml", training=SHORT)


@pytest.mark.slow
def test_a_loss_of_another_family_replaces_the_familys_own(parts: str) -> None:
    import own_parts

    changes: dict[str, Any] = {"training": SHORT | {"batch_size": 32}, "pictures": False}
    small = {"encoder.hidden": [8], "decoder.hidden": [8]}
    by_path = sp.train("autoencoder-digits", model=small | {"objective": f"{parts}:reconstruction"}, **changes)
    as_object = sp.train("autoencoder-digits", model=small, loss=own_parts.reconstruction, **changes)
    assert all(torch.equal(a, b) for a, b in zip(weights(by_path).values(), weights(as_object).values(), strict=True))
    assert "ae/code" in list(by_path.folder.read_records())[-1].values


EVENT = sp.from_array(torch.linspace(-1, 1, 60).view(20, 3).numpy()).event


def gan(**model: Any) -> Any:
    return Recipe.from_mapping({"model": {"family": "gan", **model}}).model


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ({"objective": "torch.nn:Linear"}, "model.objective"),
        ({"objective": "own_parts:Nothing"}, 'has no "Nothing"'),
        ({"objective": "own_parts:Shift"}, "is not a loss of a GAN: it has no function real"),
        ({"penalties": {"own_parts:Shift": 1}}, r"model\.penalties\.own_parts:Shift: Shift is not a penalty"),
        (
            {"penalties": {"own_parts:Slope": {"weight": 1, "targt": 2}}},
            r'there is no argument targt\. Did you mean "target"\? Here it takes target',
        ),
        ({"penalties": {"r1": {"weight": 1, "sides": 2}}}, r"model\.penalties\.r1 takes no arguments, got sides"),
        ({"views": {"own_parts:Slope": 1}}, "is not a view"),
        (
            {"penalties": {"own_parts:Images": 1}},
            r"model\.penalties\.own_parts:Images returns \(2, 1, 2, 3\) for two examples",
        ),
        ({"penalties": {"own_parts:Mean": 1}}, r"own_parts:Mean returns \(\) for two examples, but \(2,\) is needed"),
        ({"objective": "own_parts:Needs"}, r"model\.objective: the argument number is missing; it takes number"),
        (
            {"encoder": {"kind": "adversarial", "options": {"weigth": 1}}},
            r'model\.encoder\.options: there is no argument weigth\. Did you mean "weight"\?',
        ),
        ({"objective": "own_parts:Triple"}, r"link must return probabilities, in \[0, 1\]"),
        ({"views": {"own_parts:Raising": 1}}, r"model\.views\.own_parts:Raising fails on two examples: ValueError: no"),
        ({"constraints": {"discriminator": "own_parts:Slope"}}, "is not a constraint"),
        (
            {"constraints": {"discriminator": {"name": "clip", "limit": 0}}},
            "limit must be a finite number above 0; got 0",
        ),
        (
            {"objective": "wasserstein", "labels": {"smoothing": 0.1}},
            r'model\.objective "wasserstein" and model\.labels\.smoothing cannot be combined: a Wasserstein critic .*\. '
            r"Set model\.labels\.smoothing to 0, or choose another model\.objective\.$",
        ),
        (
            {"constraints": {"discriminator": "clip"}, "updates": {"unrolled": 2}},
            r"unrolled cannot be combined: .*\. Set model\.updates\.unrolled to 0, or set model\.constraints\.discriminator to none\.$",
        ),
    ],
)
def test_a_part_that_does_not_fit_is_refused_in_a_sentence(parts: str, model: dict[str, Any], expected: str) -> None:
    with pytest.raises(SettingError, match=expected):
        build(gan(**model), EVENT)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (
            AdversarialLoss(torch.mean, torch.neg, torch.neg),
            r"real turns logits of shape \(4,\) into \(\): return one cost",
        ),
        (AdversarialLoss(torch.neg, torch.neg, torch.log), "(fake|generator) is not finite"),
        (AdversarialLoss(torch.neg, torch.neg, torch.zeros_like), "fake does not depend on the logit"),
        (AdversarialLoss(torch.neg, lambda logit: logit.foo(), torch.neg), "generator fails on logits"),
        (3, "int is not a loss of a GAN"),
    ],
)
def test_a_loss_is_checked_before_training(loss: object, expected: str) -> None:
    with pytest.raises(SettingError, match=expected):
        build(gan(), EVENT, modules={"loss": loss})  # type: ignore[dict-item]


@pytest.mark.slow
def test_swapped_labels_of_an_own_loss_are_found_before_the_first_step(parts: str) -> None:
    swapped = AdversarialLoss(
        real=torch.nn.functional.softplus, fake=lambda logit: logit.neg().exp().log1p(), generator=torch.neg
    )
    run = train(loss=swapped)
    (found,) = (finding for finding in run.findings if finding.code == "GAN106")
    assert found.step == 0
    assert "labels are swapped" in found.title


@pytest.mark.parametrize(
    ("section", "part"),
    [
        ("penalties", "{'object:Evil': 1}"),
        ("views", "{'object:Evil': 1}"),
        ("constraints", "{discriminator: 'object:Evil'}"),
    ],
)
def test_a_module_named_object_is_code_as_any_other(parts: str, section: str, part: str) -> None:
    """`object:` stands for an object that was given only where a network or a loss is meant."""
    Path("object.py").write_text("import pathlib\npathlib.Path('executed').touch()\nclass Evil: pass\n")
    Path("foreign.yaml").write_text(f"model: {{family: gan, {section}: {part}}}")
    with pytest.raises(TrustError, match="object:Evil"):
        sp.train("foreign.yaml", training=SHORT)
    assert not Path("executed").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "constraints", [{"discriminator": "own_parts:Halve"}, {"discriminator": {"name": "own_parts:Halve"}}]
)
def test_a_path_given_in_the_call_needs_no_trust(parts: str, constraints: dict[str, Any]) -> None:
    assert train(model={"constraints": constraints}).summary["step"] == 20


@pytest.mark.slow
def test_an_own_loss_stays_while_remedies_are_applied(parts: str) -> None:
    """The rate makes numbers overflow, so that training is restarted with another one."""
    import own_parts

    changes = {"optimiser.learning_rate": 1e6, "optimiser.name": "sgd", "cure": "auto", "cures": 1}
    run = sp.train(
        "toy-ring", data={"points": 200}, model=GAN, training=SHORT | changes, loss=own_parts.Logistic(), pictures=False
    )
    assert run.cures
    assert run.recipe.model.objective == "object:own_parts.Logistic"


@pytest.mark.slow
def test_spectral_normalisation_of_an_object_is_applied_once(parts: str) -> None:
    network = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
    run = train(modules={"discriminator": network}, model={"constraints": {"discriminator": "spectral"}})
    assert sp.load(run.folder.path, modules={"discriminator": network}).sample(2).shape == (2, 2)
    resumed = sp.resume(run.folder.path, steps=30, modules={"discriminator": network})
    assert resumed.summary["step"] == 30


def test_a_part_of_weight_zero_forbids_nothing_and_is_forbidden_by_nothing(parts: str) -> None:
    forbidding = AdversarialLoss(torch.neg, torch.neg, lambda logit: logit, forbids={"penalties.r1": "no"})
    build(gan(penalties={"r1": 0}), EVENT, modules={"loss": forbidding})  # type: ignore[dict-item]
    with pytest.raises(SettingError, match=r"model\.penalties\.r1 cannot be combined: no"):
        build(gan(penalties={"r1": 1}), EVENT, modules={"loss": forbidding})  # type: ignore[dict-item]
    build(gan(constraints={"generator": "clip"}, updates={"unrolled": 2}), EVENT)
