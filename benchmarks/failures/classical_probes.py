"""Measurements of classical models: exact likelihoods of fixed examples, and how many examples each component or state explains.

The numbers of examples are sums of responsibilities over training examples, and not the parameters that the records are made from.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

FEWEST = 2.0


def em_facts(model: Any, train: Tensor, held_out: Tensor, examples: int) -> dict[str, Any]:
    """What the ground truth of a classical model is decided by.

    Args:
        model: of the family "classical".
        train: training examples, all of them or a random part.
        held_out: held-out examples.
        examples: number of all training examples.
    """
    facts: dict[str, Any] = {
        "train_log_prob": float(model.log_prob(train).mean()),
        "held_out_log_prob": float(model.log_prob(held_out).mean()),
        "idle_components": 0.0,
        "idle_states": 0.0,
    }
    distribution = model.distribution
    if hasattr(distribution, "responsibilities"):
        found = model.responsibilities(train)
        explained = found.flatten(0, -2).sum(0) * (examples / len(train))
        idle = explained < FEWEST
        if found.ndim == 3:
            facts["idle_states"] = float(idle.double().mean())
        else:
            covariances = distribution.covariances
            variances = covariances if covariances.ndim == 2 else torch.diagonal(covariances, dim1=1, dim2=2)
            floored = variances.mean(1) < 2 * model.settings.reg_covar
            facts["idle_components"] = float((idle | floored).double().mean())
    return facts
