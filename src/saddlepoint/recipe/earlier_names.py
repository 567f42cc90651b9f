"""Names of settings in earlier versions, which recipes, run folders and options may still use.

`EARLIER_NAMES` lists all of them. A row has an earlier dotted name, and either the current name or a conversion function. The
current name is that of a setting, or of a whole section whose settings keep their own names. A row whose current name is below
the earlier one (`model.replay` -> `model.replay.share`) applies to plain values only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from saddlepoint.errors import SettingError, shortened

Lookup = Callable[[str], Any]
# (value, lookup) -> the settings that now say the same, by dotted name; `lookup` gives the present value of a setting or
# section by its present name, or None where it is absent.
Conversion = Callable[[Any, Lookup], Mapping[str, Any]]

# Open sections whose entries may be a plain value (`penalties: {r1: 3}`), and the setting that it is short for.
_SHORT_FORMS = {"model.penalties": "weight", "model.views": "strength"}


def _part(name: str, field: str) -> Conversion:
    """Return the conversion of a number that is the strength of a part; 0 means that there is no such part."""

    def convert(value: Any, lookup: Lookup) -> Mapping[str, Any]:
        absent = lookup(name) is None and str(value).strip() in ("0", "0.0", "None", "none")
        return {} if absent else {f"{name}.{field}": value}

    return convert


def _of_parts(names: Sequence[str], field: str) -> Conversion:
    """Return the conversion of one setting that applied to several parts, which now have it separately."""

    def convert(value: Any, lookup: Lookup) -> Mapping[str, Any]:
        return {f"{name}.{field}": value for name in names if lookup(name) is not None}

    return convert


_NOISE, _PENALTIES, _INSTANCE_NOISE = "model.noise", "model.penalties", "model.views.instance_noise"
EARLIER_NAMES: dict[str, str | Conversion] = {
    # model, in an order in which a conversion finds what it looks up
    "model.latent_distribution": f"{_NOISE}.distribution",
    "model.latent_scale": f"{_NOISE}.scale",
    "model.stratified": f"{_NOISE}.stratified",
    "model.fresh_noise": f"{_NOISE}.fresh",
    "model.r1": _part(f"{_PENALTIES}.r1", "weight"),
    "model.r2": _part(f"{_PENALTIES}.r2", "weight"),
    "model.penalty_half_life": _of_parts((f"{_PENALTIES}.r1", f"{_PENALTIES}.r2"), "half_life"),
    "model.discriminator_steps": "model.updates.discriminator",
    "model.unrolled_steps": "model.updates.unrolled",
    "model.unrolled_rate": "model.updates.unrolled_rate",
    "model.label_smoothing": "model.labels.smoothing",
    "model.label_flipping": "model.labels.flipping",
    "model.minibatch_kernels": "model.discriminator.minibatch_kernels",
    "model.packing": "model.discriminator.packing",
    "model.replay": "model.replay.share",
    "model.replay_size": "model.replay.size",
    "model.instance_noise": _part(_INSTANCE_NOISE, "strength"),
    "model.instance_noise_steps": _of_parts((_INSTANCE_NOISE,), "steps"),
    # training: discriminator and generator were sections of their own
    "training.discriminator": "training.players.discriminator",
    "training.generator": "training.players.generator",
}


def current_content(content: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return nested settings with the current name of every setting.

    Args:
        content: the settings as they were written.
        where: the name of the content in error messages.

    Raises:
        SettingError: a setting has different values under its earlier and its current name.
    """
    moved = _copy(content)
    for earlier, row in EARLIER_NAMES.items():
        value = _lookup(moved, *earlier.split("."))
        if value is None or (isinstance(value, Mapping) and _is_below(row, earlier)):
            continue
        _remove(moved, earlier)
        for name, new in _converted(row, value, lambda name: _lookup(moved, *name.split("."))):
            problem = _lay(moved, name.split("."), new, earlier, name)
            if problem:
                raise SettingError(f"{where}: {problem}.")
    return moved


