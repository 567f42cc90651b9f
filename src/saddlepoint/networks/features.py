"""A discriminator that gives access to its features, and can compare them between examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from saddlepoint.networks.evaluating import evaluating
from saddlepoint.networks.initialisation import glorot_
from saddlepoint.networks.minibatch import MinibatchDiscrimination


class FeatureDiscriminator(nn.Module):
    """A network (B, *inputs) -> (B,) logits through (B, F) features, the flattened output of `body`.

    Args:
        body: any network from examples of shape `inputs` to features.
        inputs: shape of one example.
        kernels: number of kernels of minibatch discrimination between the features and the logit; 0 for none.
        score: F -> a module (features (B, F), labels) -> (B,) that is added to the logit; None for no term.
        heads: by name, the number of outputs (B, size) of a linear layer on the features.
        decides: the head whose outputs l make the logit, log sum exp l; None for a logit of its own.
    """

    def __init__(
        self,
        body: nn.Module,
        inputs: Sequence[int],
        kernels: int = 0,
        score: Callable[[int], nn.Module | None] | None = None,
        heads: Mapping[str, int] | None = None,
        decides: str | None = None,
    ) -> None:
        super().__init__()
        self.body = body
        with evaluating(body):
            width = body(torch.zeros(2, *inputs)).flatten(1).shape[1]
        self.comparison = MinibatchDiscrimination(width, kernels) if kernels else nn.Identity()
        self.decides = decides
        if decides is None:
            self.decision = nn.Linear(width + kernels, 1)
            glorot_(self.decision)
        self.score = None if score is None else score(width)
        self.heads = nn.ModuleDict({name: nn.Linear(width, size) for name, size in (heads or {}).items()})
        glorot_(self.heads)

    def forward(
        self, x: Tensor, labels: Tensor | None = None, *, features: bool = False, heads: bool = False
    ) -> Tensor | tuple[Tensor, dict[str, Tensor]]:
        """Return logits.

        Args:
            x: (B, *inputs).
            labels: (B,) int64 or (B, classes) weights, for the term of the logit that depends on them.
            features: whether to return the features (B, F) instead.
            heads: whether to also return the outputs of the heads.

        Returns:
            (B,) logits; with `features` (B, F); with `heads` the logits and {name: (B, size)}.
        """
        found: Tensor = self.body(x).flatten(1)
        if features:
            return found
        if self.decides is not None:
            outputs = {name: head(found) for name, head in self.heads.items()}
            logit = outputs[self.decides].logsumexp(1)
            return (logit, outputs) if heads else logit
        logits: Tensor = self.decision(self.comparison(found)).reshape(x.shape[0])
        if self.score is not None:
            logits = logits + self.score(found, labels)
        return (logits, {name: head(found) for name, head in self.heads.items()}) if heads else logits
