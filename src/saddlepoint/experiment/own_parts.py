"""Errors in the user's own code: which network, loss or other part of the model raised them.

Such a part is called deep inside training, so its error would reach the user as a traceback through this package. The frames of
the traceback say whose code raised it: a frame belongs to a part if it runs a method of the part, or code of its module.
"""

from __future__ import annotations

import contextlib
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from torch import nn

from saddlepoint.errors import PartError, SaddlepointError, is_out_of_memory
from saddlepoint.models.own_loss import ROLE
from saddlepoint.models.settings import ModelSettings
from saddlepoint.networks.settings import OBJECT, NetworkChoice
from saddlepoint.recipe.trust import import_paths
from saddlepoint.records import shell_command

OBJECTIVE = "model.objective"
# A part may consist of functions of these packages, but their frames do not belong to the part.
LIBRARIES = ("saddlepoint", "torch")


@dataclass(frozen=True)
class OwnPart:
    """A part of a model that is the user's own code.

    Attributes:
        setting: the dotted name of the setting that names it, such as `model.objective`.
        path: `module:Name` as it can be imported, or `object:module.Name` of a part that was given as an object.
        sources: (module, qualified name) of the classes and functions that it consists of.
    """

    setting: str
    path: str
    sources: frozenset[tuple[str, str]]

    def __str__(self) -> str:
        return self.setting if self.setting.endswith(self.path) else f"{self.setting} ({self.path})"

    def defines(self, frame: FrameType) -> bool:
        """Whether the frame runs a function of this part, or a method of its class."""
        module, name = frame.f_globals.get("__name__"), frame.f_code.co_qualname
        return any(module == own and (name == of or name.startswith(f"{of}.")) for own, of in self.sources)

    def shares_module(self, frame: FrameType) -> bool:
        """Whether the frame runs other code of the part's module, such as a function that the part calls."""
        module = str(frame.f_globals.get("__name__"))
        return module.partition(".")[0] not in LIBRARIES and any(module == own for own, _ in self.sources)


def own_parts(model: ModelSettings, modules: Mapping[str, Any] | None = None) -> tuple[OwnPart, ...]:
    """Return the user's own parts of a model.

    Args:
        model: its settings.
        modules: the user's networks and loss as objects, by role.
    """
    imported = [OwnPart(part.name, part.path, _imported_sources(part.path)) for part in import_paths(model, modules)]
    given = [
        OwnPart(_setting(model, role), f"{OBJECT}{_class_name(part)}", frozenset(_sources(part)))
        for role, part in (modules or {}).items()
    ]
    return (*given, *imported)


def find_part(error: BaseException, parts: Iterable[OwnPart]) -> OwnPart | None:
    """Return the part whose code raised an error; None if it was raised by other code.

    Args:
        error: with its traceback.
        parts: the user's own parts.
    """
    parts = tuple(parts)
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    by_name = (part for frame in frames for part in parts if part.defines(frame))
    by_module = (part for frame in frames for part in parts if part.shares_module(frame))
    return next(by_name, None) or next(by_module, None)


@contextlib.contextmanager
def naming_parts(parts: Iterable[OwnPart]) -> Iterator[None]:
    """Turn an error that the user's own code raises in the block, before the first step, into a sentence that names the part.

    Args:
        parts: the user's own parts.

    Raises:
        PartError: such an error was raised.
    """
    try:
        yield
    except SaddlepointError:
        raise
    except (Exception, SystemExit) as error:
        part = find_part(error, parts)
        if part is None or is_out_of_memory(error):
            raise
        raise PartError(f"{part} {describe_error(error)} before the first step.") from error


def describe_stop(
    error: BaseException, part: OwnPart, parts: Iterable[OwnPart], folder: Path, step: int, saved: int | None
) -> str:
    """Return the message for a training that an error in the user's own code ended.

    Args:
        error: with its traceback.
        part: whose code raised it.
        parts: all of the user's own parts.
        folder: of the run.
        step: in which it was raised, from 1.
        saved: step of the newest checkpoint; None if there is none.
    """
    said = f"{folder}: training stopped in step {step:,}: {part} {describe_error(error)}."
    if saved is None:
        return f"{said} There is no checkpoint yet: fix that, then train again."
    objects = {
        "loss=..." if own.setting == OBJECTIVE else "modules=..." for own in parts if own.path.startswith(OBJECT)
    }
    resume = shell_command("resume", folder)
    if objects:
        resume = f"sp.resume({str(folder)!r}, {', '.join(sorted(objects))})"
    return f"{said} The checkpoint of step {saved:,} is kept: fix that, then continue from it: {resume}"


def describe_error(error: BaseException) -> str:
    """Return an error as a clause: "raised ValueError: no such class (losses.py, line 12)"."""
    said = str(error)
    if isinstance(error, SystemExit):
        what = f"called sys.exit({said})"
    else:
        what = f"raised {type(error).__name__}{f': {said}' if said else ''}"
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{what} ({Path(last.filename).name}, line {last.lineno})"


def _setting(model: ModelSettings, role: str) -> str:
    """The name of the setting in whose place an object was given."""
    if role == ROLE:
        return OBJECTIVE
    return f"model.{role}.network" if isinstance(getattr(model, role, None), NetworkChoice) else role


def _class_name(part: object) -> str:
    named: Any = part if hasattr(part, "__qualname__") else type(part)
    return f"{named.__module__}.{named.__qualname__}"


def _imported_sources(path: str) -> frozenset[tuple[str, str]]:
    """The sources of what an import path names, which may be defined elsewhere; the path itself if it is not imported yet."""
    module, _, name = path.partition(":")
    found = getattr(sys.modules.get(module), name, None)
    return frozenset({(module, name), *_sources(found)})


def _sources(part: object) -> Iterator[tuple[str, str]]:
    """Module and qualified name of a class or function; of an object: of its class, its layers, and functions that it holds.

    Those of torch and of this package are left out.
    """
    consists_of = [part]
    if not hasattr(part, "__qualname__"):
        layers = part.modules() if isinstance(part, nn.Module) else ()
        consists_of = [type(part), *map(type, layers), *getattr(part, "__dict__", {}).values()]
    for one in consists_of:
        module, name = getattr(one, "__module__", None), getattr(one, "__qualname__", None)
        if isinstance(module, str) and isinstance(name, str) and module.partition(".")[0] not in LIBRARIES:
            yield module, name
