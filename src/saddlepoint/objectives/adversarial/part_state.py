"""State of a part between steps, such as a moving average of scores.

A loss is pure, so state goes in with the noise, and its next value comes out with the observations (`Phase.keep`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from torch import Tensor

Kept = Mapping[str, Tensor]


@dataclass(frozen=True)
class PartState:
    """What a part keeps between the discriminator's updates. A checkpoint holds it.

    Attributes:
        first: the tensors before the first update, by name; copied for each run.
        following: (tensors, real logits (B,), logits of generated examples (B,)) -> the tensors after an update. It must be
            a pure function without synchronisation with the host.
        series: names of tensors () that are recorded, and the name of the discriminator's observation of each.
    """

    first: Kept
    following: Callable[[Kept, Tensor, Tensor], Kept]
    series: Mapping[str, str] = field(default_factory=dict)
