"""Predict next frames in one call: the result, what it was measured on, and that a killed call goes on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import saddlepoint as sp
from saddlepoint.applications.predict.prediction import Prediction
from saddlepoint.applications.predict.settings import METHODS
from saddlepoint.applications.predict.start import check_request, evenly_spaced
from saddlepoint.errors import DataError, SettingError

SMALL = {"frames_in": 2, "frames_out": 2, "points": 40, "size": 20, "width": 8, "steps": 6}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Prediction, Path]:
    run = tmp_path_factory.mktemp("predict") / "run"
    return sp.predict("moving-digits", loss="both", run=run, **SMALL), run


def test_the_predictor_continues_sequences_of_any_length(kept: tuple[Prediction, Path]) -> None:
    done, _ = kept
    given = torch.zeros(2, 1, 3, 20, 20, dtype=torch.uint8)
    assert done.model.predict(given).shape == (2, 1, 2, 20, 20)
    longer = done.model.predict(given, 5)
    assert longer.shape == (2, 1, 5, 20, 20)
    assert torch.equal(longer[:, :, :2], done.model.predict(given))
    # What is predicted later follows from what was predicted before, which is not rounded to bytes in between.
    later = done.model.predict(longer[:, :, :2], 2).float()
    assert torch.allclose(later, longer[:, :, 2:4].float(), atol=3)


def test_scores_are_of_the_held_out_sequences(kept: tuple[Prediction, Path]) -> None:
    done, _ = kept
    held_out = sp.load_data(check_request("moving-digits", 2, 2, "both", 6, points=40, size=20)[1]).held_out
    assert held_out is not None
    assert done.measured.sequences == len(held_out) == 4
    assert torch.allclose(done.given, held_out.x[:, :, :2] / 255)
    assert torch.allclose(done.truth, held_out.x[:, :, 2:] / 255)
    assert torch.allclose(done.predicted, done.model.predict(held_out.x[:, :, :2]) / 255)


def test_a_complete_run_is_used_and_an_interrupted_one_is_continued_to_the_same_result(
    kept: tuple[Prediction, Path], tmp_path: Path
) -> None:
    done, run = kept
    again = sp.predict("moving-digits", loss="both", run=run, **SMALL)
    assert torch.equal(again.predicted, done.predicted)
    part = tmp_path / "run"
    shutil.copytree(run, part)
    (part / "summary.json").unlink()
    last = max((part / "checkpoints").glob("step-*"))
    shutil.rmtree(last)
    resumed = sp.predict("moving-digits", loss="both", run=part, **SMALL)
    assert torch.equal(resumed.predicted, done.predicted)


def test_a_sequence_that_is_too_short_for_the_predictor_is_refused(kept: tuple[Prediction, Path]) -> None:
    with pytest.raises(SettingError, match="at least 2"):
        kept[0].model.predict(torch.zeros(1, 1, 1, 20, 20))


def write_frames(folder: Path, count: int, seed: int) -> None:
    folder.mkdir(parents=True)
    for number, frame in enumerate(np.random.default_rng(seed).integers(0, 256, (count, 8, 8), dtype=np.uint8)):
        Image.fromarray(frame).save(folder / f"{number}.png")


def test_few_sequences_make_smaller_batches_and_changed_data_a_new_training(tmp_path: Path) -> None:
    write_frames(tmp_path / "data" / "train" / "a", 6, 0)
    for number in range(2):
        write_frames(tmp_path / "data" / "test" / f"t{number}", 7, 1 + number)
    small = {"frames_in": 2, "frames_out": 1, "width": 4, "steps": 2, "run": tmp_path / "run"}
    first = sp.predict(tmp_path / "data", **small)  # type: ignore[arg-type]
    assert (first.measured.sequences, first.measured.videos) == (4, 2)
    shutil.move(tmp_path / "data" / "train" / "a", tmp_path / "data" / "test" / "a")
    write_frames(tmp_path / "data" / "train" / "b", 6, 9)
    assert sp.predict(tmp_path / "data", **small).measured.videos == 3  # type: ignore[arg-type]
    # What the first run was trained on is tested now.
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    data = sp.load_data(check_request(tmp_path / "data", 2, 1, "squared", 2)[1])
    assert summary["data"]["fingerprint"] == data.fingerprint


@pytest.mark.parametrize(("n", "most"), [(3, 8), (8, 8), (100, 8)])
def test_tested_positions_reach_from_the_first_to_the_last(n: int, most: int) -> None:
    chosen = evenly_spaced(n, most)
    assert len(chosen.unique()) == min(n, most)
    assert (chosen[0], chosen[-1]) == (0, n - 1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"loss": "mse"}, "no loss 'mse'; there are squared"),
        ({"frames_in": 0}, "frames_in"),
        ({"data": "mnist"}, "mnist holds no videos"),
        ({"size": 0}, "size"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_read(changes: dict[str, object], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        sp.predict(**({"data": "moving-digits"} | SMALL | changes))  # type: ignore[arg-type]


def test_too_few_test_sequences_are_refused() -> None:
    with pytest.raises(DataError, match="1 test sequence of 4 frames, and 2 are needed"):
        sp.predict("moving-digits", **(SMALL | {"points": 8}))


def test_every_loss_has_a_title() -> None:
    assert set(METHODS) == {"squared", "adversarial", "gradient-difference", "both"}
