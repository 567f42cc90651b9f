"""Losses of f-GANs: the discriminator estimates an f-divergence of the data from the samples by its variational bound.

With the output activation g and the conjugate f* of f, the discriminator maximises E[g(a(real))] - E[f*(g(a(fake)))] of the logit
a. The generator maximises E[g(a(fake))], the alternative of section 3.2, whose gradient does not vanish while samples are bad.
The optimal logit is a function of the density ratio u = p(data) / p(samples), so that each loss has a link to the probability
u / (1 + u) that an example is real. Exponentials of the logit are not limited: a discriminator without a penalty may overflow.

References:
    f-GAN: Training Generative Neural Samplers using Variational Divergence Minimization (Nowozin, Cseke, Tomioka, 2016), tables 1
        and 2, https://arxiv.org/abs/1606.00709
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import softplus

from saddlepoint.objectives.adversarial.losses import AdversarialLoss


def _pearson_link(logit: Tensor) -> Tensor:
    """The optimal logit is 2 (u - 1); a density ratio is not negative."""
    ratio = (1 + logit / 2).clamp(min=0)
    return ratio / (1 + ratio)


# g(a) = a, f*(t) = exp(t - 1); the optimal logit is 1 + log u.
KL = AdversarialLoss(
    real=lambda logit: -logit,
    fake=lambda logit: (logit - 1).exp(),
    generator=lambda logit: -logit,
    link=lambda logit: (logit - 1).sigmoid(),
    neutral=1.0,
)
# g(a) = -exp(-a), f*(t) = -1 - log(-t); the optimal logit is log u.
REVERSE_KL = AdversarialLoss(
    real=lambda logit: (-logit).exp(),
    fake=lambda logit: logit - 1,
    generator=lambda logit: (-logit).exp(),
    link=torch.sigmoid,
)
# g(a) = log 2 - softplus(-a), f*(t) = -log(2 - exp(t)): the cross-entropies minus log 2 each.
JENSEN_SHANNON = AdversarialLoss(
    real=lambda logit: softplus(-logit) - math.log(2),
    fake=lambda logit: softplus(logit) - math.log(2),
    generator=lambda logit: softplus(-logit) - math.log(2),
    link=torch.sigmoid,
)
# g(a) = a, f*(t) = t^2 / 4 + t.
PEARSON = AdversarialLoss(
    real=lambda logit: -logit,
    fake=lambda logit: logit.square() / 4 + logit,
    generator=lambda logit: -logit,
    link=_pearson_link,
)
# g(a) = 1 - exp(-a), f*(t) = t / (1 - t); the optimal logit is log(u) / 2.
SQUARED_HELLINGER = AdversarialLoss(
    real=lambda logit: (-logit).exp() - 1,
    fake=lambda logit: logit.exp() - 1,
    generator=lambda logit: (-logit).exp() - 1,
    link=lambda logit: (2 * logit).sigmoid(),
)
