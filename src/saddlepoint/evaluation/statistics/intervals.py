"""Confidence intervals: how much a score would vary with other samples and other real points of the same number.

The level is 95 % by default. An interval is for the expectation of the score at this number of points, over fresh real
points and fresh samples, not for its limit at infinitely many: it does not correct a bias. Which to use:

- a share of independent points (high quality, coverage of a fixed ball, exact copies): `wilson_interval`.
- a mean over independent points, and smooth functions of means: `mean_interval`, `bootstrap`.
- a mean over parts of independent groups: `grouped_mean_interval`.
- a mean over random splits of the same examples into training and test sets: `split_interval`.
- kernel distance and energy distance: their modules have intervals of their own.
- scores of neighbours, duplicates or a covariance (precision, recall, density, coverage, Fréchet, Vendi, C_T): the
  difference between random halves, as `half_sampling` computes it. A bootstrap draws with replacement: about a third of its
  points are copies of others, at distance 0 from their neighbour, and all such scores jump. With errors from halves, a share
  (precision, recall, coverage) uses `share_interval`, and a squared distance or a divergence `distance_interval`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import torch
from torch import Tensor

from saddlepoint.errors import DataError


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval.

    Attributes:
        value: the estimate.
        low, high: the ends of the interval, which holds the expectation with probability `level`.
        level: such as 0.95.
    """

    value: float
    low: float
    high: float
    level: float = 0.95

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def __str__(self) -> str:
        return f"{self.value:.4g} [{self.low:.4g}, {self.high:.4g}]"


def normal_interval(value: float, standard_error: float, *, degrees: float = math.inf, level: float = 0.95) -> Interval:
    """value ± quantile * standard_error.

    Args:
        value: the estimate.
        standard_error: of the estimate.
        degrees: of freedom of Student's t; infinite for the normal distribution.
        level: probability that the interval holds the expectation.
    """
    from scipy.stats import t  # half a second to import

    half = float(t.ppf((1 + level) / 2, degrees)) * standard_error
    return Interval(value, value - half, value + half, level)


def exponential(interval: Interval) -> Interval:
    """The interval of a quantity from that of its natural logarithm.

    That of a mean of logarithms becomes that of the geometric mean, and that of a difference becomes that of a ratio.

    Args:
        interval: of the logarithm.
    """
    ends = torch.tensor([interval.value, interval.low, interval.high], dtype=torch.float64)
    value, low, high = ends.exp().tolist()
    return Interval(value, low, high, interval.level)


def mean_interval(values: Tensor, *, level: float = 0.95) -> Interval:
    """The interval of the mean of independent values (N,), by Student's t.

    Raises:
        DataError: fewer than two values.
    """
    if len(values) < 2:
        raise DataError(f"an interval needs two values or more, got {len(values)}.")
    values = values.double()
    return normal_interval(
        float(values.mean()), float(values.std()) / len(values) ** 0.5, degrees=len(values) - 1, level=level
    )


def grouped_mean_interval(values: Tensor, groups: Tensor, *, level: float = 0.95) -> Interval:
    """The interval of the mean of values (N,) whose groups are independent, such as parts of several videos.

    Values of one group may be correlated. With r_g the sum of the deviations from the mean in group g, of G groups, the squared standard error is

        G / (G - 1) sum_g r_g^2 / N^2,

    which is that of `mean_interval` for groups of one value each.

    Args:
        values: (N,).
        groups: (N,) int64, the group of each value.
        level: probability that the interval holds the expectation.

    Raises:
        DataError: fewer than two groups.

    References:
        Longitudinal Data Analysis Using Generalized Linear Models (Kung-Yee Liang, Scott L. Zeger, 1986), https://doi.org/10.1093/biomet/73.1.13
    """
    names, index = torch.unique(groups, return_inverse=True)
    count = len(names)
    if count < 2:
        raise DataError(f"an interval over groups needs two groups or more, got {count}.")
    values = values.double()
    mean = values.mean()
    sums = torch.zeros(count, dtype=torch.float64).index_add(0, index, values - mean)
    error = (count / (count - 1) * sums.square().sum()).sqrt() / len(values)
    return normal_interval(float(mean), float(error), degrees=count - 1, level=level)


