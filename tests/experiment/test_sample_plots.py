"""Points of any model can be drawn; a game has the panels that its settings allow."""

from __future__ import annotations

import pytest
import torch

from saddlepoint.data import DataSettings, load
from saddlepoint.experiment.sample_plots import draw_points
from saddlepoint.models import build
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.models.vae.settings import VAESettings

GAMES = {
    "plain": ({"latent": 1}, {"densities", "real", "push", "map"}),
    "two noises": ({"latent": 2}, {"densities", "real", "push"}),
    "feature matching": ({"latent": 1, "objective": "feature-matching"}, {"densities", "real", "map"}),
    "packing": ({"latent": 1, "discriminator": {"packing": 2}}, {"densities", "map"}),
    "minibatch": ({"latent": 1, "discriminator": {"minibatch_kernels": 2}}, {"densities", "map"}),
}
SIGNS = {"probability density": "densities", "probability of real, 0 to 1": "real", "push\n(nats per unit)": "push"}


@pytest.mark.parametrize("game", GAMES)
def test_a_game_on_a_line_has_the_panels_its_settings_allow(game: str) -> None:
    settings, expected = GAMES[game]
    data = load(DataSettings(source="gaussian", modes=2, points=300))
    model = build(GANSettings(**settings), data.event)
    drawing = draw_points(model, model.sample(200), data.x, data.truth, "Samples")
    found = {SIGNS.get(axes.get_ylabel(), "map" if axes.get_xlabel() == "noise z" else "") for axes in drawing.axes}
    assert found == expected


@pytest.mark.parametrize(
    ("settings", "surfaces"), [({}, 1), ({"discriminator": {"packing": 2}}, 0), ({"objective": "feature-matching"}, 1)]
)
def test_a_game_in_the_plane_has_a_surface_if_points_are_scored_independently(
    settings: dict[str, object], surfaces: int
) -> None:
    data = load(DataSettings(source="ring", points=300))
    model = build(GANSettings(**settings), data.event)
    drawing = draw_points(model, model.sample(200), data.x, data.truth, "Samples")
    assert sum("probability of real" in axes.get_ylabel() for axes in drawing.axes) == surfaces


@pytest.mark.parametrize("source", ["gaussian", "ring"])
def test_a_pairwise_discriminator_is_drawn_against_its_mean(source: str) -> None:
    """A constant added to its scores changes neither its decisions nor the picture."""
    data = load(DataSettings(source=source, points=300))
    model = build(GANSettings(objective="relativistic", penalties={"r1": 1.0}), data.event)
    samples = model.sample(200)
    words, shown = [], []
    for _ in range(2):
        drawing = draw_points(model, samples, data.x, data.truth, "Samples")
        words.append(
            " ".join([axes.get_ylabel() for axes in drawing.axes] + [t.get_text() for t in drawing.legends[0].texts])
        )
        surface = (
            drawing.axes[0].collections[0].get_array() if source == "ring" else drawing.axes[1].lines[0].get_ydata()
        )
        shown.append(torch.tensor(surface))
        with torch.no_grad():
            list(model.players["d"].parameters())[-1].add_(7.0)  # the last layer's bias
    assert words[0] == words[1]
    assert "score against the mean, 0 to 1" in words[0]
    assert "level line: mean of real and generated scores" in words[0]
    assert "probability of real" not in words[0]
    torch.testing.assert_close(shown[0], shown[1], rtol=1e-4, atol=1e-5)
    assert shown[0].min() < 0.5 < shown[0].max()


@pytest.mark.parametrize("source", ["gaussian", "ring"])
def test_other_models_are_drawn_against_the_data(source: str) -> None:
    data = load(DataSettings(source=source, points=300))
    model = build(VAESettings(likelihood="gaussian", latent=1), data.event)
    drawing = draw_points(model, model.sample(200), data.x, data.truth, "Samples")
    assert len(drawing.axes) == 1


def test_drawing_leaves_the_model_as_it_was() -> None:
    data = load(DataSettings(source="ring", points=300))
    model = build(GANSettings(), data.event)
    draw_points(model, model.sample(50), data.x, data.truth, "Samples")
    for player in model.players.values():
        assert player.training
        assert all(p.requires_grad and p.grad is None for p in player.parameters())
    assert torch.is_grad_enabled()
