"""Files of a run folder may be damaged, forged or links: each problem is named, and nothing is lost."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

import saddlepoint as sp
from saddlepoint.errors import RunError, SaddlepointError
from saddlepoint.experiment import Listener
from saddlepoint.records import Record, RunFolder, locked
from saddlepoint.training.manifest import digest, encode_manifest, load_manifest
from tests.experiment.runs import recipe


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("damage") / "run"
    sp.train(recipe("gan", steps=10, checkpoint_every=5, optimiser={"name": "adam"}), run=path)
    return path


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> RunFolder:
    shutil.copytree(trained, tmp_path / "run")
    return RunFolder(tmp_path / "run")


def content(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, but the empty lock."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def forge(checkpoint: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change a manifest and seal it again."""
    path = checkpoint / "manifest.json"
    manifest = load_manifest(path)
    change(manifest)
    path.write_bytes(encode_manifest(manifest))


def forge_tensors(checkpoint: Path, name: str, change: Callable[[dict[str, torch.Tensor]], Any]) -> None:
    """Change the tensors of a file in a checkpoint, and name it truly in the manifest."""
    tensors = safetensors.torch.load((checkpoint / name).read_bytes())
    change(tensors)
    data = safetensors.torch.save(tensors)
    (checkpoint / name).write_bytes(data)
    forge(checkpoint, lambda manifest: manifest["files"].update({name: {"bytes": len(data), "sha256": digest(data)}}))


def newest(run: RunFolder) -> Path:
    return run.checkpoint(10)


@pytest.mark.parametrize("name", ["records.jsonl", "findings.jsonl", "recipe.yaml"])
@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\x00", b"[1]\n", b'{"step": "x"}\n', b"[" * 50_000])
def test_a_refused_resume_has_written_nothing(name: str, damage: bytes, run: RunFolder) -> None:
    length = (run.path / name).stat().st_size
    if name == "findings.jsonl" and not length:
        length = 2
        (run.path / name).write_bytes(b"\n\n")
        for checkpoint in run.checkpoints.glob("step-*"):
            forge(checkpoint, lambda m: m["extra"]["positions"].update(findings=2))
    if name == "recipe.yaml":
        damage = damage[:40]
    (run.path / name).write_bytes(damage[:length] + b"\n" * max(0, length - len(damage)) if damage else b"")
    before = content(run.path)
    with pytest.raises(SaddlepointError):
        sp.resume(run.path, steps=20)
    assert content(run.path) == before


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"number": "x"}\n', b'{"number": 1}\n', b"[]\n"])
def test_damaged_remedies_are_named(damage: bytes, run: RunFolder) -> None:
    run.cures.write_bytes(damage + b"\n" if damage else b"")
    before = content(run.path)
    if damage:
        with pytest.raises(RunError, match=r"cures\.jsonl"):
            sp.resume(run.path, steps=20)
        assert content(run.path) == before
    else:
        assert sp.Run(run.path).cures == []


MANIFESTS: dict[str, Callable[[dict[str, Any]], object]] = {
    "no step": lambda m: m.pop("step"),
    "step of text": lambda m: m.update(step="10"),
    "negative step": lambda m: m.update(step=-1),
    "seconds of null": lambda m: m.update(seconds=None),
    "optimisers of numbers": lambda m: m.update(optimisers={"g": 1}),
    "files of a list": lambda m: m.update(files=[]),
    "no weights": lambda m: m["files"].pop("weights.safetensors"),
    "bytes of text": lambda m: m["files"]["weights.safetensors"].update(bytes="1"),
    "event of a list": lambda m: m.update(event=[]),
    "no shape": lambda m: m["event"].pop("shape"),
    "shape of billions": lambda m: m["event"].update(shape=[10**9, 10**9]),
    "shape of text": lambda m: m["event"].update(shape=["8", "8"]),
    "empty shape": lambda m: m["event"].update(shape=[]),
    "kind": lambda m: m["event"].update(kind="smell"),
    "format": lambda m: m.update(format=[]),
    "extra": lambda m: m.update(extra=None),
}


@pytest.mark.parametrize("change", MANIFESTS)
def test_a_sealed_manifest_with_other_content_is_refused(change: str, run: RunFolder) -> None:
    for checkpoint in run.checkpoints.glob("step-*"):
        forge(checkpoint, MANIFESTS[change])  # type: ignore[arg-type]
    before = content(run.path)
    for use in (lambda: sp.load(run.path), lambda: sp.resume(run.path, steps=20)):
        with pytest.raises(SaddlepointError, match=r"manifest\.json"):
            use()
    assert content(run.path) == before


