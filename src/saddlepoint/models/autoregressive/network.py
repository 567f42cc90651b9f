"""The player of an autoregressive model: examples to numbers in order, and these to predictions."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from saddlepoint.data.event import Event, Scaling
from saddlepoint.networks.autoregression import AutoregressiveNetwork, FullPasses, Steps, zeros_like_weights
from saddlepoint.networks.labels import class_weights
from saddlepoint.networks.own import check_network
from saddlepoint.objectives.autoregression import Prediction
from saddlepoint.objectives.autoregressive_likelihood import Categorical, ConditionalLikelihood
from saddlepoint.objectives.mu_law import MuLaw


class Autoregression(nn.Module):
    """(B, *event) in the model's units -> the numbers in order, and the parameters of their distributions.

    Numbers come in the order of `Event`, but with the channels of a place next to each other: an image row by row, the channels
    of a pixel together.

    Args:
        body: predicts numbers from those before them.
        event: what one example is.
        scaling: of the model.
        likelihood: of the predictions.
        classes: number of classes, 0 for none.
        shuffled: whether the order is a random one, drawn now.
        one_hot: whether the body gets L features of each number, one for each level, instead of the number.
    """

    order: Tensor | None
    varying: Tensor | None
    constants: Tensor | None

    def __init__(
        self,
        body: AutoregressiveNetwork,
        event: Event,
        scaling: Scaling,
        likelihood: ConditionalLikelihood,
        classes: int = 0,
        shuffled: bool = False,
        one_hot: bool = False,
    ) -> None:
        super().__init__()
        self.body = body
        self.event, self.likelihood, self.classes = event, likelihood, classes
        self._one_hot = one_hot
        self.steps_count = event.size // likelihood.block
        self.register_buffer("order", torch.randperm(event.size) if shuffled else None)
        for name in ("varying", "constants"):
            self.register_buffer(name, None, persistent=False)
        if event.constants:
            zeros = torch.zeros(1, *event.shape)
            is_constant = self.blocks(event.with_constants(zeros, (1.0,) * len(event.constants)))[0]
            self.varying = 1 - is_constant.amin(1)
            self.constants = self.blocks(event.with_constants(zeros, scaling.constants))[0]

    def blocks(self, x: Tensor) -> Tensor:
        """(B, *event) -> (B, S, block): the numbers in order."""
        numbers = x.movedim(1 + self.event.channel_axis, -1).flatten(1)
        if self.order is not None:
            numbers = numbers[:, self.order]
        return numbers.reshape(len(x), self.steps_count, self.likelihood.block)

    def examples(self, blocks: Tensor) -> Tensor:
        """(B, S, block) -> (B, *event): the inverse of `blocks`."""
        numbers = blocks.flatten(1)
        if self.order is not None:
            numbers = numbers[:, self.order.argsort()]
        axis = self.event.channel_axis
        shape = (*self.event.shape[:axis], *self.event.shape[axis + 1 :], self.event.shape[axis])
        return numbers.reshape(len(blocks), *shape).movedim(-1, 1 + axis)

    def features(self, numbers: Tensor) -> Tensor:
        """Numbers (B, D) -> what the body takes: (B, D, E) features, or (B, D) int64 symbols."""
        likelihood = self.likelihood
        if isinstance(likelihood, Categorical) and (self._one_hot or self.body.takes_symbols):
            symbols = likelihood.bin_of(numbers)
            if self.body.takes_symbols:
                return symbols
            return (symbols[..., None] == torch.arange(likelihood.bins, device=symbols.device)).to(numbers.dtype)
        if isinstance(likelihood, MuLaw):
            numbers = likelihood.companded(numbers)
        return numbers[..., None]

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Prediction:
        """Predict every number of examples.

        Args:
            x: (B, *event) in the model's units.
            labels: (B,) int64; ignored by a model without classes.
        """
        blocks = self.blocks(x)
        numbers = blocks.flatten(1)
        return Prediction(blocks, self.body(self.features(numbers), self._context(labels, numbers)), self.varying)

    def steps(self, n: int, labels: Tensor | None, cached: bool = True) -> Steps:
        """Start the predictions for n examples, one after the other.

        Args:
            n: how many.
            labels: (n,) int64, or None.
            cached: whether to keep what later predictions need, instead of repeating a full pass for each.
        """
        empty = zeros_like_weights(self, n, self.event.size)
        context = self._context(labels, empty)
        if cached:
            return self.body.steps(n, context)
        return FullPasses(self.body, self.features(empty), context, self.likelihood.block)

    def _context(self, labels: Tensor | None, like: Tensor) -> Tensor | None:
        return None if not self.classes or labels is None else class_weights(labels, self.classes, like)


class OwnNetwork(AutoregressiveNetwork):
    """The user's own network, called with examples (B, *event), or symbols (B, T) of a text; with labels, if there are classes.

    Args:
        module: gives (B, *event), or (B, *event, P) for P > 1 parameters.
        event: what one example is.
        likelihood: of the predictions, of single numbers.
        classes: number of classes, 0 for none.
        where: the name of the setting, for error messages.

    Raises:
        SettingError: the module fails on a batch, or returns another shape.
    """

    def __init__(
        self, module: object, event: Event, likelihood: ConditionalLikelihood, classes: int, where: str
    ) -> None:
        super().__init__()
        self.event, self.likelihood, self.classes = event, likelihood, classes
        outputs = prediction_shape(event, likelihood)
        if isinstance(module, nn.Module) and (classes or event.kind == "text"):
            self.module = module
            check_network(_Call(self), event.shape, outputs, where)
        else:
            self.module = check_network(module, event.shape, outputs, where)

    def call(self, x: Tensor, labels: Tensor | None) -> Tensor:
        """(B, *event) in the model's units -> what the module makes of it."""
        if self.event.kind == "text" and isinstance(self.likelihood, Categorical):
            x = self.likelihood.bin_of(x)
        result: Tensor = self.module(x, labels) if self.classes else self.module(x)
        return result

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, D, 1) numbers, (B, classes) -> (B, D, P)."""
        axis = self.event.channel_axis
        shape = (*self.event.shape[:axis], *self.event.shape[axis + 1 :], self.event.shape[axis])
        image = x.reshape(len(x), *shape).movedim(-1, 1 + axis)
        made = self.call(image, None if context is None else context.argmax(1))
        made = made.reshape(len(x), *self.event.shape, self.likelihood.parameters)
        return made.movedim(1 + axis, -2).flatten(1, -2)

    def steps(self, n: int, context: Tensor | None) -> FullPasses:
        return FullPasses(self, zeros_like_weights(self, n, self.event.size, 1), context, 1)


class _Call(nn.Module):
    """The user's module as it is called, for a trial on a batch."""

    def __init__(self, own: OwnNetwork) -> None:
        super().__init__()
        self._own = (own,)  # not a submodule
        self.module = own.module

    def forward(self, x: Tensor) -> Tensor:
        labels = torch.zeros(len(x), dtype=torch.int64, device=x.device)
        return self._own[0].call(x, labels)


def prediction_shape(event: Event, likelihood: ConditionalLikelihood) -> tuple[int, ...]:
    """Return the shape of the predictions of a user's own network for one example."""
    return event.shape if likelihood.parameters == 1 else (*event.shape, likelihood.parameters)
