"""The table of likelihoods says what was measured, and each row is a recipe that can be trained."""

from __future__ import annotations

from saddlepoint.data.event import Event
from saddlepoint.models import construct

MNIST = Event((1, 28, 28), "image", "uint8", 0.0, 255.0, class_names=tuple(map(str, range(10))))


def test_every_row_is_a_model_of_black_and_white() -> None:
    import torch

    import likelihood

    for name in likelihood.available_rows():
        recipe = likelihood.Trial(name, 0).recipe
        with torch.device("meta"):
            model = construct(recipe.model, MNIST)
        assert model.log_prob_of == "black and white", name
        assert (model.log_prob_kind == "exact") == likelihood.ROWS[name].exact, name
        assert recipe.model.binarise == "stochastic", name


def test_goals_and_orders_are_judged_by_the_means_over_seeds() -> None:
    import likelihood

    found = {
        "VAE": [likelihood.Outcome(87.5, 0.2, 10.0, 1000), likelihood.Outcome(88.1, 0.3, 12.0, 1000)],
        "MADE": [likelihood.Outcome(88.4, 0.2, 10.0, 2000)],
        "PixelCNN": [likelihood.Outcome(83.0, 0.2, 30.0, 3000)],
        "FVSBN": [likelihood.Outcome(97.0, 0.2, 5.0, 4000)],
    }
    said = likelihood.body(found)
    assert "87.80 ± 0.30" in said
    assert likelihood.results.goal("VAE: at most 88 nats (found 87.80)", True) in said
    assert likelihood.results.goal("MADE: at most 88 nats (found 88.40)", False) in said
    assert likelihood.results.goal("The order of published rows, best first: PixelCNN, MADE, FVSBN", True) in said
