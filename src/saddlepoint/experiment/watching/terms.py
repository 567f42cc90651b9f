"""What the terms of a VAE's loss are sums or means over.

The evidence lower bound sums the reconstruction term over the numbers of an example, and the KL term over the latent units. A mean in
place of one of these sums changes the weight of the KL term, often by orders of magnitude, as a beta does. The forward passes of the
network say which it is: the reconstruction term of the loop is that of the network's output as a sum or as a mean.

References:
    beta-VAE: Learning Basic Visual Concepts with a Constrained Variational Framework (Irina Higgins et al., 2017), section 4.2 on the
        weight of the KL term and the sizes of input and code, https://openreview.net/forum?id=Sy2fzU9gl
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy, binary_cross_entropy_with_logits, l1_loss, mse_loss

from saddlepoint.experiment.watching import findings
from saddlepoint.experiment.watching.harmless import harmless
from saddlepoint.experiment.watching.heads import Heads
from saddlepoint.experiment.watching.scalars import number_of
from saddlepoint.records import Finding

SAME = 1e-3  # relative difference of two losses that are equal up to rounding
AGREE, TRIED = 2, 10  # steps that must agree, of the first ones
LOSSES: tuple[Callable[..., Tensor], ...] = (mse_loss, l1_loss, binary_cross_entropy_with_logits)
HEAVY, LIGHT = 10.0, 0.5  # weights of the KL term, relative to the evidence lower bound
VISIBLE = 1e-4  # share of the loss from which on the KL term is more than a rounding error
SHARES = (1.0, 0.5)  # half the squared error is that of a Gaussian


class Reconstructions:
    """Compares the reconstruction term of the first steps with the outputs of the network.

    Attributes:
        numbers: of an example, if the term is a mean over them; 1 where it is their sum; 0 where it is not known.
        multiple: of the term of one example that the loop's term is; 1 where it is not known.
        weights: of the KL term in the loss, the lowest and the highest of the first steps; 1 where the loss was not passed.
        settled: whether no more steps are compared.
        failed: see `harmless`.
    """

    def __init__(self, network: nn.Module) -> None:
        """Prepare; `attach` begins.

        Args:
            network: (B, ...) -> the reconstruction, or several outputs of which the first one with the size of the input counts.
        """
        self._network = network
        self._handle: Any = None
        self._pair: tuple[Tensor, Tensor] | None = None
        self._tries = 0
        self._agree: dict[int, int] = {}
        self._weights: list[float] = []
        self.numbers, self.multiple = 0, 1.0
        self.settled = False
        self.failed: Exception | None = None

    def attach(self) -> None:
        """Register the hook."""
        self._handle = self._network.register_forward_hook(self._passed)

    def detach(self) -> None:
        """Remove the hook."""
        if self._handle is not None:
            self._handle.remove()
        self._handle = self._pair = None
        self.settled = True

    @property
    def weights(self) -> tuple[float, float]:
        """See the class."""
        return (min(self._weights), max(self._weights)) if self._weights else (1.0, 1.0)

    @harmless
    def _passed(self, network: nn.Module, inputs: Any, output: Any) -> None:
        if not inputs or not isinstance(inputs[0], Tensor):
            return
        x = inputs[0]
        outputs = output if isinstance(output, tuple | list) else (output,)
        made = next((part for part in outputs if isinstance(part, Tensor) and part.numel() == x.numel()), None)
        if made is not None and made.grad_fn is not None and len(x):
            self._pair = (x.detach().flatten(1).float(), made.detach().reshape(len(x), -1).float())

    def compare(self, scalars: Mapping[str, Any]) -> None:
        """Compare the reconstruction term that the loop passed with that of the network's last pass."""
        if self.settled:
            return
        pair, self._pair = self._pair, None
        value, kl = number_of(scalars.get("reconstruction")), number_of(scalars.get("kl"))
        loss = number_of(scalars.get("loss", scalars.get("vae_loss")))
        if kl > VISIBLE * abs(loss) and math.isfinite(value):
            self._weights.append((loss - value) / kl)
        if pair is not None and value > 0:
            self._recognise(value, *pair)
        self._tries += 1
        if self.numbers or self._tries >= TRIED:
            self.detach()

    def _recognise(self, value: float, x: Tensor, made: Tensor) -> None:
        """Find a usual term, as a sum or as a mean, that equals the value."""
        units = x.shape[1]
        terms = [share * units * term for term in _terms(x, made) for share in SHARES]
        for multiple in (1.0, float(len(x)), 1 / units):
            if any(math.isclose(value, multiple * term, rel_tol=SAME) for term in terms):
                numbers = units if multiple < 1 else 1
                self._agree[numbers] = self._agree.get(numbers, 0) + 1
                if self._agree[numbers] >= AGREE:
                    self.numbers, self.multiple = numbers, multiple
                return


def _terms(x: Tensor, made: Tensor) -> list[float]:
    """Return the usual reconstruction terms (B, D), (B, D) -> means over everything."""
    losses = (*LOSSES, binary_cross_entropy) if _is_unit(made) and _is_unit(x) else LOSSES
    with torch.no_grad():
        return [float(loss(made, x)) for loss in losses]


def _is_unit(x: Tensor) -> bool:
    """Whether all numbers are from 0 to 1, as probabilities are."""
    return 0 <= float(x.min()) <= float(x.max()) <= 1


def unequal(heads: Heads, reconstructions: Reconstructions | None, step: int) -> Finding | None:
    """Return the finding that one term is a mean over what it should sum, so that the KL term has another weight than it should have.

    Args:
        heads: that compared the KL term.
        reconstructions: that compared the reconstruction term; None where the network was not given.
        step: of the finding.
    """
    if not heads.settled or (reconstructions is not None and not reconstructions.settled):
        return None
    if reconstructions is None or not reconstructions.numbers:
        return findings.averaged_kl(step, heads.averaged_units) if heads.averaged_units > 1 else None
    units, numbers = heads.averaged_units, reconstructions.numbers
    ratio = heads.multiple / reconstructions.multiple
    lowest, highest = reconstructions.weights
    if ratio > 1 and lowest * ratio >= HEAVY:
        weight = lowest * ratio
    elif ratio < 1 and max(highest, 1.0) * ratio <= LIGHT:  # a weight below 1 may be that of a warm-up
        weight = max(highest, 1.0) * ratio
    else:
        return None
    kl = _reduction(heads.multiple, units, "latent units")
    reconstruction = _reduction(reconstructions.multiple, numbers, "numbers of an example")
    return findings.unequal_terms(step, kl, reconstruction, weight)


def _reduction(multiple: float, averaged: int, of: str) -> str:
    """Say what a term is: a multiple of that of one example, averaged over so many numbers."""
    if averaged > 1:
        return f"a mean over the batch and the {averaged:,} {of}"
    return "a sum over the batch" if multiple > 1 else "a mean over the batch"
