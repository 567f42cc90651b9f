"""Notes on settings of a run that were edited by hand between a checkpoint and its resumption.

Every checkpoint holds the settings of the model and of its training. An edit of `recipe.yaml` changes the rest of the run alone, so that
the recipe no longer repeats the whole run: a resumed session says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from saddlepoint.recipe import Recipe

SECTIONS = ("model.", "training.")
# `resume` changes these itself, and reports what follows; others decide what is written, and no step of training.
IGNORED = (
    "training.steps",
    "training.optimiser.schedule_steps",
    *(
        f"training.{name}"
        for name in ("keep", "checkpoint_every", "sample_every", "samples", "device", "threads", "precision")
    ),
)
NAMED = 3  # settings in a note


def recorded_settings(recipe: Recipe) -> dict[str, Any]:
    """Return the settings that a checkpoint records, as JSON values by dotted name."""
    return {
        entry.name: value
        for entry, value in recipe.settings()
        if entry.name.startswith(SECTIONS) and entry.name not in IGNORED
    }


def describe_edits(saved: Mapping[str, Any], recipe: Recipe) -> str:
    """Describe how a recipe differs from the settings of a checkpoint.

    A setting that the checkpoint does not have counts as the default, which it had before the version that brought it; one that the
    recipe does not have, as None: a part that was removed.

    Args:
        saved: what `recorded_settings` returned when the checkpoint was written.
        recipe: of the resumed run.

    Returns:
        "model.penalties.r1.weight was 1.0 and is none"; empty if nothing differs.
    """
    present, usual = (
        recorded_settings(each) for each in (recipe, Recipe.from_mapping({"model": {"family": recipe.model.family}}))
    )
    pairs = {name: (saved.get(name, usual.get(name)), present.get(name)) for name in {**saved, **present}}
    changed = [
        f"{name} was {_shown(before)} and is {_shown(after)}"
        for name, (before, after) in pairs.items()
        if _shown(before) != _shown(after)
    ]
    more = len(changed) - NAMED
    return ", ".join(changed[:NAMED]) + (f", and {more} more" if more > 0 else "")


def _shown(value: Any) -> str:
    return "none" if value is None else json.dumps(value, sort_keys=True, default=str)
