"""Run folders in which one file is damaged or forged, or is a link, a pipe or a folder.

Every file of a run is damaged in every general way, and every field of its JSON files gets values of other types. Manifests get a valid
digest after they were changed, so that the digest does not reveal the forgery.
"""

from __future__ import annotations

import copy
import hashlib
import io
import json
import os
import random
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from .attempt import MEMORY, Attempt, Box, Command, Kind, Outcome, saddlepoint

RUN = "run"
STEPS = 20
SHORT = ["--training.steps", str(STEPS), "--training.tick", "5", "--training.checkpoint_every", "10"]
SHORT += ["--training.sample_every", "5", "--training.samples", "4", "--training.batch_size", "8"]
SHORT += ["--evaluation.every", "10", "--evaluation.samples", "20", "--evaluation.watch_every", "5", "--quiet"]
SERIES = ("vae/loss", "quality/energy_distance")
CURE = {"number": 1, "code": "NUM301", "title": "a number", "found": 10, "since": 5, "returned_to": 0, "rung": 0}
CURE |= {"changes": {"training.optimiser.learning_rate": [0.1, 0.001]}}

DIAGNOSE, REPORT = saddlepoint("diagnose", RUN), saddlepoint("report", RUN)
SAMPLE = saddlepoint("sample", RUN, "-n", "2")
EVALUATE = saddlepoint("evaluate", RUN, "--samples", "20", "--seeds", "1", "--features", "raw")
RESUME = saddlepoint("resume", RUN, "--steps", "22", "--quiet")
REPEAT = saddlepoint("train", RUN, "--dry-run")

# Which commands read a file of the run, the quick ones first.
READERS: dict[str, tuple[Command, ...]] = {
    "records.jsonl": (DIAGNOSE, REPORT, RESUME),
    "findings.jsonl": (DIAGNOSE, REPORT, RESUME),
    "cures.jsonl": (REPORT, RESUME),
    "summary.json": (DIAGNOSE, REPORT, SAMPLE),
    "scorecard.json": (REPORT, EVALUATE),
    "recipe.yaml": (DIAGNOSE, SAMPLE, RESUME),
    "figures/captions.json": (REPORT,),
    "figures/latent.npz": (REPORT,),
    "figures/latent.png": (REPORT,),
    "samples/step-00000010.npz": (REPORT, RESUME),
    "samples/step-00000010.png": (REPORT, RESUME),
    f"checkpoints/step-{STEPS:08d}/manifest.json": (SAMPLE, RESUME),
    f"checkpoints/step-{STEPS:08d}/weights.safetensors": (SAMPLE, RESUME),
    f"checkpoints/step-{STEPS:08d}/optimiser.safetensors": (RESUME,),
    f"checkpoints/step-{STEPS:08d}/state.safetensors": (RESUME,),
    "checkpoints": (SAMPLE, RESUME),
    "samples": (REPORT,),
    "figures": (REPORT,),
    "tensorboard": (RESUME,),
    "report.html": (REPORT,),
    ".lock": (REPORT, RESUME, SAMPLE),
    "data.npz": (RESUME, EVALUATE),
}
MOST_FIELDS = 24  # of a file
MANIFEST = f"checkpoints/step-{STEPS:08d}/manifest.json"
VALUES: dict[str, Any] = {
    "null": None,
    "true": True,
    "minus one": -1,
    "a half": 0.5,
    "a huge number": 10**400,
    "text": "\x1b[31m<script>alert(1)</script>",
    "a list": [[]],
    "an object": {"": {}},
    "nan": float("nan"),
}


