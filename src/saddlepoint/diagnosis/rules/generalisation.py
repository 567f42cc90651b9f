"""Overfitting of models with an exact likelihood, seen from training and held-out examples: AR502."""

from __future__ import annotations

from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.rules.objective import ERRORS, FAR_APART, GAP, NATS
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding


@rule("AR502", traits={"autoregressive"}, opens=2, closes=2)
def log_probs_part(
    ar_train_log_prob: Series, ar_held_out_log_prob: Series, ar_held_out_log_prob_error: Series, run: Facts
) -> Finding | None:
    """The log probability of training examples is far above that of held-out ones, which falls or stays far behind.

    The thresholds are those of VAE206. Early Stopping - But When? (Lutz Prechelt, 1998),
    https://doi.org/10.1007/3-540-49430-8_3
    """
    if ar_held_out_log_prob.finite < 4:
        return None
    trained, held_out = ar_train_log_prob.level(2), ar_held_out_log_prob.level(2)
    best, place = ar_held_out_log_prob.highest
    scale = max(GAP * abs(best), NATS)
    gap, fall = trained - held_out, best - held_out
    # The examples are the same every time, so the difference of two measurements has far less noise than one of them.
    error = ar_held_out_log_prob_error.level(2)
    falls = gap > 1.2 * scale and fall > max(0.35 * scale, 0.5 * error)
    if not falls and not gap > max(FAR_APART * scale, ERRORS * error):
        return None
    step = ar_held_out_log_prob.steps[place] if falls else None
    return Finding(
        "AR502",
        "failure" if gap > 2.5 * scale and fall > scale else "warning",
        ar_held_out_log_prob.step,
        f"Overfitting: a training example costs {-trained:.1f} nats and a held-out one {-held_out:.1f}"
        + ("." if step is None else f", which cost {-best:.1f} at step {step:,}."),
        {
            "train_log_prob": trained,
            "held_out_log_prob": held_out,
            **({} if step is None else {"best": best, "best_step": step}),
        },
        "The model memorises its training examples. "
        + run.advice(
            *([] if step is None else ["best_checkpoint"]), "more_data", "strong_weight_decay", "smaller_network"
        ),
        run.remedy("stop_at_best", best_step=step) or run.remedy("strong_weight_decay"),
    )
