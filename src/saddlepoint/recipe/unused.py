"""Settings without effect: they differ from their defaults, and belong to a part that is switched off or not chosen.

They are noted and not refused, because an axis of a study may switch the part off in some of its runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from saddlepoint.models.settings import FamilySettings
from saddlepoint.settings import Settings
from saddlepoint.yaml_text import write_line

OFF = (0, "none")
OF_GRADIENTS = ("optimiser", "ema", "recycle_every")  # settings of training that only players with weights use


def unused_settings(recipe: BaseModel) -> list[str]:
    """Return one note that lists the settings of a recipe that have no effect; an empty list if there are none.

    Args:
        recipe: or one of its sections.
    """
    found = [*_unused(recipe, ""), *_without_gradients(recipe)]
    return [f"These settings have no effect: {'; '.join(found)}."] if found else []


def _unused(settings: BaseModel, prefix: str) -> Iterator[str]:
    unused = dict(_switched_off(settings, prefix)) if isinstance(settings, Settings) else {}
    for name, why in unused.items():
        full = f"{prefix}{name}"
        is_section = isinstance(getattr(settings, name), BaseModel)
        yield f"{full if is_section else write_line({full: settings.model_dump(mode='json')[name]})} ({why})"
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        entries = value.items() if isinstance(value, Mapping) else [("", value)]
        for key, entry in entries:
            if isinstance(entry, BaseModel) and name not in unused:
                yield from _unused(entry, f"{prefix}{name}.{key}." if key else f"{prefix}{name}.")


def _without_gradients(recipe: BaseModel) -> Iterator[str]:
    """Settings of training that a model without gradients does not use, with the reason."""
    model, training = getattr(recipe, "model", None), getattr(recipe, "training", None)
    if not isinstance(model, FamilySettings) or model.gradients or not isinstance(training, BaseModel):
        return
    for name in OF_GRADIENTS:
        field, value = type(training).model_fields[name], getattr(training, name)
        if value != field.get_default(call_default_factory=True):
            full = f"training.{name}"
            text = full if isinstance(value, BaseModel) else write_line({full: value})
            yield f"{text} (a {model.family} model is fitted without gradients)"


def _switched_off(settings: Settings, prefix: str) -> Iterator[tuple[str, str]]:
    """Names of settings that differ from their defaults and have no effect, with the reason."""
    for name, (switch, *needed) in settings.used_with.items():
        field, chosen = type(settings).model_fields[name], getattr(settings, switch)
        is_used = chosen in needed if needed else chosen not in OFF
        if is_used or chosen is None or getattr(settings, name) == field.get_default(call_default_factory=True):
            continue
        yield (
            name,
            f"{prefix}{switch} is {_text(chosen)}" + (f", not {' or '.join(map(_text, needed))}" if needed else ""),
        )


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
