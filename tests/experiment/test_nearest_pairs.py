"""Pictures of sample pairs beside a scorecard, and their captions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from saddlepoint.data import DataSettings, from_array
from saddlepoint.evaluation.scorecard.extremes import Extremes, Pairs
from saddlepoint.experiment.nearest_pairs import draw_pairs
from saddlepoint.records import RunFolder

SHAPES = [(1, 8, 8), (1, 60), (1, 4, 4, 4), (2,), (9,)]


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_pictures_of_any_event_and_their_captions(shape: tuple[int, ...], tmp_path: Path) -> None:
    kind = "sound" if len(shape) == 2 else "auto"  # two axes alone would be taken for a grey image
    dataset = from_array(torch.rand(40, *shape).numpy(), settings=DataSettings(kind=kind))
    assert dataset.event.shape == shape
    pairs = Pairs(dataset.x[:10], dataset.x[10:20], torch.linspace(1, 2, 10))
    folder = RunFolder(tmp_path)
    folder.figures.mkdir()
    captions = folder.figures / "captions.json"
    captions.write_text(json.dumps({"latent.png": "Kept."}))
    draw_pairs(Extremes("pixels", 500, pairs, pairs, honest=1.5), dataset, folder)
    words = json.loads(captions.read_text())
    assert words["latent.png"] == "Kept."
    for name in ("nearest.png", "farthest.png"):
        with Image.open(folder.figures / name) as picture:
            assert picture.width > 100
        assert "500 samples" in words[name]
        assert "1 to 2 from it" in words[name]
        assert "pixels" in words[name]
    assert "within 1.5" in words["nearest.png"]
    captions.write_text("{")
    draw_pairs(Extremes("pixels", 500, pairs, pairs, honest=None), dataset, folder)
    assert "held-out examples lie" not in json.loads(captions.read_text())["nearest.png"]
