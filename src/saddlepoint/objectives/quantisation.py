"""Vector quantisation: the nearest code of each vector, its gradient, and the losses of a VQ-VAE and its prior."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from saddlepoint.objectives.evidence import LogProb
from saddlepoint.objectives.noise import noise_bundle
from saddlepoint.objectives.phase import KEPT, Batch, Loss, Nets, Observations
from saddlepoint.objectives.precision import at_least_float32

COUNTS, SUMS, CANDIDATES = f"{KEPT}counts", f"{KEPT}sums", f"{KEPT}candidates"


@noise_bundle
@dataclass(frozen=True)
class QuantisationNoise:
    """The random numbers of one update.

    Attributes:
        place: (B,), uniform on [0, 1): which vector of an example may replace a code that is not in use.
    """

    place: Tensor


class Quantised(NamedTuple):
    """A forward pass of P vectors for each of B examples through a codebook of K codes.

    Attributes:
        output: (B, *event), the decoder's output.
        vectors: (B, P, D), the encoder's output.
        nearest: (B, P, D), the nearest codes, with the gradient to the codebook.
        indices: (B, P) int64 of the nearest codes.
        codebook: (K, D).
        log_scale: () of the likelihood; None if it has none.
    """

    output: Tensor
    vectors: Tensor
    nearest: Tensor
    indices: Tensor
    codebook: Tensor
    log_scale: Tensor | None


def nearest_codes(vectors: Tensor, codebook: Tensor) -> Tensor:
    """Return the indices (...) int64 of the codes (K, D) that are nearest to vectors (..., D)."""
    vectors, codebook = at_least_float32(vectors), at_least_float32(codebook)
    with torch.autocast(vectors.device.type, enabled=False):  # distances in half precision would choose other codes
        # The squared norm of a vector is the same for all codes.
        distances = codebook.square().sum(1) - 2 * vectors @ codebook.T
    return distances.argmin(-1)


def straight_through(vectors: Tensor, codes: Tensor) -> Tensor:
    """Return the codes, with the gradient of the vectors.

    Args:
        vectors: (..., D).
        codes: (..., D).

    References:
        Estimating or Propagating Gradients Through Stochastic Neurons for Conditional Computation (Yoshua Bengio, Nicholas Leonard,
            Aaron Courville, 2013), https://arxiv.org/abs/1308.3432
    """
    return vectors + (codes - vectors).detach()


def perplexity(counts: Tensor) -> Tensor:
    """e^(entropy) of the shares in counts (K,): K for equal shares, 1 if a single code is in use; ()."""
    shares = counts / counts.sum().clamp_min(1)
    return torch.exp(-torch.special.xlogy(shares, shares).sum())


def quantisation_loss(log_prob: LogProb, commitment: float, *, average: bool) -> Loss:
    """Return the loss -log p(x | codes) + commitment ||vectors - [codes]||^2 + ||[vectors] - codes||^2, [] without gradient.

    The last term is left out where moving averages train the codebook. The loss uses nets["vq"](x) -> `Quantised` and a
    `QuantisationNoise`. It observes `reconstruction` (B,) nats, `commitment` (B,), `perplexity` () of the codes in the batch and
    `used_share` () of the codebook. For moving averages it also returns, for `Phase.keep`, how many vectors chose each code
    (K,), the sums of these vectors (K, D), and one vector of each example (B, D).

    Args:
        log_prob: (x, output, log_scale) -> log p(x | codes), (B,) nats.
        commitment: weight of the distance, at least 0.
        average: whether moving averages train the codebook.

    References:
        Neural Discrete Representation Learning (Aaron van den Oord, Oriol Vinyals, Koray Kavukcuoglu, 2017),
            https://arxiv.org/abs/1711.00937
    """

    def loss(nets: Nets, batch: Batch, noise: QuantisationNoise) -> tuple[Tensor, Observations]:
        passed: Quantised = nets["vq"](batch.x)
        vectors, nearest = passed.vectors, passed.nearest
        reconstruction = -log_prob(batch.x, passed.output, passed.log_scale)
        distance = (vectors - nearest.detach()).square().flatten(1).sum(1)
        cost = reconstruction + commitment * distance
        if not average:
            cost = cost + (vectors.detach() - nearest).square().flatten(1).sum(1)
        chosen, flat = passed.indices.flatten(), vectors.detach().flatten(0, 1)
        zeros = torch.zeros_like(passed.codebook.detach(), dtype=vectors.dtype)
        counts = zeros[:, 0].index_add(0, chosen, torch.ones_like(flat[:, 0]))
        observations = {
            "reconstruction": reconstruction.detach(),
            "commitment": distance.detach(),
            "perplexity": perplexity(counts),
            "used_share": (counts > 0).to(vectors.dtype).mean(),
        }
        if average:
            places = (noise.place * vectors.shape[1]).long()
            rows = (torch.arange(vectors.shape[1], device=vectors.device) == places[:, None]).to(vectors.dtype)
            observations |= {
                COUNTS: counts,
                SUMS: zeros.index_add(0, chosen, flat),
                CANDIDATES: (rows[:, :, None] * vectors.detach()).sum(1),
            }
        return cost, observations

    return loss


def code_nats(logits: Tensor, indices: Tensor) -> Tensor:
    """-log p(indices), (B,) nats, from logits (B, P, K) and indices (B, P)."""
    return functional.cross_entropy(at_least_float32(logits).transpose(1, 2), indices, reduction="none").sum(1)


def code_loss(codes: int) -> Loss:
    """Return the loss -log p(codes of x), (B,) nats, of nets["prior"](one-hot codes (B, P, K)) -> logits (B, P, K).

    Args:
        codes: K.
    """

    def loss(nets: Nets, batch: Batch, noise: QuantisationNoise) -> tuple[Tensor, Observations]:
        with torch.no_grad():
            indices = nets["vq"](batch.x).indices
        return code_nats(nets["prior"](one_hot(indices, codes, batch.x)), indices), {}

    return loss


def one_hot(indices: Tensor, codes: int, like: Tensor) -> Tensor:
    """Indices (...) -> (..., codes) with the type of `like`; a comparison, which `torch.func` can stack."""
    return (indices[..., None] == torch.arange(codes, device=indices.device)).to(like.dtype)
