"""Samples of a mixture of equal Gaussians with known modes: modes found, their shares and widths."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.data.dataset import Truth
from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.divergence import expected_kl, kl_divergence
from saddlepoint.evaluation.metrics.neighbours import nearest
from saddlepoint.evaluation.metrics.points import check_points
from saddlepoint.evaluation.statistics.intervals import Interval, mean_interval

RADIUS = 3.0  # standard deviations within which a sample is of high quality


@dataclass(frozen=True)
class ModeReport:
    """How samples are distributed over the modes.

    Attributes:
        modes: K.
        covered: modes that are nearest to at least one high-quality sample. Among many samples a single one may cover a
            mode by luck, so read it together with `high_quality` and `mass`.
        high_quality: share of samples within 3 standard deviations of the nearest mode, in [0, 1].
        true_quality: the same for the true mixture. In the plane 1 - e^-4.5 = 0.989; more means modes that are too narrow.
        mass: (K,) share of the high-quality samples at each mode; NaN where there are none at all.
        width: (K,) typical distance of a mode's samples (high-quality or not) from their own centre over that of the true
            mode; 1 is right, 0 a single point, NaN for a mode with fewer than two samples. Medians, so that samples between
            modes do not count.
        reverse_kl: KL(mass || equal shares) in nats; NaN without a high-quality sample.
        expected_kl: the expectation of `reverse_kl` for as many perfect samples.
    """

    modes: int
    covered: int
    high_quality: float
    true_quality: float
    mass: Tensor
    width: Tensor
    reverse_kl: float
    expected_kl: float


def mode_report(samples: Tensor, centres: Tensor, std: float) -> ModeReport:
    """Compare samples with equally weighted modes N(centres_k, std^2 I).

    Args:
        samples: (N, D).
        centres: (K, D) of the modes.
        std: standard deviation of each mode, above 0.

    Raises:
        DataError: no samples, another number of axes than that of the centres, NaN or infinite values, std not above
            0.

    References:
        VEEGAN: Reducing Mode Collapse in GANs using Implicit Variational Learning (Akash Srivastava, Lazar Valkov,
            Chris Russell,
        Michael U. Gutmann, Charles Sutton, 2017), for modes and high quality, https://arxiv.org/abs/1705.07761
        PacGAN: The power of two samples in generative adversarial networks (Zinan Lin, Ashish Khetan, Giulia Fanti,
            Sewoong Oh,
        2018), for the reverse KL over the modes of high-quality samples, https://arxiv.org/abs/1712.04086
    """
    from scipy.stats import chi  # the distance of N(0, I) from its centre; half a second to import

    samples, centres = check_points(samples, "samples", least=1), check_points(centres, "centres", least=1)
    if samples.shape[1] != centres.shape[1] or not std > 0:
        raise DataError(f"samples have {samples.shape[1]} axes, modes {centres.shape[1]}, standard deviation {std}.")
    k, d = centres.shape
    distance, mode = (column[:, 0] for column in nearest(samples, centres))
    good = distance < RADIUS * std
    counts = torch.bincount(mode[good], minlength=k)
    found = int(counts.sum())
    typical = std * float(chi.median(d))
    width = torch.stack([_spread(samples[mode == at]) for at in range(k)]) / typical
    return ModeReport(
        modes=k,
        covered=int((counts > 0).sum()),
        high_quality=found / len(samples),
        true_quality=float(chi.cdf(RADIUS, d)),
        mass=counts.double() / (found or math.nan),
        width=width,
        reverse_kl=kl_divergence(counts, torch.ones(k)) if found else math.nan,
        expected_kl=expected_kl(k, found) if found else math.nan,
    )


def log_likelihood(samples: Tensor, truth: Truth) -> Interval:
    """The mean log density of samples under the true distribution, in nats, with its 95 % interval.

    A value above that of `truth.sample` (minus the entropy) is not better: samples at a single peak score highest.

    Args:
        samples: (N, D).
        truth: the true distribution.

    Raises:
        DataError: fewer than two samples, NaN or infinite values.
    """
    return mean_interval(truth.log_prob(check_points(samples, "samples")))


def _spread(x: Tensor) -> Tensor:
    """Median distance of x (N, D) from its median point; NaN for fewer than two points."""
    if len(x) < 2:
        return torch.tensor(math.nan, dtype=torch.float64)
    distances: Tensor = (x - x.median(0).values).square().sum(1).sqrt()
    return distances.median()
