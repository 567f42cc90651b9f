"""Which pictures a run has."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from saddlepoint.experiment import snapshots
from saddlepoint.experiment.pictures import time_lapse
from saddlepoint.records import RunFolder
from saddlepoint.report import write_report
from tests.experiment.runs import FAMILIES, recipe, start_session

EXPECTED = {
    "autoencoder": {"curves", "samples-over-time", "interpolation", "reconstructions", "traversals", "latent"},
    "vae": {
        *("curves", "samples-over-time", "interpolation", "reconstructions", "traversals", "latent"),
        *("heads", "heads-over-time"),
    },
    "autoregressive": {"curves", "samples-over-time"},
    "dynamics": {"curves", "samples-over-time"},
    "predictor": {"curves"},  # its samples are strips of frames already
    "flow": {"curves", "samples-over-time", "interpolation", "reconstructions", "traversals", "latent"},
    "diffusion": {"curves", "samples-over-time", "interpolation", "reconstructions", "traversals", "latent"},
    "gan": {"curves", "samples-over-time", "interpolation"},
    "dcgan": {"curves", "samples-over-time", "interpolation"},
    "vq-vae": {"curves", "samples-over-time", "interpolation", "reconstructions", "traversals", "latent"},
    "classical": {"curves", "samples-over-time"},
}


@pytest.mark.slow
@pytest.mark.parametrize("source", ["gaussian", "ring"])
def test_points_are_drawn_against_the_truth(source: str, tmp_path: Path) -> None:
    toy = recipe("gan", steps=5).override({"data.source": source, "data.limit": None, "data.points": 300})
    session = start_session(toy, tmp_path / "run")
    session.pictures.sample_grid(0)
    first = session.folder.sample_grid(0).read_bytes()
    session.pictures.sample_grid(0)
    assert session.folder.sample_grid(0).read_bytes() == first
    session.pictures.final()
    # Between codes there is a way to see in the plane, none on a line.
    expected = {"gaussian": {"curves.png"}, "ring": {"curves.png", "interpolation.png"}}
    assert {path.name for path in session.folder.figures.glob("*.png")} == expected[source]


@pytest.mark.slow
@pytest.mark.pictures
@pytest.mark.parametrize("family", FAMILIES)
def test_a_run_has_the_pictures_its_model_allows(family: str, tmp_path: Path) -> None:
    session = start_session(recipe(family, steps=10), tmp_path / "run")
    session.run()
    folder = session.folder
    captions = json.loads((folder.figures / "captions.json").read_text())
    assert {Path(name).stem for name in captions} == EXPECTED[family]
    assert all((folder.figures / name).stat().st_size > 1_000 for name in captions)
    assert list(folder.figures.glob("training.*"))
    assert folder.report.is_file()
    assert list(folder.tensorboard.glob("events.*"))
    if "latent" in EXPECTED[family]:
        with np.load(folder.figures / "latent.npz") as arrays:
            assert len(arrays["codes"]) == len(arrays["labels"])
            assert len(arrays["class_names"]) == 10


@pytest.mark.slow
def test_codes_of_many_dimensions_are_kept_whole_and_shown_as_what_they_are(tmp_path: Path) -> None:
    session = start_session(recipe("vae", steps=5).override({"model.latent": 5}), tmp_path / "run")
    session.pictures.final()
    with np.load(session.folder.figures / "latent.npz") as arrays:
        codes = arrays["codes"]
    torch.testing.assert_close(torch.from_numpy(codes), session.pictures.latent.codes(2_000))
    assert codes.shape[1] == 5
    assert "principal component 1 of 5" in write_report(session.folder).read_text("utf-8")


SHAPES = {"vector": (5,), "sound": (1, 64), "volume": (1, 4, 4, 4)}


@pytest.mark.slow
@pytest.mark.parametrize("kind", SHAPES)
def test_every_kind_of_event_has_its_reconstructions(kind: str, tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(80, *SHAPES[kind])).astype(np.float32)
    np.save(tmp_path / "x.npy", values)
    source = {"data.source": str(tmp_path / "x.npy"), "data.kind": kind, "data.limit": None}
    session = start_session(recipe("autoencoder", steps=5).override(source), tmp_path / "run")
    assert session.dataset.event.kind == kind
    session.pictures.final()
    assert (session.folder.figures / "reconstructions.png").stat().st_size > 1_000


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "shape"), [("sound", (1, 64)), ("vector", (2,)), ("vector", (5,))])
def test_interpolations_between_codes_are_drawn_if_they_can_be_shown(
    kind: str, shape: tuple[int, ...], tmp_path: Path
) -> None:
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(80, *shape)).astype(np.float32))
    source = {"data.source": str(tmp_path / "x.npy"), "data.kind": kind, "data.limit": None}
    session = start_session(recipe("gan", steps=5).override(source), tmp_path / "run")
    session.pictures.final()
    assert (session.folder.figures / "interpolation.png").is_file() == (shape != (5,))
    assert ("interpolation.png" in json.loads((session.folder.figures / "captions.json").read_text())) == (
        shape != (5,)
    )


@pytest.mark.slow
@pytest.mark.pictures
@pytest.mark.parametrize(("held_out", "without"), [(1, {"traversals"}), (3, set())])
def test_few_held_out_examples_are_enough(held_out: int, without: set[str], tmp_path: Path) -> None:
    few = recipe("vae", steps=10).override({"data.limit": 20, "data.held_out": held_out / 1797})
    session = start_session(few, tmp_path / "run")
    assert len(session.dataset.held_out or ()) == held_out
    session.run()  # a warning that a picture could not be drawn would fail here
    assert {path.stem for path in session.folder.figures.glob("*.png")} == EXPECTED["vae"] - without


def test_snapshots_are_kept_and_those_still_to_come_are_not_shown(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    for step in range(0, 500, 20):
        snapshots.write_snapshot(folder, step, {"samples": np.full((3, 1, 2, 2), step // 20, np.uint8)})
    shown = snapshots.read_snapshots(folder, last=400)
    steps = [step for step, _ in shown]
    assert len(steps) == snapshots.ROWS
    assert (steps[0], steps[-1]) == (0, 400)
    assert all((arrays["samples"] == step // 20).all() for step, arrays in shown)
    assert snapshots.read_snapshots(RunFolder(tmp_path / "none"), last=9) == []


def test_a_film_is_made_of_regular_files_alone(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.samples.mkdir()
    for step in (0, 10):
        Image.new("RGB", (16, 16)).save(folder.samples / f"step-{step:08d}.png")
    os.mkfifo(folder.samples / "step-00000005.png")
    time_lapse(folder)
    assert [path.stem for path in folder.figures.iterdir()] == ["training"]
