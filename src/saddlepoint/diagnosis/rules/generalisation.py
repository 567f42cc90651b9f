"""Overfitting of models with a likelihood or a bound on it, seen from training and held-out examples: VAE206, AR502, FLOW603."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

GAP = 0.05  # of the held-out value's size, or so many nats:
NATS = 0.3
FAR_APART, ERRORS = 3.0, 3.0  # times that, and standard errors, from which on a held-out value need not fall
MEMORISES = "The model memorises its training examples. "


@dataclass(frozen=True)
class Gap:
    """How far training and held-out examples are apart, in nats an example.

    Attributes:
        trained: the value of training examples.
        held_out: the value of held-out examples.
        best: the highest value of held-out examples so far.
        step: its step, if the value has fallen since; None if it still rises, far behind.
        severity: of the finding.
    """

    trained: float
    held_out: float
    best: float
    step: int | None
    severity: Literal["warning", "failure"]

    def evidence(self, of: str) -> dict[str, float | int]:
        """The numbers of a finding about values called `of`."""
        found: dict[str, float | int] = {f"train_{of}": self.trained, f"held_out_{of}": self.held_out}
        return found if self.step is None else found | {"best": self.best, "best_step": self.step}


def gap_between(train: Series, held_out: Series, error: Series) -> Gap | None:
    """Compare likelihoods (or bounds) of training and held-out examples, in nats an example; higher is better.

    Early Stopping - But When? (Lutz Prechelt, 1998), https://doi.org/10.1007/3-540-49430-8_3

    Args:
        train: of training examples.
        held_out: of as many held-out examples, the same ones every time.
        error: the standard error of `held_out`.

    Returns:
        The gap; None if it is too small to be overfitting, or there are fewer than 4 measurements.
    """
    if held_out.finite < 4:
        return None
    trained, now = train.level(2), held_out.level(2)
    best, place = held_out.highest
    scale = max(GAP * abs(best), NATS)
    gap, fall = trained - now, best - now
    # The examples are the same every time, so the difference of two measurements has far less noise than one of them.
    noise = error.level(2)
    falls = gap > 1.2 * scale and fall > max(0.35 * scale, 0.5 * noise)
    # With few examples the held-out value may rise for ever, far below that of the memorised ones.
    if not falls and not gap > max(FAR_APART * scale, ERRORS * noise):
        return None
    severity: Literal["warning", "failure"] = "failure" if gap > 2.5 * scale and fall > scale else "warning"
    return Gap(trained, now, best, held_out.steps[place] if falls else None, severity)


@rule("VAE206", traits={"vae"}, opens=2, closes=2, unless={"VAE202"})
def bounds_part(
    vae_train_bound: Series, vae_held_out_bound: Series, vae_held_out_bound_error: Series, run: Facts
) -> Finding | None:
    """The bound on training examples is far above that on held-out ones, which falls or stays far behind.

    Early Stopping - But When? (Lutz Prechelt, 1998), https://doi.org/10.1007/3-540-49430-8_3
    """
    gap = gap_between(vae_train_bound, vae_held_out_bound, vae_held_out_bound_error)
    if gap is None:
        return None
    return Finding(
        "VAE206",
        gap.severity,
        vae_held_out_bound.step,
        f"Overfitting: the evidence lower bound is {gap.trained:.1f} nats for training and {gap.held_out:.1f} for held-out examples"
        + ("." if gap.step is None else f", where it was {gap.best:.1f} at step {gap.step:,}."),
        gap.evidence("bound"),
        MEMORISES + run.advice(*_best(gap), "more_data", "smaller_network"),
        run.remedy("stop_at_best", best_step=gap.step),
    )


@rule("AR502", traits={"autoregressive"}, opens=2, closes=2)
def log_probs_part(
    ar_train_log_prob: Series, ar_held_out_log_prob: Series, ar_held_out_log_prob_error: Series, run: Facts
) -> Finding | None:
    """The log probability of training examples is far above that of held-out ones, which falls or stays far behind.

    Early Stopping - But When? (Lutz Prechelt, 1998), https://doi.org/10.1007/3-540-49430-8_3
    """
    gap = gap_between(ar_train_log_prob, ar_held_out_log_prob, ar_held_out_log_prob_error)
    if gap is None:
        return None
    return Finding(
        "AR502",
        gap.severity,
        ar_held_out_log_prob.step,
        f"Overfitting: a training example costs {-gap.trained:.1f} nats and a held-out one {-gap.held_out:.1f}"
        + ("." if gap.step is None else f", which cost {-gap.best:.1f} at step {gap.step:,}."),
        gap.evidence("log_prob"),
        MEMORISES + run.advice(*_best(gap), "more_data", "strong_weight_decay", "smaller_network"),
        run.remedy("stop_at_best", best_step=gap.step) or run.remedy("strong_weight_decay"),
    )


@rule("FLOW603", traits={"flow"}, opens=2, closes=2)
def densities_part(
    flow_train_log_prob: Series, flow_held_out_log_prob: Series, flow_held_out_log_prob_error: Series, run: Facts
) -> Finding | None:
    """The log density of training examples is far above that of held-out ones, which falls or stays far behind.

    Noise on the training examples limits the density at each of them.

    Early Stopping - But When? (Lutz Prechelt, 1998), https://doi.org/10.1007/3-540-49430-8_3
    Noise Regularization for Conditional Density Estimation (Jonas Rothfuss, Fabio Ferreira, Simon Boehm, Simon Walther, Maxim Ulrich,
    Tamim Asfour, Andreas Krause, 2019), https://arxiv.org/abs/1907.08982
    """
    gap = gap_between(flow_train_log_prob, flow_held_out_log_prob, flow_held_out_log_prob_error)
    if gap is None:
        return None
    return Finding(
        "FLOW603",
        gap.severity,
        flow_held_out_log_prob.step,
        f"Overfitting: the log density is {gap.trained:.1f} nats for training and {gap.held_out:.1f} for held-out examples"
        + ("." if gap.step is None else f", where it was {gap.best:.1f} at step {gap.step:,}."),
        gap.evidence("log_prob"),
        MEMORISES + run.advice("noisy_examples", *_best(gap), "more_data", "strong_weight_decay", "fewer_layers"),
        run.remedy("noisy_examples") or run.remedy("stop_at_best", best_step=gap.step),
    )


def _best(gap: Gap) -> tuple[str, ...]:
    """The advice to go back, where there is a best step."""
    return () if gap.step is None else ("best_checkpoint",)
