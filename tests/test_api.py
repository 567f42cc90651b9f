"""Saddlepoint as a library, as used in a script or a notebook."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import saddlepoint as sp
from saddlepoint.experiment import Listener
from saddlepoint.records import Record

QUICK: dict[str, Any] = {
    "steps": 12, "tick": 4, "batch_size": 8, "sample_every": 100, "samples": 4, "checkpoint_every": 6, "keep": 9,
    "device": "cpu",
}  # fmt: skip
MEASURED = {"every": 6, "samples": 20}


@pytest.fixture(autouse=True)
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.slow
def test_the_package_is_light_and_knows_its_names() -> None:
    code = (
        "import sys, saddlepoint as sp; assert not {'torch', 'numpy', 'matplotlib'} & {*sys.modules}; "
        "assert {*sp.__all__} <= {*dir(sp)}; [getattr(sp, name) for name in sp.__all__]; assert 'torch' in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=120)
    with pytest.raises(AttributeError, match="no attribute 'tarin'"):
        sp.tarin  # noqa: B018


@pytest.mark.slow
@pytest.mark.pictures
def test_from_a_name_to_a_model() -> None:
    steps: list[int] = []

    class StepListener(Listener):
        def record(self, record: Record) -> None:
            steps.append(record.step)

    run = sp.train(
        "vae-digits",
        data={"limit": 100},
        model={"latent": 2, "encoder.hidden": [8]},
        training={**QUICK, "optimiser": {"learning_rate": 2e-3}},
        evaluation=MEASURED,
        listener=StepListener(),
    )
    assert run.folder.path == Path("runs/vae-digits-1")
    assert steps == [record.step for record in run.records]
    assert (steps[0], steps[-1]) == (0, 12)
    assert run.recipe.training.optimiser.learning_rate == 2e-3
    assert run.recipe.model.latent == 2
    samples = run.model.sample(5)
    assert samples.shape == (5, 1, 8, 8)
    assert samples.dtype == torch.uint8
    assert run.best is not None
    assert run.best["series"] == "vae/held_out_bound"
    assert run.findings == [*run.folder.read_findings()]
    html = run._repr_html_()
    assert run.verdict in repr(run)
    assert run.headline in repr(run)
    assert run.headline in html
    assert run.verdict.split(";")[0] in html
    assert "data:image/png;base64," in html
    assert "vae" in repr(run.model).lower()
    assert "12 steps" in repr(run.model)
    assert (run.folder.path / "report.html").is_file()


@pytest.mark.slow
def test_load_the_newest_the_best_and_any_step() -> None:
    run = sp.train("toy-ring", data={"points": 100}, training=QUICK, evaluation=MEASURED, run="mine")
    assert run.best is not None
    models = {step: sp.load("mine", step=step) for step in ("newest", "best", 8, 12)}  # type: ignore[arg-type]
    noise = torch.randn(3, 2, generator=torch.Generator().manual_seed(0))
    drawn = {step: model.decode(noise) for step, model in models.items()}
    assert torch.equal(drawn["newest"], drawn[12])
    assert torch.equal(drawn["best"], drawn[run.best["step"]])
    assert not torch.equal(drawn[8], drawn[12])
    assert torch.equal(run.model.decode(noise), drawn[12])
    with pytest.raises(sp.SaddlepointError, match=r"no checkpoint of step 7; it has those of .*8, .*12"):
        sp.load("mine", step=7)
    with pytest.raises(sp.SaddlepointError, match="'latest'"):
        sp.load("mine", step="latest")  # type: ignore[arg-type]
    with pytest.raises(sp.SaddlepointError, match="is not a run"):
        sp.load("working_directory")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["array", "tensor", "pair", "path", "half", "list"])
def test_custom_data(kind: str) -> None:
    x = np.random.default_rng(0).normal([3, -2], 0.5, (60, 2)).astype(np.float32)
    data: Any = {
        "array": x,
        "tensor": torch.from_numpy(x),
        "pair": (x, np.arange(60) % 3),
        "path": "x.npy",
        "half": torch.from_numpy(x).bfloat16(),
        "list": x.tolist(),
    }[kind]
    np.save("x.npy", x)
    run = sp.train("toy-ring", data=data, training=QUICK, evaluation=MEASURED, run="mine")
    assert run.summary["data"]["shape"] == [2]
    assert run.summary["data"]["examples"] == 54
    assert (run.summary["data"]["classes"] is not None) == (kind == "pair")
    assert Path(run.recipe.data.source).is_absolute()
    # The folder alone repeats the run, from anywhere and under another name.
    shutil.move("mine", "moved")
    if kind != "path":
        assert sp.resume("moved", steps=16).summary["step"] == 16


@pytest.mark.slow
def test_a_repetition_keeps_a_copy_of_the_examples() -> None:
    x = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    first = sp.train("toy-ring", data=x, training=QUICK, evaluation=MEASURED, run="mine")
    second = sp.train("mine", run="again")
    losses = [record.values["d/loss"] for record in first.records[1:]]
    third = sp.train("mine", run="mine", overwrite=True)
    assert [record.values["d/loss"] for record in third.records[1:]] == losses
    assert second.recipe.data.source == str(Path("again/data.npz").resolve())
    shutil.rmtree("again")
    assert sp.resume("mine", steps=16).summary["step"] == 16


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (42, "not an array of numbers"),
        ([[1.0, 2.0], [3.0]], "not an array of numbers"),
        (np.array(["a", "b"]), "not an array of numbers"),
        (object(), "not an array of numbers"),
        ((np.zeros((9, 2)), np.zeros(9), np.zeros(9)), "tuple of 3"),
        (np.full((60, 2), np.nan), "NaN"),
        ((np.random.default_rng(0).normal(size=(60, 2)), np.zeros(7)), "labels"),
        ("no-such-thing", "neither a built-in name nor"),
        ({"sauce": "digits"}, "no setting data.sauce"),
    ],
)
def test_invalid_data_are_refused(data: Any, said: str) -> None:
    with pytest.raises(sp.SaddlepointError, match=said) as caught:
        sp.train("toy-ring", data=data, training=QUICK)
    assert "\n" not in str(caught.value)
    assert not any(Path.cwd().iterdir())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"training": {"setps": 5}}, 'no setting training.setps. Did you mean "training.steps"'),
        ({"training": {"steps": "many"}}, "training.steps"),
        ({"model": {"beta": 4.0}}, "families vae, dynamics"),
        ({"training": {"device": "abacus"}}, "abacus"),
        ({"training": {"batch_size": 100_000}}, "batch"),
        ({"modules": {"painter": nn.Identity()}}, 'no player "painter"'),
        ({"modules": {"generator": nn.Linear}}, "torch.nn.Module is needed"),
        ({"modules": {"generator": nn.Linear(2, 3)}}, "change its last layer"),
    ],
)
def test_a_mistyped_command_leaves_nothing(given: dict[str, Any], said: str) -> None:
    with pytest.raises(sp.SaddlepointError, match=said):
        sp.train("toy-ring", data={"points": 100}, **given)
    assert not any(Path.cwd().iterdir())


class Generator(nn.Module):
    def __init__(self, inputs: tuple[int, ...] = (2,), outputs: tuple[int, ...] | None = (2,), width: int = 4) -> None:
        super().__init__()
        assert outputs is not None
        self.layers = nn.Sequential(nn.Linear(inputs[0], width), nn.Tanh(), nn.Linear(width, outputs[0]))

    def forward(self, z: Tensor) -> Tensor:
        drawn: Tensor = self.layers(z)
        return drawn


@pytest.mark.slow
def test_own_modules_as_objects() -> None:
    own = {"generator": Generator(), "discriminator": nn.Sequential(nn.Linear(2, 1))}
    before = own["generator"].state_dict()["layers.0.weight"].clone()
    run = sp.train("toy-ring", data={"points": 100}, modules=own, training=QUICK, evaluation=MEASURED, run="mine")
    assert not torch.equal(own["generator"].state_dict()["layers.0.weight"], before)
    text = Path("mine/recipe.yaml").read_text()
    assert "object:" in text
    assert "Generator" in text
    trained = {name: value.clone() for name, value in own["generator"].state_dict().items()}
    assert run.model.sample(3).shape == (3, 2)
    # The weights that `load` reads go into copies.
    assert all(torch.equal(own["generator"].state_dict()[name], value) for name, value in trained.items())
    fresh = {"generator": Generator(), "discriminator": nn.Sequential(nn.Linear(2, 1))}
    loaded = sp.load("mine", modules=fresh)
    noise = torch.randn(4, 2)
    assert torch.equal(loaded.decode(noise), run.model.decode(noise))
    for attempt in (
        lambda: sp.load("mine"),
        lambda: sp.resume("mine", steps=20),
        lambda: sp.train("mine", run="again"),
        lambda: sp.Run("mine").model,
    ):
        with pytest.raises(sp.SaddlepointError, match=r"objects.*generator \(.*Generator\) and discriminator"):
            attempt()
    with pytest.raises(sp.SaddlepointError, match=r'modules=\{"discriminator": \.\.\.\}'):
        sp.load("mine", modules={"generator": Generator()})
    assert sp.resume("mine", steps=20, modules=fresh).summary["step"] == 20
    assert not Path("again").exists()


@pytest.mark.slow
def test_own_modules_by_import_path() -> None:
    Path("own_networks.py").write_text(
        "from torch import nn\n"
        "def Painter(inputs, outputs, width):\n"
        "    return nn.Sequential(nn.Linear(inputs[0], width), nn.Tanh(), nn.Linear(width, outputs[0]))\n"
    )
    settings = {"generator": {"network": "own_networks:Painter", "arguments": {"width": 3}}}
    sp.train("toy-ring", data={"points": 100}, model=settings, training=QUICK, evaluation=MEASURED, run="mine")
    assert sp.load("mine").sample(3).shape == (3, 2)
    assert sp.resume("mine", steps=16).summary["step"] == 16


@pytest.mark.slow
def test_an_existing_run_is_safe() -> None:
    given: Any = {"data": {"points": 100}, "training": QUICK, "evaluation": MEASURED, "run": "mine"}
    sp.train("toy-ring", **given)
    before = {path: path.read_bytes() for path in Path("mine").rglob("*") if path.is_file()}
    with pytest.raises(sp.SaddlepointError, match="already holds a run"):
        sp.train("toy-ring", **given)
    with pytest.raises(sp.SaddlepointError):
        sp.train("toy-ring", **{**given, "model": {"output": "sigmoid", "scaling": "symmetric"}}, overwrite=True)
    assert {path: path.read_bytes() for path in Path("mine").rglob("*") if path.is_file()} == before
    assert sp.train("toy-grid", **given, overwrite=True).recipe.name == "toy-grid"
    assert [path.name for path in Path.cwd().iterdir()] == ["mine"]


@pytest.mark.slow
def test_a_listener_that_raises_costs_no_run() -> None:
    class FailingListener(Listener):
        def record(self, record: Record) -> None:
            if record.step == 12:
                raise LookupError("dropped")

    with pytest.raises(LookupError, match="dropped"):
        sp.train(
            "toy-ring",
            data={"points": 100},
            training=QUICK,
            evaluation=MEASURED,
            run="mine",
            listener=FailingListener(),
        )
    assert sp.load("mine", step=8).sample(1).shape == (1, 2)
    assert "not ended" in repr(sp.Run("mine"))
    assert sp.resume("mine").summary["step"] == 12


@pytest.mark.slow
def test_a_run_without_a_checkpoint_gets_advice() -> None:
    class Early(Listener):
        def record(self, record: Record) -> None:
            if record.step:
                raise LookupError("dropped")

    with pytest.raises(LookupError):
        sp.train("toy-ring", data={"points": 100}, training=QUICK, evaluation=MEASURED, run="mine", listener=Early())
    with pytest.raises(sp.SaddlepointError, match=r"no checkpoint yet.*saddlepoint resume mine"):
        sp.load("mine")
    assert sp.resume("mine").summary["step"] == 12


def test_help_names_everything_that_there_is() -> None:
    assert sp.__doc__ is not None
    first = sp.__doc__.split("Functions")[1]
    assert all(name in first for name in [*sp.__all__, "__version__"])


def test_the_version_is_that_of_the_installation() -> None:
    from importlib.metadata import version

    assert sp.__version__ == version("saddlepoint")
    assert "__version__" in dir(sp)


@pytest.mark.slow
def test_recipes_have_names_and_descriptions() -> None:
    found = sp.recipes()
    assert list(found) == sorted(found)
    assert found["dcgan-digits"] == sp.Recipe.load("dcgan-digits").description
    assert all(found.values())


def test_representations_are_short() -> None:
    recipe = sp.Recipe.load("dcgan-digits")
    assert repr(recipe) == "Recipe('dcgan-digits': gan on digits, 4,000 steps)"
    assert repr(sp.load_data("digits").event) == "Event(image of 1x8x8 uint8, 0 to 16, 10 classes)"
    wide = sp.from_array(np.random.default_rng(0).normal(size=(50, 1_000)))
    assert len(repr(wide.event)) < 100


def test_networks_are_there_by_the_names_of_the_settings() -> None:
    from saddlepoint.models import build

    event = sp.load_data("digits").event
    gan, vae = (build(sp.Recipe.load(name).model, event) for name in ("gan-digits", "vae-digits"))
    assert gan.generator is gan.players["g"]
    assert gan.discriminator is gan.players["d"]
    assert vae.decoder is vae.player.decoder
    assert vae.encoder is vae.player.trunk
    assert {"generator", "discriminator"} <= set(dir(gan))
    with pytest.raises(AttributeError, match=r"GAN has no attribute 'generater'\. Did you mean \"generator\""):
        gan.generater  # noqa: B018
    assert not hasattr(gan, "encoder")
