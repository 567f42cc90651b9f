"""An error in the user's own code ends training in a sentence that names the part, the step and the last checkpoint."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import saddlepoint as sp
from saddlepoint.cli.main import main
from saddlepoint.errors import PartError, RunError, SettingError
from saddlepoint.experiment import session
from saddlepoint.experiment.own_parts import find_part, own_parts
from saddlepoint.records import RunFolder
from saddlepoint.training import checkpoint

MODULE = """
import sys
import torch
from torch import nn
from torch.nn.functional import softplus

LEFT = {"calls": 10**9}


def countdown(logit, error):
    LEFT["calls"] -= 1
    if LEFT["calls"] < 0:
        raise error
    return logit


class Logistic:
    error = ValueError("no such class")

    def real(self, logit):
        return softplus(-logit)

    def fake(self, logit):
        return softplus(countdown(logit, self.error))

    def generator(self, logit):
        return softplus(-logit)


class Reads(Logistic):
    error = FileNotFoundError(2, "No such file or directory", "weights.txt")


class Exits(Logistic):
    error = SystemExit()


class Slope:
    where = "real"

    def how(self, squared_slope):
        return countdown(squared_slope, ValueError("no such class"))


class Shift:
    def draw(self, n, shape, strength, generator):
        return {"by": torch.zeros(n, *shape)}

    def __call__(self, x, noise):
        return countdown(x, ValueError("no such class"))


class Halve:
    after_update = True

    def prepare(self, network):
        pass

    def project(self, network):
        countdown(network, ValueError("no such class"))


