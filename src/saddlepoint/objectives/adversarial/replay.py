"""Experience replay: a store of what the generator made in the past, so that the discriminator does not forget it.

Learning from Simulated and Unsupervised Images through Adversarial Training (Shrivastava et al., 2017), section 2.3,
https://arxiv.org/abs/1612.07828
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


class Replay:
    """At most `size` examples; once full, a new one takes the place of a random one.

    An example then stays for `size` additions on average, and all that stay are equally likely to be drawn.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._examples: Tensor | None = None
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, example: Tensor, generator: torch.Generator) -> None:
        """Keep a copy of one example, (*event)."""
        if self._examples is None:
            self._examples = example.new_empty(self.size, *example.shape)
        if self._count < self.size:
            self._examples[self._count] = example
            self._count += 1
        else:
            # An index on the device: a number would wait for it.
            place = torch.randint(self.size, (1,), generator=generator, device=generator.device)
            self._examples.index_copy_(0, place, example[None].to(self._examples.dtype))

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, *event), each at random from all that are kept. At least one must be."""
        assert self._examples is not None
        places = torch.randint(self._count, (n,), generator=generator, device=generator.device)
        return self._examples[places]

    def state(self) -> dict[str, Tensor]:
        """All that is kept, in its places; nothing where nothing is."""
        return {} if self._examples is None else {"replay": self._examples[: self._count].clone()}

    def load_state(self, state: Mapping[str, Tensor], device: torch.device) -> None:
        """Undo `state`. What is more than `size` is left out."""
        self._examples, self._count = None, 0
        if "replay" in state:
            kept = state["replay"][: self.size].to(device)
            self._examples = kept.new_empty(self.size, *kept.shape[1:])
            self._examples[: len(kept)] = kept
            self._count = len(kept)
