"""Import paths in recipes and runs: their code runs only if the user gave the path or trusts it.

A recipe may name networks, losses and other parts by import path (`mypackage.nets:Generator`), and building them imports that module and calls
the named object. A recipe or run folder from another person could thus run any code (`torch.hub:load` loads a file of its
choice). Therefore an import path is refused unless the user typed it in this call, passed `trust=True` (`--trust`), or did
one of these before on this machine. Trust is stored in a file of the user, with the arguments and the file of the module, so
that another module of the same name is not trusted.
"""

from __future__ import annotations

import contextlib
import importlib.machinery
import json
import os
import stat
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saddlepoint.errors import TrustError
from saddlepoint.models.settings import ModelSettings
from saddlepoint.networks.settings import OBJECT, NetworkChoice

FOLDER_VARIABLE = "SADDLEPOINT_CONFIG"
_granted: set[str] = set()  # in this process, also where the file cannot be written


def require_trust(
    model: ModelSettings,
    *,
    where: str,
    trust: bool = False,
    given: Collection[str] = (),
    modules: Mapping[str, Any] | None = None,
) -> None:
    """Check that all import paths of a model are trusted. Imports nothing.

    Args:
        model: the settings of the networks that are about to be built.
        where: the name of the recipe or run in the error message.
        trust: whether the user trusts all its import paths.
        given: dotted names of the settings that the user gave in this call; their import paths are trusted.
        modules: networks that were given as objects, by role; their import paths are not used.

    Raises:
        TrustError: an import path is not trusted.
    """
    for part in import_paths(model, modules):
        if trust or part.is_among(given):
            _grant(_entry(part))
    if unknown := untrusted_parts(model, modules):
        paths = " and ".join(f"{part.name} {part.path!r}" for part in unknown)
        raise TrustError(
            f"{where} names code by import path, and using it runs that code: {paths}. If you trust that code as you "
            "trust a program that you install, add --trust (in Python: trust=True)."
        )


def untrusted_parts(model: ModelSettings, modules: Mapping[str, Any] | None = None) -> list[ImportedPart]:
    """Return the parts of a model that would be imported and are not trusted. Imports nothing.

    Args:
        model: the settings of the model.
        modules: networks that were given as objects, by role; they are left out.
    """
    found = [(part, _entry(part)) for part in import_paths(model, modules)]
    return [part for part, entry in found if entry not in _granted and entry not in _remembered()]


def without_untrusted_parts(model: ModelSettings) -> ModelSettings:
    """Return the settings of a model without the losses and other parts that are not trusted. Imports nothing.

    An objective is replaced by a name that says that the loss was given as an object, so that nothing is imported for it. If
    the kind of an encoder is left out, its constraint is left out too. Networks are kept.

    Args:
        model: the settings of the model.
    """
    values: dict[str, Any] = dict(model)
    for part in untrusted_parts(model):
        field, _, key = part.name.removeprefix("model.").partition(".")
        if field == "objective":
            values[field] = f"{OBJECT}{part.path}"
        elif isinstance(values[field], Mapping):
            values[field] = {name: entry for name, entry in values[field].items() if name != key}
        elif key == "kind":
            kind = type(values[field]).model_fields[key].default
            values[field] = values[field].model_copy(update={"kind": kind, "options": {}})
            values["constraints"] = {role: entry for role, entry in values["constraints"].items() if role != field}
    return model.model_copy(update=values)


@dataclass(frozen=True)
class ImportedPart:
    """A network, loss or other part that is imported.

    Attributes:
        name: the dotted name of the setting that holds the import path.
        path: the import path, `module:Name`.
        arguments: with which it is called.
        in_key: whether the path is a key of an open section (`model.penalties.module:Name`).
    """

    name: str
    path: str
    arguments: Mapping[str, Any]
    in_key: bool = False

    def is_among(self, given: Collection[str]) -> bool:
        """Return whether the setting that holds the path is among these dotted names."""
        if self.in_key:
            return any(name == self.name or name.startswith(f"{self.name}.") for name in given)
        return self.name in given or f"{self.name}.name" in given


