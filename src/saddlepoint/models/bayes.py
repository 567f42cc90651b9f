"""Bayes' rule: from the density of each class to the density of an example and the probabilities of its class.

References:
    On Discriminative vs. Generative Classifiers: A Comparison of Logistic Regression and Naive Bayes (Andrew Ng, Michael
        Jordan, 2001), https://papers.nips.cc/paper/2020-on-discriminative-vs-generative-classifiers
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from saddlepoint.errors import SettingError

if TYPE_CHECKING:
    from saddlepoint.models.capabilities import HasClassDensity


def joint_log_prob(model: HasClassDensity, x: Tensor, **options: Any) -> Tensor:
    """Return log p(x, y) of every class y.

    Args:
        model: with a density of each class.
        x: (N, *event) in the data's units.
        **options: further arguments of the model's `class_log_prob`.

    Returns:
        (N, classes) float64 on the CPU, in nats. A class that the training data do not have is -inf.

    Raises:
        SettingError: the model was trained without labels.
    """
    if model.classes is None:
        raise SettingError(
            "posterior: this model was trained without labels, so it has no classes: train it with model.conditional true on labelled "
            "data."
        )
    shares = torch.as_tensor(model.event.shares, dtype=torch.float64)
    columns = []
    for label, share in enumerate(shares / shares.sum()):
        if share == 0:
            columns.append(torch.full((len(x),), -torch.inf, dtype=torch.float64))
            continue
        of_class = model.class_log_prob(x, torch.full((len(x),), label, dtype=torch.int64), **options)
        columns.append(of_class.detach().cpu().double() + share.log())
    return torch.stack(columns, 1)


def marginal_log_prob(model: HasClassDensity, x: Tensor, **options: Any) -> Tensor:
    """Return log p(x) = log sum_y p(x | y) p(y).

    Args:
        model: with a density of each class.
        x: (N, *event) in the data's units.
        **options: further arguments of the model's `class_log_prob`.

    Returns:
        (N,) float64 on the CPU, in nats; a lower bound if `class_log_prob` is one.
    """
    return joint_log_prob(model, x, **options).logsumexp(1)


def posterior(model: HasClassDensity, x: Tensor) -> Tensor:
    """Return p(y | x) = p(x | y) p(y) / p(x).

    Args:
        model: with a density of each class.
        x: (N, *event) in the data's units.

    Returns:
        (N, classes) float64 on the CPU; each row sums to 1. Where `class_log_prob` is a lower bound, these are approximations.
    """
    return joint_log_prob(model, x).softmax(1)
