import pytest
import torch

from saddlepoint.optimisers.averaging import historical_averaging

RATE, WEIGHT = 0.1, 0.7


def walk(optimiser, w, gradients):
    path = [w.detach().clone()]
    for gradient in gradients:
        w.grad = gradient.clone()
        optimiser.step()
        path.append(w.detach().clone())
    return path


def test_the_pull_is_the_gradient_of_the_squared_distance_to_the_mean_of_the_way_so_far():
    gradients = torch.randn(6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    w = torch.ones(3, dtype=torch.float64, requires_grad=True)
    path = walk(historical_averaging(torch.optim.SGD([w], lr=RATE), WEIGHT), w, gradients)
    for move, gradient in enumerate(gradients):
        here = path[move].clone().requires_grad_()
        mean = torch.stack(path[: move + 1]).mean(0)
        cost = (gradient * here).sum() + WEIGHT * (here - mean).square().sum()
        (expected,) = torch.autograd.grad(cost, here)
        torch.testing.assert_close(path[move] - path[move + 1], RATE * expected)


def test_with_zero_weight_it_is_the_optimiser_itself():
    gradients = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    plain, wrapped = (torch.zeros(3, requires_grad=True) for _ in range(2))
    alone = walk(torch.optim.Adam([plain], lr=RATE), plain, gradients)
    pulled = walk(historical_averaging(torch.optim.Adam([wrapped], lr=RATE), 0.0), wrapped, gradients)
    assert all(torch.equal(a, b) for a, b in zip(alone, pulled, strict=True))


def test_the_bilinear_game_is_stabilised():
    """Descent on x y leaves the equilibrium; pulled to where they have been, the players stay nearer to it."""

    def distance(weight):
        x, y = (torch.ones((), dtype=torch.float64, requires_grad=True) for _ in range(2))
        players = [historical_averaging(torch.optim.SGD([w], lr=RATE), weight) for w in (x, y)]
        for _ in range(400):
            x.grad, y.grad = y.detach().clone(), -x.detach().clone()
            for player in players:
                player.step()
        return torch.hypot(x, y).item()

    # Each step of descent multiplies the distance by sqrt(1 + rate^2).
    assert distance(0.0) == pytest.approx(2**0.5 * (1 + RATE**2) ** 200)
    assert distance(1.0) < 1


def test_a_parameter_without_gradient_stays_and_a_step_without_any_does_nothing():
    w, still = (torch.ones(2, requires_grad=True) for _ in range(2))
    optimiser = historical_averaging(torch.optim.SGD([w, still], lr=RATE), WEIGHT)
    optimiser.step()
    assert torch.equal(w, torch.ones(2))
    w.grad = torch.ones(2)
    optimiser.step()
    optimiser.step()
    assert torch.equal(still, torch.ones(2))


def test_a_saved_and_loaded_state_continues_identically():
    gradients = torch.randn(8, 3, generator=torch.Generator().manual_seed(0))
    w = torch.zeros(3, requires_grad=True)
    whole = walk(historical_averaging(torch.optim.Adam([w], lr=RATE), WEIGHT), w, gradients)
    w = torch.zeros(3, requires_grad=True)
    optimiser = historical_averaging(torch.optim.Adam([w], lr=RATE), WEIGHT)
    walk(optimiser, w, gradients[:4])
    state = optimiser.state_dict()
    other = w.detach().clone().requires_grad_()
    resumed = historical_averaging(torch.optim.Adam([other], lr=RATE), WEIGHT)
    resumed.load_state_dict(state)
    assert torch.equal(walk(resumed, other, gradients[4:])[-1], whole[-1])