def current_changes(changes: Mapping[str, Any], content: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return changes with the current name of every setting.

    Args:
        changes: values by dotted name.
        content: the nested settings that will be changed.
        where: the name of the changes in error messages.

    Raises:
        SettingError: a setting is given twice, by its earlier and its current name, with different values.
    """
    moved = dict(changes)
    for earlier, row in EARLIER_NAMES.items():
        for name in [name for name in changes if _means(name, earlier, row)]:
            value = moved.pop(name)
            if isinstance(row, str):
                pairs = [(row + name.removeprefix(earlier), value)]
            else:
                pairs = list(_converted(row, value, lambda name: _changed(moved, name, content)))
            for new_name, new in pairs:
                for other, given in _given(moved, new_name):
                    if given != new:
                        raise SettingError(f"{where}: {_twice(name, other, new, given)}.")
                moved[new_name] = new
    return moved


def current_pairs(
    changes: Mapping[str, tuple[Any, Any]], content: Mapping[str, Any], where: str
) -> dict[str, tuple[Any, Any]]:
    """Return recorded changes, {dotted name: (value before, value after)}, with the current name of every setting.

    Args:
        changes: the recorded changes.
        content: the nested settings of the run that they belong to.
        where: names the changes in error messages.
    """
    before = current_changes({name: pair[0] for name, pair in changes.items()}, content, where)
    # A part that is set to 0 is still there, with a value of 0.
    present = _copy(content)
    for name, value in before.items():
        _lay(present, name.split("."), value, name, name)
    after = current_changes({name: pair[1] for name, pair in changes.items()}, present, where)
    return {name: (before.get(name), after.get(name)) for name in {**before, **after}}


def renamed(changes: Mapping[str, Any], content: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the current names of the changes that have a name of an earlier version.

    Args:
        changes: values by dotted name, which `current_changes` accepts.
        content: the nested settings that will be changed.

    Returns:
        By earlier name, the settings that it stands for here; none for a part of strength 0, which there is no longer.
    """
    moved = current_changes(changes, content, "settings")
    found: dict[str, tuple[str, ...]] = {}
    for earlier, row in EARLIER_NAMES.items():
        for name in [name for name in changes if _means(name, earlier, row)]:
            if isinstance(row, str):
                found[name] = (row + name.removeprefix(earlier),)
            else:
                found[name] = tuple(row(changes[name], lambda name: _changed(moved, name, content)))
    return found


def has_earlier_names(names: Iterable[str]) -> bool:
    """Whether one of these dotted names is that of an earlier version."""
    return any(_means(name, earlier, row) for name in names for earlier, row in EARLIER_NAMES.items())


def _means(name: str, earlier: str, row: str | Conversion) -> bool:
    """Whether a dotted name is the earlier one, or that of a setting in a section with an earlier name."""
    within = isinstance(row, str) and not _is_below(row, earlier) and name.startswith(f"{earlier}.")
    return name == earlier or within


def _is_below(row: str | Conversion, earlier: str) -> bool:
    return isinstance(row, str) and row.startswith(f"{earlier}.")


def _converted(row: str | Conversion, value: Any, lookup: Lookup) -> Iterator[tuple[str, Any]]:
    yield from ({row: value} if isinstance(row, str) else row(value, lookup)).items()


def _copy(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _copy(value) if isinstance(value, Mapping) else value for name, value in content.items()}


def _lookup(content: Any, *path: str) -> Any:
    for part in path:
        if not isinstance(content, Mapping):
            return None
        content = content.get(part)
    return content


def _remove(content: dict[str, Any], name: str) -> None:
    *sections, last = name.split(".")
    for section in sections:
        content = content[section]
    del content[last]


def _changed(changes: Mapping[str, Any], name: str, content: Mapping[str, Any]) -> Any:
    """The value that a setting or section has with the changes: of `name`, of a section that holds it, or of a setting in it."""
    path = name.split(".")
    for depth in range(len(path), 0, -1):
        section = ".".join(path[:depth])
        if section in changes:
            found = _lookup({section: changes[section]}, section, *path[depth:])
            if found is not None or depth == len(path):
                return None if isinstance(found, str) and found.lower() in ("none", "null") else found
    within = {key.removeprefix(f"{name}."): value for key, value in changes.items() if key.startswith(f"{name}.")}
    within = {key: value for key, value in within.items() if value is not None}
    return within or _lookup(content, *path)


def _given(changes: Mapping[str, Any], name: str) -> Iterator[tuple[str, Any]]:
    """Every value that the changes already have for a setting: by its name, in a section, or by the short form of an entry."""
    path = name.split(".")
    for depth in range(len(path), 0, -1):
        section = ".".join(path[:depth])
        if section not in changes:
            continue
        value = _lookup({section: _long_forms(changes[section], section)}, section, *path[depth:])
        if value is not None or depth == len(path):
            yield section if not isinstance(changes[section], Mapping) else name, value


def _long_forms(value: Any, name: str) -> Any:
    """The value of a section or entry in which short forms of entries are written out."""
    section, _, _ = name.rpartition(".")
    if section in _SHORT_FORMS and _is_plain(value):
        return {_SHORT_FORMS[section]: value}
    if isinstance(value, Mapping):
        return {key: _long_forms(below, f"{name}.{key}") for key, below in value.items()}
    return value


def _is_plain(value: Any) -> bool:
    return isinstance(value, int | float | str) and str(value).lower() not in ("none", "null")


def _lay(content: dict[str, Any], path: list[str], value: Any, earlier: str, name: str) -> str:
    """Store a value, or the settings of a section, under the current name.

    Returns:
        An error message if there is another value already, otherwise an empty text.
    """
    *sections, last = path
    for place, section in enumerate(sections, 1):
        below = content.setdefault(section, {})
        if not isinstance(below, dict):
            long = _long_forms(below, ".".join(sections[:place]))
            if not isinstance(long, dict):
                return ""  # validation says what is wrong with it
            content[section] = below = long
        content = below
    if isinstance(value, Mapping) and isinstance(content.get(last), dict):
        inner = (_lay(content[last], [key], below, f"{earlier}.{key}", f"{name}.{key}") for key, below in value.items())
        return next(filter(None, inner), "")
    if last in content and content[last] != value:
        return _twice(earlier, name, value, content[last])
    content[last] = value
    return ""


def _twice(earlier: str, name: str, value: Any, other: Any) -> str:
    values = f"{shortened(repr(value), 80)} and {shortened(repr(other), 80)}"
    return f"{earlier} is the earlier name of {name}, and they differ ({values}): give {name} alone"
