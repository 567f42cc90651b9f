"""Mixtures of Gaussians in double precision: densities, samples, and both given some of the numbers.

A mixture has means (K, D) and covariances, which are (K, D, D), or (K, D) for diagonal ones.

References:
    Pattern Recognition and Machine Learning (Christopher Bishop, 2006), section 2.3.1, for conditional Gaussians,
        https://www.microsoft.com/en-us/research/publication/pattern-recognition-machine-learning/
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saddlepoint.errors import SettingError
from saddlepoint.models.draws import draw_index, draw_normal

LOG_2PI = math.log(2 * math.pi)
NUMBERS = 2**22  # of the largest intermediate result, which limits the rows of a chunk


def cholesky(covariances: Tensor) -> Tensor:
    """Return the Cholesky factors of covariances (..., D, D).

    Raises:
        SettingError: one of them is singular.
    """
    try:
        factors: Tensor = torch.linalg.cholesky(covariances)
    except RuntimeError:  # torch's LinAlgError is one
        raise SettingError(
            "model.reg_covar: a covariance is singular, because the examples do not vary in some direction: raise it."
        ) from None
    return factors


def component_log_prob(x: Tensor, means: Tensor, covariances: Tensor, known: Tensor | None = None) -> Tensor:
    """log N(x; mean_k, covariance_k) of every component k.

    Args:
        x: (N, D).
        means: (K, D).
        covariances: (K, D, D) or (K, D).
        known: (N, D) bool; the density is that of the known numbers of each row. None if all are known.

    Returns:
        (N, K) nats.
    """
    if covariances.ndim == 2:
        return _diagonal(x, means, covariances, known)
    size = means.numel() * (1 if known is None else means.shape[1])
    rows = max(1, NUMBERS // size)
    if known is None:
        factors = cholesky(covariances)
        # Multiplying by inverses is many times as fast as solving for every example.
        identity = torch.eye(means.shape[1], dtype=means.dtype)
        inverses = torch.linalg.solve_triangular(factors, identity.expand_as(factors), upper=False)
        log_dets = factors.diagonal(dim1=1, dim2=2).log().sum(1)
        return torch.cat([_full(part, means, inverses, log_dets) for part in torch.split(x, rows)])
    parts = zip(torch.split(x, rows), torch.split(known, rows), strict=True)
    return torch.cat([_full_known(part, means, covariances, mask) for part, mask in parts])


def _diagonal(x: Tensor, means: Tensor, variances: Tensor, known: Tensor | None) -> Tensor:
    precision = 1 / variances
    if known is None:
        constant = (means.square() * precision + variances.log() + LOG_2PI).sum(1)
    else:
        x = torch.where(known, x, 0.0)
        constant = known.to(x) @ (means.square() * precision + variances.log() + LOG_2PI).T
    return -0.5 * (x.square() @ precision.T - 2 * x @ (means * precision).T + constant)


def _full(x: Tensor, means: Tensor, inverses: Tensor, log_dets: Tensor) -> Tensor:
    white: Tensor = (x - means[:, None]) @ inverses.transpose(1, 2)  # (K, N, D)
    log_prob = -0.5 * (white.square().sum(2) + x.shape[1] * LOG_2PI) - log_dets[:, None]
    rows: Tensor = log_prob.T
    return rows


def _full_known(x: Tensor, means: Tensor, covariances: Tensor, known: Tensor) -> Tensor:
    difference = torch.where(known[:, None], x[:, None] - means, 0.0)  # (N, K, D)
    factors = torch.linalg.cholesky(_known_block(covariances, known[:, None]))
    white = torch.linalg.solve_triangular(factors, difference[..., None], upper=False)[..., 0]
    log_dets = factors.diagonal(dim1=2, dim2=3).log().sum(2)
    log_prob: Tensor = -0.5 * (white.square().sum(2) + known.sum(1, keepdim=True) * LOG_2PI) - log_dets
    return log_prob


def _known_block(covariances: Tensor, known: Tensor) -> Tensor:
    """Covariances (..., D, D) with rows and columns of unknown numbers replaced by those of the identity matrix.

    Its determinant and its quadratic form, at 0 for the unknown numbers, are those of the block of known numbers.
    """
    both = known[..., :, None] & known[..., None, :]
    return torch.where(both, covariances, torch.eye(covariances.shape[-1], dtype=covariances.dtype))


def draw_components(component: Tensor, means: Tensor, covariances: Tensor, generator: torch.Generator | None) -> Tensor:
    """Draw x ~ N(mean_k, covariance_k).

    Args:
        component: (N,) int64, k of each row.
        means: (K, D).
        covariances: (K, D, D) or (K, D).
        generator: draws the numbers.

    Returns:
        (N, D).
    """
    normal = draw_normal((len(component), means.shape[1]), generator)
    if covariances.ndim == 2:
        return means[component] + covariances.sqrt()[component] * normal
    factors = cholesky(covariances)
    drawn = torch.empty_like(normal)
    for k in torch.unique(component).tolist():  # a factor for each row would need N D^2 numbers
        rows = component == k
        drawn[rows] = means[k] + normal[rows] @ factors[k].T
    return drawn


def complete_components(
    x: Tensor,
    known: Tensor,
    component: Tensor,
    means: Tensor,
    covariances: Tensor,
    generator: torch.Generator | None,
) -> Tensor:
    """Draw the unknown numbers of rows from their component, given the known ones.

    A joint draw x* is corrected by the regression on the known numbers: x* + S_uk S_kk^-1 (x_k - x*_k) has the conditional
    distribution.

    Args:
        x: (N, D).
        known: (N, D) bool.
        component: (N,) int64.
        means: (K, D).
        covariances: (K, D, D) or (K, D).
        generator: draws the numbers.

    Returns:
        (N, D); known numbers are those of x.
    """
    drawn = draw_components(component, means, covariances, generator)
    if covariances.ndim == 2:
        return torch.where(known, x, drawn)
    rows = max(1, NUMBERS // covariances[0].numel())
    difference = torch.where(known, x - drawn, 0.0)
    corrected = []
    for k, d, mask in zip(
        torch.split(component, rows), torch.split(difference, rows), torch.split(known, rows), strict=True
    ):
        of_rows = covariances[k]
        solved = torch.linalg.solve(_known_block(of_rows, mask), d[..., None])
        corrected.append((of_rows @ torch.where(mask[..., None], solved, 0.0))[..., 0])
    return torch.where(known, x, drawn + torch.cat(corrected)) if corrected else x


def mixture_log_prob(
    x: Tensor, log_weights: Tensor, means: Tensor, covariances: Tensor, known: Tensor | None = None
) -> Tensor:
    """log of a mixture's density, (N, D) -> (N,) nats; of the known numbers alone if there is a mask (N, D)."""
    return (component_log_prob(x, means, covariances, known) + log_weights).logsumexp(1)


def complete_mixture(
    x: Tensor,
    known: Tensor,
    log_weights: Tensor,
    means: Tensor,
    covariances: Tensor,
    generator: torch.Generator | None,
) -> Tensor:
    """Draw the unknown numbers of rows (N, D) from a mixture, given the known ones: first the component, then the numbers."""
    joint = component_log_prob(x, means, covariances, known) + log_weights
    component = draw_index(joint.softmax(1), generator)
    return complete_components(x, known, component, means, covariances, generator)
