"""Learning rates of a run that is trained for more steps than its recipe first had.

Cosine and linear schedules end at the last step. With more steps the schedule is stretched, so that the rate jumps up at the
step where training continues. These functions compute the jump, and can avoid it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from saddlepoint.errors import SettingError
from saddlepoint.recipe import Recipe
from saddlepoint.training.schedules import learning_rate
from saddlepoint.training.settings import OptimiserSettings, TrainingSettings

LARGE = 0.1  # relative change from which a jump is reported
STRETCHED = ("cosine", "linear")  # schedules that are as long as training


@dataclass(frozen=True)
class RateJump:
    """A change of a player's learning rate at the step where training continues.

    Attributes:
        role: of the player.
        before: the learning rate before this step.
        after: the learning rate after it.
    """

    role: str
    before: float
    after: float

    def __str__(self) -> str:
        return f"the learning rate of the {self.role} jumps from {self.before:.3g} to {self.after:.3g}"


def rate_jumps(old: TrainingSettings, new: TrainingSettings, roles: Iterable[str], step: int) -> list[RateJump]:
    """Return the jumps of more than a tenth between two settings of the same training.

    Args:
        old: settings up to `step`.
        new: settings from `step` on.
        roles: of the players that are trained.
        step: steps already done.
    """
    jumps = []
    for role in dict.fromkeys(roles):
        before = learning_rate(old.player(role), step, old.steps)
        after = learning_rate(new.player(role), step, new.steps)
        if abs(after - before) > LARGE * before:
            jumps.append(RateJump(role, before, after))
    return jumps


def jump_in_words(jumps: Iterable[RateJump], old_steps: int, new_steps: int, *, can_keep: bool = True) -> str:
    """Describe jumps of the learning rate.

    Args:
        jumps: the result of `rate_jumps`.
        old_steps: last step of the run before.
        new_steps: its last step now.
        can_keep: whether `keep_rates` accepts these settings (see `keep_rate_option`).

    Returns:
        One or two sentences; empty if there is no jump.
    """
    all_jumps = list(jumps)
    if not all_jumps:
        return ""
    equal = len({(jump.before, jump.after) for jump in all_jumps}) == 1
    first = all_jumps[0]
    jump_text = (
        f"the learning rate jumps from {first.before:.3g} to {first.after:.3g}"
        if equal
        else ", ".join(map(str, all_jumps))
    )
    keep = " To keep the rate where it is, resume with --keep-rate (in Python: keep_rate=True)." if can_keep else ""
    return f"With {new_steps:,} steps instead of {old_steps:,} the schedule is stretched: {jump_text}.{keep}"


def keep_rates(old: Recipe, new: Recipe) -> Recipe:
    """Return `new` with schedules as long as those of `old`: the rate does not jump but stays at its final value.

    The resulting recipe repeats the whole run, including the part before the change.

    Args:
        old: the recipe so far.
        new: the recipe with more steps.

    Raises:
        SettingError: a schedule ends at 0, so that nothing more would be trained.
    """
    training = old.training
    stretched = [own for own in _all(training) if own.schedule in STRETCHED and own.schedule_steps is None]
    if not stretched:
        return new
    ended = [own for own in stretched if own.final_fraction == 0]
    if ended and new.training.steps > training.steps:
        raise SettingError(
            f"resume: the learning rate cannot be kept: the {ended[0].schedule} schedule ends at 0 at step {training.steps:,} "
            "(final_fraction 0), and at 0 nothing more is trained. Leave out --keep-rate (keep_rate=True): the schedule is "
            "then stretched over all steps."
        )
    return new.override({"training.optimiser.schedule_steps": training.steps}, where="resume")


def keep_rate_option(recipe: Recipe) -> str:
    """Return the option to suggest with more steps: "--keep-rate" if the rate would jump and can be kept, otherwise empty."""
    stretched = [own for own in _all(recipe.training) if own.schedule in STRETCHED and own.schedule_steps is None]
    return "--keep-rate" if stretched and all(own.final_fraction > 0 for own in stretched) else ""


def _all(training: TrainingSettings) -> list[OptimiserSettings]:
    """The settings of all players that have settings of their own."""
    return [training.optimiser, *(training.player(role) for role in training.players)]
