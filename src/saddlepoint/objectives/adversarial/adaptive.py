"""Adaptive augmentation: images are changed with a probability that follows how much the discriminator overfits.

Strong changes of all images may appear in the samples, and changes are needed only while the discriminator memorises its images.
Overfitting shows in r = E[sign(logit of real images)]: it rises to 1 if the discriminator is sure of every training image.

References:
    Training Generative Adversarial Networks with Limited Data (Karras, Aittala, Hellsten, Laine, Lehtinen, Aila, 2020), section 3,
        https://arxiv.org/abs/2006.06676
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from saddlepoint.objectives.adversarial.diffaugment import CHANGES, DiffAugment
from saddlepoint.objectives.adversarial.numbers import check_count, check_number
from saddlepoint.objectives.adversarial.part_state import Kept, PartState

_SERIES = {"probability": "augmentation"}
LARGEST = 0.8  # from about this probability on, changes appear in the samples


@dataclass(frozen=True)
class AdaptiveAugmentation:
    """The changes of `DiffAugment`, each with the present probability.

    The probability rises by 1 in `images` real images while r is above `target`, and falls as fast while r is below it. It stays
    between 0 and 0.8.

    Attributes:
        policy: the changes, in the order in which they are applied.
        target: of r, in (-1, 1).
        images: how many real images the probability needs from 0 to 1, at least 1.
    """

    policy: Sequence[str] = ("color", "translation", "cutout")
    target: float = 0.6
    images: int = 500_000
    changes: DiffAugment = field(init=False)
    state: PartState = field(init=False)

    def __post_init__(self) -> None:
        check_number("target", self.target, -1, exclusive=True, below=1)
        check_count("images", self.images)
        object.__setattr__(self, "changes", DiffAugment(self.policy))
        object.__setattr__(self, "state", PartState({"probability": torch.zeros(())}, self._following, _SERIES))

    def draw(self, n: int, event: Sequence[int], strength: float, generator: torch.Generator, kept: Kept) -> Tensor:
        """Draw the amounts of all changes, (n, total number of amounts); 0 where a change is not applied."""
        amounts = self.changes.draw(n, event, strength, generator)
        chance = torch.rand(n, len(self.policy), generator=generator, device=generator.device)
        applied = (chance < kept["probability"].to(chance.device)).to(amounts.dtype)
        widths = torch.tensor([CHANGES[name].width for name in self.policy], device=amounts.device)
        return amounts * applied.repeat_interleave(widths, 1)

    def __call__(self, x: Tensor, noise: Tensor) -> Tensor:
        return self.changes(x, noise)

    def _following(self, kept: Kept, real: Tensor, fake: Tensor) -> Kept:
        direction = (real.sign().mean() - self.target).sign()
        return {"probability": (kept["probability"] + direction * len(real) / self.images).clamp(0, LARGEST)}
