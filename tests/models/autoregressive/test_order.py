"""Predictions depend on earlier numbers only, and cached steps equal full passes."""

from __future__ import annotations

import copy

import pytest
import torch

from saddlepoint.models.autoregressive.network import Autoregression
from saddlepoint.objectives.autoregressive_likelihood import Bernoulli, Categorical, GaussianMixture
from tests.models.autoregressive.cases import CASES, build_case, examples

every_case = pytest.mark.parametrize("case", CASES)
with_classes = pytest.mark.parametrize("conditional", [False, True])


def in_double(case: str, conditional: bool) -> tuple[Autoregression, torch.Tensor, torch.Tensor | None]:
    """The player of a case, examples in its units, and labels."""
    conditional = conditional and CASES[case][0].class_names is not None
    model = build_case(case, conditional=conditional)
    player = model.player.double()
    x = model._binarise(model.model_units(examples(model.event, 3)), None)
    return player, x, torch.tensor([0, 2, 1]) if conditional else None


@every_case
@with_classes
def test_no_prediction_changes_with_its_own_or_a_later_number(case: str, conditional: bool) -> None:
    player, x, labels = in_double(case, conditional)
    blocks, low = player.blocks(x), 0.0 if isinstance(player.likelihood, Bernoulli) else -1.0
    before = player(x, labels).parameters.detach()
    for step in range(player.steps_count):
        for place in range(player.likelihood.block):
            changed = blocks.clone()
            changed[:, step, place] = torch.where(blocks[:, step, place] > 0.25, low, 1.0)
            after = player(player.examples(changed), labels).parameters
            assert torch.equal(after[:, : step + 1], before[:, : step + 1])
            # Every number is read by the next prediction: the PixelCNNs' blind spot does not begin next to a pixel.
            last = step + 1 >= player.steps_count
            assert last or not torch.equal(after, before)


@pytest.mark.parametrize("case", [case for case in CASES if "text" not in case and case != "transformer-bins"])
def test_no_prediction_has_a_gradient_in_its_own_or_a_later_number(case: str) -> None:
    player, x, _ = in_double(case, False)
    if isinstance(player.likelihood, Categorical) and player.body.takes_symbols:
        return  # symbols have no gradient
    x.requires_grad_()
    parameters = player(x).parameters
    for step in range(player.steps_count):
        (gradient,) = torch.autograd.grad(parameters[:, step].square().sum(), x, retain_graph=True, allow_unused=True)
        if gradient is not None:
            assert not player.blocks(gradient)[:, step:].any()


@every_case
@with_classes
def test_steps_equal_a_full_pass(case: str, conditional: bool) -> None:
    player, x, labels = in_double(case, conditional)
    blocks = player.blocks(x)
    with torch.no_grad():
        expected = player(x, labels).parameters
        steps = player.steps(3, labels)
        for step in range(player.steps_count):
            given = player.features(blocks[:, step - 1]) if step else None
            torch.testing.assert_close(steps.advance(given), expected[:, step], rtol=1e-9, atol=1e-9)


@every_case
def test_cached_samples_equal_those_of_full_passes(case: str) -> None:
    model = build_case(case)
    model.player.double()
    uniforms = torch.rand(4, *model.uniforms, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    cached, full = (model.sample_from(uniforms, cached=way) for way in (True, False))
    torch.testing.assert_close(cached, full)
    torch.testing.assert_close(model.sample_from(uniforms[:2]), cached[:2])


@every_case
def test_examples_are_the_inverse_of_their_numbers(case: str) -> None:
    model = build_case(case)
    x = torch.randn(3, *model.event.shape)
    torch.testing.assert_close(model.player.examples(model.player.blocks(x)), x, rtol=0, atol=0)


@pytest.mark.parametrize("case", ["made-random", "transformer-random", "nade-random"])
def test_a_random_order_is_that_of_permuted_examples(case: str) -> None:
    model = build_case(case)
    plain = copy.deepcopy(model.player)
    order, plain.order = plain.order, None
    assert order is not None
    assert sorted(order.tolist()) == list(range(model.event.size))
    x = model.model_units(examples(model.event))
    permuted = plain.examples(plain.blocks(x)[:, order])
    torch.testing.assert_close(model.player(x).parameters, plain(permuted).parameters)


def test_constant_columns_are_repeated_and_left_out() -> None:
    model = build_case("made-constant")
    x = examples(model.event)
    assert (model.sample(50)[:, 1] == 7).all()
    moved = x.clone()
    moved[:, 1] = 9.0
    torch.testing.assert_close(model.log_prob(moved), model.log_prob(x))
    assert isinstance(model.likelihood, GaussianMixture)
