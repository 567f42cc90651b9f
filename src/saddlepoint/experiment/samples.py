"""Draw the sample picture of a step, with the moving averages of the weights if there are any."""

from __future__ import annotations

from saddlepoint.experiment.context import RunContext
from saddlepoint.experiment.journal import Journal
from saddlepoint.experiment.measurement import Measurement
from saddlepoint.experiment.pictures import Pictures


def draw_samples(
    context: RunContext, journal: Journal, measurement: Measurement | None, pictures: Pictures, step: int
) -> None:
    """Draw samples into the run's folder and into TensorBoard's log; a failure does not stop training.

    Args:
        context: the run.
        journal: writes TensorBoard's log.
        measurement: fits the parts that are not trained, without which some models cannot sample; None where there is nothing to
            fit.
        pictures: draws the samples.
        step: steps done.

    Raises:
        RunError: the run's folder was removed or replaced.
    """
    journal.check_place()
    with context.best_effort("A sample picture"):
        if measurement is not None and measurement.has_finite_weights() and not measurement.fit():
            return
        with context.state.averaged(context.model):
            pictures.sample_grid(step)
        journal.samples(step, pictures.heads())
