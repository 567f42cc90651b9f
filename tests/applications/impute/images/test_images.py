"""Images with holes: reading, completing and measuring them, with a Gaussian fitted to small images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import saddlepoint as sp
from saddlepoint.applications.impute.images import start
from saddlepoint.applications.impute.images.completed import CompletedImages
from saddlepoint.applications.impute.images.holes import Holes, read_complete, read_holes
from saddlepoint.cli.main import main
from saddlepoint.data.event import Event
from saddlepoint.errors import DataError, SettingError

SIDE = 4
EVENT = Event((1, SIDE, SIDE), "image", "uint8", 0.0, 255.0)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> sp.Run:
    """A Gaussian of images whose halves have the same grey, up to noise."""
    rng = np.random.default_rng(0)
    grey = rng.integers(60, 200, (300, 1, 1, 1))
    x = np.clip(grey + rng.normal(0, 5, (300, 1, SIDE, SIDE)), 0, 255).astype(np.uint8)
    path = tmp_path_factory.mktemp("run")
    np.savez(path / "x.npz", x=x)
    data = {"source": str(path / "x.npz")}
    return sp.train(
        "gaussian-digits", data=data, run=path / "run", pictures=False, model={"conditional": False, "reg_covar": 1e-4}
    )


@pytest.fixture
def holes(tmp_path: Path) -> Path:
    """Images of one grey each, whose right half is transparent, and the complete ones."""
    for number, grey in enumerate((80, 180)):
        image = np.full((SIDE, SIDE, 4), grey, np.uint8)
        image[..., 3] = 255
        for folder, alpha in (("holes", 0), ("truth", 255)):
            image[:, SIDE // 2 :, 3] = alpha
            (tmp_path / folder).mkdir(exist_ok=True)
            Image.fromarray(image).save(tmp_path / folder / f"{number}.png")
    return tmp_path


@pytest.mark.slow
def test_holes_are_filled_with_what_the_rest_says(run: sp.Run, holes: Path) -> None:
    done = sp.impute(holes / "holes", model=run, truth=holes / "truth", draws=5, progress=False)
    assert done.draws.shape == (5, 2, 1, SIDE, SIDE)
    assert (done.draws[..., : SIDE // 2] == np.array([80, 180]).reshape(2, 1, 1, 1)).all()
    errors = done.errors()
    assert errors["mean"] < errors["draw"] < 0.06
    again = sp.impute(holes / "holes", model=str(run.folder.path), draws=5, progress=False)
    assert np.array_equal(done.draws, again.draws)
    assert not np.array_equal(done.draws, sp.impute(holes / "holes", model=run, draws=5, seed=1, progress=False).draws)
    assert done.grid().size[0] > 0


def test_transparent_pixels_masks_and_nan_say_the_same(holes: Path) -> None:
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[:, SIDE // 2 :] = 255
    Image.fromarray(mask).save(holes / "mask.png")
    (holes / "masks").mkdir()
    for number in range(2):
        Image.fromarray(mask).save(holes / "masks" / f"{number}.bmp")
    by_alpha = read_holes(holes / "holes", EVENT)
    truth = read_complete(holes / "truth", by_alpha, EVENT)
    array = truth.astype(np.float32)
    array[..., SIDE // 2 :] = np.nan
    np.savez(holes / "nan.npz", x=array)
    np.savez(holes / "known.npz", x=truth, known=mask == 0)
    np.savez(holes / "mask.npz", x=truth, mask=mask > 0)
    found = [read_holes(holes / "truth", EVENT, holes / name) for name in ("mask.png", "masks")]
    found += [read_holes(holes / name, EVENT) for name in ("nan.npz", "known.npz", "mask.npz")]
    found += [
        read_holes(array, EVENT),
        read_holes(array[:, 0], EVENT),
        read_holes(torch.from_numpy(truth), EVENT, mask > 0),
    ]
    for one in found:
        assert np.array_equal(one.known, by_alpha.known)
        assert np.array_equal(np.where(one.known, one.x, 0), np.where(by_alpha.known, truth, 0))


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_colours_become_grey_by_all_their_channels(tmp_path: Path, channel: int) -> None:
    image = np.full((SIDE, SIDE, 4), 100, np.uint8)
    image[..., [channel, 3]] = 255
    image[0, 0, 3] = 0
    Image.fromarray(image).save(tmp_path / "colour.png")
    grey = np.asarray(Image.fromarray(image[..., :3]).convert("L"))
    read = read_holes(tmp_path / "colour.png", EVENT)
    assert read.missing == 1
    assert (read.x == grey)[read.known].all()


def test_the_energy_score_counts_missing_numbers_and_examples_alone() -> None:
    truth = np.zeros((2, 1, 1, 3))
    known = np.array([[False, False, True], [True, True, True]]).reshape(truth.shape)
    draws = np.array([[1.0, 0.0, 9.0], [0.0, 2.0, 9.0]])[:, None].repeat(2, 1).reshape(2, *truth.shape)
    event = Event((1, 1, 3), "image", "float32", 0.0, 2.0)
    errors = CompletedImages(Holes(truth, known), draws, event, truth, "").errors()
    assert errors["energy"] == pytest.approx(((1 + 2) / 2 - np.sqrt(5) / 2) / np.sqrt(2) / 2)
    assert errors["draw"] == pytest.approx(np.sqrt(5 / 4) / 2)
    assert errors["mean"] == pytest.approx(np.sqrt(1.25 / 2) / 2)


def test_maps_have_their_closed_forms() -> None:
    """Two images of two pixels; the first pixel is missing in both, the second in none."""
    truth = np.zeros((2, 1, 1, 2))
    known = np.broadcast_to(np.array([False, True]), truth.shape)
    draws = np.stack([truth, truth])
    draws[0, :, ..., 0], draws[1, :, ..., 0] = 1.0, 3.0
    event = Event((1, 1, 2), "image", "float32", 0.0, 4.0)
    maps = CompletedImages(Holes(truth, known), draws, event, truth, "").maps()
    assert maps["missing"].tolist() == [[1.0, 0.0]]
    assert maps["spread"][0, 0] == pytest.approx(np.sqrt(2) / 4)
    assert maps["error"][0, 0] == pytest.approx(np.sqrt(5) / 4)
    assert np.isnan(maps["spread"][0, 1])
    assert np.isnan(maps["error"][0, 1])
    assert set(CompletedImages(Holes(truth, known), draws[:1], event, None, "").maps()) == {"missing"}


class Interrupted:
    """A model that is killed when it is to complete more than so many parts."""

    def __init__(self, model: Any, parts: int) -> None:
        self.inner, self.left = model, parts

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def complete(self, *arguments: Any, **named: Any) -> torch.Tensor:
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1
        completed: torch.Tensor = self.inner.complete(*arguments, **named)
        return completed


def test_a_call_that_was_killed_goes_on_where_it_was(
    run: sp.Run, holes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "TOGETHER", 1)
    arguments: dict[str, Any] = {"draws": 3, "progress": False}
    whole = start.complete_images(holes / "holes", run, **arguments)
    keep = tmp_path / "parts"
    with pytest.raises(KeyboardInterrupt):
        start.complete_images(holes / "holes", Interrupted(run.model, 4), **arguments, keep=keep)
    resumed = start.complete_images(holes / "holes", Interrupted(run.model, 2), **arguments, keep=keep)
    assert np.array_equal(resumed.draws, whole.draws)
    assert not keep.exists()


def test_parts_of_another_request_are_not_used(run: sp.Run, holes: Path, tmp_path: Path) -> None:
    keep = tmp_path / "parts"
    with pytest.raises(KeyboardInterrupt):
        start.complete_images(holes / "holes", Interrupted(run.model, 1), draws=2, progress=False, keep=keep)
    assert list(keep.glob("completion-*"))
    again = start.complete_images(holes / "holes", run, draws=1, seed=7, progress=False, keep=keep)
    assert np.array_equal(again.x, start.complete_images(holes / "holes", run, seed=7, progress=False).x)


@pytest.mark.slow
def test_the_page_shows_completions_maps_and_errors(run: sp.Run, holes: Path, tmp_path: Path) -> None:
    done = start.complete_images(holes / "holes", run, truth=holes / "truth", draws=2, progress=False)
    page = done.write_page(tmp_path / "new" / "page.html").read_text("utf-8")
    assert page.count("<img") == 4
    for words in (
        "2 images completed, 50.0% of their numbers were missing",
        "Energy score",
        "Standard deviation of the completions",
    ):
        assert words in page
    assert "http" not in page.replace("http-equiv", "")


@pytest.mark.slow
def test_the_command_writes_images_a_picture_and_one_document(
    run: sp.Run, holes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = holes / "full"
    argv = ["impute", str(holes / "holes"), "--model", str(run.folder.path), "--out", str(out)]
    page = ["--page", str(holes / "page.html")]
    assert main([*argv, "--draws", "2", "--truth", str(holes / "truth"), "--json", *page]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["examples"], document["missing"], document["draws"]) == (2, 16, 2)
    assert set(document["errors"]) == {"draw", "mean", "energy"}
    assert sorted(path.name for path in out.glob("[!.]*")) == ["0-1.png", "0-2.png", "1-1.png", "1-2.png"]
    assert (np.asarray(Image.open(out / "1-2.png"))[:, : SIDE // 2] == 180).all()
    assert {path.name for path in holes.iterdir()} == {"holes", "truth", "full", "full-grid.png", "page.html"}
    assert main(argv) == 2
    assert "is not empty" in capsys.readouterr().err
    (out / "notes.txt").write_text("mine")
    assert main([*argv, "--overwrite"]) == 0
    assert sorted(path.name for path in out.glob("[!.]*")) == ["0.png", "1.png", "notes.txt"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--mask", "nowhere"], "there is no file or folder"),
        (["--method", "trees"], "is for tables"),
        (["--draws", "0"], "at least 1"),
        (["--out", "full.csv"], "into a folder"),
        (["--out", "{holes}/full"], "lies in"),
        (["--grid", "{holes}/0.png", "--overwrite"], "lies in"),
    ],
)
def test_mistakes_are_one_sentence_and_write_nothing(
    run: sp.Run, holes: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["impute", str(holes / "holes"), "--model", str(run.folder.path), "--out", str(holes / "full")]
    argv += [option.format(holes=holes / "holes") for option in options]
    assert main(argv) == 2
    assert said in capsys.readouterr().err
    assert {path.name for path in holes.iterdir()} == {"holes", "truth"}
    assert {path.name for path in (holes / "holes").iterdir()} == {"0.png", "1.png"}


def test_arrays_that_are_no_examples_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, x=np.array([None, 1], dtype=object))
    with pytest.raises(DataError, match="cannot be read as arrays: Object"):
        read_holes(path, EVENT)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError, match="cannot be read as arrays"):
        read_holes(path, EVENT)
    x = np.full((2, *EVENT.shape), 100.0)
    x[0, 0, 0, 0] = np.nan
    assert read_holes(x, EVENT).missing == 1
    for wrong, said in ((np.inf, "infinity"), (256.5 + 256, "from 100 to 512.5")):
        x[1] = wrong
        x[1, 0, 0, 0] = 100
        with pytest.raises(DataError, match=said):
            read_holes(x, EVENT)


def test_what_does_not_fit_is_refused(run: sp.Run, holes: Path) -> None:
    Image.fromarray(np.zeros((5, 5), np.uint8)).save(holes / "holes" / "large.png")
    with pytest.raises(DataError, match=r"large.png is 5x5 pixels .* 4x4"):
        read_holes(holes / "holes", EVENT)
    with pytest.raises(DataError, match="nothing is missing"):
        read_holes(holes / "truth", EVENT)
    with pytest.raises(DataError, match="does not fit"):
        read_holes(np.zeros((2, 1, 4, 4)), EVENT, np.zeros((3, 3), dtype=bool))
    with pytest.raises(SettingError, match="need a model"):
        sp.impute({"a": [1.0, None]}, mask="mask.png")
    with pytest.raises(SettingError, match="are for tables"):
        sp.impute(holes / "truth", model=run, method="trees")
