"""Hamiltonian Monte Carlo between the standard normal prior and the posterior of a latent-variable model.

All chains move together. A state holds (R, D) codes, one row for each chain, with the log likelihoods and gradients of
the last move, so that a move of L leapfrog steps needs L evaluations of the model.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

LogLikelihood = Callable[[Tensor, Tensor], Tensor]
"""log p(x | z): codes z (B, D), examples x (B, *event) -> (B,) nats; row by row, differentiable in z."""


class State(NamedTuple):
    """The state of R chains.

    Attributes:
        z: (R, D) codes.
        log_likelihood: (R,) nats.
        gradient: (R, D) of the log likelihood with respect to z.
    """

    z: Tensor
    log_likelihood: Tensor
    gradient: Tensor


def evaluate_state(log_likelihood: LogLikelihood, z: Tensor, x: Tensor) -> State:
    """Evaluate the log likelihood and its gradient at codes.

    Args:
        log_likelihood: log p(x | z); see `LogLikelihood`.
        z: (R, D) codes.
        x: (R, *event) examples.
    """
    with torch.enable_grad():
        z = z.detach().requires_grad_()
        value = log_likelihood(z, x)
        (gradient,) = torch.autograd.grad(value.sum(), z)
    return State(z.detach(), value.detach(), gradient)


def hamiltonian_move(
    log_likelihood: LogLikelihood,
    at: State,
    x: Tensor,
    temperature: float,
    step: Tensor,
    *,
    leapfrog: int,
    generator: torch.Generator,
) -> tuple[State, Tensor]:
    """One move that leaves N(z; 0, I) p(x | z)^temperature invariant.

    A move to a point with a density that is not finite is rejected.

    Args:
        log_likelihood: log p(x | z); see `LogLikelihood`.
        at: the state before the move.
        x: (R, *event) examples.
        temperature: exponent of the likelihood, in [0, 1].
        step: (R,) sizes of a leapfrog step; they must not depend on the present codes.
        leapfrog: number of leapfrog steps.
        generator: of momenta and acceptance.

    Returns:
        The new state, and the acceptance probabilities (R,) in [0, 1].

    References:
        MCMC Using Hamiltonian Dynamics (Radford M. Neal, 2011), section 5.3.2, https://arxiv.org/abs/1206.1901
    """
    momentum = torch.randn(at.z.shape, generator=generator, device=generator.device).to(at.z)
    uniform = torch.rand(len(at.z), generator=generator, device=generator.device).to(at.z)
    size = step[:, None]
    new, moving = at, momentum + 0.5 * size * _slope(at, temperature)
    for index in range(leapfrog):
        new = evaluate_state(log_likelihood, new.z + size * moving, x)
        last = index == leapfrog - 1
        moving = moving + (0.5 if last else 1.0) * size * _slope(new, temperature)
    gained = _energy(at, momentum, temperature) - _energy(new, moving, temperature)
    acceptance = torch.where(gained.isfinite(), gained, -math.inf).clamp(max=0).exp()
    taken = uniform < acceptance
    kept = State(*(torch.where(taken.view(-1, *[1] * (a.ndim - 1)), a, b) for a, b in zip(new, at, strict=True)))
    return kept, acceptance


def _slope(at: State, temperature: float) -> Tensor:
    """(R, D) gradient of log N(z; 0, I) + temperature log p(x | z)."""
    return temperature * at.gradient - at.z


def _energy(at: State, momentum: Tensor, temperature: float) -> Tensor:
    """(R,) minus the log of the joint density of code and momentum, up to a constant."""
    return 0.5 * (at.z.square().sum(1) + momentum.square().sum(1)) - temperature * at.log_likelihood
