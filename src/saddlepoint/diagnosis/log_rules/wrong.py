"""The discriminator is worse than one that guesses (GAN104): it gets examples wrong that it should tell apart."""

from __future__ import annotations

from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.log_rules.blind_values import CROSS_ENTROPY, MARGIN, SQUARED_ERROR, kind_of
from saddlepoint.diagnosis.log_rules.stretches import last_stretch, median, together
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

# Above the loss of guessing: 1.39 nats, 1/2, 2. A loss that is averaged and not summed is half of that, so this is far above.
WORSE = {CROSS_ENTROPY: 1.8, SQUARED_ERROR: 0.7, MARGIN: 2.5}
# The generator's loss where the discriminator takes its samples for real: -log .9, (1 - .85)^2, a score beyond the margin.
FOOLED = {CROSS_ENTROPY: 0.1, SQUARED_ERROR: 0.02, MARGIN: -1.0}


@rule("GAN104", traits={"gan", "log"}, without={"unbounded"})
def discriminator_gets_everything_wrong(d_loss: Series, g_loss: Series, run: Facts) -> Finding | None:
    """The discriminator's loss stays above that of guessing.

    It would fall to the loss of guessing if the discriminator learnt anything (2 log 2 for cross-entropies: Generative Adversarial Nets,
    Ian Goodfellow et al., 2014, section 4.1, https://arxiv.org/abs/1406.2661).
    """
    kind = kind_of(run.traits)
    if kind not in WORSE:
        return None
    steps, rows = together(d_loss, g_loss)
    start = last_stretch(rows, lambda d, _: d > WORSE[kind])
    if start is None:
        return None
    d, g = zip(*rows[start:], strict=True)
    fooled = median(g) < FOOLED[kind]
    return Finding(
        "GAN104",
        "failure",
        steps[start],
        f"The discriminator gets {'everything' if fooled else 'more than half'} wrong: its loss stays at {median(d):.3g}, above that of "
        f"guessing, and the generator's loss is {median(g):.2g}.",
        {"discriminator_loss": median(d), "generator_loss": median(g), "window": [steps[start], steps[-1]]},
    )