def setup(shared: Path) -> None:
    """Train the run that is damaged, with a scorecard, a remedy, and a file of data."""
    import numpy as np

    from saddlepoint import experiment
    from saddlepoint.cli.main import main
    from saddlepoint.recipe import Recipe

    x = np.random.default_rng(0).integers(0, 17, (60, 1, 8, 8)).astype("float32")
    changes = {"data.held_out": 0.3}
    pairs = list(zip(SHORT[:-1:2], SHORT[1:-1:2], strict=True))
    changes |= {name.removeprefix("--"): value for name, value in pairs}
    experiment.train(Recipe.load("vae-digits").override(changes), data=x, run=shared / RUN)
    run = shared / RUN
    assert main(["evaluate", str(run), "--samples", "20", "--seeds", "1", "--features", "raw"]) == 0
    (run / "cures.jsonl").write_text(json.dumps(CURE) + "\n")
    (run / "findings.jsonl").write_text(
        json.dumps({"code": "NUM304", "severity": "warning", "step": 5, "title": "t", "evidence": {"value": 1.0}})
        + "\n"
    )
    # Two series are enough, and a page with a few curves is drawn ten times faster than one with all of them.
    lines = [json.loads(line) for line in (run / "records.jsonl").read_text().splitlines()]
    kept = [{name: line[name] for name in line if name in ("step", "seconds", *SERIES)} for line in lines]
    (run / "records.jsonl").write_text("".join(json.dumps(line) + "\n" for line in kept))
    for manifest in (run / "checkpoints").glob("*/manifest.json"):
        content = json.loads(manifest.read_text())
        content["extra"]["positions"] = {
            "records": sum(len(json.dumps(line)) + 1 for line in kept if line["step"] <= content["step"]),
            "findings": (run / "findings.jsonl").stat().st_size,
        }
        content["extra"]["cures"] = 1
        manifest.write_bytes(_sealed(content))


def attempts(shared: Path, rng: random.Random) -> Iterator[Attempt]:
    """All attempts: general damage of every file, every field of JSON, archives, links, and hostile paths."""
    for name, commands in READERS.items():
        for kind, damage in GENERAL.items():
            if kind == "huge" and name in ("checkpoints", "samples", "figures", "tensorboard", ".lock"):
                continue
            for command in commands[: 1 if kind == "huge" else 2]:
                verb = command.arguments[0]
                yield Attempt(f"{name}/{kind}/{verb}", partial(_damaged, name=name, damage=damage), (command,))
    for name in ("summary.json", "scorecard.json", "records.jsonl", "findings.jsonl", "cures.jsonl", MANIFEST):
        yield from _fields(shared, rng, name)
    for name in ("figures/latent.npz", "samples/step-00000010.npz", "data.npz"):
        for kind, content in _archives(shared / RUN / name).items():
            command = READERS[name][0] if name != "samples/step-00000010.npz" else RESUME
            yield Attempt(
                f"{name}/{kind}/{command.arguments[0]}", partial(_written, name=name, content=content), (command,)
            )
    yield from _names()
    yield from _trust()


def _run(box: Box) -> Path:
    shutil.copytree(box.shared / RUN, box.work / RUN, symlinks=True)
    return box.work / RUN


def _damaged(box: Box, name: str, damage: Callable[[Path, Box], None]) -> None:
    path = _run(box) / name
    damage(path, box)


def _written(box: Box, name: str, content: bytes) -> None:
    (_run(box) / name).write_bytes(content)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _content(change: Callable[[bytes], bytes]) -> Callable[[Path, Box], None]:
    def damage(path: Path, box: Box) -> None:
        before = path.read_bytes() if path.is_file() else b""
        _remove(path)
        path.write_bytes(change(before))

    return damage


def _linked(path: Path, box: Box) -> None:
    """A link to the original, outside of the run."""
    target = box.outside / path.name
    if path.exists():
        shutil.move(path, target)
    else:
        target.write_text("theirs")
    path.symlink_to(target)


def _link_to(target: str) -> Callable[[Path, Box], None]:
    def damage(path: Path, box: Box) -> None:
        _remove(path)
        path.symlink_to(target)

    return damage


def _folder(path: Path, box: Box) -> None:
    _remove(path)
    path.mkdir()
    (path / "file").write_text("theirs")


def _pipe(path: Path, box: Box) -> None:
    _remove(path)
    os.mkfifo(path)


