"""Experience replay: a store of previously generated examples, on which the discriminator is trained again.

Without it the discriminator may forget earlier outputs of the generator, and the two may cycle.

References:
    Learning from Simulated and Unsupervised Images through Adversarial Training (Ashish Shrivastava et al., 2017),
    section 2.3, https://arxiv.org/abs/1612.07828
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


class Replay:
    """A store of at most `size` examples; once it is full, a new example replaces a random one.

    An example then stays for `size` additions on average. All stored examples are equally likely to be drawn.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._examples: Tensor | None = None
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, example: Tensor, generator: torch.Generator) -> None:
        """Store a copy of one example.

        Args:
            example: (*event).
            generator: chooses the example that is replaced; on the device of the example.
        """
        if self._examples is None:
            self._examples = example.new_empty(self.size, *example.shape)
        if self._count < self.size:
            self._examples[self._count] = example
            self._count += 1
        else:
            # The index stays on the device: converting it to a Python number would synchronise.
            place = torch.randint(self.size, (1,), generator=generator, device=generator.device)
            self._examples.index_copy_(0, place, example[None].to(self._examples.dtype))

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw examples at random, with replacement. The store must not be empty.

        Returns:
            (n, *event).
        """
        assert self._examples is not None
        places = torch.randint(self._count, (n,), generator=generator, device=generator.device)
        return self._examples[places]

    def state(self) -> dict[str, Tensor]:
        """Return the stored examples in order as {"replay": (count, *event)}; an empty dict if the store is empty."""
        return {} if self._examples is None else {"replay": self._examples[: self._count].clone()}

    def load_state(self, state: Mapping[str, Tensor], device: torch.device) -> None:
        """Restore what `state` returned; examples beyond the first `size` are dropped."""
        self._examples, self._count = None, 0
        if "replay" in state:
            stored = state["replay"][: self.size].to(device)
            self._examples = stored.new_empty(self.size, *stored.shape[1:])
            self._examples[: len(stored)] = stored
            self._count = len(stored)
