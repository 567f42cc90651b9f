"""Code that a recipe or run names by import path runs only where the user gave the path or trusts it."""

from __future__ import annotations

import json
import shutil
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import saddlepoint as sp
from saddlepoint.cli.main import main
from saddlepoint.errors import TrustError
from saddlepoint.recipe import Recipe, trust
from saddlepoint.recipe.studies import load_study
from saddlepoint.records.leftovers import remove_tree
from saddlepoint.studies.start import plan_study
from tests.experiment.runs import recipe

NETS = """
from pathlib import Path
from torch import nn
Path(__file__).with_name("executed").touch()

class Net(nn.Module):
    def __init__(self, inputs, outputs, width=4):
        super().__init__()
        self.outputs = outputs
        size = 1
        for n in (outputs or ()):
            size *= n
        flat = 1
        for n in inputs:
            flat *= n
        self.inner = nn.Sequential(nn.Flatten(), nn.Linear(flat, size))

    def forward(self, x):
        return self.inner(x).view(len(x), *self.outputs)
"""
GENERATOR = {"model.generator.network": "gift_nets:Net", "model.generator.arguments": {"width": 8}}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of another person with a module, a recipe and a run of that recipe."""
    folder = tmp_path_factory.mktemp("received_folder")
    (folder / "gift_nets.py").write_text(NETS)
    own = recipe("gan", steps=5, checkpoint_every=5).override(GENERATOR)
    (folder / "gift.yaml").write_text(own.to_yaml())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv(trust.FOLDER_VARIABLE, str(folder / "configuration"))
        sp.train(own, run="run", trust=True)
        forget(patch)
    for made in ("executed", "configuration", "__pycache__"):
        remove_tree(folder / made)
    return folder


@pytest.fixture
def received_folder(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, received from elsewhere: nothing of it is trusted or imported."""
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(trust.FOLDER_VARIABLE, str(tmp_path / "configuration"))
    forget(monkeypatch)
    return tmp_path


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a new process."""
    monkeypatch.setattr(trust, "_granted", set())
    sys.modules.pop("gift_nets", None)


USES: dict[str, Callable[[], object]] = {
    "load": lambda: sp.load("run"),
    "model": lambda: sp.Run("run").model,
    "evaluate": lambda: sp.evaluate("run", progress=False),
    "resume": lambda: sp.resume("run", steps=10),
    "repeat": lambda: sp.train("run", run="again"),
    "recipe file": lambda: sp.train("gift.yaml", run="again"),
    "recipe object": lambda: sp.train(Recipe.load("gift.yaml"), run="again"),
    "study": lambda: sp.study("study.yaml", quiet=True),
}


@pytest.mark.parametrize("use", USES)
def test_a_path_from_elsewhere_is_refused_before_it_is_imported(use: str, received_folder: Path) -> None:
    (received_folder / "study.yaml").write_text("name: s\nbase: gift.yaml\nseeds: {count: 2}\n")
    before = sorted(path.name for path in received_folder.rglob("*") if path.name != ".lock")
    with pytest.raises(TrustError, match=r"model\.generator\.network 'gift_nets:Net'.*--trust.*trust=True"):
        USES[use]()
    assert sorted(path.name for path in received_folder.rglob("*") if path.name != ".lock") == before


@pytest.mark.parametrize(
    "command",
    [
        ["sample", "run", "-n", "2"],
        ["evaluate", "run"],
        ["resume", "run", "--steps", "10"],
        ["train", "run", "--run", "again"],
        ["train", "gift.yaml", "--dry-run"],
    ],
)
def test_commands_refuse_with_one_sentence(
    command: list[str], received_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command) == 2
    assert not (received_folder / "executed").exists()
    assert "names code by import path" in capsys.readouterr().err.strip().splitlines()[-1]


@pytest.mark.slow
@pytest.mark.parametrize("command", ["report", "diagnose"])
def test_commands_that_build_no_model_need_no_trust(command: str, received_folder: Path) -> None:
    assert main([command, "run"]) == 0
    assert not (received_folder / "executed").exists()


def test_trust_is_remembered_for_this_user(received_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sp.load("run", trust=True).sample(2).shape[0] == 2
    forget(monkeypatch)
    assert sp.load("run").sample(2).shape[0] == 2
    file = trust.trusted_file()
    assert json.loads(file.read_text())["file"] == str(received_folder / "gift_nets.py")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_objects_given_in_a_call_are_trusted_and_remembered(
    received_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = recipe("gan", steps=5, checkpoint_every=5)
    sp.train(base, model={"generator": {"network": "gift_nets:Net"}}, run="own")
    forget(monkeypatch)
    assert sp.load("own").sample(2).shape[0] == 2
    with pytest.raises(TrustError):  # the same path with other arguments
        sp.load("run")


def test_another_file_of_the_same_name_needs_confirmation(
    received_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sp.load("run", trust=True)
    forget(monkeypatch)
    other = received_folder / "elsewhere"
    other.mkdir()
    shutil.copytree(received_folder / "run", other / "run")
    (other / "gift_nets.py").write_text(NETS)
    monkeypatch.chdir(other)
    with pytest.raises(TrustError):
        sp.load("run")
    assert not (other / "executed").exists()


def test_arguments_with_text_are_trusted_in_one_folder(received_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = {"model.generator.network": "torch.hub:load", "model.generator.arguments": {"repo_or_dir": "received_folder"}}
    model = recipe("gan").override(hub).model
    trust.require_trust(model, trust=True, where="here")
    trust.require_trust(model, where="here")
    (received_folder / "elsewhere").mkdir()
    monkeypatch.chdir(received_folder / "elsewhere")
    with pytest.raises(TrustError):
        trust.require_trust(model, where="there")


def test_a_list_that_others_can_write_is_not_believed(received_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sp.load("run", trust=True)
    forget(monkeypatch)
    trust.trusted_file().chmod(0o666)
    with pytest.raises(TrustError):
        sp.load("run")


def test_a_list_that_cannot_be_written_is_no_failure(received_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (received_folder / "file").write_text("")
    monkeypatch.setenv(trust.FOLDER_VARIABLE, str(received_folder / "file"))
    sp.load("run", trust=True)
    sp.load("run")
    forget(monkeypatch)
    with pytest.raises(TrustError):
        sp.load("run")


OWN_BASE = {
    "model": {"family": "gan", "generator": {"network": "mine:Net"}, "penalties": {"mine:Slope": 2}},
    "training": {"steps": 5},
}
PARTS = {
    "model.constraints": {"discriminator": {"name": "mine:Clip"}},
    "model.views.mine:Shift.strength": 0.5,
    "model.objective": "mine:Loss",
}


@pytest.mark.parametrize(
    "content",
    [
        {"base": OWN_BASE},
        {"base": "gan-digits", "overrides": PARTS},
        {"base": "gan-digits", "axes": {"model.generator.network": ["mine:Net", "mine:Other"]}},
        {"base": "gan-digits", "axes": {"a": {"variants": {"one": PARTS, "two": {"base": OWN_BASE}}}}},
        {"base": "gift.yaml", "overrides": {"model.generator.network": "mine:Net"}},
    ],
)
@pytest.mark.usefixtures("received_folder")
def test_paths_written_in_a_study_are_trusted(content: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("saddlepoint.studies.plan.Plan.of", lambda *arguments: arguments)
    study = load_study({"seeds": {"count": 1}, **content})
    with pytest.raises(TrustError):  # as it would be from a file
        plan_study(study, {}, trust=False)
    assert plan_study(study, {}, trust=False, own=True)


@pytest.mark.parametrize(
    "content",
    [
        {"base": "gift.yaml"},
        {"base": "run"},
        {"base": "gift.yaml", "overrides": {"model.generator.arguments": {"width": 3}}},
        {"base": "gan-digits", "axes": {"a": {"variants": {"one": {"base": "gift.yaml"}, "two": GENERATOR}}}},
    ],
)
def test_paths_of_a_base_that_a_study_names_are_not_trusted(content: dict[str, object], received_folder: Path) -> None:
    with pytest.raises(TrustError, match=r"model\.generator\.network 'gift_nets:Net'"):
        sp.study({"seeds": {"count": 1}, **content}, quiet=True)
    assert not (received_folder / "executed").exists()
    assert not (received_folder / "studies").exists()


def test_built_in_networks_and_objects_need_no_trust() -> None:
    own = recipe("gan")
    assert not list(trust.import_paths(own.model))
    foreign = own.override({"model.generator.network": "torch.nn:Linear"})
    assert [part.name for part in trust.import_paths(foreign.model)] == ["model.generator.network"]
    assert not list(trust.import_paths(foreign.model, {"generator": object()}))
    assert not list(trust.import_paths(own.override({"model.generator.network": "object:a.B"}).model))


@pytest.mark.parametrize(
    "name", ["json", "json.decoder", "torch.nn", "nowhere", "nowhere.at.all", "a..b", "", "os.path.x"]
)
def test_the_file_of_a_module_is_found_without_importing_it(name: str) -> None:
    before = set(sys.modules)
    found = trust.module_file(name)
    assert set(sys.modules) == before
    assert (found is not None and Path(found).is_absolute()) == (name in ("json", "json.decoder", "torch.nn"))


def test_a_package_in_the_current_folder_is_found_without_running_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gift_package" / "deep").mkdir(parents=True)
    for place in ("gift_package", "gift_package/deep"):
        (tmp_path / place / "__init__.py").write_text("raise SystemExit('executed')")
    (tmp_path / "gift_package" / "deep" / "nets.py").write_text("raise SystemExit('executed')")
    monkeypatch.chdir(tmp_path)
    assert trust.module_file("gift_package.deep.nets") == str(tmp_path / "gift_package/deep/nets.py")
