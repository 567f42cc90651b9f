"""Pictures of generated points: of a game, with its discriminator and where it pushes; of other models, against the data."""

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
LINES = 49  # from the noise's axis to the data's


def draw_points(model: Model, samples: Tensor, data: Tensor, truth: Truth | None, title: str) -> style.Picture:
    """Samples (N, D) and data (M, D), both in the data's units.

    On a line and in the plane a GAN's discriminator is drawn where its score belongs to one point alone.
    """
    generated, held_out = samples.numpy(), data.numpy()
    log_prob = None if truth is None else _log_prob(truth)
    modes = None if truth is None or truth.modes is None else truth.modes.numpy()
    columns = generated.shape[1]
    if not has(model, Adversarial) or columns > 2:
        return density.compare(generated, held_out, log_prob=log_prob, modes=modes, title=title)
    scores, judgement = None, marks.ALONE
    if has(model, ScoresExamples):
        scores = _asked(model, model.scores)
        if model.judges_in_pairs or not model.gives_probabilities:
            scores, judgement = _asked(model, _against_mean(model, data, samples)), marks.IN_PAIRS
    pushes = None
    if has(model, Pushes):
        pushes = _asked(model, model.pushes)
    if columns == 1:
        return one_dimension.game(
            generated,
            held_out,
            log_prob=log_prob,
            modes=modes,
            discriminator=scores,
            judgement=judgement,
            pushes=pushes,
            latent=_mapped(model) if has(model, HasCodeQuantiles) and model.latent == 1 else None,
            title=title,
        )
    if scores is None:
        return density.compare(generated, held_out, log_prob=log_prob, modes=modes, title=title)
    return plane.surface(generated, held_out, scores, modes=modes, pushes=pushes, judgement=judgement, title=title)


def _against_mean(model: ScoresExamples, data: Tensor, samples: Tensor) -> Callable[[Tensor], Tensor]:
    """How sure the discriminator is that a point is real rather than one of the mean score, of data and samples alike."""
    means = [model.logits(x.float()).mean() for x in (data, samples)]
    middle = torch.stack(means).mean()
    return lambda x: (model.logits(x) - middle).sigmoid()


def _log_prob(truth: Truth) -> marks.LogProb:
    return lambda points: truth.log_prob(torch.as_tensor(points, dtype=torch.float32)).numpy()


def _asked(model: Model, function: Callable[[Tensor], Tensor]) -> Callable[[Numbers], Numbers]:
    def answer(points: Numbers) -> Numbers:
        values: Numbers = function(torch.as_tensor(points, dtype=torch.float32, device=model.device)).cpu().numpy()
        return values

    return answer


def _mapped(model: HasCodeQuantiles) -> tuple[Numbers, Numbers]:
    """Values of a single latent dimension, equally much probability between neighbours, and what becomes of them."""
    share = torch.from_numpy((np.arange(LINES) + 0.5) / LINES)
    z = model.latent_quantiles(share).float()[:, None]
    return z[:, 0].numpy(), model.decode(z).cpu()[:, 0].numpy()
