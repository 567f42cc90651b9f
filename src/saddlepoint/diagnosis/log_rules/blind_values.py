"""The losses of a discriminator that gives one answer to everything, by objective.

Programs add the losses on real and on generated examples, or average them, so that each value occurs in full and halved.
"""

from __future__ import annotations

import math
from collections.abc import Collection

CROSS_ENTROPY, SQUARED_ERROR, MARGIN, UNBOUNDED = "cross_entropy", "squared_error", "margin", "unbounded"
_FULL = {CROSS_ENTROPY: 2 * math.log(2), SQUARED_ERROR: 0.5, MARGIN: 2.0, UNBOUNDED: 0.0}
CLOSE = 0.01  # relative


def kind_of(traits: Collection[str]) -> str:
    """Return the kind of discriminator loss that a run's traits have; "" for others."""
    return next((kind for kind in _FULL if kind in traits), "")


def blind_values(kind: str) -> tuple[float, ...]:
    """Return the values of the discriminator's loss where it cannot distinguish: summed, then averaged."""
    full = _FULL[kind]
    return (full, 0.5 * full) if full else (0.0,)


def is_blind(kind: str, loss: float) -> bool:
    """Whether a discriminator's loss is at a blind value."""
    return any(abs(loss - value) <= CLOSE * max(value, 0.1) for value in blind_values(kind))


def constant_answer(kind: str, d_loss: float, g_loss: float) -> float | None:
    """Return the one answer to everything that explains both losses, between 0 (generated) and 1 (real); None if there is none.

    A discriminator that answers c has the cross-entropies -log c - log(1 - c), and the squared errors (1 - c)^2 + c^2; the generator's
    losses are then -log c and (1 - c)^2. Any of these may be halved.
    """
    if kind == CROSS_ENTROPY and g_loss > 0:
        answer = math.exp(-g_loss)
        full = g_loss - math.log(max(1 - answer, 1e-12))
        if any(abs(d_loss - part * full) <= CLOSE * part * full for part in (1.0, 0.5)):
            return answer
    if kind == SQUARED_ERROR and 0 <= g_loss <= 1.5:
        for share in (1.0, 0.5):
            answer = 1 - math.sqrt(min(g_loss / share, 1.0))
            full = (1 - answer) ** 2 + answer**2
            if any(abs(d_loss - part * full) <= CLOSE * part for part in (1.0, 0.5)):
                return answer
    return None
