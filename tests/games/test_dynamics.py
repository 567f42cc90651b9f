"""Small games have the spectra of theory, and methods move on them as their spectra foretell."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from saddlepoint.errors import SettingError
from saddlepoint.games.dirac import OBJECTIVES, dirac_gan
from saddlepoint.games.dynamics import (
    distances,
    measured_contraction,
    path,
    predicted_contraction,
    update_spectrum,
)
from saddlepoint.games.smooth import SmoothGame, bilinear, ordered, quadratic
from saddlepoint.objectives.adversarial.composition import Composition
from saddlepoint.objectives.adversarial.game import discriminator_loss, generator_loss
from saddlepoint.objectives.adversarial.noise import GameNoise
from saddlepoint.objectives.adversarial.registry import loss_named
from saddlepoint.objectives.phase import Batch
from saddlepoint.optimisers import METHODS
from saddlepoint.optimisers.adjustment import SymplecticAdjustment
from saddlepoint.optimisers.consensus import Consensus
from saddlepoint.optimisers.descent import Alternating, Simultaneous
from saddlepoint.optimisers.extragradient import ExtraAdam, Extragradient, PastExtraAdam, PastExtragradient
from saddlepoint.optimisers.lookahead import Lookahead
from saddlepoint.optimisers.optimistic import Optimistic, OptimisticAdam

SCALES = st.floats(0.05, 3.0)
# Losses whose derivative at the undecided logit is a half; for all others it is one.
SLOW = ("non-saturating", "minimax", "relativistic", "least-squares", "f-jensen-shannon")
ROTATIONS = st.floats(0.02, 0.45)  # rate x singular value


def pull(strength: float = 1.0) -> SmoothGame:
    """x y times `strength`."""
    return bilinear(torch.tensor([[strength]], dtype=torch.float64))


def ones(game: SmoothGame, value: float = 1.0) -> list[Tensor]:
    return [torch.full_like(part, value) for part in game.equilibrium]


def matrix(rows: int, columns: int, seed: int) -> Tensor:
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def assert_spectrum(found: Tensor, expected: list[complex]) -> None:
    torch.testing.assert_close(found, ordered(torch.tensor(expected, dtype=torch.complex128)), atol=1e-9, rtol=1e-9)


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 99))
def test_a_bilinear_game_turns_with_its_singular_values(rows, columns, seed):
    m = matrix(rows, columns, seed)
    spectrum = bilinear(m).spectrum()
    sizes = torch.linalg.svdvals(m).tolist()
    expected = [sign * 1j * size for size in sizes for sign in (1, -1)] + [0j] * abs(rows - columns)
    torch.testing.assert_close(spectrum.real, torch.zeros(rows + columns, dtype=torch.float64), atol=1e-9, rtol=0)
    torch.testing.assert_close(
        spectrum.imag, torch.tensor(sorted(value.imag for value in expected), dtype=torch.float64), atol=1e-9, rtol=0
    )


@given(st.integers(0, 99))
def test_a_quadratic_games_jacobian_is_its_blocks_everywhere(seed):
    s, m, t = matrix(2, 2, seed), matrix(2, 3, seed + 1), matrix(3, 3, seed + 2)
    s, t = s + s.T, t + t.T
    expected = torch.cat([torch.cat([s, m], 1), torch.cat([-m.T, t], 1)])
    game = quadratic(s, m, t)
    for point in (list(game.equilibrium), [matrix(1, 2, seed)[0], matrix(1, 3, seed)[0]]):
        torch.testing.assert_close(game.jacobian(point), expected)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("penalty", [0.0, 0.3, 0.9, 1.0, 2.5])
def test_the_dirac_gan_has_the_spectrum_of_theory(objective, penalty):
    """weight/2 ± sqrt(weight^2/4 - f^2), Mescheder et al. 2018, lemma 2.3 and 4.1."""
    turn = 0.5 if objective in SLOW else 1.0
    root = complex(penalty**2 / 4 - turn**2) ** 0.5
    # Where both eigenvalues meet, they are computed to the root of the rounding error.
    found = dirac_gan(objective, penalty).spectrum()
    torch.testing.assert_close(found.sum(), torch.tensor(penalty, dtype=torch.complex128))
    torch.testing.assert_close(found.prod(), torch.tensor(turn**2, dtype=torch.complex128))
    if abs(root) > 1e-6:
        assert_spectrum(found, [penalty / 2 + root, penalty / 2 - root])


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_equilibrium_of_the_dirac_gan_is_one(objective):
    game = dirac_gan(objective, 0.5)
    for gradient in game.field(list(game.equilibrium)):
        assert torch.equal(gradient, torch.zeros(1, dtype=torch.float64))


@pytest.mark.parametrize("objective", OBJECTIVES)
@given(theta=st.floats(-3, 3), psi=st.floats(-3, 3))
def test_the_dirac_gans_losses_are_those_of_training(objective, theta, psi):
    class Line(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return psi * x + loss_named(objective).neutral

    point = torch.full((1, 1), theta, dtype=torch.float64)
    nets = {"d": Line(), "g": lambda z: point}
    batch, noise = Batch(torch.zeros(1, 1, dtype=torch.float64)), GameNoise(torch.zeros(1, 1))
    game = Composition(loss_named(objective))
    expected = [
        generator_loss(game)(nets, batch, noise)[0],
        discriminator_loss(game)(nets, batch, noise)[0],
    ]
    parameters = [torch.tensor([value], dtype=torch.float64) for value in (theta, psi)]
    found = dirac_gan(objective).losses(parameters)
    torch.testing.assert_close(torch.stack(found), torch.cat(expected).double())


def test_an_unknown_objective_is_refused():
    with pytest.raises(ValueError, match="hinge"):
        dirac_gan("nothing")


def closed_forms(a: float) -> dict[str, tuple[object, float]]:
    """Methods on x y with rate `a`, and the largest modulus of their eigenvalues by theory."""
    turn = complex(0, a)
    root = (1 + 4 * turn**2) ** 0.5
    return {
        "simultaneous": (Simultaneous(a), math.sqrt(1 + a**2)),
        "alternating": (Alternating(a), 1.0),
        "extragradient": (Extragradient(a), math.sqrt(1 - a**2 + a**4)),
        "optimistic": (Optimistic(a), abs(1 - 2 * turn + root) / 2),
        "past-extragradient": (PastExtragradient(a), abs(1 - 2 * turn + root) / 2),
        "consensus": (Consensus(a, 0.5), abs(1 - turn - a / 2)),
        "adjustment": (SymplecticAdjustment(a, 0.5), abs(1 - turn - a / 2)),
        "lookahead": (Lookahead(Simultaneous(a), 6, 0.4), abs(0.6 + 0.4 * (1 - turn) ** 6)),
    }


@pytest.mark.parametrize("name", closed_forms(0.1))
@given(a=ROTATIONS)
def test_the_update_operator_has_the_spectral_radius_of_theory(name, a):
    method, radius = closed_forms(a)[name]
    assert predicted_contraction(pull(), method) == pytest.approx(radius, rel=1e-9)


@given(a=ROTATIONS)
def test_alternating_steps_turn_on_the_unit_circle_by_the_angle_of_theory(a):
    """The eigenvalues are exp(±i angle) with cos(angle) = 1 - a^2 / 2."""
    angle = math.acos(1 - a**2 / 2)
    expected = [complex(math.cos(angle), sign * math.sin(angle)) for sign in (1, -1)]
    assert_spectrum(update_spectrum(pull(), Alternating(a)), expected)


@pytest.mark.slow
@given(a=ROTATIONS, strength=SCALES)
def test_simultaneous_descent_leaves_the_bilinear_game_at_its_rate_in_every_step(a, strength):
    away = distances(pull(strength), path(pull(strength), Simultaneous(a / strength), ones(pull()), 40))
    torch.testing.assert_close(away[1:] / away[:-1], torch.full((40,), math.sqrt(1 + a**2), dtype=torch.float64))


@pytest.mark.parametrize("a", [0.02, 0.2, 0.9])
def test_alternating_descent_circles_on_an_ellipse(a):
    """x^2 + y^2 + a x y is kept, where y, which maximises, moves first: it neither arrives nor leaves."""
    x, y = path(pull(), Alternating(a), ones(pull()), 100).T
    torch.testing.assert_close(x**2 + y**2 + a * x * y, torch.full_like(x, 2 + a))


LINEAR = sorted(set(METHODS) - {"extra-adam", "past-extra-adam", "optimistic-adam"})
CONVERGENT = sorted(set(LINEAR) - {"simultaneous", "alternating"})


@pytest.mark.slow
@pytest.mark.parametrize("name", CONVERGENT)
def test_methods_for_games_arrive_at_the_predicted_rate(name):
    """On x y with the methods' own default settings; the direction of the slowest part turns, so over many steps."""
    method, game = METHODS[name](), pull()
    points = path(game, method, ones(game), 200)
    predicted = predicted_contraction(game, method)
    assert predicted < 1
    assert measured_contraction(game, points) == pytest.approx(predicted, abs=2e-3)


