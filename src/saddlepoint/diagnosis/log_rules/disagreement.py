"""Both losses are near 0 together, which one game cannot have: the players' labels or signs disagree (GAN106)."""

from __future__ import annotations

from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.log_rules.stretches import last_stretch, median, together
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

# Nats, or squares. A generator's loss of .1 is a belief of .9 (a square: .7) in its samples, which costs the discriminator at least 1.15 (.23).
SMALL = 0.1


@rule("GAN106", traits={"gan", "log"}, without={"unbounded", "margin"})
def players_disagree(d_loss: Series, g_loss: Series, run: Facts) -> Finding | None:
    """Both losses are positive and near 0: the players work together, towards samples that the discriminator recognises.

    What one player of a zero-sum game gains the other loses: Generative Adversarial Nets (Ian Goodfellow et al., 2014), equation 1,
    https://arxiv.org/abs/1406.2661
    """
    steps, rows = together(d_loss, g_loss)
    start = last_stretch(rows, lambda d, g: 0 <= d < SMALL and 0 <= g < SMALL)
    if start is None or not median([g for _, g in rows[start:]]) > 0:
        return None
    d, g = zip(*rows[start:], strict=True)
    return Finding(
        "GAN106",
        "failure",
        steps[start],
        f"Both losses are near 0 ({median(d):.2g} and {median(g):.2g}), which players that oppose each other cannot have: their labels or signs "
        "disagree, so the generator is not trained to fool the discriminator.",
        {"discriminator_loss": median(d), "generator_loss": median(g), "window": [steps[start], steps[-1]]},
    )