def import_paths(model: ModelSettings, modules: Mapping[str, Any] | None = None) -> Iterator[ImportedPart]:
    """Yield every part of a model that is imported.

    Args:
        model: the settings of the model.
        modules: networks that were given as objects, by role; they are left out.
    """
    given = modules or {}
    for field, value in model:
        if isinstance(value, NetworkChoice):
            if field not in given and not value.network.startswith(OBJECT) and _is_imported(value.network):
                yield ImportedPart(f"model.{field}.network", value.network, value.arguments)
            if _is_imported(kind := getattr(value, "kind", "")):  # an encoder of a GAN
                yield ImportedPart(f"model.{field}.kind", kind, getattr(value, "options", {}))
        elif field == "objective":
            if "loss" in given or value.startswith(OBJECT) or not _is_imported(value):
                continue
            yield ImportedPart("model.objective", value, {})
        elif isinstance(value, Mapping):
            for key, entry in value.items():
                arguments = getattr(entry, "arguments", {})
                if _is_imported(key):
                    yield ImportedPart(f"model.{field}.{key}", key, arguments, in_key=True)
                elif _is_imported(getattr(entry, "name", "")):
                    yield ImportedPart(f"model.{field}.{key}", entry.name, arguments)


def _is_imported(name: str) -> bool:
    return ":" in name


def trusted_file() -> Path:
    """Return the file that stores what the user trusts.

    It is trusted.jsonl in the folder $SADDLEPOINT_CONFIG, else $XDG_CONFIG_HOME/saddlepoint, else ~/.config/saddlepoint.
    """
    own = os.environ.get(FOLDER_VARIABLE)
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(own or Path(base) / "saddlepoint").expanduser() / "trusted.jsonl"


def _entry(part: ImportedPart) -> str:
    """Return what is trusted as one line of JSON: the import path, its arguments, and the file of the module.

    The key "network" holds the import path of any part: a network, a loss, a penalty, a condition and so on. It keeps this
    name so that lines of earlier versions, which only supported own networks, remain valid.

    Text in the arguments may be a relative path, which depends on the current folder; the entry then contains that folder.
    """
    arguments = part.arguments
    line = {
        "network": part.path,
        "arguments": dict(arguments),
        "file": module_file(part.path.partition(":")[0]),
        "folder": str(Path.cwd()) if _has_text(arguments) else None,
    }
    return json.dumps(line, sort_keys=True, default=str)


def module_file(name: str) -> str | None:
    """Return the file that `import name` would load; None if there is none. Imports nothing.

    Args:
        name: a dotted module name. The current folder is searched last, as for the user's own networks.
    """
    if name in sys.modules:
        file = getattr(sys.modules[name], "__file__", None)
        return None if file is None else os.path.realpath(file)
    spec: importlib.machinery.ModuleSpec | None = None
    with contextlib.suppress(Exception):  # finders of other packages may raise anything; then the file is unknown
        first, *rest = name.split(".")
        spec = _top_level(first)
        for number in range(len(rest)):
            locations = list((spec and spec.submodule_search_locations) or ())
            spec = importlib.machinery.PathFinder.find_spec(".".join([first, *rest[: number + 1]]), locations)
        if spec is not None and spec.origin is not None:
            return os.path.realpath(spec.origin)
    return None


def _top_level(name: str) -> importlib.machinery.ModuleSpec | None:
    for finder in sys.meta_path:
        spec = finder.find_spec(name, None)
        if spec is not None:
            return spec
    return importlib.machinery.PathFinder.find_spec(name, [str(Path.cwd())])


def _has_text(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_text, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_has_text, value))
    return isinstance(value, str)


def _grant(entry: str) -> None:
    """Store the entry for this process and in the user's file.

    If the file cannot be written, the entry is trusted in this process only.
    """
    _granted.add(entry)
    if entry in _remembered():
        return
    file = trusted_file()
    with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: there is no home folder
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "ab") as lines:
            lines.write(entry.encode() + b"\n")


def _remembered() -> set[str]:
    """Return the entries in the user's file; none if other users could have written it."""
    try:
        with trusted_file().open("rb") as file:
            status = os.fstat(file.fileno())
            own = os.name == "nt" or (status.st_uid == os.geteuid() and not status.st_mode & 0o022)
            if not own or not stat.S_ISREG(status.st_mode):
                return set()
            return set(file.read().decode("utf-8", "replace").splitlines())
    except (OSError, RuntimeError):
        return set()
