"""Learning rates as pure functions of the step, so that a resumed run follows its schedule without saved state."""

from __future__ import annotations

import math
from collections.abc import Callable

from saddlepoint.training.settings import OptimiserSettings, ScheduleName

Factor = Callable[[OptimiserSettings, int, int], float]


def constant(settings: OptimiserSettings, step: int, steps: int) -> float:
    """1 at every step."""
    return 1.0


def exponential(settings: OptimiserSettings, step: int, steps: int) -> float:
    """decay_rate ^ (step / decay_steps); with `staircase` the exponent is rounded down."""
    passed = step // settings.decay_steps if settings.staircase else step / settings.decay_steps
    return float(settings.decay_rate**passed)


def cosine(settings: OptimiserSettings, step: int, steps: int) -> float:
    """Half a cosine from 1 at the first step to `final_fraction` at the last.

    References:
        SGDR: Stochastic Gradient Descent with Warm Restarts (Ilya Loshchilov, Frank Hutter, 2017),
        https://arxiv.org/abs/1608.03983, equation 5, one cycle
    """
    final = settings.final_fraction
    return final + (1.0 - final) * 0.5 * (1.0 + math.cos(math.pi * _progress(settings, step, steps)))


def linear(settings: OptimiserSettings, step: int, steps: int) -> float:
    """A straight line from 1 at the first step to `final_fraction` at the last."""
    return 1.0 - (1.0 - settings.final_fraction) * _progress(settings, step, steps)


SCHEDULES: dict[ScheduleName, Factor] = {
    "constant": constant,
    "exponential": exponential,
    "cosine": cosine,
    "linear": linear,
}


def learning_rate(settings: OptimiserSettings, step: int, steps: int) -> float:
    """Return the learning rate of one step.

    Args:
        settings: of the player.
        step: from 0; after the last step the rate stays at that of the last.
        steps: length of the run.
    """
    return settings.learning_rate * SCHEDULES[settings.schedule](settings, step, steps)


def _progress(settings: OptimiserSettings, step: int, steps: int) -> float:
    """0 at the first step, 1 at the last of the schedule and after it."""
    length = settings.schedule_steps or steps
    return min(step / max(length - 1, 1), 1.0)
