"""What a discriminator's logits cost: one `AdversarialLoss` for each published loss.

With a(x) the discriminator's logit and D = sigmoid(a), cross-entropies are computed from the logit, so that nothing
overflows: -log D = softplus(-a) and -log(1 - D) = softplus(a).

References:
    Generative Adversarial Networks (Goodfellow et al., 2014), https://arxiv.org/abs/1406.2661 (minimax, non-saturating)
    The relativistic discriminator: a key element missing from standard GAN (Jolicoeur-Martineau, 2018), section 4.3,
        https://arxiv.org/abs/1807.00734 (relativistic pairing)
    Towards a Better Global Loss Landscape of GANs (Sun, Fang, Schwing, 2020), https://arxiv.org/abs/2011.04926 (why
        pairing covers all modes)
    Least Squares Generative Adversarial Networks (Mao et al., 2017), https://arxiv.org/abs/1611.04076
    Geometric GAN (Lim, Ye, 2017), https://arxiv.org/abs/1705.02894 (hinge)
    Wasserstein GAN (Arjovsky, Chintala, Bottou, 2017), https://arxiv.org/abs/1701.07875
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

Cost = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class AdversarialLoss:
    """A loss as pure functions of logits (B,), each giving one number an example (B,).

    Attributes:
        real: what a real example costs the discriminator; with `paired`, what a pair costs, given the difference of its
            logits, real minus generated.
        fake: what a generated example costs the discriminator; unused with `paired`.
        generator: what a generated example costs the generator; with `paired`, what a pair costs it, given the difference
            of its logits, generated minus real. With `features`, a function of the discriminator's features of real and
            generated examples, (B, F) and (B, F), instead.
        labelled: the cost of a logit whose label lies between 0 (generated) and 1 (real), for label smoothing and flipped
            labels; by default the costs of both labels, weighted.
        link: from a logit to the probability that the example is real; None where a logit has no such meaning.
        paired: whether a real and a generated example are compared with each other.
        features: whether the generator is judged by the discriminator's features instead of its logit.
        neutral: the logit at which the discriminator is undecided.
        forbids: settings that make no sense with this loss, with the reason.
    """

    real: Cost
    generator: Callable[..., Tensor]
    fake: Cost | None = None
    labelled: Callable[[Tensor, Tensor | float], Tensor] | None = None
    link: Cost | None = None
    paired: bool = False
    features: bool = False
    neutral: float = 0.0
    forbids: Mapping[str, str] = field(default_factory=dict)

    def cost(self, logit: Tensor, label: Tensor | float) -> Tensor:
        """The discriminator's cost of logits (B,) with labels in [0, 1], () or (B,) -> (B,)."""
        if self.labelled is not None:
            return self.labelled(logit, label)
        other = self.real(-logit) if self.fake is None else self.fake(logit)
        return label * self.real(logit) + (1 - label) * other


def cross_entropy(logit: Tensor, label: Tensor | float) -> Tensor:
    """-label log D - (1 - label) log(1 - D) in nats: (B,) logits and labels in [0, 1] -> (B,)."""
    return softplus(-logit) + (1 - label) * logit


def _minus_log_d(logit: Tensor) -> Tensor:
    return softplus(-logit)


def _minus_log_one_minus_d(logit: Tensor) -> Tensor:
    return softplus(logit)


def _log_one_minus_d(logit: Tensor) -> Tensor:
    """What the discriminator maximises; flat where samples are bad."""
    return -softplus(logit)


NON_SATURATING = AdversarialLoss(
    real=_minus_log_d,
    fake=_minus_log_one_minus_d,
    generator=_minus_log_d,
    labelled=cross_entropy,
    link=torch.sigmoid,
)
MINIMAX = AdversarialLoss(
    real=_minus_log_d,
    fake=_minus_log_one_minus_d,
    generator=_log_one_minus_d,
    labelled=cross_entropy,
    link=torch.sigmoid,
)
# -log sigmoid(difference): log 2 where no pair can be told apart. Judged alone, samples may all lie in one place on the
# right side of the boundary; in pairs, a mode that is left out is real examples against which they lose.
RELATIVISTIC = AdversarialLoss(
    real=_minus_log_d, generator=_minus_log_d, labelled=cross_entropy, link=torch.sigmoid, paired=True
)
# Labels 1 and 0; half of the squared error, as in the paper. The optimal output is the probability itself.
LEAST_SQUARES = AdversarialLoss(
    real=lambda logit: (logit - 1).square() / 2,
    fake=lambda logit: logit.square() / 2,
    generator=lambda logit: (logit - 1).square() / 2,
    labelled=lambda logit, label: (logit - label).square() / 2,
    link=lambda logit: logit.clamp(0, 1),
    neutral=0.5,
)
HINGE = AdversarialLoss(
    real=lambda logit: relu(1 - logit), fake=lambda logit: relu(1 + logit), generator=lambda logit: -logit
)
_NO_LABELS = "a Wasserstein critic has no labels, so they cannot be smoothed"
WASSERSTEIN = AdversarialLoss(
    real=lambda logit: -logit,
    fake=lambda logit: logit,
    generator=lambda logit: -logit,
    forbids={"labels.smoothing": _NO_LABELS},
)
