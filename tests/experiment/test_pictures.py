"""The arc between codes, and which pictures a run has."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.experiment import moments
from saddlepoint.experiment.pictures import spherical
from saddlepoint.records import RunFolder
from saddlepoint.report import write_report
from tests.experiment.runs import FAMILIES, recipe, started

seeds = st.integers(0, 10_000)


def pair(seed: int, dimensions: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    start, end = torch.randn(2, dimensions, generator=generator, dtype=torch.float64)
    return start, end


@given(seeds, st.integers(2, 12))
def test_the_arc_has_its_ends_and_can_be_walked_back(seed: int, points: int) -> None:
    start, end = pair(seed)
    path = spherical(start, end, points)
    assert path.shape == (points, 5)
    torch.testing.assert_close(path[0], start)
    torch.testing.assert_close(path[-1], end)
    torch.testing.assert_close(spherical(end, start, points).flip(0), path)


@given(seeds)
def test_on_a_sphere_the_arc_stays_on_it_and_its_steps_are_equal(seed: int) -> None:
    start, end = (code / code.norm() for code in pair(seed))
    path = spherical(3 * start, 3 * end, 9)
    torch.testing.assert_close(path.norm(dim=1), torch.full((9,), 3.0, dtype=torch.float64))
    cosines = (path[1:] * path[:-1]).sum(1) / 9
    torch.testing.assert_close(cosines, torch.full((8,), math.cos(float(torch.dot(start, end).acos()) / 8)).double())


@given(seeds)
def test_the_middle_of_perpendicular_codes_keeps_their_norms_law(seed: int) -> None:
    start, end = pair(seed)
    end = end - torch.dot(start, end) / start.square().sum() * start
    middle = spherical(start, end, 3)[1]
    # |sin(pi/4) (a + b)|^2 = (|a|^2 + |b|^2) / 2 for perpendicular a, b.
    torch.testing.assert_close(middle.square().sum(), (start.square().sum() + end.square().sum()) / 2)


@pytest.mark.parametrize("factor", [1.0, 2.0, -1.0, 0.0])
def test_where_there_is_no_arc_the_line_is_walked(factor: float) -> None:
    # Equal, parallel, opposite and zero codes span no plane.
    start = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    path = spherical(start, factor * start, 5)
    share = torch.linspace(0, 1, 5, dtype=torch.float64)[:, None]
    torch.testing.assert_close(path, (1 - share) * start + share * factor * start)


def test_two_zero_codes() -> None:
    assert torch.equal(spherical(torch.zeros(2), torch.zeros(2), 3), torch.zeros(3, 2))


EXPECTED = {
    "autoencoder": {"curves", "samples-over-time", "interpolation", "reconstructions", "traversals", "latent"},
    "vae": {
        *("curves", "samples-over-time", "interpolation", "reconstructions", "traversals", "latent"),
        *("heads", "heads-over-time"),
    },
    "gan": {"curves", "samples-over-time", "interpolation"},
    "dcgan": {"curves", "samples-over-time", "interpolation"},
}


@pytest.mark.parametrize("source", ["gaussian", "ring"])
def test_points_are_drawn_against_the_truth(source: str, tmp_path: Path) -> None:
    toy = recipe("gan", steps=5).override({"data.source": source, "data.limit": None, "data.points": 300})
    session = started(toy, tmp_path / "run")
    session.pictures.sample_grid(0)
    first = session.folder.sample_grid(0).read_bytes()
    session.pictures.sample_grid(0)
    assert session.folder.sample_grid(0).read_bytes() == first
    session.pictures.final()
    assert [path.name for path in session.folder.figures.glob("*.png")] == ["curves.png"]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_run_has_the_pictures_its_model_allows(family: str, tmp_path: Path) -> None:
    session = started(recipe(family, steps=10), tmp_path / "run")
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


def test_codes_of_many_dimensions_are_kept_whole_and_shown_as_what_they_are(tmp_path: Path) -> None:
    session = started(recipe("vae", steps=5).override({"model.latent": 5}), tmp_path / "run")
    session.pictures.final()
    with np.load(session.folder.figures / "latent.npz") as arrays:
        codes = arrays["codes"]
    torch.testing.assert_close(torch.from_numpy(codes), session.pictures._codes(2_000))
    assert codes.shape[1] == 5
    assert "principal component 1 of 5" in write_report(session.folder).read_text("utf-8")


SHAPES = {"vector": (5,), "sound": (1, 64), "volume": (1, 4, 4, 4)}


@pytest.mark.parametrize("kind", SHAPES)
def test_every_kind_of_event_has_its_reconstructions(kind: str, tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(80, *SHAPES[kind])).astype(np.float32)
    np.save(tmp_path / "x.npy", values)
    source = {"data.source": str(tmp_path / "x.npy"), "data.kind": kind, "data.limit": None}
    session = started(recipe("autoencoder", steps=5).override(source), tmp_path / "run")
    assert session.dataset.event.kind == kind
    session.pictures.final()
    assert (session.folder.figures / "reconstructions.png").stat().st_size > 1_000


def test_moments_are_kept_and_those_still_to_come_are_not_shown(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    for step in range(0, 500, 20):
        moments.keep(folder, step, {"samples": np.full(3, step)})
    shown = moments.kept(folder, last=400)
    steps = [step for step, _ in shown]
    assert len(steps) == moments.ROWS
    assert (steps[0], steps[-1]) == (0, 400)
    assert all((arrays["samples"] == step).all() for step, arrays in shown)
    assert moments.kept(RunFolder(tmp_path / "none"), last=9) == []
