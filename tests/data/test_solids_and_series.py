"""Volumes and time series: generated solids have their volumes, folders of arrays and tables are read, and others are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from saddlepoint.data import DataSettings, load
from saddlepoint.data.solids import NAMES, draw_solids
from saddlepoint.errors import DataError


@pytest.mark.parametrize("side", [16, 32])
def test_a_solid_has_its_volume(side: int) -> None:
    labels = torch.arange(60) % len(NAMES)
    x, volumes = draw_solids(labels, side, torch.Generator().manual_seed(0))
    assert ((x >= 0) & (x <= 1)).all()
    # Voxels at a surface count by the distance to it alone; the error is largest where edges are sharp and shapes small.
    torch.testing.assert_close(x.flatten(1).sum(1), volumes, rtol=0.08 if side == 16 else 0.03, atol=1.0)
    inside = x[:, 1:-1, 1:-1, 1:-1].flatten(1).sum(1) / x.flatten(1).sum(1)
    assert inside.min() > 0.8, "no solid is cut off by the border"


def test_a_folder_of_volumes_has_classes_and_one_shape(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(5):
            np.save(tmp_path / name / f"{number}.npy", rng.uniform(size=(6, 7, 8)))
    dataset = load(str(tmp_path))
    assert (dataset.event.kind, dataset.event.shape, dataset.event.class_names) == ("volume", (1, 6, 7, 8), ("a", "b"))
    np.save(tmp_path / "a" / "z.npy", rng.uniform(size=(6, 7, 9)))
    with pytest.raises(DataError, match="all must have one shape"):
        load(str(tmp_path))


@pytest.mark.parametrize("strange", ["datetime64[s]", [("a", "<f4")], complex, "<U3"])
def test_arrays_that_hold_no_real_numbers_are_named(tmp_path: Path, strange: Any) -> None:
    for number in range(4):
        np.save(tmp_path / f"{number}.npy", np.zeros((6, 6, 6), np.float32 if number else strange))
    with pytest.raises(DataError, match=r"0\.npy holds .* not real numbers"):
        load(str(tmp_path))


def test_parts_of_a_folder_of_arrays_are_kept(tmp_path: Path) -> None:
    for part, first, count in (("train", 0, 6), ("test", 100, 3)):
        (tmp_path / part).mkdir()
        for number in range(count):
            np.save(tmp_path / part / f"{number}.npy", np.full((5, 5, 5), first + number, dtype=np.float32))
    dataset = load(str(tmp_path))
    assert sorted(dataset.x[:, 0, 0, 0, 0].tolist()) == list(range(6))
    assert sorted(dataset.held_out.x[:, 0, 0, 0, 0].tolist()) == [100, 101, 102]


def test_an_ambiguous_folder_of_arrays_asks(tmp_path: Path) -> None:
    for number in range(4):
        np.save(tmp_path / f"{number}.npy", np.random.default_rng(number).uniform(size=(3, 9, 9)))
    with pytest.raises(DataError, match=r"set data\.kind"):
        load(str(tmp_path))
    assert load(DataSettings(source=str(tmp_path), kind="image")).event.shape == (3, 9, 9)


def test_series_of_one_length_are_examples_and_others_are_cut(tmp_path: Path) -> None:
    for number in range(5):
        np.save(tmp_path / f"{number}.npy", np.arange(100.0).reshape(50, 2) + number)
    assert load(DataSettings(source=str(tmp_path), held_out=0.2)).x.shape == (4, 50, 2)
    windows = load(DataSettings(source=str(tmp_path), length=8, held_out=0.2))
    assert windows.event.shape == (8, 2)
    assert len(windows) == 5 * 5
    assert len(windows.held_out) == 5
    # The first training window of the first file, and the held-out one that follows its training part of 40 steps.
    assert windows.x[0].flatten().tolist() == list(range(16))
    assert windows.held_out.x[0].flatten().tolist() == list(range(80, 96))


def test_files_too_short_for_a_held_out_end_are_held_out_whole(tmp_path: Path) -> None:
    for number in range(10):
        np.save(tmp_path / f"{number}.npy", np.arange(50.0) + 1_000 * number)
    dataset = load(DataSettings(source=str(tmp_path), length=20))
    files = [set((part.x.flatten() // 1_000).tolist()) for part in (dataset, dataset.held_out)]
    assert [len(part) for part in files] == [9, 1]
    assert not files[0] & files[1]


def test_a_table_is_a_series_when_it_is_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("time,value\n" + "".join(f"{n},{n**0.5}\n" for n in range(300)))
    with pytest.raises(DataError, match=r"--data\.kind series"):
        load(str(tmp_path))
    for source in (path, tmp_path):
        dataset = load(DataSettings(source=str(source), kind="series", length=30, held_out=0))
        assert dataset.x.shape == (10, 30, 2)
        assert dataset.x[1, :, 0].tolist() == list(range(30, 60))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("day,city\n1,Rome\n2,Oslo\n", "text or a gap in column city"),
        ("a,b\n1,\n2,3\n", "text or a gap in column b"),
        ("a,b\n" + "1,2\n" * 2_000 + "1,2,3\n", "same numbers of cells"),
        ("", "empty"),
        ("a,b\n1,inf\n2,3\n", "finite numbers"),
        ("a,b\n1,1e200\n2,3\n", "finite numbers"),
    ],
)
def test_other_tables_are_refused_in_one_sentence(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(DataError, match=words) as raised:
        load(DataSettings(source=str(tmp_path / "t.csv"), kind="series", length=2))
    assert "\n" not in str(raised.value)


def test_generated_waves_lag_by_a_quarter_of_a_period() -> None:
    x = load(DataSettings(source="waves", points=500)).x
    a, b = x[..., 0], (x[..., 1] - 50) / 10
    amplitude = torch.hypot(a, b)
    # sin^2 + cos^2 is constant within a series, up to the noise of 0.1 in each channel.
    assert float(amplitude.std(1).mean()) < 0.15
    assert 0.6 < float(amplitude.mean()) < 1.2
