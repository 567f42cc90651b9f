"""The discriminator's loss is near 0 for long: it recognises every example (GAN101)."""

from __future__ import annotations

from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.log_rules.blind_values import CROSS_ENTROPY, MARGIN, SQUARED_ERROR, kind_of
from saddlepoint.diagnosis.log_rules.stretches import last_stretch, median, together
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

# Of 1.39 (or .69) nats, of 1/2 (or 1/4), and of 2, where the discriminator cannot distinguish.
NEAR_ZERO = {CROSS_ENTROPY: 0.05, SQUARED_ERROR: 0.005, MARGIN: 0.02}
CATCHES_UP = 0.75  # of the generator's loss at the beginning of the stretch


@rule("GAN101", traits={"gan", "log"}, without={"unbounded"})
def discriminator_loss_stays_near_zero(d_loss: Series, g_loss: Series, run: Facts) -> Finding | None:
    """The discriminator's loss stays near 0 until the end of the log, and the generator's loss does not fall.

    "D loss goes to 0: failure": How to Train a GAN? Tips and tricks to make GANs work (Chintala, Denton, Arjovsky, Mathieu, 2016), point
    10, https://github.com/soumith/ganhacks
    """
    limit = NEAR_ZERO.get(kind_of(run.traits))
    steps, rows = together(d_loss, g_loss)
    start = None if limit is None else last_stretch(rows, lambda d, _: 0 <= d < limit)
    if start is None:
        return None
    d, g = zip(*rows[start:], strict=True)
    half = len(g) // 2
    if median(g[half:]) < CATCHES_UP * median(g[:half]):
        return None
    return Finding(
        "GAN101",
        "warning",  # whether samples are bad is not in the losses
        steps[start],
        f"The discriminator's loss stays near 0 (median {median(d):.2g}): it recognises nearly every example, and the generator's loss "
        f"({median(g):.3g}) does not fall.",
        {"discriminator_loss": median(d), "generator_loss": median(g), "window": [steps[start], steps[-1]]},
    )