def _huge(path: Path, box: Box) -> None:
    """A file larger than the memory of a command, which takes no space on the disk."""
    _remove(path)
    with path.open("wb") as file:
        file.truncate(int(1.2 * MEMORY))


GENERAL: dict[str, Callable[[Path, Box], None]] = {
    "missing": lambda path, box: _remove(path),
    "empty": _content(lambda data: b""),
    "truncated": _content(lambda data: data[: len(data) // 2]),
    "binary": _content(lambda data: bytes(range(256)) * 8),
    "an empty object": _content(lambda data: b"{}\n"),
    "a list": _content(lambda data: b"[]\n"),
    "nested deeply": _content(lambda data: b"[" * 200_000 + b"\n"),
    "linked": _linked,
    "a link to itself": lambda path, box: _link_to(path.name)(path, box),
    "a link to zeros": _link_to("/dev/zero"),
    "a folder": _folder,
    "a pipe": _pipe,
    "huge": _huge,
}


def _fields(shared: Path, rng: random.Random, name: str) -> Iterator[Attempt]:
    """Every field of the JSON file, missing and with values of other types; three random values a field."""
    lines = (shared / RUN / name).read_text().splitlines() if name.endswith(".jsonl") else []
    document = json.loads(lines[-1] if lines else (shared / RUN / name).read_text())
    document.pop("sha256", None)
    commands = READERS[name]
    places = list(_places(document))
    for place in rng.sample(places, min(len(places), MOST_FIELDS)):
        kinds = ["missing", *rng.sample(list(VALUES), 2)]
        for number, kind in enumerate(kinds):
            command = commands[number % 2] if name != "scorecard.json" else REPORT
            if command is RESUME and rng.random() < 0.5:
                command = commands[0]
            label = ".".join(map(str, place))
            yield Attempt(
                f"{name}/{label} {kind}/{command.arguments[0]}",
                partial(_with_field, name=name, place=place, kind=kind),
                (command,),
            )


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of the fields, to a depth of three; of a list, the first entry alone."""
    if place:
        yield place
    if len(place) >= 3:
        return
    if isinstance(value, dict):
        for name in value:
            yield from _places(value[name], (*place, name))
    elif isinstance(value, list) and value:
        yield from _places(value[0], (*place, 0))


def _with_field(box: Box, name: str, place: tuple[Any, ...], kind: str) -> None:
    path = _run(box) / name
    lines = path.read_text().splitlines() if name.endswith(".jsonl") else []
    document = json.loads(lines[-1] if lines else path.read_text())
    document.pop("sha256", None)
    inner = document
    for part in place[:-1]:
        inner = inner[part]
    if kind == "missing":
        del inner[place[-1]]
    else:
        inner[place[-1]] = copy.deepcopy(VALUES[kind])
    if name == MANIFEST:
        path.write_bytes(_sealed(document))
    elif lines:
        path.write_text("\n".join([*lines[:-1], json.dumps(document)]) + "\n")
    else:
        path.write_text(json.dumps(document))


def _sealed(manifest: dict[str, Any]) -> bytes:
    """With the digest that a checkpoint's manifest has of itself."""
    content = {name: value for name, value in manifest.items() if name != "sha256"}
    digest = hashlib.sha256(json.dumps(content, indent=1).encode()).hexdigest()
    return json.dumps({**content, "sha256": digest}, indent=1).encode()


def _archives(path: Path) -> dict[str, bytes]:
    """An .npz file that is damaged, encrypted, compressed in an unknown way, or unpacks to gigabytes."""
    import numpy as np

    sound = path.read_bytes()
    with np.load(path) as file:
        arrays = dict(file)
    first = next(iter(arrays))
    encrypted = bytearray(sound)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = 0
        while (start := encrypted.find(signature, start)) >= 0:
            encrypted[start + offset] |= 1
            start += 4
    unknown = bytearray(sound)
    for signature, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        start = 0
        while (start := unknown.find(signature, start)) >= 0:
            unknown[start + offset] = 97
            start += 4
    flipped = bytearray(sound)
    flipped[len(flipped) // 3] ^= 255
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (4000000000,), }"
        header += b" " * (117 - len(header)) + b"\n"
        with archive.open(f"{first}.npy", "w", force_zip64=True) as file:
            file.write(b"\x93NUMPY\x01\x00v\x00" + header)
            for _ in range(400):
                file.write(bytes(1_000_000))

    def saved(**changed: Any) -> bytes:
        buffer = io.BytesIO()
        np.savez(buffer, **{**arrays, **changed})
        return buffer.getvalue()

    return {
        "encrypted": bytes(encrypted),
        "an unknown packing": bytes(unknown),
        "one byte flipped": bytes(flipped),
        "a bomb": bomb.getvalue(),
        "pickled": saved(**{first: np.array([{"a": 1}], dtype=object)}),
        "text": saved(**{first: np.array(["a", "b"])}),
        "no axis": saved(**{first: np.array(1.0)}),
        "no rows": saved(**{first: arrays[first][:0]}),
        "complex numbers": saved(**{first: arrays[first].astype(complex)}),
        "other rows": saved(**{first: arrays[first][:1]}),
        "not finite": saved(**{first: np.full(arrays[first].shape, np.nan)}),
        "no arrays": b"PK\x05\x06" + bytes(18),
    }


def _names() -> Iterator[Attempt]:
    """Names and paths that are not plain names."""
    for name in ("step-x.npz", "step-.npz", "step-99999999999999999999999.npz", "step--1.npz", "step-1e3.png"):
        yield Attempt(f"samples/{name}/report", partial(_extra_file, name=f"samples/{name}"), (REPORT,))
        yield Attempt(f"samples/{name}/resume", partial(_extra_file, name=f"samples/{name}"), (RESUME,))
    for name in ("step-x", "step-", "step-99999999999999999999999", "step-00000030", "\x1b[31m"):
        for command in (SAMPLE, RESUME):
            prepare = partial(_extra_folder, name=f"checkpoints/{name}")
            yield Attempt(f"checkpoints/{name!r}/{command.arguments[0]}", prepare, (command,))
    for name in ("../../x", "/tmp/x", "a/b", "..", "x" * 240, "a\x1b[31m", "", "a\nb"):
        prepare = partial(_recipe_name, name=name)
        yield Attempt(f"name {name[:20]!r}/train", prepare, (saddlepoint("train", "recipe.yaml", *SHORT),))
    for place in (".", "..", "gl/a*", "[a]", "/", "run/checkpoints", "run/../run", "run\x1b[31m", "r" * 255, "a\nb"):
        for verb in (("train", "vae-digits", *SHORT, "--run"), ("sample",), ("diagnose",), ("report",)):
            yield Attempt(f"place {place[:20]!r}/{verb[0]}", _plain, (saddlepoint(*verb, place),))
    for out in (".", "..", "run", "run/checkpoints", "new/deep/", "link/", "x.npz", "\x1b[31m/"):
        for flags in ((), ("--overwrite",)):
            command = saddlepoint("sample", RUN, "-n", "2", "--out", out, *flags)
            yield Attempt(f"out {out!r} {' '.join(flags)}/sample", _outs, (command,), check=_kept)
    project = {"recipe.yaml": "package:\n  name: conda\n", "main.py": "years"}
    command = saddlepoint("train", "vae-digits", *SHORT, "--run", "project", "--overwrite")
    yield Attempt("a project with a recipe of conda/train", partial(_project, files=project), (command,))
    pair = saddlepoint("train", "vae-digits", *SHORT, "--run", "new")
    together = Command(pair.arguments, together=True)
    yield Attempt("two trainings into one new folder", _plain, (together, pair), check=_one_won)
    many = Command(("sample", RUN, "-n", "300", "--out", "par/"), together=True)
    yield Attempt("two galleries at once", _plain, (many, saddlepoint(*many.arguments)), check=_one_gallery)


def _plain(box: Box) -> None:
    _run(box)
    (box.work / "gl").mkdir()
    (box.work / "gl" / "ab").mkdir()
    (box.work / "gl" / "ab" / "mine").write_text("mine")


def _extra_file(box: Box, name: str) -> None:
    run = _run(box)
    (run / name).write_bytes((run / "samples" / "step-00000010.npz").read_bytes())


def _extra_folder(box: Box, name: str) -> None:
    (_run(box) / name).mkdir()


def _recipe_name(box: Box, name: str) -> None:
    (box.work / "recipe.yaml").write_text(
        f"name: {json.dumps(name)}\ndata: {{source: digits}}\nmodel: {{family: vae}}\n"
    )


def _outs(box: Box) -> None:
    _run(box)
    (box.outside / "sample-00000.png").write_text("theirs")
    (box.work / "link").symlink_to(box.outside)
    (box.work / "sub").mkdir()
    (box.work / "sub" / "sample-00000.png").write_text("mine")


def _project(box: Box, files: dict[str, str]) -> None:
    (box.work / "project").mkdir()
    for name, text in files.items():
        (box.work / "project" / name).write_text(text)


def _kept(box: Box, outcomes: Sequence[Outcome]) -> str | None:
    mine = box.work / "sub" / "sample-00000.png"
    return None if mine.is_file() and mine.read_text() == "mine" else "a file in a subfolder was replaced"


def _one_won(box: Box, outcomes: Sequence[Outcome]) -> str | None:
    codes = sorted(outcome.code for outcome in outcomes)
    return None if codes in ([0, 2], [2, 2]) else f"exit codes {codes}"


def _one_gallery(box: Box, outcomes: Sequence[Outcome]) -> str | None:
    codes = sorted(outcome.code for outcome in outcomes)
    count = len(list((box.work / "par").glob("sample-*.png")))
    return None if codes == [0, 2] and count == 300 else f"exit codes {codes} and {count} pictures"


def _trust() -> Iterator[Attempt]:
    """Runs and recipes from elsewhere that name code by import path."""
    for network, arguments in (
        ("torch.hub:load", {"repo_or_dir": "gift", "model": "net", "source": "local"}),
        ("helper:Net", {}),
        ("gift.nets:Net", {}),
        ("torch.nn:Linear", {"in_features": 3, "out_features": 3}),
        ("os:system", {"command": "touch $CAMPAIGN_CANARY"}),
    ):
        prepare = partial(_gift, network=network, arguments=arguments)
        for command in (SAMPLE, EVALUATE, RESUME, REPEAT, DIAGNOSE, REPORT):
            yield Attempt(f"{network}/{command.arguments[0]}", prepare, (command,))
        for arguments_ in (("train", "run/recipe.yaml", "--dry-run"), ("train", RUN, "--run", "again", "--quiet")):
            yield Attempt(f"{network}/{' '.join(arguments_)}", prepare, (saddlepoint(*arguments_),))


def _gift(box: Box, network: str, arguments: dict[str, Any]) -> None:
    run = _run(box)
    code = "import os, pathlib\npathlib.Path(os.environ['CAMPAIGN_CANARY']).touch()\n"
    (box.work / "helper.py").write_text(code)
    (box.work / "gift").mkdir()
    for name in ("__init__.py", "nets.py", "hubconf.py"):
        (box.work / "gift" / name).write_text(code)
    lines = (run / "recipe.yaml").read_text().splitlines()
    place = lines.index("  encoder:")
    number = next(i for i in range(place, len(lines)) if lines[i].startswith("    network:"))
    lines[number] = f"    network: {network}"
    number = next(i for i in range(place, len(lines)) if lines[i].startswith("    arguments:"))
    lines[number] = f"    arguments: {json.dumps(arguments)}"
    (run / "recipe.yaml").write_text("\n".join(lines) + "\n")


KIND = Kind("run_folders", attempts, setup)
