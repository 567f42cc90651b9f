"""Annealed importance sampling (AIS): estimates the log evidence log p(x) of a decoder, and bounds their error.

log p(x) = log E_{z ~ N(0, I)} p(x | z) of a latent-variable model has no closed form, and samples from the prior
rarely hit the few codes that explain x. AIS moves codes through the distributions N(z; 0, I) p(x | z)^t, with t from 0
(the prior) to 1 (the posterior). Its estimate is a lower bound in expectation. For data simulated from the model, an
exact posterior sample is known; chains from there back to the prior give an upper bound.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.annealed_evidence import Evidence, Sandwich, concatenate_evidence
from saddlepoint.evaluation.metrics.hamiltonian import LogLikelihood, State, evaluate_state, hamiltonian_move

Schedule = Literal["sigmoid", "linear"]
Share = Callable[[float], None]
"""Called with the completed share of the work, from 0 to 1."""
ROWS = 2_000  # chains that move together; their activations then fit the processor's cache
ACCEPTANCE = 0.65  # Neal (2011), section 5.4.4: the optimum for moves in many dimensions
FIRST_STEP, LONGEST_STEP = 0.5, 2.0  # beyond 2 the leapfrog is unstable even on the prior
RATE = 0.2  # of the adaptation: change of the log step size for each unit of difference between acceptance and `ACCEPTANCE`


@dataclass(frozen=True)
class Annealing:
    """Settings of annealed importance sampling.

    Attributes:
        temperatures: number of distributions after the prior; the last one is the posterior. More give tighter bounds.
        chains: chains for each example.
        leapfrog: leapfrog steps of one Hamiltonian move.
        schedule: "sigmoid" has more temperatures near both ends, "linear" is evenly spaced.

    Raises:
        DataError: a number below 1.
    """

    temperatures: int = 500
    chains: int = 16
    leapfrog: int = 10
    schedule: Schedule = "sigmoid"

    def __post_init__(self) -> None:
        if min(self.temperatures, self.chains, self.leapfrog) < 1:
            raise DataError(f"annealing needs one temperature, chain and leapfrog step or more, got {self}.")


def temperatures(number: int, schedule: Schedule = "sigmoid") -> Tensor:
    """Inverse temperatures of the annealing path.

    Args:
        number: of steps, 1 or more.
        schedule: "linear", or "sigmoid": sigma(4 (2 t - 1)), rescaled to run from 0 to 1.

    Returns:
        (number + 1,) float64, strictly increasing from 0 to 1.
    """
    even = torch.linspace(0, 1, number + 1, dtype=torch.float64)
    if schedule == "linear":
        return even
    bent = torch.sigmoid(4 * (2 * even - 1))
    return (bent - bent[0]) / (bent[-1] - bent[0])


def annealed_evidence(
    log_likelihood: LogLikelihood,
    x: Tensor,
    latent: int,
    *,
    generator: torch.Generator,
    annealing: Annealing | None = None,
    progress: Share | None = None,
) -> Evidence:
    """Estimate log p(x) for z ~ N(0, I) and p(x | z) = exp log_likelihood(z, x).

    The mean weight is an unbiased estimate of p(x). Its log is therefore at most log p(x) in expectation, and exceeds
    it by more than c with a probability of at most e^-c. This requires step sizes that do not depend on the chains. A
    pilot run with as many chains therefore finds one step size for each example and temperature first, at the same
    cost.

    Args:
        log_likelihood: log p(x | z) in nats; see `LogLikelihood`.
        x: (B, *event) examples.
        latent: size D of a code.
        generator: of codes and moves.
        annealing: settings; the defaults if None.
        progress: callback for the completed share of the work.

    Returns:
        Codes have the type of x if that is float32 or float64; weights are float64.

    Raises:
        DataError: there are no examples, or the log likelihood is not (B,) or not finite.

    References:
        Annealed Importance Sampling (Radford M. Neal, 2001), https://arxiv.org/abs/physics/9803008
        On the Quantitative Analysis of Decoder-Based Generative Models (Yuhuai Wu, Yuri Burda, Ruslan Salakhutdinov,
            Roger
        Grosse, 2017), for decoders and for the sigmoid schedule, https://arxiv.org/abs/1611.04273
    """
    annealing = annealing or Annealing()
    parts = _split(x, annealing)
    moved = _count_moves(2 * annealing.temperatures * len(parts), progress)
    return concatenate_evidence(
        [_run_chains(log_likelihood, part, latent, annealing, generator, moved) for part in parts]
    )


def bidirectional_bounds(
    log_likelihood: LogLikelihood,
    x: Tensor,
    z: Tensor,
    *,
    generator: torch.Generator,
    annealing: Annealing | None = None,
    progress: Share | None = None,
) -> Sandwich:
    """Lower and upper bounds on log p(x) of examples simulated from the model.

    The code z from which x was simulated is an exact sample from the posterior p(z | x). Chains run from it back to
    the prior. The mean of 1 / weight is an unbiased estimate of 1 / p(x), so minus its log is at least log p(x) in
    expectation.

    Args:
        log_likelihood: log p(x | z) in nats; see `LogLikelihood`.
        x: (B, *event) examples, each drawn from p(x | z).
        z: (B, D) their codes, drawn from the prior.
        generator: of codes and moves.
        annealing: settings; the defaults if None.
        progress: callback for the completed share of the work.

    Raises:
        DataError: as `annealed_evidence`, or the numbers of codes and examples differ.

    References:
        Sandwiching the Marginal Likelihood Using Bidirectional Monte Carlo (Roger B. Grosse, Zoubin Ghahramani, Ryan
            P. Adams,
        2015), https://arxiv.org/abs/1511.02543
        Measuring the Reliability of MCMC Inference with Bidirectional Monte Carlo (Roger B. Grosse, Siddharth Ancha,
            Daniel M.
        Roy, 2016), https://arxiv.org/abs/1606.02275
    """
    annealing = annealing or Annealing()
    if z.ndim != 2 or len(z) != len(x):
        raise DataError(f"need one code an example: got codes {tuple(z.shape)} for examples {tuple(x.shape)}.")
    parts = _split(x, annealing)
    moved = _count_moves(4 * annealing.temperatures * len(parts), progress)
    lower = [_run_chains(log_likelihood, part, z.shape[1], annealing, generator, moved) for part in parts]
    codes = torch.split(z, [len(part) for part in parts])
    upper = [
        _run_chains(log_likelihood, part, z.shape[1], annealing, generator, moved, back_from=code)
        for part, code in zip(parts, codes, strict=True)
    ]
    k = annealing.chains
    # log_weights of a walk back are those of the same path forwards: minus the log of the mean of 1 / w.
    above = torch.cat([math.log(k) - torch.logsumexp(-one.log_weights, 0) for one in upper])
    return Sandwich(concatenate_evidence(lower).log_evidence, above)


def _count_moves(moves: int, progress: Share | None) -> Callable[[], None]:
    """A function to call after each move of all chains of a part; it reports the completed share of `moves`."""
    done = 0

    def moved() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done / moves)

    return moved


def _split(x: Tensor, annealing: Annealing) -> tuple[Tensor, ...]:
    if x.ndim < 1 or len(x) == 0:
        raise DataError("need one example or more, got none.")
    x = x if x.dtype == torch.float64 else x.float()
    return torch.split(x, max(1, ROWS // annealing.chains))


def _run_chains(
    log_likelihood: LogLikelihood,
    x: Tensor,
    latent: int,
    annealing: Annealing,
    generator: torch.Generator,
    moved: Callable[[], None],
    back_from: Tensor | None = None,
) -> Evidence:
    """Run chains from the prior to the posterior of x (B, *event), or from posterior codes (B, D) back to the prior."""
    rising = temperatures(annealing.temperatures, annealing.schedule)
    rows = x.repeat(annealing.chains, *[1] * (x.ndim - 1))  # (K B, *event), chain by chain
    sizes = _step_sizes(log_likelihood, rows, latent, rising, annealing, generator, moved)
    if back_from is None:
        z = torch.randn(len(rows), latent, generator=generator, device=generator.device).to(rows)
    else:
        z = back_from.to(rows).repeat(annealing.chains, 1)
    at = _require_finite_state(evaluate_state(log_likelihood, z, rows))
    weights = torch.zeros(len(rows), dtype=torch.float64, device=rows.device)
    accepted = 0.0
    order = range(1, len(rising)) if back_from is None else range(len(rising) - 1, 0, -1)
    for t in order:
        if back_from is None:
            weights += float(rising[t] - rising[t - 1]) * at.log_likelihood.double()
        at, acceptance = hamiltonian_move(
            log_likelihood,
            at,
            rows,
            float(rising[t]),
            sizes[t - 1].repeat(annealing.chains),
            leapfrog=annealing.leapfrog,
            generator=generator,
        )
        if back_from is not None:
            weights += float(rising[t] - rising[t - 1]) * at.log_likelihood.double()
        accepted += float(acceptance.mean())
        moved()
    weights = weights.view(annealing.chains, len(x))
    evidence = torch.logsumexp(weights, 0) - math.log(annealing.chains)
    codes = at.z.view(annealing.chains, len(x), latent)
    return Evidence(evidence, weights, codes, accepted / len(order))


def _step_sizes(
    log_likelihood: LogLikelihood,
    rows: Tensor,
    latent: int,
    rising: Tensor,
    annealing: Annealing,
    generator: torch.Generator,
    moved: Callable[[], None],
) -> Tensor:
    """(T, B) step sizes, one for each temperature and example, at which the acceptance rate is about 65 %.

    A separate pilot run adapts them by stochastic approximation of their logarithm; they change slowly along the path.
    """
    k = annealing.chains
    b = len(rows) // k
    z = torch.randn(len(rows), latent, generator=generator, device=generator.device).to(rows)
    at = _require_finite_state(evaluate_state(log_likelihood, z, rows))
    log_size = torch.full((b,), math.log(FIRST_STEP), dtype=rows.dtype, device=rows.device)
    found = []
    for t in range(1, len(rising)):
        at, acceptance = hamiltonian_move(
            log_likelihood,
            at,
            rows,
            float(rising[t]),
            log_size.exp().repeat(k),
            leapfrog=annealing.leapfrog,
            generator=generator,
        )
        wanted = acceptance.view(k, b).mean(0) - ACCEPTANCE
        log_size = (log_size + RATE * wanted).clamp(max=math.log(LONGEST_STEP))
        found.append(log_size)
        moved()
    return torch.stack(found).exp()


def _require_finite_state(at: State) -> State:
    if at.log_likelihood.shape != at.z.shape[:1]:
        raise DataError(
            f"log_likelihood gave {tuple(at.log_likelihood.shape)} for codes {tuple(at.z.shape)}: one number a row is wanted."
        )
    if not at.log_likelihood.isfinite().all():
        raise DataError("log_likelihood is not finite at codes of the prior: check for NaN in the examples or weights.")
    return at
