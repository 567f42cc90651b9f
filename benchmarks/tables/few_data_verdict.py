"""Whether augmentation helps more, the fewer the training images: a verdict from paired differences over seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from saddlepoint.evaluation.statistics.intervals import Interval, mean_interval


@dataclass(frozen=True)
class Verdict:
    """The verdict with its evidence.

    Attributes:
        gains: by share of the images, the mean of log(distance without / distance with augmentation) over seeds; above 0 augmentation
            helps.
        trend: increase of that logarithm if images become ten times fewer, the least-squares slope of each seed.
        word: "confirmed", "denied" or "undecided".
    """

    gains: dict[float, Interval]
    trend: Interval
    word: str

    def __str__(self) -> str:
        shares = ", ".join(f"{_percent(gain)} at {share:.0%}" for share, gain in self.gains.items())
        trend = f"{self.trend.value:+.2f} [{self.trend.low:+.2f}, {self.trend.high:+.2f}]"
        return f"**{self.word}**. Change of the distance: {shares} of the images; trend of the logarithm for ten times fewer: {trend}."


def judge(without: Mapping[float, Sequence[float]], augmented: Mapping[float, Sequence[float]]) -> Verdict:
    """Judge whether augmentation reduces the distance more, the fewer the images.

    Confirmed: the trend and the gain at the fewest images are both above 0, beyond their 95 % intervals by Student's t. Denied: one of
    them is below 0 beyond its interval. Undecided otherwise.

    Args:
        without: distances above 0 without augmentation by share of the images; seeds in the same order everywhere, two or more.
        augmented: the same with augmentation.
    """
    shares = sorted(without, reverse=True)
    logarithms = torch.tensor(
        [[math.log(a / b) for a, b in zip(without[share], augmented[share], strict=True)] for share in shares],
        dtype=torch.float64,
    )
    fewer = -torch.tensor(shares, dtype=torch.float64).log10()
    centred = fewer - fewer.mean()
    slopes = centred @ logarithms / centred.square().sum()
    gains = {share: mean_interval(logarithms[row]) for row, share in enumerate(shares)}
    trend, fewest = mean_interval(slopes), gains[shares[-1]]
    if trend.low > 0 and fewest.low > 0:
        word = "confirmed"
    elif trend.high < 0 or fewest.high < 0:
        word = "denied"
    else:
        word = "undecided"
    return Verdict(gains, trend, word)


def _percent(gain: Interval) -> str:
    """A logarithmic gain as a change in percent, with its interval."""
    value, low, high = (100 * math.expm1(-number) for number in (gain.value, gain.high, gain.low))
    return f"{value:+.0f} % [{low:+.0f}, {high:+.0f}]"