def test_an_event_of_another_version_is_refused(run: RunFolder) -> None:
    forge(newest(run), lambda manifest: manifest["event"].update(colour="red"))
    with pytest.raises(RunError, match=r"manifest\.json: event"):
        sp.load(run.path)


EXTRAS: dict[str, Callable[[dict[str, Any]], object]] = {
    **{f"no {name}": lambda e, name=name: e.pop(name) for name in ("positions", "fingerprint", "arithmetic", "measured")},
    "positions of text": lambda e: e.update(positions={"records": "1", "findings": 0}),
    "positions between lines": lambda e: e["positions"].update(records=e["positions"]["records"] - 1),
    "threads of 100,000": lambda e: e["arithmetic"].update(threads=100_000),
    "precision": lambda e: e["arithmetic"].update(precision="fp1"),
    "measured of a list": lambda e: e.update(measured=[]),
    "best of text": lambda e: e["measured"].update(best="10"),
    "no untrained": lambda e: e["measured"].pop("untrained"),
    "shares of text": lambda e: e["measured"].update(last_shares=["x"]),
    "cures of text": lambda e: e.update(cures="none"),
}  # fmt: skip


@pytest.mark.parametrize("change", EXTRAS)
def test_a_session_does_not_continue_from_a_damaged_extra(change: str, run: RunFolder) -> None:
    for older in sorted(run.checkpoints.glob("step-*"))[:-1]:
        shutil.rmtree(older)
    forge(newest(run), lambda m: EXTRAS[change](m["extra"]) and None)
    before = content(run.path)
    with pytest.raises(RunError):
        sp.resume(run.path, steps=20)
    assert content(run.path) == before


TENSORS: dict[str, tuple[str, Callable[[dict[str, torch.Tensor]], object]]] = {
    "moments of another shape": ("optimiser", lambda t: t.update({"g/0/exp_avg": torch.zeros(1)})),
    "moments of another size": ("optimiser", lambda t: t.update({"g/0/exp_avg": torch.zeros(1000, 1000)})),
    "moments of whole numbers": ("optimiser", lambda t: t.update({"g/0/exp_avg": torch.zeros_like(t["g/0/exp_avg"]).long()})),
    "steps of a list": ("optimiser", lambda t: t.update({"g/0/step": torch.zeros(7)})),
    "a moment is missing": ("optimiser", lambda t: t.pop("g/0/exp_avg_sq")),
    "parameter 99": ("optimiser", lambda t: t.update({"g/99/exp_avg": torch.zeros(1)})),
    "parameter x": ("optimiser", lambda t: t.update({"g/x/exp_avg": torch.zeros(1)})),
    "no parameter": ("optimiser", lambda t: t.update({"g": torch.zeros(1)})),
    "an unknown quantity": ("optimiser", lambda t: t.update({"g/0/mood": torch.zeros(1)})),
    "no noise": ("state", lambda t: t.pop("generator/noise")),
    "noise of another length": ("state", lambda t: t.update({"generator/noise": torch.zeros(3, dtype=torch.uint8)})),
    "noise of floats": ("state", lambda t: t.update({"generator/noise": torch.zeros(5056)})),
    "scalars in a square": ("state", lambda t: t.update({"pending/g/loss": torch.zeros(2, 2)})),
    "one scalar": ("state", lambda t: t.update({"pending/g/loss": torch.zeros(())})),
    "weights of another shape": ("weights", lambda t: t.update({max(t, key=lambda n: t[n].numel()): torch.zeros(1)})),
    "no weights": ("weights", lambda t: t.clear()),
}  # fmt: skip


@pytest.mark.parametrize("change", TENSORS)
def test_tensors_that_do_not_fit_are_refused(change: str, run: RunFolder) -> None:
    shutil.rmtree(run.checkpoint(5), ignore_errors=True)
    name, forged = TENSORS[change]
    forge_tensors(newest(run), f"{name}.safetensors", forged)
    before = content(run.path)
    with pytest.raises(RunError):
        sp.resume(run.path, steps=20)
    assert content(run.path) == before


SUMMARIES = [b"", b"[]", b"{", b'{"quality": 3}', b'{"quality": {"last": "x"}}', b'{"best": {"step": "x"}}', b'{"step": 1.5}', b'{"state": "odd"}', b'{"players": {"g": -1}}', b'{"cures": [{}]}', b'{"verdict": 3}', b"[" * 100_000]  # fmt: skip


