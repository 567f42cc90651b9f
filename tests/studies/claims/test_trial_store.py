"""An interrupted program continues with its stored trials to the same result; trials trained differently are not reused."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from saddlepoint.data.settings import DataSettings
from saddlepoint.errors import RunError
from saddlepoint.evaluation.statistics.intervals import mean_interval
from saddlepoint.models.autoencoder.settings import AutoencoderSettings
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.records import locked
from saddlepoint.studies.claims import claim
from saddlepoint.studies.claims import results as module
from saddlepoint.studies.claims import trial_store as storage
from saddlepoint.studies.claims.classifier_curves import ClassifierCurves
from saddlepoint.studies.claims.code_models import CodeModel
from saddlepoint.studies.claims.contract import Claim, Measured, Quantity
from saddlepoint.studies.claims.discriminator_ahead import DiscriminatorAhead
from saddlepoint.studies.claims.image_games import ImageGame
from saddlepoint.studies.claims.laboratory import Laboratory, Setup
from saddlepoint.studies.claims.results import reproduce
from saddlepoint.studies.claims.step_times import StepTimes
from saddlepoint.studies.claims.trial import TrainedTrial
from saddlepoint.studies.claims.trial_store import PACKAGE, TrialStore, program
from saddlepoint.studies.claims.watched import Watched
from saddlepoint.training.settings import OptimiserSettings, PlayerSettings, TrainingSettings
from tests.architecture.imports import SOURCE, imports, modules
from tests.processes import Started, start

NARROW = NetworkSettings(hidden=(4,))
TRAINING = TrainingSettings(steps=20, batch_size=16, optimiser=OptimiserSettings(learning_rate=1e-3))
PLAIN = GANSettings(latent=2, generator=NARROW, discriminator=NARROW, output="identity", scaling="standard")
TINY = TRAINING.model_copy(update={"steps": 4})
CONVOLUTIONS = NetworkSettings(network="dcgan", width=2)
IMAGES = GANSettings(latent=2, generator=CONVOLUTIONS, discriminator=CONVOLUTIONS)
TRIALS: dict[str, Any] = {
    "gan on a line": Setup(PLAIN, TINY, DataSettings(source="gaussian", modes=2)),
    "with averages": Setup(PLAIN, TINY.model_copy(update={"ema": 0.9}), DataSettings(source="gaussian")),
    "watched gan": Watched(PLAIN, TRAINING, DataSettings(source="ring", points=200, scale=0.05), first=3),
    "watched vae": Watched(
        VAESettings(latent=2, encoder=NARROW, decoder=NARROW),
        TRAINING,
        DataSettings(source="digits"),
        mistake="sign flipped",
    ),
    "images": ImageGame(IMAGES, TINY.model_copy(update={"tick": 2}), DataSettings(source="digits"), most=2),
    "autoencoder": CodeModel(AutoencoderSettings(latent=2, encoder=NARROW, decoder=NARROW), TINY),
    "vae with codes": CodeModel(VAESettings(latent=2, encoder=NARROW, decoder=NARROW), TINY),
    "times of steps": StepTimes((CodeModel(AutoencoderSettings(latent=2), TINY),), 2, 1, 2),
    "classifiers": ClassifierCurves("iris", (2,), most=2),
    "discriminator ahead": DiscriminatorAhead(
        IMAGES, TINY.model_copy(update={"tick": 3}), DataSettings(source="digits"), 1, (0, 2), PlayerSettings(), most=2
    ),
}


def equal_trials(one: Any, other: Any) -> bool:
    tensors, facts = one.parts()
    others, other_facts = other.parts()
    return (
        tensors.keys() == others.keys()
        and all(torch.equal(tensors[name].nan_to_num(-1), others[name].nan_to_num(-1)) for name in tensors)
        and facts == other_facts
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", TRIALS)
def test_an_outcome_is_restored_as_it_was(name: str, tmp_path: Path) -> None:
    trial = TRIALS[name]
    outcome = trial.train(2, threads=1, report=lambda share: None)
    store = TrialStore(tmp_path, 2)
    assert store.find(trial) is None
    store.save(trial, TrainedTrial(outcome, 1.5, "C8"))
    found = store.find(trial)
    assert found is not None
    assert (found.seconds, found.claim, found.outcome.seeds) == (1.5, "C8", 2)
    assert equal_trials(found.outcome, outcome)
    assert found.outcome.setup == trial
    noise = torch.full((3, 2), 0.3)
    for mine, theirs in zip(getattr(found.outcome, "models", ()), getattr(outcome, "models", ()), strict=True):
        own = noise[:, : mine.settings.latent]
        assert torch.equal(mine.decode(own), theirs.decode(own))
    if name == "watched vae":
        assert found.outcome.with_any("VAE202") == outcome.with_any("VAE202") > 0
    store.remove([trial])
    assert not store.folder.exists()


def test_trials_of_two_classes_with_equal_settings_are_two_trials(tmp_path: Path) -> None:
    image: ImageGame = TRIALS["images"]
    other = Setup(image.model, image.training, image.data, image.most)
    assert other.key != image.key
    keys = [trial.key for trial in TRIALS.values()]
    assert len(set(keys)) == len(keys)
    assert replace(image).key == image.key


@pytest.mark.slow
def test_an_outcome_counts_for_the_same_question_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trial: Setup = TRIALS["gan on a line"]
    outcome = trial.train(2, threads=1, report=lambda share: None)
    TrialStore(tmp_path, 2).save(trial, TrainedTrial(outcome, 1.0, "C8"))
    assert TrialStore(tmp_path, 3).find(trial) is None
    assert TrialStore(tmp_path, 3).find(replace(trial, most=2)) is None
    longer = replace(trial, training=trial.training.model_copy(update={"steps": 5}))
    assert TrialStore(tmp_path, 2).find(longer) is None
    with monkeypatch.context() as context:
        context.setattr(storage, "program", lambda parts: "another program")
        assert TrialStore(tmp_path, 2).find(trial) is None
    assert TrialStore(tmp_path, 2).find(trial) is not None
    (path,) = (tmp_path / "trained").iterdir()
    path.write_bytes(path.read_bytes()[:-100])
    assert TrialStore(tmp_path, 2).find(trial) is None


def test_an_outcome_with_a_flipped_byte_is_rejected(tmp_path: Path) -> None:
    """At any place: in the tensors, their names, types and shapes, and in the facts about them."""
    trial, store = Draw(1), TrialStore(tmp_path, 9)
    store.save(trial, TrainedTrial(trial.train(9, threads=1, report=lambda share: None), 1.5, "C8"))
    (path,) = (tmp_path / "trained").iterdir()
    whole = path.read_bytes()
    header = 8 + int.from_bytes(whole[:8], "little")
    padding = len(whole[:header].rstrip(b" "))
    for place, byte in enumerate(whole):
        for flipped in (byte ^ 1, byte ^ 0x0F, byte ^ 0x80):
            path.write_bytes(whole[:place] + bytes([flipped]) + whole[place + 1 :])
            assert store.find(trial) is None or padding <= place < header, (place, flipped)
    path.write_bytes(whole)
    assert store.find(trial) is not None


def test_a_second_program_in_the_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "claim", small)
    part = tmp_path / "trained" / ".being-written.safetensors.part"
    part.parent.mkdir()
    part.touch()
    with locked(tmp_path), pytest.raises(RunError, match="another process: wait for it, or stop it"):
        reproduce(["C8"], tmp_path, seeds=2, overwrite=True)
    assert part.exists()
    assert reproduce(["C8"], tmp_path, seeds=2)
    assert not part.exists()


def unlisted(parts: tuple[str, ...]) -> dict[str, str]:
    """What files of these parts of the program import, and what that imports, without being of them: who asks for it."""
    files = modules()

    def is_listed(name: str) -> bool:
        path = files[name].relative_to(SOURCE)
        return any(path.is_relative_to(part) for part in parts)

    asked = dict.fromkeys(filter(is_listed, files), "")
    waiting = list(asked)
    while waiting:
        asker = waiting.pop()
        path = files[asker]
        for one in imports(path.read_text("utf-8"), asker, files, is_package=path.name == "__init__.py"):
            steps = one.target.split(".")
            for name in (
                ".".join(steps[:size]) for size in range(1, len(steps) + 1)
            ):  # a package is loaded before its modules
                if one.when != "typing" and name in files and name not in asked:
                    asked[name] = asker
                    waiting.append(name)
    return {name: asker for name, asker in asked.items() if not is_listed(name)}


@pytest.mark.slow
@pytest.mark.parametrize("parts", [storage.TRAINING, storage.MEASURING], ids=["training", "measuring"])
def test_the_program_is_all_that_it_imports(parts: tuple[str, ...]) -> None:
    assert all((PACKAGE / part).exists() for part in parts)
    assert unlisted(parts) == {}
    without = tuple(part for part in parts if part not in ("records", "errors.py"))
    assert {"saddlepoint.errors", "saddlepoint.records.schema"} <= unlisted(without).keys()


def test_training_and_measuring_have_different_fingerprints() -> None:
    assert set(storage.TRAINING) < set(storage.MEASURING)
    assert program(storage.TRAINING) != program(storage.MEASURING)


@pytest.mark.slow
def test_stored_results_are_not_trained_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trial = TRIALS["gan on a line"]
    first = Laboratory(seeds=2, store=TrialStore(tmp_path, 2)).train(trial, "C8")
    monkeypatch.setattr(Setup, "train", fail_if_trained)
    reloaded = Laboratory(seeds=2, store=TrialStore(tmp_path, 2))
    again = reloaded.train(trial, "C14")
    assert (again.claim, again.seconds) == ("C8", first.seconds)
    assert equal_trials(again.outcome, first.outcome)
    assert reloaded.done == trial.weight


def fail_if_trained(*_: Any, **__: Any) -> Any:
    raise AssertionError("trained again")


def content(folder: Path, name: str) -> dict[str, Any]:
    own: dict[str, Any] = json.loads((folder / name / "result.json").read_text())
    return {key: value for key, value in own.items() if key not in ("date", "training_seconds")}


@dataclass(frozen=True)
class Draw:
    """The smallest trial there is."""

    number: int
    weight: float = 1.0
    most: int | None = None

    @property
    def key(self) -> str:
        return str(self.number)

    def train(self, seeds: int, *, threads: int, report: Callable[[float], None]) -> DrawResult:
        return DrawResult(torch.rand(seeds, generator=torch.Generator().manual_seed(self.number)))

    def restore(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> DrawResult:
        return DrawResult(tensors["values"])


@dataclass(frozen=True)
class DrawResult:
    values: Tensor

    @property
    def seeds(self) -> int:
        return len(self.values)

    def parts(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        return {"values": self.values}, {}


def small(identifier: str) -> Claim:
    """A claim of four trials; C8 and C14 share three of them."""

    def setups(quick: bool) -> dict[str, Draw]:
        return {f"draw {n}": Draw(n) for n in (1, 2, 3, 4 if identifier.upper() == "C8" else 5)}

    def measure(outcomes: Mapping[str, Any], quick: bool) -> Measured:
        return Measured(
            "holds", "It is so.", tuple(Quantity(n, mean_interval(own.values)) for n, own in outcomes.items())
        )

    return Claim(identifier.upper(), "words", "source, https://example.org", "Holds if", setups, measure)


def test_a_result_from_stored_outcomes_equals_that_of_an_uninterrupted_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "claim", small)
    reproduce(["C8", "C14"], tmp_path / "whole", seeds=2)
    train, trained = Draw.train, []

    def counted(self: Draw, *arguments: Any, **named: Any) -> DrawResult:
        if len(trained) == 3:
            raise KeyboardInterrupt
        trained.append(self.key)
        return train(self, *arguments, **named)

    folder = tmp_path / "interrupted"
    monkeypatch.setattr(Draw, "train", counted)
    with pytest.raises(KeyboardInterrupt):
        reproduce(["C8", "C14"], folder, seeds=2)
    assert len(list((folder / "trained").iterdir())) == 3
    assert not list(folder.rglob("result.json"))
    before = list(trained)
    trained.clear()
    # The second interruption comes between two claims: the first one's result is there, and the second one's outcomes.
    stopping(monkeypatch, "C14")
    with pytest.raises(KeyboardInterrupt):
        reproduce(["C8", "C14"], folder, seeds=2)
    assert len(trained) == 2
    assert not set(trained) & set(before)
    assert len(list((folder / "trained").iterdir())) == 4
    monkeypatch.setattr(module, "claim", small)
    monkeypatch.setattr(Draw, "train", fail_if_trained)
    found = reproduce(["C8", "C14"], folder, seeds=2)
    assert [result["id"] for result in found] == ["C8", "C14"]
    for name in ("C8", "C14"):
        assert content(folder, name) == content(tmp_path / "whole", name)
    assert content(folder, "C14")["trained_with"] == ["C8"]
    assert not (folder / "trained").exists()
    with pytest.raises(RunError, match=r"C8, C14.*--overwrite"):
        reproduce(["C8", "C14"], folder, seeds=2)


def stopping(monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """Has the measurement of this claim interrupted."""

    def interrupted(identifier: str) -> Claim:
        own = small(identifier)
        return replace(own, measure=stopped) if own.id == where else own

    def stopped(outcomes: Any, quick: bool) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "claim", interrupted)


def test_results_of_another_question_are_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "claim", small)
    reproduce(["C8"], tmp_path, seeds=2)
    with pytest.raises(RunError, match=r"C8.*--overwrite"):
        reproduce(["C8", "C14"], tmp_path, seeds=3)


def test_overwriting_starts_a_new_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stopping(monkeypatch, "C8")
    with pytest.raises(KeyboardInterrupt):
        reproduce(["C8"], tmp_path, seeds=2)
    assert list((tmp_path / "trained").iterdir())
    (tmp_path / "C8").mkdir()
    (tmp_path / "C8" / "result.json").write_text("{}")
    monkeypatch.setattr(Draw, "train", fail_if_trained)
    with pytest.raises(AssertionError, match="trained again"):
        reproduce(["C8"], tmp_path, seeds=2, overwrite=True)
    assert not (tmp_path / "C8" / "result.json").exists()
    assert not (tmp_path / "trained").exists()


CHEAP = "C6"  # many setups of a second each


@pytest.mark.slow
def test_a_killed_process_loses_the_setup_under_way_and_nothing_else(tmp_path: Path) -> None:
    """Interrupted after two setups, and killed after two more."""
    command = ["reproduce", CHEAP, "--quick", "--seeds", "2", "--out", str(tmp_path / "out")]
    finished: dict[str, int] = {}
    for number in (signal.SIGINT, signal.SIGKILL):
        with start_command(command) as process:
            wait_for(tmp_path / "out" / "trained", len(finished) + 2, process)
            process.send_signal(number)
            said = "".join(process.communicate(timeout=60))
        assert process.returncode == (130 if number == signal.SIGINT else -number)
        assert "Traceback" not in said
        if number == signal.SIGINT:
            assert "the same command goes on" in said
        kept = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out" / "trained").glob("*.safetensors")}
        assert len(finished) + 2 <= len(kept) < len(claim(CHEAP).setups(True))
        assert finished.items() <= kept.items(), "trained again"
        assert not (tmp_path / "out" / CHEAP / "result.json").exists()
        finished = kept
    again = {}
    with start_command(command) as process:
        while process.poll() is None and not (tmp_path / "out" / CHEAP / "result.json").exists():
            for path in (tmp_path / "out" / "trained").glob("*.safetensors"):
                try:
                    again[path.name] = path.stat().st_mtime_ns
                except FileNotFoundError:
                    break
            time.sleep(0.02)
        _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert all(again[name] == when for name, when in finished.items()), "trained again"
    assert not (tmp_path / "out" / "trained").exists()
    reproduce([CHEAP], tmp_path / "whole", seeds=2, quick=True)
    assert content(tmp_path / "out", CHEAP) == content(tmp_path / "whole", CHEAP)


def start_command(command: list[str]) -> Started:
    return start("-m", "saddlepoint.cli.main", *command)


def wait_for(folder: Path, count: int, process: Started) -> None:
    start_time = time.monotonic()
    while len(list(folder.glob("*.safetensors"))) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() - start_time < 120
        time.sleep(0.02)
