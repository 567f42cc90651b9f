"""The methods' steps are their formulas; the torch forms take the steps of the pure ones."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from saddlepoint.errors import SettingError
from saddlepoint.optimisers import METHODS
from saddlepoint.optimisers.adjustment import SymplecticAdjustment
from saddlepoint.optimisers.consensus import Consensus
from saddlepoint.optimisers.descent import Alternating, Simultaneous
from saddlepoint.optimisers.extragradient import ExtraAdamOptimizer, Extragradient, PastExtraAdam, PastExtragradient
from saddlepoint.optimisers.field import descend, jacobian_product, transposed_product
from saddlepoint.optimisers.lookahead import Lookahead, lookahead
from saddlepoint.optimisers.optimistic import Optimistic, OptimisticAdam, OptimisticAdamOptimizer, OptimisticSGD

TURN = torch.tensor([[0.3, 1.0, -0.5], [-1.0, 0.2, 0.7], [0.1, -0.7, 0.4]], dtype=torch.float64)


def linear(parameters: list[Tensor]) -> list[Tensor]:
    """F(w) = TURN w over two players with 1 and 2 parameters."""
    return list((TURN @ torch.cat(parameters)).split([1, 2]))


def curved(parameters: list[Tensor]) -> list[Tensor]:
    x, y = parameters
    return [torch.sin(x) + y.sum() * x**2, torch.stack([y[0] - torch.tanh(x[0]), y[1] ** 3 + x[0] * y[0]])]


def start() -> list[Tensor]:
    return [torch.tensor([0.7], dtype=torch.float64), torch.tensor([-0.4, 0.2], dtype=torch.float64)]


def trajectory(method, field, steps: int) -> list[Tensor]:
    """The parameters after each step, as vectors."""
    state, points = method.start(start()), []
    for _ in range(steps):
        state = method.step(field, state)
        points.append(torch.cat(state[0]))
    return points


@pytest.mark.parametrize("name", METHODS)
def test_nothing_is_changed_in_place_and_a_path_is_repeated(name):
    method = METHODS[name]()
    state = method.start(start())
    for _ in range(3):
        before = [[tensor.clone() for tensor in part] for part in state]
        after = method.step(curved, state)
        again = method.step(curved, state)
        for part, was in zip(state, before, strict=True):
            torch.testing.assert_close(part, was, rtol=0, atol=0)
        for part, same in zip(after, again, strict=True):
            torch.testing.assert_close(part, same, rtol=0, atol=0)
        state = after


@pytest.mark.parametrize("name", METHODS)
def test_every_method_stays_where_the_field_vanishes(name):
    method = METHODS[name]()
    state = method.start([torch.zeros(1, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)])
    for _ in range(3):
        state = method.step(linear, state)
    assert torch.equal(torch.cat(state[0]), torch.zeros(3, dtype=torch.float64))


RATE, WEIGHT = 0.1, 0.3
EYE = torch.eye(3, dtype=torch.float64)
TURNING = (TURN - TURN.T) / 2
# One step of a method without memory on a linear field is a matrix.
MATRICES = {
    "simultaneous": (Simultaneous(RATE), EYE - RATE * TURN),
    "extragradient": (Extragradient(RATE), EYE - RATE * TURN + RATE**2 * TURN @ TURN),
    "consensus": (Consensus(RATE, WEIGHT), EYE - RATE * (TURN + WEIGHT * TURN.T @ TURN)),
    "adjustment": (SymplecticAdjustment(RATE, WEIGHT, aligned=False), EYE - RATE * (TURN + WEIGHT * TURNING.T @ TURN)),
    "lookahead": (
        Lookahead(Simultaneous(RATE), every=4, share=0.3),
        0.7 * EYE + 0.3 * torch.linalg.matrix_power(EYE - RATE * TURN, 4),
    ),
}


@pytest.mark.parametrize("case", MATRICES)
def test_a_step_on_a_linear_field_is_its_matrix(case):
    method, matrix = MATRICES[case]
    (point,) = trajectory(method, linear, 1)
    torch.testing.assert_close(point, matrix @ torch.cat(start()))


def test_optimistic_descent_follows_its_recursion():
    w = [torch.cat(start())]
    w.append(w[0] - RATE * TURN @ w[0])
    for _ in range(5):
        w.append(w[-1] - 2 * RATE * TURN @ w[-1] + RATE * TURN @ w[-2])
    torch.testing.assert_close(trajectory(Optimistic(RATE), linear, 6), w[1:])


def test_the_extrapolated_points_of_past_extragradient_are_optimistic_descent():
    method, state, points_evaluated = PastExtragradient(RATE), None, []

    def recording_field(parameters):
        points_evaluated.append(torch.cat(parameters))
        return curved(parameters)

    state = method.start(start())
    for _ in range(6):
        state = method.step(recording_field, state)
    # The first extrapolated point is the start; the next one has moved along the gradient there twice.
    expected = [torch.cat(start())]
    gradient = torch.cat(curved(start()))
    expected.append(expected[0] - 2 * RATE * gradient)
    for _ in range(4):
        now = torch.cat(curved(list(expected[-1].split([1, 2]))))
        expected.append(expected[-1] - RATE * (2 * now - gradient))
        gradient = now
    torch.testing.assert_close(points_evaluated, expected)


def test_players_take_turns_in_the_order_given():
    x, y = start()
    fx, _ = curved([x, y])
    x_after = x - RATE * fx
    expected = torch.cat([x_after, y - RATE * curved([x_after, y])[1]])
    torch.testing.assert_close(trajectory(Alternating(RATE, players=((0,), (1,))), curved, 1)[0], expected)
    last_first = trajectory(Alternating(RATE), curved, 1)[0]
    torch.testing.assert_close(last_first, trajectory(Alternating(RATE, players=((1,), (0,))), curved, 1)[0])
    assert not torch.equal(last_first, expected)
    together = trajectory(Alternating(RATE, players=((0, 1),)), curved, 1)
    torch.testing.assert_close(together, trajectory(Simultaneous(RATE), curved, 1))


@given(st.floats(0.01, 1.0), st.floats(0.01, 1.0))
def test_two_time_scales_are_one_rate_a_tensor(first, second):
    gradients = curved(start())
    expected = [w - rate * g for w, rate, g in zip(start(), (first, second), gradients, strict=True)]
    torch.testing.assert_close(descend(start(), gradients, (first, second)), expected)


def test_a_rate_too_few_is_refused():
    with pytest.raises(SettingError, match="2 tensors move, but 1 rates"):
        descend(start(), start(), (0.1,))


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        *[
            (name, {"rate": -0.1}, "rate must be finite and above 0, got -0.1")
            for name in METHODS
            if name != "lookahead"
        ],
        ("optimistic", {"rate": (0.1, 0.0)}, "Optimistic: rate must be finite and above 0, got 0.0"),
        ("simultaneous", {"rate": float("nan")}, "rate must be finite and above 0, got nan"),
        ("consensus", {"weight": -1.0}, "weight must be finite and at least 0"),
        ("extra-adam", {"betas": (0.5, 1.0)}, r"betas must be in \[0, 1\), got 1.0"),
        ("optimistic-adam", {"epsilon": 0.0}, "epsilon must be"),
        ("lookahead", {"every": 0}, "every must be a whole number of steps, at least 1, got 0"),
        ("lookahead", {"share": 1.5}, r"share must be in \(0, 1\]"),
    ],
)
def test_numbers_that_no_method_takes_are_refused(name, settings, said):
    with pytest.raises(SettingError, match=said):
        METHODS[name](**settings)


def test_an_unknown_method_is_reported_with_the_known_ones():
    with pytest.raises(
        SettingError, match=r'no method "optimistc"\. Did you mean "optimistic".* simultaneous, alternating'
    ):
        METHODS["optimistc"]
    assert METHODS.get("optimistc") is None


def test_products_with_the_jacobian_are_those_of_the_jacobian():
    def flat_field(w: Tensor) -> Tensor:
        return torch.cat(curved(list(w.split([1, 2]))))

    jacobian = torch.func.jacrev(flat_field)(torch.cat(start()))
    vector = torch.tensor([0.3, -1.0, 2.0], dtype=torch.float64)
    parts = list(vector.split([1, 2]))
    torch.testing.assert_close(torch.cat(jacobian_product(curved, start(), parts)), jacobian @ vector)
    torch.testing.assert_close(torch.cat(transposed_product(curved, start(), parts)), jacobian.T @ vector)


def test_with_zero_weight_consensus_and_adjustment_are_plain_descent():
    plain = trajectory(Simultaneous(RATE), curved, 4)
    torch.testing.assert_close(trajectory(Consensus(RATE, 0.0), curved, 4), plain)
    torch.testing.assert_close(trajectory(SymplecticAdjustment(RATE, 0.0), curved, 4), plain)


def test_the_adjustment_leaves_a_common_loss_alone():
    symmetric = TURN + TURN.T

    def gradient(parameters: list[Tensor]) -> list[Tensor]:
        return list((symmetric @ torch.cat(parameters)).split([1, 2]))

    plain = trajectory(Simultaneous(RATE), gradient, 4)
    torch.testing.assert_close(trajectory(SymplecticAdjustment(RATE, 5.0), gradient, 4), plain)


def test_the_aligned_adjustment_is_repelled_by_an_unstable_point_that_the_other_may_find():
    """With curvature against both players and strong rotation, the plain sign draws in what descent must leave."""
    unstable = torch.tensor([[-1.0, 5.0], [-5.0, -1.0]], dtype=torch.float64)

    def field(parameters: list[Tensor]) -> list[Tensor]:
        return list((unstable @ torch.cat(parameters)).split([1, 1]))

    def distance(aligned: bool) -> float:
        method = SymplecticAdjustment(0.01, 1.0, aligned)
        state = method.start([torch.tensor([w], dtype=torch.float64) for w in (1.0, 2.0)])
        for _ in range(20):
            state = method.step(field, state)
        return float(torch.cat(state[0]).norm())

    assert distance(aligned=False) < 5**0.5 < distance(aligned=True)


BETAS, EPSILON = (0.4, 0.8), 1e-6
ADAM = {"lr": RATE, "betas": BETAS, "eps": EPSILON}
PAIRS = {
    "optimistic-sgd": (Optimistic(RATE), lambda w: OptimisticSGD(w, lr=RATE)),
    "optimistic-adam": (OptimisticAdam(RATE, BETAS, EPSILON), lambda w: OptimisticAdamOptimizer(w, **ADAM)),
    "extra-adam": (PastExtraAdam(RATE, BETAS, EPSILON), lambda w: ExtraAdamOptimizer(w, **ADAM)),
}


def stepped(weights: list[Tensor], optimisers: list[torch.optim.Optimizer], steps: int) -> list[Tensor]:
    points = []
    for _ in range(steps):
        for w, gradient in zip(weights, curved([w.detach() for w in weights]), strict=True):
            w.grad = gradient
        for optimiser in optimisers:
            optimiser.step()
        points.append(torch.cat([w.detach() for w in weights]).clone())
    return points


@pytest.mark.parametrize("name", PAIRS)
def test_the_torch_form_takes_the_steps_of_the_pure_one(name):
    pure, build = PAIRS[name]
    weights = [w.requires_grad_() for w in start()]
    torch.testing.assert_close(stepped(weights, [build(weights)], 7), trajectory(pure, curved, 7))


@pytest.mark.parametrize("name", PAIRS)
def test_two_players_with_an_optimiser_each_are_the_game(name):
    pure, build = PAIRS[name]
    weights = [w.requires_grad_() for w in start()]
    torch.testing.assert_close(stepped(weights, [build([w]) for w in weights], 7), trajectory(pure, curved, 7))


def test_torch_lookahead_takes_the_steps_of_the_pure_one():
    weights = [w.requires_grad_() for w in start()]
    optimiser = lookahead(torch.optim.SGD(weights, lr=RATE), every=3, share=0.4)
    rounds = stepped(weights, [optimiser], 12)[2::3]
    torch.testing.assert_close(rounds, trajectory(Lookahead(Simultaneous(RATE), 3, 0.4), curved, 4))


@pytest.mark.parametrize("name", PAIRS)
def test_weight_decay_is_added_to_the_gradient(name):
    _, build = PAIRS[name]
    decayed, by_hand = ([w.requires_grad_() for w in start()] for _ in range(2))
    with_decay, without = build(decayed), build(by_hand)
    with_decay.param_groups[0]["weight_decay"] = 0.3
    for step in range(5):
        for w, v in zip(decayed, by_hand, strict=True):
            w.grad = torch.cos(w.detach() * (step + 1))
            v.grad = torch.cos(v.detach() * (step + 1)) + 0.3 * v.detach()
        with_decay.step()
        without.step()
    torch.testing.assert_close(decayed, by_hand)


@pytest.mark.parametrize("name", PAIRS)
def test_a_parameter_without_a_gradient_does_not_move(name):
    _, build = PAIRS[name]
    weights = [w.requires_grad_() for w in start()]
    optimiser = build(weights)
    optimiser.step()
    assert not optimiser.state_dict()["state"]
    weights[0].grad = torch.ones(1, dtype=torch.float64)
    optimiser.step()
    assert torch.equal(weights[1], start()[1])
    assert not torch.equal(weights[0], start()[0])


@pytest.mark.parametrize("name", PAIRS)
def test_a_closure_is_evaluated_with_gradients(name):
    _, build = PAIRS[name]
    weights = [w.requires_grad_() for w in start()]

    def closure() -> Tensor:
        loss = sum((w**2).sum() for w in weights)
        loss.backward()
        return loss

    assert build(weights).step(closure).item() == pytest.approx(0.69)
    assert not torch.equal(weights[0], start()[0])
