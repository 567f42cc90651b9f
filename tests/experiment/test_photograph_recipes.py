"""The recipes for folders of photographs train, sample and are loaded, at 32x32 and at other sizes, with and without classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import saddlepoint as sp
from saddlepoint.errors import SaddlepointError

CLASSES = ("cat", "dog")
SMALL = {
    "model.generator.width": 2,
    "model.discriminator.width": 2,
    "training.batch_size": 4,
    "training.steps": 2,
    "training.tick": 1,
    "training.samples": 4,
    "training.device": "cpu",
    "evaluation.samples": 10,
}


def photographs(root: Path, folders: tuple[str, ...]) -> Path:
    """A folder of images of several sizes: 16 in all, in equal parts."""
    noise = np.random.default_rng(0)
    for folder in folders:
        (root / folder).mkdir(parents=True)
        for number in range(16 // len(folders)):
            pixels = noise.integers(0, 256, (40 + number, 48, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / folder / f"{number}.png")
    return root


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SADDLEPOINT_CACHE", str(tmp_path / "cache"))


@pytest.mark.slow
@pytest.mark.usefixtures("as_set")
@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("photographs", (32, 32)),
        ("photographs", (64, 64)),
        ("photographs-conditional", (64, 64)),
        ("dcgan-images", (32, 32)),
    ],
)
def test_a_recipe_trains_on_a_folder_and_its_run_is_loaded(name: str, size: tuple[int, int], tmp_path: Path) -> None:
    conditional = name.endswith("conditional")
    folder = photographs(tmp_path / "images", CLASSES if conditional else ("all",))
    recipe = sp.Recipe.load(name).override({**SMALL, "data.source": str(folder), "data.size": list(size)})
    run = sp.train(recipe, run=tmp_path / "run", pictures=False)
    assert all(np.isfinite(value) for record in run.records for key, value in record.values.items() if "loss" in key)
    model = sp.load(tmp_path / "run")
    labels = torch.tensor([0, 1, 1]) if conditional else None
    one, two = (
        each.sample(3, labels=labels, generator=torch.Generator().manual_seed(0)) for each in (run.model, model)
    )
    assert one.shape == (3, 3, *size)
    assert one.dtype == torch.uint8
    assert torch.equal(one, two)


def test_the_conditional_recipe_needs_a_folder_for_each_class(tmp_path: Path) -> None:
    folder = photographs(tmp_path / "images", ("all",))
    recipe = sp.Recipe.load("photographs-conditional").override({**SMALL, "data.source": str(folder)})
    with pytest.raises(SaddlepointError, match="label"):
        sp.train(recipe, run=tmp_path / "run", pictures=False)
