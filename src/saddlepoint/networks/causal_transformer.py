"""A transformer in which every place attends to the places before it, for sequences of numbers or symbols."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from saddlepoint.errors import SettingError
from saddlepoint.networks.autoregression import ContextBias, ShiftedNetwork, zeros_like_weights


class CausalBlock(nn.Module):
    """Attention to the present and earlier places, then a perceptron of each place; each reads its normalised input and is added to it.

    Args:
        width: number of features of a place.
        heads: of the attention.
        classes: number of classes, 0 for none.
    """

    def __init__(self, width: int, heads: int, classes: int) -> None:
        super().__init__()
        self.heads = heads
        self.context = ContextBias(classes, width)
        self.attention_norm, self.norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.projections = nn.Linear(width, 3 * width)
        self.mix = nn.Linear(width, width)
        self.widen, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.activation = nn.GELU()

    def heads_of(self, x: Tensor, context: Tensor | None) -> tuple[Tensor, tuple[Tensor, ...]]:
        """(B, T, width) -> the input with what its class adds, and queries, keys and values (B, heads, T, width / heads)."""
        x = self.context.add(x, context)
        split = self.projections(self.attention_norm(x)).reshape(*x.shape[:2], 3, self.heads, x.shape[2] // self.heads)
        return x, split.permute(2, 0, 3, 1, 4).unbind(0)

    def finish(self, x: Tensor, read: Tensor) -> Tensor:
        """x (B, T, width) and what attention read (B, heads, T, width / heads) -> (B, T, width)."""
        x = x + self.mix(read.transpose(1, 2).flatten(2))
        result: Tensor = x + self.narrow(self.activation(self.widen(self.norm(x))))
        return result

    def forward(self, x: Tensor, context: Tensor | None) -> Tensor:
        """(B, T, width), (B, classes) -> (B, T, width)."""
        x, (query, key, value) = self.heads_of(x, context)
        return self.finish(x, causal_attention(query, key, value))


def causal_attention(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attention in which each place reads itself and the places before it.

    Args:
        query: (B, heads, T, F).
        key: (B, heads, T, F).
        value: (B, heads, T, F).

    Returns:
        (B, heads, T, F).
    """
    if not torch._C._functorch.is_batchedtensor(query):
        read: Tensor = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        return read
    # Written out: `torch.vmap` has no rule for the fused operator.
    later = torch.ones(query.shape[-2], query.shape[-2], dtype=torch.bool, device=query.device).triu(1)
    scores: Tensor = (query @ key.mT) / query.shape[-1] ** 0.5
    return scores.masked_fill(later, -torch.inf).softmax(-1) @ value


class CausalTransformer(ShiftedNetwork):
    """The number at a place is predicted from the numbers before it: the input is shifted by one place, after a learnt start.

    Numbers are embedded by a linear layer, symbols by a table; every place adds a learnt position.

    Args:
        numbers: D.
        features: E of each number; ignored for symbols.
        outputs: P of each number.
        symbols: number of symbols; 0 for numbers.
        width: number of features of a place, a multiple of `heads`.
        layers: number of blocks.
        heads: of the attention.
        classes: number of classes, 0 for none.

    Raises:
        SettingError: the width is not a multiple of the heads.

    References:
        Attention Is All You Need (Ashish Vaswani et al., 2017), https://arxiv.org/abs/1706.03762
        Language Models are Unsupervised Multitask Learners (Alec Radford et al., 2019), section 2.3,
            https://openai.com/index/better-language-models/ (normalisation before each layer, and the scale of the weights)
    """

    blocks: Any  # nn.ModuleList, which does not know the type of its layers

    def __init__(
        self,
        numbers: int,
        features: int,
        outputs: int,
        symbols: int = 0,
        width: int = 64,
        layers: int = 4,
        heads: int = 4,
        classes: int = 0,
    ) -> None:
        super().__init__(features, symbols, width)
        if width % heads:
            raise SettingError(f"width is {width}, which {heads} heads do not divide: take a multiple of the heads.")
        self.positions = nn.Parameter(torch.empty(numbers, width))
        self.blocks = nn.ModuleList(CausalBlock(width, heads, classes) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.output = nn.Linear(width, outputs)
        for layer in self.modules():
            if isinstance(layer, nn.Linear) and layer.bias is not None:
                nn.init.normal_(layer.weight, 0.0, 0.02)
                nn.init.zeros_(layer.bias)
        for weight in (self.start, self.positions, *self.embedding.parameters()):
            nn.init.normal_(weight, 0.0, 0.02)
        for block in self.blocks:  # what is added to the sum of all blocks
            for layer in (block.mix, block.narrow):
                nn.init.normal_(layer.weight, 0.0, 0.02 / (2 * layers) ** 0.5)

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, D, E) numbers or (B, D) int64 symbols, (B, classes) -> (B, D, P)."""
        places = self.shifted(x) + self.positions
        for block in self.blocks:
            places = block(places, context)
        result: Tensor = self.output(self.norm(places))
        return result

    def steps(self, n: int, context: Tensor | None) -> TransformerSteps:
        return TransformerSteps(self, n, context)


class TransformerSteps:
    """Predictions one after the other, which keep the keys and values of the places before.

    Args:
        network: the network.
        n: number of examples.
        context: (n, classes), or None.
    """

    def __init__(self, network: CausalTransformer, n: int, context: Tensor | None) -> None:
        self._network, self._context, self._n, self._step = network, context, n, 0
        length, width = network.positions.shape
        self._kept = [
            [zeros_like_weights(network, n, block.heads, length, width // block.heads) for _ in range(2)]
            for block in network.blocks
        ]

    def advance(self, numbers: Tensor | None) -> Tensor:
        """Return the parameters (B, P) of the next number, after the one before it, (B, 1, E) or (B, 1)."""
        network, step = self._network, self._step
        begins = network.start.expand(self._n, -1, -1) if numbers is None else network.embedding(numbers)
        place = begins + network.positions[step]
        for block, (keys, values) in zip(network.blocks, self._kept, strict=True):
            place, (query, key, value) = block.heads_of(place, self._context)
            keys[:, :, step : step + 1], values[:, :, step : step + 1] = key, value
            known = slice(0, step + 1)
            read = functional.scaled_dot_product_attention(query, keys[:, :, known], values[:, :, known])
            place = block.finish(place, read)
        self._step += 1
        result: Tensor = network.output(network.norm(place))[:, 0]
        return result
