"""Error messages for recipes: one sentence with the setting, its value, and the probable correction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from saddlepoint.errors import nearest, shortened, suggestion
from saddlepoint.models.settings import FAMILIES
from saddlepoint.open_sections import UNKNOWN_KEY
from saddlepoint.recipe.aliases import usual_name
from saddlepoint.recipe.fields import fields, find, open_section_at
from saddlepoint.settings import refusal

# pydantic's errors where an entry of a section, or the whole section, is written in another form than it must be.
_OF_ANOTHER_FORM = frozenset({"dict_type", "mapping_type", "model_type", "string_type", "missing"})


def unknown(name: str, recipe: type[BaseModel], content: Mapping[str, Any] | None = None) -> str:
    """Explain why a setting does not exist: it is misspelt, a whole section, or a setting of another family.

    Args:
        name: the dotted name.
        recipe: the settings class.
        content: the values of the recipe, which decide the family.

    Returns:
        The error message.
    """
    entries = list(fields(recipe, content))
    known = [entry.name for entry in entries]
    sections = dict.fromkeys(".".join(entry.path[:end]) for entry in entries for end in range(1, len(entry.path)))
    if name in sections:
        inside = [known_name for known_name in known if known_name.startswith(f"{name}.")]
        example = next((setting for setting in inside if not setting.endswith(".arguments")), inside[0])
        whole = _example(name.split("."), recipe, content)
        whole = f", or write it in a recipe as {whole}" if whole else ""
        return f"{name} is a section, not a setting: set one of its settings, such as {example}{whole}."
    theirs = [family for family in FAMILIES if find(recipe, name, {"model": {"family": family}}) is not None]
    if theirs:
        families = f"families {', '.join(theirs)}" if len(theirs) > 1 else f"family {theirs[0]}"
        return f"{name} is a setting of the {families}, {'none of which this model is' if len(theirs) > 1 else 'which this model is not'}."
    training = (content or {}).get("training")
    batch_size = training.get("batch_size") if isinstance(training, Mapping) else None
    names = [*known, *sections]
    usual = usual_name(name, names, batch_size if isinstance(batch_size, int) and batch_size > 0 else None)
    return f"there is no setting {name}.{usual or suggestion(name, names)}"


def explain(error: ValidationError, recipe: type[BaseModel], content: Mapping[str, Any]) -> str:
    """Describe the first mistake in one sentence, and state how many more there are.

    Args:
        error: of the validation.
        recipe: the settings class.
        content: the values that were validated.

    Returns:
        The error message.
    """
    first, *rest = error.errors()
    path = [str(part) for part in first["loc"]]
    model = content.get("model")
    family = model.get("family") if isinstance(model, Mapping) and path[:1] == ["model"] else None
    name = ".".join(path)
    more = f" ({len(rest)} more like it.)" if rest else ""
    if first["type"] == UNKNOWN_KEY:
        context = first["ctx"]
        name = ".".join([*path, context["name"]])
        section, keys = name.rpartition(".")[0], context["known"].split(", ")
        key = nearest(name.removeprefix(f"{'.'.join(path)}.").rpartition(".")[2], keys)
        meant = usual_name(name, [f"{section}.{known}" for known in keys])
        meant = meant or (f' Did you mean "{section}.{key}"?' if key else "")
        return f"there is no setting {name}.{meant} Known: {context['known']}{context['own']}.{more}"
    if first["type"] == "extra_forbidden":
        return f"{unknown(name, recipe, {'model': {'family': family}} if family else None)}{more}"
    if first["type"].startswith("union_tag"):
        *others, last = FAMILIES
        families = f"{', '.join(others)} or {last}"
        return f"model.family is {shortened(repr(first['input'].get('family')))}; it must be {families}.{more}"
    if not path:
        return f"{first['msg'].removeprefix('Value error, ')}.{more}"
    example = _example(path, recipe, content, of_entry=True) if first["type"] in _OF_ANOTHER_FORM else ""
    example = f"; for example {example}" if example else ""
    return f"{refusal(name, first, shortened(repr(first['input'])))}{example}.{more}"


def _example(
    path: Sequence[str], recipe: type[BaseModel], content: Mapping[str, Any] | None, *, of_entry: bool = False
) -> str:
    """The open section at a path as a recipe can hold it.

    Args:
        path: of a section or setting.
        recipe: the settings class.
        content: the values of the recipe, which decide the family.
        of_entry: whether the path may also lead to an entry of the section, or to the field that its short form sets.

    Returns:
        "model.constraints: {discriminator: spectral}"; empty if there is no such section or example.
    """
    found = open_section_at(recipe, path, content)
    if found is None:
        return ""
    section, opened = found
    inside = list(path[len(section) :])
    # Settings further inside do not appear in the example.
    is_shown = not inside or (of_entry and inside[1:] in ([], [opened.shorthand]))
    return f"{'.'.join(section)}: {opened.example}" if opened.example and is_shown else ""
