"""Laws of published losses: closed forms at the optimal discriminator, and the state of BEGAN."""

from __future__ import annotations

import math

import pytest
import torch

from saddlepoint.objectives.adversarial.energy import BOUNDARY_EQUILIBRIUM, DIVERSITY, GAIN
from saddlepoint.objectives.adversarial.registry import loss_named
from saddlepoint.objectives.adversarial.settings import LOSSES

DATA = torch.tensor([0.5, 0.3, 0.15, 0.05], dtype=torch.float64)
SAMPLES = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)
RATIO = DATA / SAMPLES
MIDDLE = (DATA + SAMPLES) / 2
# The optimal logit as a function of the density ratio, and the divergence that the loss then measures.
F_DIVERGENCES = {
    "f-kl": (1 + RATIO.log(), (DATA * RATIO.log()).sum()),
    "f-reverse-kl": (RATIO.log(), -(SAMPLES * RATIO.log()).sum()),
    "f-jensen-shannon": (
        RATIO.log(),
        (DATA * (DATA / MIDDLE).log()).sum() + (SAMPLES * (SAMPLES / MIDDLE).log()).sum(),
    ),
    "f-pearson": (2 * (RATIO - 1), (SAMPLES * (RATIO - 1).square()).sum()),
    "f-squared-hellinger": (RATIO.log() / 2, (DATA.sqrt() - SAMPLES.sqrt()).square().sum()),
}


def discriminator_cost(name: str, logit: torch.Tensor) -> torch.Tensor:
    """Expected cost of a discriminator on a space of four points."""
    loss = loss_named(name)
    return (DATA * loss.real(logit)).sum() + (SAMPLES * loss.fake(logit)).sum()


def test_every_f_divergence_has_a_closed_form_here() -> None:
    assert {name for name in LOSSES if name.startswith("f-")} == set(F_DIVERGENCES)


@pytest.mark.parametrize("name", F_DIVERGENCES)
def test_the_best_discriminator_of_an_f_gan_measures_the_divergence(name: str) -> None:
    optimal, divergence = F_DIVERGENCES[name]
    torch.testing.assert_close(-discriminator_cost(name, optimal), divergence)
    torch.testing.assert_close(loss_named(name).link(optimal), DATA / (DATA + SAMPLES))
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        other = optimal + 0.3 * torch.randn(4, generator=generator, dtype=torch.float64)
        assert discriminator_cost(name, other) > discriminator_cost(name, optimal)


@pytest.mark.parametrize("name", [name for name in LOSSES if not loss_named(name).features])
def test_the_generator_gains_by_a_higher_logit(name: str) -> None:
    logit = torch.linspace(-0.9, 0.9, 7, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(loss_named(name).generator(logit).sum(), logit)
    assert (gradient < 0).all()


def test_energies_of_began_move_towards_their_balance() -> None:
    state = BOUNDARY_EQUILIBRIUM.state
    kept = {"weight": torch.tensor(0.2)}
    real, fake = torch.tensor([-1.0, -3.0]), torch.tensor([-0.25, -0.25])
    torch.testing.assert_close(
        state.following(kept, real, fake)["weight"], torch.tensor(0.2 + GAIN * (DIVERSITY * 2.0 - 0.25))
    )
    assert state.following({"weight": torch.zeros(())}, real * 0, fake)["weight"] == 0
    logit = torch.tensor([-2.0])
    torch.testing.assert_close(BOUNDARY_EQUILIBRIUM.fake(logit, kept), torch.tensor([-0.4]))


def test_the_margin_of_an_energy_ends_the_push_on_samples() -> None:
    loss = loss_named("energy-margin")
    assert loss.fake(torch.tensor([-1.5, -0.25])).tolist() == [0.0, 0.75]


def test_js_of_equal_distributions_is_zero_where_the_cross_entropy_is_2_log_2() -> None:
    blind = torch.zeros(1)
    ours, usual = loss_named("f-jensen-shannon"), loss_named("non-saturating")
    assert float(ours.real(blind) + ours.fake(blind)) == pytest.approx(0, abs=1e-6)
    assert float(usual.real(blind) + usual.fake(blind)) == pytest.approx(2 * math.log(2))


def test_the_js_game_has_the_gradients_of_the_non_saturating_one() -> None:
    """Why `benchmarks/zoo.py` trains only one of the two."""
    ours, usual = loss_named("f-jensen-shannon"), loss_named("non-saturating")
    logits = torch.linspace(-20.0, 20.0, 41, dtype=torch.float64, requires_grad=True)
    for one, other in ((ours.real, usual.real), (ours.fake, usual.fake), (ours.generator, usual.generator)):
        (mine,) = torch.autograd.grad(one(logits).sum(), logits)
        (theirs,) = torch.autograd.grad(other(logits).sum(), logits)
        torch.testing.assert_close(mine, theirs)