@pytest.mark.slow
@pytest.mark.parametrize("name", LINEAR)
@pytest.mark.parametrize("objective", ["minimax", "non-saturating", "least-squares"])
def test_the_dirac_gan_near_its_equilibrium_follows_its_spectrum(name, objective):
    """From 1e-4 the game is as good as linear (with the other losses it is linear everywhere near)."""
    method, game = METHODS[name](), dirac_gan(objective)
    predicted = predicted_contraction(game, method)
    measured = measured_contraction(game, path(game, method, ones(game, 1e-4), 100))
    assert measured == pytest.approx(predicted, abs=1e-2 if name == "alternating" else 2e-3)
    assert (predicted < 1) == (name in CONVERGENT) or name == "alternating"


@pytest.mark.slow
@pytest.mark.parametrize("name", LINEAR)
def test_with_a_penalty_every_method_finds_the_dirac_gans_equilibrium(name):
    """Mescheder et al. 2018, theorem 4.1: the regularised game attracts gradient descent too."""
    game = dirac_gan("non-saturating", 0.5)
    points = path(game, METHODS[name](), ones(game), 100)
    assert predicted_contraction(game, METHODS[name]()) < 0.99
    assert distances(game, points)[-1] < 0.4 * distances(game, points)[0]


@pytest.mark.slow
@pytest.mark.parametrize("betas", [(0.0, 0.9), (0.5, 0.9)])
def test_kinds_of_adam_for_games_stay_on_a_smaller_orbit_than_adam(betas):
    """At a constant rate none arrives: near the equilibrium their steps do not shrink with the gradient."""
    x, y = (torch.full((1,), 0.2, dtype=torch.float64, requires_grad=True) for _ in range(2))
    optimiser = torch.optim.Adam([x, y], lr=0.01, betas=betas)
    orbit = []
    for _ in range(800):
        x.grad, y.grad = y.detach().clone(), -x.detach().clone()
        optimiser.step()
        orbit.append(math.hypot(x.item(), y.item()))
    for kind in (ExtraAdam, PastExtraAdam, OptimisticAdam):
        away = distances(pull(), path(pull(), kind(0.01, betas), ones(pull(), 0.2), 800))
        assert 0 < away[-200:].max() < max(orbit[-200:])


def test_a_method_without_a_linear_part_is_reported():
    with pytest.raises(ValueError, match="no linear part"):
        predicted_contraction(pull(), ExtraAdam())


def test_a_diverging_path_is_computed_to_its_end():
    points = path(pull(), Simultaneous(1e200), ones(pull()), 5)
    assert len(points) == 6
    assert not points[-1].isfinite().all()


def test_a_path_of_less_than_no_steps_is_refused():
    game = pull()
    with pytest.raises(SettingError, match="steps must be at least 0, got -1"):
        path(game, METHODS["optimistic"](), ones(game), -1)
    assert len(path(game, METHODS["optimistic"](), ones(game), 0)) == 1
