"""No examples give no results: every function of a batch takes a batch of none."""

from __future__ import annotations

import pytest
import torch

from saddlepoint.data.event import Event
from saddlepoint.models import build
from saddlepoint.models.capabilities import Completes, Encodes, HasDensity, HasPosterior, has
from saddlepoint.recipe import Recipe

POINT = Event((2,), "vector", class_names=("a", "b"))
IMAGE = Event((1, 8, 8), "image", "uint8", 0.0, 16.0, class_names=("a", "b"))
SERIES = Event((6, 2), "series")


@pytest.mark.parametrize(
    ("name", "event", "changes"),
    [
        ("flow-moons", POINT, {}),
        ("flow-moons-conditional", POINT, {}),
        ("flow-moons", POINT, {"model.flow": "realnvp"}),
        ("flow-moons", POINT, {"model.flow": "maf"}),
        ("diffusion-moons", POINT, {"model.density_steps": 2}),
        ("diffusion-moons", POINT, {"model.density_steps": 2, "model.conditional": True}),
        ("diffusion-digits", IMAGE, {"model.denoiser.network": "unet", "model.denoiser.patch": 2}),
        ("vae-digits-conditional", IMAGE, {}),
        ("vq-vae-digits", IMAGE, {}),
        ("pixelcnn-digits-conditional", IMAGE, {}),
        ("made-digits", IMAGE, {}),
        ("gaussian-digits", IMAGE, {}),
        ("mixture-digits", IMAGE, {}),
        ("kernel-density-digits", IMAGE, {}),
        ("naive-bayes-digits", IMAGE, {}),
        ("pca-digits", IMAGE, {}),
        ("hmm-waves", SERIES, {}),
    ],
)
def test_an_empty_batch_has_empty_results(name: str, event: Event, changes: dict[str, object]) -> None:
    if name.startswith("flow-moons"):
        pytest.importorskip("zuko")
    model = build(Recipe.load(name).override(changes).model, event, seed=0)
    x = torch.zeros(0, *event.shape, dtype=event.torch_dtype)
    if not name.startswith("vq"):  # its prior has not been fitted
        assert model.sample(0).shape == x.shape
    if has(model, HasDensity):
        assert model.log_prob(x).shape == (0,)
    if has(model, HasPosterior):
        assert model.posterior(x).shape == (0, 2)
    if has(model, Encodes):
        assert len(model.encode(x)) == 0
    if has(model, Completes):
        assert model.complete(x, torch.zeros(x.shape, dtype=torch.bool)).shape == x.shape
