"""Plots of generated points against the data; for a GAN also the discriminator's score and the generator's gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from saddlepoint.data.dataset import Truth
from saddlepoint.figures import density, marks, one_dimension, plane, style
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import Adversarial, HasCodeQuantiles, Pushes, ScoresExamples, has

Numbers = npt.NDArray[Any]
LINES = 49  # that connect the axis of the noise to the axis of the data


def draw_points(model: Model, samples: Tensor, data: Tensor, truth: Truth | None, title: str) -> style.Picture:
    """Plot generated samples and data.

    In one and two dimensions the plot of a GAN also shows the discriminator, unless it compares several examples.

    Args:
        model: the trained model.
        samples: (N, D) in the data's units.
        data: (M, D) in the data's units.
        truth: the distribution of the data, if known.
        title: of the plot.

    Returns:
        The figure.
    """
    generated, held_out = samples.numpy(), data.numpy()
    log_prob = None if truth is None else _log_prob(truth)
    modes = None if truth is None or truth.modes is None else truth.modes.numpy()
    columns = generated.shape[1]
    if not has(model, Adversarial) or columns > 2:
        return density.compare(generated, held_out, log_prob=log_prob, modes=modes, title=title)
    scores, judgement = None, marks.ALONE
    if has(model, ScoresExamples):
        scores = _on_arrays(model, model.scores)
        if model.judges_in_pairs or not model.gives_probabilities:
            scores, judgement = _on_arrays(model, _relative_score(model, data, samples)), marks.IN_PAIRS
    pushes = None
    if has(model, Pushes):
        pushes = _on_arrays(model, model.pushes)
    if columns == 1:
        return one_dimension.game_figure(
            generated,
            held_out,
            log_prob=log_prob,
            modes=modes,
            discriminator=scores,
            judgement=judgement,
            pushes=pushes,
            latent=_decoded_quantiles(model) if has(model, HasCodeQuantiles) and model.latent == 1 else None,
            title=title,
        )
    if scores is None:
        return density.compare(generated, held_out, log_prob=log_prob, modes=modes, title=title)
    return plane.surface(generated, held_out, scores, modes=modes, pushes=pushes, judgement=judgement, title=title)


def _relative_score(model: ScoresExamples, data: Tensor, samples: Tensor) -> Callable[[Tensor], Tensor]:
    """sigmoid(D(x) - m) as a function of x, where m is the mean logit of data and samples with equal weights."""
    means = [model.logits(x.float()).mean() for x in (data, samples)]
    middle = torch.stack(means).mean()
    return lambda x: (model.logits(x) - middle).sigmoid()


def _log_prob(truth: Truth) -> marks.LogProb:
    return lambda points: truth.log_prob(torch.as_tensor(points, dtype=torch.float32)).numpy()


def _on_arrays(model: Model, function: Callable[[Tensor], Tensor]) -> Callable[[Numbers], Numbers]:
    """The same function from NumPy arrays to NumPy arrays, evaluated on the model's device."""

    def evaluate(points: Numbers) -> Numbers:
        values: Numbers = function(torch.as_tensor(points, dtype=torch.float32, device=model.device)).cpu().numpy()
        return values

    return evaluate


def _decoded_quantiles(model: HasCodeQuantiles) -> tuple[Numbers, Numbers]:
    """Equally spaced quantiles (LINES,) of a one-dimensional code, and the values (LINES,) that are generated from them."""
    share = torch.from_numpy((np.arange(LINES) + 0.5) / LINES)
    z = model.latent_quantiles(share).float()[:, None]
    return z[:, 0].numpy(), model.decode(z).cpu()[:, 0].numpy()
