"""Adversarial losses as functions of the discriminator's logits: one `AdversarialLoss` for each published loss.

Cross-entropies are computed from the logit a(x), D = sigmoid(a), to avoid overflow: -log D = softplus(-a) and
-log(1 - D) = softplus(a).

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
from dataclasses import dataclass, field, replace
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

from saddlepoint.objectives.adversarial.part_state import PartState

Cost = Callable[[Tensor], Tensor]


# Of a loss for which only differences of logits have a meaning.
NO_SIGN: Mapping[str, str] = {
    "views.adaptive_augmentation": "it follows the sign of single logits, and for this loss only their differences have a meaning"
}


@dataclass(frozen=True)
class AdversarialLoss:
    """A loss as pure functions of logits (B,), which return one value for each example (B,).

    Attributes:
        real: the discriminator's loss of a real example; with `paired`, of a pair, as a function of the difference of its
            logits, real minus generated.
        fake: the discriminator's loss of a generated example; unused with `paired`. With `state`, a function of the logit and
            of the kept tensors by name.
        generator: the generator's loss of a generated example; with `paired`, of a pair, as a function of the difference of its
            logits, generated minus real; with `features`, a function of the discriminator's features of real and generated
            examples, (B, F) and (B, F).
        labelled: the discriminator's loss of a logit with a label between 0 (generated) and 1 (real), for label smoothing and
            flipped labels; by default the weighted mean of the losses of both labels.
        link: from a logit to the probability that the example is real; None if a logit has no such meaning.
        paired: whether each real example is compared with a generated one.
        averaged: whether each example is compared with the mean logit of the other kind: `real`, `fake` and `generator` are
            then functions of the difference. The generator's loss is `generator` of generated examples, plus `generator` of
            minus the difference of real ones.
        energy: the error of a reconstruction of which the logit is the negative mean over an example's numbers, for a
            discriminator that is an autoencoder; None for any other discriminator.
        features: whether the generator's loss uses the discriminator's features instead of its logits.
        neutral: the logit at which the discriminator is undecided.
        encoder: an encoder's loss of a real example with its code, where the discriminator judges pairs of examples and codes (see
            `pairs`); None takes `fake`, the discriminator's loss of the opposite label.
        forbids: settings that cannot be combined with this loss, with the reason.
        state: tensors that the loss keeps between steps; None for a loss without state.
    """

    real: Cost
    generator: Callable[..., Tensor]
    fake: Callable[..., Tensor] | None = None
    labelled: Callable[[Tensor, Tensor | float], Tensor] | None = None
    link: Cost | None = None
    paired: bool = False
    averaged: bool = False
    energy: Literal["squared", "absolute"] | None = None
    features: bool = False
    neutral: float = 0.0
    encoder: Cost | None = None
    forbids: Mapping[str, str] = field(default_factory=dict)
    state: PartState | None = None

    def __post_init__(self) -> None:
        if self.state is not None:
            reason = "its cost depends on state, and has no labels"
            labels = dict.fromkeys(("labels.smoothing", "labels.flipping"), reason)
            object.__setattr__(self, "forbids", {**labels, **self.forbids})
        if self.paired or self.averaged:
            object.__setattr__(self, "forbids", {**NO_SIGN, **self.forbids})

    def cost(self, logit: Tensor, label: Tensor | float) -> Tensor:
        """Return the discriminator's loss of logits with any labels.

        Args:
            logit: (B,).
            label: in [0, 1], () or (B,): 0 for generated, 1 for real.

        Returns:
            (B,).
        """
        if self.labelled is not None:
            return self.labelled(logit, label)
        other = self.real(-logit) if self.fake is None else self.fake(logit)
        return label * self.real(logit) + (1 - label) * other


def cross_entropy(logit: Tensor, label: Tensor | float) -> Tensor:
    """Binary cross-entropy -label log D - (1 - label) log(1 - D), with D = sigmoid(logit).

    Args:
        logit: (B,).
        label: in [0, 1], () or (B,).

    Returns:
        (B,) nats.
    """
    return softplus(-logit) + (1 - label) * logit


def _minus_log_d(logit: Tensor) -> Tensor:
    return softplus(-logit)


def _minus_log_one_minus_d(logit: Tensor) -> Tensor:
    return softplus(logit)


def _log_d(logit: Tensor) -> Tensor:
    """The minimax encoder's loss; its gradient vanishes if the discriminator accepts real pairs with confidence."""
    return -softplus(-logit)


def _log_one_minus_d(logit: Tensor) -> Tensor:
    """The minimax generator's loss; its gradient vanishes if the discriminator rejects the samples with confidence."""
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
    encoder=_log_d,
    labelled=cross_entropy,
    link=torch.sigmoid,
)
# -log sigmoid(difference): log 2 if the examples of a pair cannot be distinguished. If examples were scored separately, all
# samples could lie at one point with a high score. In pairs they are also compared with real examples of the modes that they miss.
RELATIVISTIC = AdversarialLoss(
    real=_minus_log_d, generator=_minus_log_d, labelled=cross_entropy, link=torch.sigmoid, paired=True
)
# Each example against the mean logit of the other kind (section 4.2 of the same paper).
RELATIVISTIC_AVERAGE = replace(NON_SATURATING, averaged=True)
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
    real=lambda logit: relu(1 - logit),
    fake=lambda logit: relu(1 + logit),
    generator=lambda logit: -logit,
    encoder=lambda logit: logit,
)
RELATIVISTIC_AVERAGE_HINGE = replace(HINGE, generator=lambda logit: relu(1 - logit), averaged=True)
_NO_LABELS = "a Wasserstein critic has no labels that could be smoothed"
WASSERSTEIN = AdversarialLoss(
    real=lambda logit: -logit,
    fake=lambda logit: logit,
    generator=lambda logit: -logit,
    forbids={"labels.smoothing": _NO_LABELS, **NO_SIGN},
)