class Backward(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        return countdown(gradient, ValueError("no such class"))


class Network(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.layer = nn.Linear(2, 1)

    def forward(self, x):
        return self.layer(Backward.apply(x) if x.requires_grad else Backward.apply(x * self.layer.weight[0]))
"""
MODEL = {"latent": 2, "generator.hidden": [8], "discriminator.hidden": [8]}
TRAINING = {
    "steps": 60,
    "tick": 10,
    "checkpoint_every": 10,
    "samples": 16,
    "sample_every": 60,
    "keep": 9,
}


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The user's module, which fails after so many calls: `module.LEFT["calls"]`."""
    (tmp_path / "failing_parts.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "failing_parts", raising=False)
    monkeypatch.setenv("SADDLEPOINT_CONFIG", str(tmp_path / "config"))
    import failing_parts  # type: ignore[import-not-found]

    return failing_parts


@pytest.fixture
def fail_in_training(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the module fail at a call after the first 15 steps, whatever else calls it before."""
    play = session.play

    def failing(*arguments: Any) -> Any:
        for record in play(*arguments):
            yield record
            if record is not None and record.step == 20:
                module.LEFT["calls"] = 0

    monkeypatch.setattr(session, "play", failing)


def train(**changes: Any) -> sp.Run:
    model = MODEL | changes.pop("model", {})
    return sp.train(
        "toy-ring", data={"points": 200}, model=model, training=TRAINING, pictures=False, run="run", **changes
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "part"),
    [
        ({"objective": "failing_parts:Logistic"}, r"model\.objective \(failing_parts:Logistic\)"),
        ({"penalties": {"failing_parts:Slope": 1}}, r"model\.penalties\.failing_parts:Slope"),
        ({"views": {"failing_parts:Shift": 1}}, r"model\.views\.failing_parts:Shift"),
        (
            {"constraints": {"discriminator": "failing_parts:Halve"}},
            r"model\.constraints\.discriminator \(failing_parts:Halve\)",
        ),
        (
            {"discriminator.network": "failing_parts:Network"},
            r"model\.discriminator\.network \(failing_parts:Network\)",
        ),
    ],
)
def test_a_part_that_fails_during_training_is_named(fail_in_training: None, model: dict[str, Any], part: str) -> None:
    expected = (
        rf"run: training stopped in step 21: {part} raised ValueError: no such class \(failing_parts\.py, line \d+\)\. "
    )
    with pytest.raises(
        PartError, match=expected + r"The checkpoint of step 20 is kept.*saddlepoint resume run"
    ) as caught:
        train(model=model)
    assert isinstance(caught.value.__cause__, ValueError)
    assert checkpoint.newest_valid(RunFolder(Path("run")))[0].name == "step-00000020"


@pytest.mark.slow
def test_the_run_continues_once_the_part_is_repaired(fail_in_training: None, module: Any) -> None:
    with pytest.raises(PartError, match=r"continue from it: sp\.resume\('run', loss=\.\.\.\)"):
        train(loss=module.Logistic())
    module.LEFT["calls"] = 10**9
    assert sp.resume("run", loss=module.Logistic(), pictures=False).summary["step"] == 60


@pytest.mark.slow
def test_a_file_that_an_own_loss_misses_is_no_full_disk(fail_in_training: None) -> None:
    with pytest.raises(
        PartError, match=r"model\.objective \(failing_parts:Reads\) raised FileNotFoundError.*weights\.txt"
    ):
        train(model={"objective": "failing_parts:Reads"})


@pytest.mark.slow
def test_a_disk_error_elsewhere_is_not_blamed_on_the_part(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def save(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "save", save)
    with pytest.raises(RunError, match="is the disk full"):
        train(model={"objective": "failing_parts:Logistic"})


@pytest.mark.parametrize("moment", ["at import", "before the first step", "in training"])
def test_leaving_the_program_is_an_error(
    moment: str, module: Any, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    if moment == "in training":
        request.getfixturevalue("fail_in_training")
    elif moment == "before the first step":
        module.LEFT["calls"] = 0
    else:
        sys.modules.pop("failing_parts")
        Path("failing_parts.py").write_text("import sys\nsys.exit()\n")
    settings = [f"--{name}={value}" for name, value in (MODEL | {"objective": "failing_parts:Exits"}).items()]
    settings = [text.replace("--", "--model.") for text in settings]
    settings += [f"--training.{name}={value}" for name, value in TRAINING.items()]
    assert main(["train", "toy-ring", "--fast", "--data.points=200", "--run=run", *settings]) == 2
    said = capsys.readouterr().err
    assert said.startswith("saddlepoint: ")
    assert "model.objective" in said
    assert said.count("\n") == 1


def test_parts_of_one_module_are_told_apart_and_torch_is_nobodys(module: Any) -> None:
    model = sp.Recipe.from_mapping(
        {"model": {"family": "gan", "objective": "failing_parts:Logistic", "penalties": {"failing_parts:Slope": 1}}}
    ).model
    parts = own_parts(model, {"generator": torch.nn.Linear(2, 2)})
    module.LEFT["calls"] = 0
    for part, call in (("failing_parts:Logistic", module.Logistic().fake), ("failing_parts:Slope", module.Slope().how)):
        with pytest.raises(ValueError, match="no such class") as caught:
            call(torch.ones(1))
        found = find_part(caught.value, parts)
        assert found is not None
        assert found.path == part
    with pytest.raises(RuntimeError) as by_torch:
        torch.nn.Linear(3, 2)(torch.ones(1, 2))
    assert find_part(by_torch.value, parts) is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [1.0, float("-inf")]])
@pytest.mark.parametrize(
    "part",
    [
        {"constraints": {"discriminator": {"name": "clip", "limit": None}}},
        {"penalties": {"r1": {"weight": 1, "limit": None}}},
        {"views": {"instance_noise": {"strength": 1, "limit": None}}},
    ],
)
def test_an_argument_that_is_not_finite_is_refused(part: dict[str, Any], value: Any) -> None:
    (section, entries), *_ = part.items()
    model = {"family": "gan", section: {name: {**entry, "limit": value} for name, entry in entries.items()}}
    with pytest.raises(SettingError, match=rf"model\.{section}\..*the argument limit must be a finite number"):
        sp.Recipe.from_mapping({"model": model})
