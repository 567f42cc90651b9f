"""Digits with holes, filled in by trained models: one model, seed and its errors under each kind of hole.

A model is trained on the training digits and completes held-out ones. Errors are in shares of the range of grey values: the root mean
squared error of the mean of the draws, and the energy score (lower is better, for draws from the true distribution the lowest).
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

MODELS = (
    "gaussian-digits",
    "mixture-digits",
    "pca-digits",
    "kernel-density-digits",
    "vae-digits",
    "made-digits",
    "pixelcnn-digits",
    "diffusion-digits",
)
BASELINE = "training digits"  # drawn at random, whatever is known
HOLES = ("square", "lower half", "half of the pixels")
IMAGES, DRAWS = 100, 5
QUICK_IMAGES, QUICK_STEPS = 4, 4


def known_pixels(hole: str, shape: tuple[int, ...], generator: torch.Generator) -> Any:
    """(N, C, H, W) bool: what is known of N images.

    Args:
        hole: one of `HOLES`; the square has half the image's sides and lies in its middle.
        shape: (N, C, H, W).
        generator: chooses pixels.
    """
    known = torch.ones(shape, dtype=torch.bool)
    height, width = shape[2:]
    if hole == "square":
        known[:, :, height // 4 : height - height // 4, width // 4 : width - width // 4] = False
    elif hole == "lower half":
        known[:, :, height // 2 :] = False
    else:
        known = (torch.rand(shape, generator=generator) < 0.5) & known
    return known


def inpaint(name: str, seed: int, quick: bool) -> dict[str, float]:
    """Train a recipe and complete held-out digits; return "HOLE: error" and "HOLE: energy" for each kind of hole.

    Args:
        name: of a recipe, or `BASELINE`.
        seed: of training, holes and draws.
        quick: least work, to see that it runs.
    """
    import saddlepoint as sp
    from saddlepoint.applications.impute.images.completed import CompletedImages
    from saddlepoint.applications.impute.images.holes import Holes

    digits = sp.load_data("digits")
    held_out = digits.held_out
    assert held_out is not None
    x = held_out.x[: QUICK_IMAGES if quick else IMAGES]
    generator = torch.Generator().manual_seed(seed)
    scores = {}
    with tempfile.TemporaryDirectory() as folder:
        model = None if name == BASELINE else _trained(name, seed, quick, Path(folder))
        for hole in HOLES:
            known = known_pixels(hole, tuple(x.shape), torch.Generator().manual_seed(1_000 + seed))
            draws = []
            for _ in range(DRAWS):
                if model is None:
                    chosen = digits.x[torch.randint(len(digits.x), (len(x),), generator=generator)]
                    draws.append(torch.where(known, x, chosen).numpy())
                else:
                    draws.append(model.complete(x, known, generator=generator).cpu().numpy())
            done = CompletedImages(
                Holes(x.numpy(), known.numpy()), np.stack(draws), digits.event, x.numpy(), "benchmark"
            )
            errors = done.errors()
            scores |= {f"{hole}: error": errors["mean"], f"{hole}: energy": errors["energy"]}
    return scores


def _trained(name: str, seed: int, quick: bool, folder: Path) -> Any:
    """The model of a recipe, trained on digits; loading its checkpoint takes averaged weights where the recipe has them."""
    import saddlepoint as sp

    training: dict[str, Any] = {"seed": seed}
    if quick:
        training |= {"steps": QUICK_STEPS, "checkpoint_every": QUICK_STEPS, "sample_every": QUICK_STEPS, "tick": 1}
    sp.train(name, training=training, run=folder / "run", pictures=False)
    return sp.load(folder / "run")
