"""Terms of losses of predicted frames: closed forms, and what each of them punishes."""

from __future__ import annotations

import pytest
import torch

from saddlepoint.objectives.phase import Batch
from saddlepoint.objectives.prediction.adversarial import discrimination
from saddlepoint.objectives.prediction.game import NoNoise, prediction, prediction_game
from saddlepoint.objectives.prediction.settings import LOSSES, TERMS
from saddlepoint.objectives.prediction.term import Predicted, load_term


def batch(frames: torch.Tensor | None = None) -> Predicted:
    generator = torch.Generator().manual_seed(0)
    given, truth = (torch.rand(3, 1, 2, 6, 7, generator=generator, dtype=torch.float64) for _ in range(2))
    return Predicted(given, truth, truth if frames is None else frames)


NETS = {"p": lambda given: given * 0.5, "d": lambda videos: videos.flatten(2).mean(2)}


@pytest.mark.parametrize("name", TERMS)
def test_a_term_is_one_finite_number_for_each_example(name: str) -> None:
    predicted = batch()
    value = load_term(name)(NETS, predicted._replace(frames=predicted.given))
    assert value.shape == (3,)
    assert value.isfinite().all()


@pytest.mark.parametrize("name", ["squared", "gradient_difference"])
def test_the_true_frames_cost_nothing(name: str) -> None:
    assert torch.equal(load_term(name)(NETS, batch()), torch.zeros(3, dtype=torch.float64))


def test_a_constant_error_costs_its_square_and_has_no_gradient_difference() -> None:
    predicted = batch()
    shifted = predicted._replace(frames=predicted.truth + 0.25)
    assert torch.allclose(load_term("squared")(NETS, shifted), torch.tensor(0.0625, dtype=torch.float64))
    assert load_term("gradient_difference")(NETS, shifted).abs().max() < 1e-12


def test_the_gradient_difference_of_a_ramp_is_its_slope() -> None:
    ramp = (0.1 * torch.arange(7, dtype=torch.float64)).expand(3, 1, 2, 6, 7)
    flat = batch()._replace(truth=ramp, frames=torch.zeros_like(ramp))
    assert torch.allclose(load_term("gradient_difference")(NETS, flat), torch.tensor(0.1, dtype=torch.float64))


def test_the_predictor_is_rejected_less_the_more_real_its_frames_look() -> None:
    predicted = batch()
    low, high = (
        load_term("adversarial")(NETS, predicted._replace(frames=predicted.truth + shift)) for shift in (0.0, 1.0)
    )
    assert (high < low).all()


def test_an_undecided_discriminator_pays_two_log_two_and_teaches_the_predictor_nothing() -> None:
    weights = torch.zeros(1, requires_grad=True)
    nets = {"p": lambda given: given * weights, "d": lambda videos: 0 * videos.flatten(2).mean(2)}
    x = torch.rand(3, 1, 4, 6, 7)
    cost, observed = discrimination(2)(nets, Batch(x), NoNoise())
    assert torch.allclose(cost, 2 * torch.tensor(2.0).log())
    assert not cost.requires_grad
    assert (observed["real_score"] == 0.5).all()


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_the_weighted_sum_of_its_terms(name: str) -> None:
    x = torch.rand(3, 1, 4, 6, 7)
    weights = {term: 0.5 + number for number, term in enumerate(LOSSES[name].terms)}
    total, observed = prediction(2, weights)(NETS, Batch(x), NoNoise())
    expected = sum(weight * observed[term] for term, weight in weights.items())
    assert torch.allclose(total, torch.as_tensor(expected))
    players = [phase.player for phase in prediction_game(2, weights)]
    assert players == (["d", "p"] if "adversarial" in weights else ["p"])
