"""Recipes that build on another recipe: `base` names it, and the file gives only the settings that differ.

base: dcgan-digits
training: {steps: 2000}
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from saddlepoint.errors import SettingError, shortened

BASE = "base"


def base_source(
    content: Mapping[str, Any], where: str, folder: Path, names: Collection[str], built_on: Collection[str]
) -> str | Path:
    """Return what the base of a recipe names.

    Args:
        content: of the recipe.
        where: the name of the recipe in error messages.
        folder: that holds the recipe; a path is relative to it.
        names: of the ready-made recipes.
        built_on: the identities (`identity`) of this recipe and of those that build on it.

    Returns:
        The name of a recipe, or the path of a file or run.

    Raises:
        SettingError: it is not a name or path, or it is one of `built_on`.
    """
    base = content[BASE]
    if not isinstance(base, str) or not base or "\0" in base:
        raise SettingError(
            f"{where}: base is {shortened(repr(base))}; it must be the name of a ready-made recipe, or the path of a recipe file or run."
        )
    path = folder / Path(base).expanduser()
    is_path = base not in names and (path.suffix in (".yaml", ".yml") or len(Path(base).parts) > 1 or path.exists())
    source = path if is_path else base
    if identity(source) in built_on:
        raise SettingError(f"{where}: base: {source} builds on this recipe in turn; remove `base` from one of the two.")
    return source


def identity(source: str | Path) -> str:
    """Return a text by which a source is recognised: a path without links, or a name."""
    path = Path(source)
    return str(path.resolve()) if path.exists() else str(source)


def dotted(section: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested settings by dotted name: {"a": {"b": 1}, "c.d": 2} of section s becomes {"s.a.b": 1, "s.c.d": 2}."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        full = f"{section}.{name}" if section else str(name)
        if isinstance(value, Mapping) and name != "arguments":
            flat |= dotted(full, value)
        else:
            flat[full] = value
    return flat
