"""TensorBoard shows what the records hold, and after a resume each step once."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from saddlepoint.experiment.tensorboard import TensorBoard
from saddlepoint.records import Finding, Record


def events(folder: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    accumulator = EventAccumulator(str(folder))
    accumulator.Reload()
    return accumulator


def test_scalars_pictures_histograms_and_findings(tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    Image.new("RGB", (7, 5), (200, 0, 0)).save(picture)
    board = TensorBoard(tmp_path / "log")
    board.record(Record(5, 1.0, {"d/loss": 0.5, "g/loss": math.nan}))
    board.picture("samples", picture, 5)
    board.histograms({"heads/mean": torch.tensor([1.0, math.inf, 3.0]), "heads/none": torch.tensor([math.nan])}, 5)
    board.finding(Finding("NUM301", "failure", 5, "g/loss became nan."))
    board.close()
    seen = events(tmp_path / "log")
    assert [(event.step, event.value) for event in seen.Scalars("d/loss")] == [(5, 0.5)]
    assert math.isnan(seen.Scalars("g/loss")[0].value)
    (image,) = seen.Images("samples")
    assert (image.width, image.height) == (7, 5)
    assert image.encoded_image_string == picture.read_bytes()
    assert seen.Tags()["histograms"] == ["heads/mean"]
    assert seen.Histograms("heads/mean")[0].histogram_value.num == 2
    assert any("NUM301" in tag for tag in seen.Tags()["tensors"])


@pytest.mark.parametrize("first_step", [0, 6])
def test_a_later_session_replaces_what_it_repeats(first_step: int, tmp_path: Path) -> None:
    for first, steps in ((0, (0, 5, 10)), (first_step, (first_step, 15))):
        board = TensorBoard(tmp_path, first_step=first)
        for step in steps:
            board.record(Record(step, 0.0, {"d/loss": float(first)}))
        board.close()
    kept = [step for step in (0, 5, 10) if step < first_step]
    assert [event.step for event in events(tmp_path).Scalars("d/loss")] == [*kept, first_step, 15]
