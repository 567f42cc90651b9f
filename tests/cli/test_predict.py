"""`saddlepoint predict`: one command trains, measures and writes; another applies what it trained."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saddlepoint.cli.main import main

SMALL = ["--frames-in", "2", "--frames-out", "2", "--points", "40", "--size", "20", "--width", "8", "--steps", "6"]


@pytest.mark.slow
def test_train_measure_and_apply(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    command = ["predict", "moving-digits", *SMALL, "--out", str(out), "--json"]
    assert main(command) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["headline"]
    assert [row["name"] for row in document["rows"]] == ["predictor", "black", "last frame", "mean of inputs"]
    names = {path.name for path in out.iterdir()}
    assert {"result.json", "report.html", "predictions.png", "request.json", "run"} <= names
    page = (out / "report.html").read_text()
    assert "data:image/gif;base64," in page
    assert main(["diagnose", str(out / "run")]) == 0
    assert main(["report", str(out / "run")]) == 0
    capsys.readouterr()
    assert main(command) == 2
    assert "--overwrite" in capsys.readouterr().err
    (out / "result.json").unlink()  # as if the call had been killed before its end
    assert main(command) == 0
    assert json.loads(capsys.readouterr().out) == document

    frames = tmp_path / "frames" / "a"
    frames.mkdir(parents=True)
    for number in range(3):
        Image.fromarray(np.full((30, 40), 80 * number, np.uint8)).save(frames / f"{number}.png")
    applied = tmp_path / "applied"
    assert (
        main(["predict", str(out / "run"), "--data", str(frames.parent), "--frames-out", "3", "--out", str(applied)])
        == 0
    )
    assert [path.name for path in sorted((applied / "a").iterdir())] == [f"frame-{n:05d}.png" for n in (4, 5, 6)]
    with Image.open(applied / "a" / "frame-00004.png") as frame:
        assert frame.size == (20, 20)


def write_frames(folder: Path, count: int, size: tuple[int, int]) -> None:
    folder.mkdir(parents=True)
    for number in range(count):
        Image.fromarray(np.full(size, number, np.uint8)).save(folder / f"{number}.png")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["moving-digits", "--loss", "mse"], "there is no loss 'mse'"),
        (["moving-digits", "--frames-in", "0"], "frames_in"),
        (["nowhere"], "nowhere"),
        (["FOLDER/empty"], "holds no videos"),
        (["FOLDER/sizes"], "different sizes"),
        (["FOLDER/short"], "has 3 frames, and 4 are needed"),
        (["moving-digits", "--data", "FOLDER/short", "--steps", "3"], "--steps is for training"),
        (["moving-digits", "--data", "FOLDER/short", "--channels", "rgb"], "--channels is for training"),
        (["moving-digits", "--data", "FOLDER/short", "--overwrite"], "--overwrite is for training"),
    ],
)
def test_wrong_input_is_one_sentence_and_leaves_nothing(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "a.txt").touch()
    write_frames(tmp_path / "sizes" / "a", 4, (6, 8))
    write_frames(tmp_path / "sizes" / "b", 4, (8, 8))
    write_frames(tmp_path / "short" / "a", 3, (6, 8))
    given = [argument.replace("FOLDER", str(tmp_path)) for argument in arguments]
    usual = [] if "--data" in given or "--frames-in" in given else ["--frames-in", "2", "--frames-out", "2"]
    assert main(["predict", *given, *usual, "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()
