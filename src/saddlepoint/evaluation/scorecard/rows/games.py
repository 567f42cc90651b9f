"""How far a game of two players is from its equilibrium: what a copy of each could still gain in a few steps."""

from __future__ import annotations

from collections.abc import Mapping

from saddlepoint.data.split import shuffled_order
from saddlepoint.errors import DataError, SaddlepointError
from saddlepoint.evaluation.metrics.duality_gap import duality_gap
from saddlepoint.evaluation.scorecard.metric_types import Measurement, ModelMetric, estimate_of
from saddlepoint.evaluation.scorecard.subject import Subject
from saddlepoint.models.capabilities import Adversarial, Playable, require

EXAMPLES = 2_000  # held-out examples, half of them to train copies on and half to measure them
STEPS, LEARNING_RATE, BATCH = 50, 1e-3, 64  # of a copy's training; gaps compare at equal ones only

NOTES = (
    f"A lower estimate: Adam at a rate of {LEARNING_RATE:g} for {STEPS} steps of {BATCH} examples is no "
    "optimal answer. Compare it only with other models that have the same losses.",
)


def gains(subject: Subject) -> Mapping[str, Measurement]:
    """The duality gap and its two parts, on held-out examples."""
    game, model = require(subject.model, Adversarial), require(subject.model, Playable)
    held_out = subject.dataset.held_out
    if held_out is None or len(held_out) < 2 * BATCH:
        raise DataError(f"it needs {2 * BATCH} held-out examples, to answer on one half and measure on the other.")
    chosen = shuffled_order(len(held_out), subject.seed)[:EXAMPLES]
    x, labels = held_out.x[chosen], None if held_out.y is None else held_out.y[chosen]
    try:
        found = duality_gap(
            model, x, labels=labels, steps=STEPS, learning_rate=LEARNING_RATE, batch_size=BATCH, seed=subject.seed
        )
    except SaddlepointError:
        raise
    except Exception as error:  # a loss or a network of the user's own may fail outside of training
        raise DataError(
            f"the game could not be played on held-out examples ({type(error).__name__}: {error})."
        ) from error
    return {
        "duality_gap": Measurement(estimate_of(found.gap)),
        "discriminator_gain": Measurement(estimate_of(found.gains[game.critic_player])),
        "generator_gain": Measurement(estimate_of(found.gains[game.generator_player])),
    }


METRICS = {
    "duality_gap": ModelMetric(
        title="Duality gap of the game",
        section="game",
        better="lower",
        measure=gains,
        meaning=f"What both could gain in {STEPS} steps alone, on held-out examples: 0 at an equilibrium.",
        unit="nats",
        needs=(Adversarial, Playable),
        notes=NOTES,
        work=5.0,
    ),
    "discriminator_gain": ModelMetric(
        title="What the discriminator could gain",
        section="game",
        better="none",
        measure=gains,
        meaning="Its part of the gap: large where samples are bad and it has not learnt to recognise them.",
        unit="nats",
        needs=(Adversarial, Playable),
        notes=NOTES,
    ),
    "generator_gain": ModelMetric(
        title="What the generator could gain",
        section="game",
        better="none",
        measure=gains,
        meaning="Its part of the gap: large where the present discriminator can be fooled.",
        unit="nats",
        needs=(Adversarial, Playable),
        notes=NOTES,
    ),
}