def split_interval(values: Tensor, ratio: float, *, level: float = 0.95) -> Interval:
    """The interval of the mean of results (J,) of random splits of the same examples into training and test sets.

    Test sets of different splits share examples, so that their results are correlated and vary less than those of fresh examples.
    If the variance of one result is v and the correlation of two is r, the mean of J results has the variance v (r + (1 - r) / J),
    and the expectation of their sample variance S^2 is v (1 - r). The first is the second times 1 / J + r / (1 - r). The share of
    a test set that is in another one as well is n_test / (n_test + n_train), and with this for r the standard error is

        S sqrt(1 / J + n_test / n_train),

    that of independent values times sqrt(1 + J n_test / n_train). It does not vanish with the number of splits, since more splits
    bring no new examples.

    Args:
        values: (J,) results.
        ratio: n_test / n_train, where n_train counts all examples that are not tested. A classifier that is trained on fewer of
            them shares fewer with those of other splits, so that its interval is wider than needed.
        level: probability that the interval holds the expectation.

    Raises:
        DataError: fewer than two values.

    References:
        Inference for the Generalization Error (Claude Nadeau, Yoshua Bengio, 2003), https://doi.org/10.1023/A:1024068626366
    """
    own = mean_interval(values, level=level)
    factor = math.sqrt(1 + len(values) * ratio)
    return Interval(
        own.value, own.value + factor * (own.low - own.value), own.value + factor * (own.high - own.value), level
    )


def wilson_interval(successes: float, n: float, *, level: float = 0.95) -> Interval:
    """Wilson's interval of a probability, which stays in [0, 1] and holds near its ends.

    Args:
        successes: out of `n` independent trials.
        n: trials. Fractions stand for dependent trials, which count for fewer.
        level: probability that the interval holds the true one.

    Raises:
        DataError: no trials.

    References:
        Probable Inference, the Law of Succession, and Statistical Inference (Edwin B. Wilson, 1927).
        https://doi.org/10.1080/01621459.1927.10502953
    """
    if not n > 0:
        raise DataError("an interval for a share needs trials, got none.")
    return _wilson(successes / n, n, NormalDist().inv_cdf((1 + level) / 2), level)


def _wilson(share: float, n: float, z: float, level: float) -> Interval:
    """Wilson's interval of a share of n trials, z standard errors wide on each side."""
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    # At the ends the two cancel exactly, which rounding would hide.
    low = 0.0 if share == 0 else centre - half
    return Interval(share, low, 1.0 if share == 1 else centre + half, level)


def share_interval(
    share: float, standard_error: float, most: float, *, degrees: float = math.inf, level: float = 0.95
) -> Interval:
    """The interval of a share in [0, 1] whose standard error was estimated from its spread.

    It is Wilson's interval for as many independent trials as would have the same variance. It is asymmetric near 0 and 1, where
    value ± errors leaves the range, and has some width for a spread of 0.

    Args:
        share: the estimate.
        standard_error: of the estimate.
        most: trials that the share was counted over.
        degrees: of freedom of the standard error, for Student's t.
        level: probability that the interval holds the expectation.

    Raises:
        DataError: no trials.
    """
    from scipy.stats import t  # half a second to import

    if not most >= 1:
        raise DataError("an interval for a share needs trials, got none.")
    variance = standard_error**2
    # A share of none or all says no more of a single trial's variance than that it is that of one in `most`.
    likely = min(max(share, 1 / most), 1 - 1 / most)
    spread = likely * (1 - likely)
    n = most if variance * most <= spread else max(1.0, spread / variance)
    z = float(t.ppf((1 + level) / 2, degrees))
    return _wilson(share, n, z, level)


def distance_interval(
    value: float, standard_error: float, *, lift: float = 0.0, degrees: float = math.inf, level: float = 0.95
) -> Interval:
    """The interval of a squared distance or a divergence whose standard error was estimated from its spread.

    The variance of such a number grows in proportion to its expectation, as that of a squared length of normal numbers does.
    A low estimate therefore comes with a low standard error, and the expectation is often above value ± errors. This
    interval holds every expectation t whose own standard error, sqrt(t / value) times the estimated one, reaches to `value`;
    it extends further up than down. A value of 0 or below has value ± errors.

    Args:
        value: the estimate.
        standard_error: of the estimate.
        lift: the bias that was removed from the estimate; value + lift is 0 or more.
        degrees: of freedom of the standard error, for Student's t.
        level: probability that the interval holds the expectation.
    """
    lifted = value + lift
    if not (math.isfinite(lifted) and lifted > 0):
        return normal_interval(value, standard_error, degrees=degrees, level=level)
    from scipy.stats import t  # half a second to import

    z = float(t.ppf((1 + level) / 2, degrees))
    # An error above the value itself says that the value came out low, not that the error grows faster still.
    proportion = z**2 * standard_error**2 / max(lifted, standard_error)
    centre = value + proportion / 2
    half = math.sqrt(proportion**2 / 4 + proportion * lifted)
    return Interval(value, centre - half, centre + half, level)