@pytest.mark.parametrize("damage", SUMMARIES)
def test_a_damaged_summary_is_named(damage: bytes, run: RunFolder) -> None:
    run.summary.write_bytes(damage)
    with pytest.raises(RunError, match=r"summary\.json"):
        sp.Run(run.path).summary  # noqa: B018
    with pytest.raises(RunError, match=r"summary\.json"):
        sp.diagnose(run.path)


@pytest.mark.parametrize(
    "name", ["records.jsonl", "findings.jsonl", "cures.jsonl", "checkpoints", "samples", "tensorboard", ".lock", "figures", "recipe.yaml"]
)  # fmt: skip
def test_nothing_is_written_through_a_link(name: str, run: RunFolder, tmp_path: Path) -> None:
    victim, path = tmp_path / "victim", run.path / name
    if path.exists():
        path.rename(victim)
    elif path.suffix:
        victim.write_text("theirs")
    else:
        victim.mkdir()
    if victim.is_dir():
        (victim / "step-00000099.txt").write_text("theirs")
        (victim / ".part-step-00000099").mkdir()
    path.symlink_to(victim)
    before = (content(victim) if victim.is_dir() else victim.read_bytes(), content(run.path))
    for use in (lambda: sp.resume(run.path, steps=20), lambda: sp.write_report(run)):
        with pytest.raises(RunError, match="is a link"):
            use()
    assert (content(victim) if victim.is_dir() else victim.read_bytes(), content(run.path)) == before
    assert path.is_symlink()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
@pytest.mark.parametrize("name", ["records.jsonl", "summary.json", "findings.jsonl", ".lock"])
def test_a_pipe_is_refused_and_not_waited_for(name: str, run: RunFolder) -> None:
    (run.path / name).unlink(missing_ok=True)
    os.mkfifo(run.path / name)
    with pytest.raises(RunError, match="regular file"):
        sp.resume(run.path, steps=20) if name != "summary.json" else sp.diagnose(run.path)


class DisturbingListener(Listener):
    """Does something to the run's folder at its first record after step 0."""

    def __init__(self, disturb: Callable[[], object]) -> None:
        self._disturb: Callable[[], object] | None = disturb

    def record(self, record: Record) -> None:
        if record.step and self._disturb is not None:
            disturb, self._disturb = self._disturb, None
            disturb()


@pytest.mark.parametrize("foreign", [False, True])
def test_a_folder_removed_during_training_is_not_recreated(foreign: bool, tmp_path: Path) -> None:
    path = tmp_path / "run"

    def vanish() -> None:
        path.rename(tmp_path / "away")
        if foreign:
            path.mkdir()
            (path / "theirs").write_text("theirs")

    with pytest.raises(RunError, match="removed or replaced"):
        sp.train(recipe("gan"), run=path, listener=DisturbingListener(vanish))
    assert (content(path) if foreign else path.exists()) == ({"theirs": b"theirs"} if foreign else False)


def test_leftovers_of_killed_processes_go_with_the_next_command_that_writes(run: RunFolder) -> None:
    part = RunFolder(run.path / "attempts" / ".part-1")
    for folder in (run.checkpoints / ".removed-step-00000001", run.checkpoints / ".part-step-00000012", part.path):
        folder.mkdir(parents=True)
        (folder / "weights.safetensors").write_text("half")
    for file in (".summary.json.0a1b.part", "samples/.step-00000005.png.0a1b.part", "figures/.x.png.0a1b.part"):
        (run.path / file).parent.mkdir(exist_ok=True)
        (run.path / file).write_text("half")
    (run.path / ".mine").write_text("no leftover")
    sp.resume(run.path, steps=12)
    assert [p.name for p in run.path.rglob(".*") if p.name not in (".lock", ".mine")] == []
    assert (run.path / ".mine").exists()


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_files_have_the_mode_of_the_umask(umask: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        sp.train(recipe("gan", steps=5, checkpoint_every=5), run=tmp_path / "run")
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "run").rglob("*") if path.is_file()}
    assert modes == {0o666 & ~umask}


def test_a_run_that_is_written_is_evaluated_and_reported_elsewhere_alone(run: RunFolder, tmp_path: Path) -> None:
    with locked(run.path):
        for use in (lambda: sp.write_report(run), lambda: sp.evaluate(run.path, progress=False)):
            with pytest.raises(RunError, match="another process"):
                use()


def test_numbers_that_are_not_finite_are_read_as_such(run: RunFolder) -> None:
    summary = json.loads(run.summary.read_text())
    for text in ("NaN", "Infinity", "1e999", '"nan"'):
        run.summary.write_text(
            json.dumps({**summary, "quality": None}).replace('"quality": null', f'"quality": {{"last": {text}}}')
        )
        assert not float(run.read_summary()["quality"]["last"]) < float("inf")
