"""The parts of a GAN that settings name: by a key of a registry, or by the import path of the user's own.

Each function checks that what it found is such a part. Errors in the user's own code become one sentence with the setting's name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from saddlepoint.errors import SettingError, suggestion
from saddlepoint.models.gan.conditions.condition import Condition
from saddlepoint.models.gan.conditions.settings import CONDITIONS, CONDITIONS_OF
from saddlepoint.models.gan.encoders.encoder import Encoder
from saddlepoint.models.gan.encoders.settings import ENCODERS
from saddlepoint.models.gan.parts.checks import check_loss
from saddlepoint.models.own_loss import missing_loss
from saddlepoint.networks.own import import_object
from saddlepoint.networks.settings import OBJECT
from saddlepoint.objectives.adversarial.constraints import Constraint
from saddlepoint.objectives.adversarial.losses import AdversarialLoss
from saddlepoint.objectives.adversarial.penalties import AnyPenalty, ConsistencyPenalty, Penalty, ScorePenalty
from saddlepoint.objectives.adversarial.registry import loss_named
from saddlepoint.objectives.adversarial.settings import CONSTRAINTS, LOSSES, PENALTIES, VIEWS
from saddlepoint.objectives.adversarial.views import View

Answer = TypeVar("Answer")


def make_loss(name: str, own: object = None) -> AdversarialLoss:
    """Return the loss of a name.

    Args:
        name: `model.objective`.
        own: the user's own loss as an object, in the place of the name.

    Raises:
        SettingError: it cannot be imported or made, or is not a loss.
    """
    where = "model.objective"
    if own is None and name.startswith(OBJECT):
        refuse = missing_loss(name)
        return AdversarialLoss(real=refuse, fake=refuse, generator=refuse)
    if own is None:
        own = loss_named(name) if name in LOSSES else make_part(name, {}, where)
    if not isinstance(own, AdversarialLoss):
        own = _duck_typed_loss(_call(own, {}, where) if isinstance(own, type) else own, where)
    check_loss(own, where)
    return own


def _duck_typed_loss(own: object, where: str) -> AdversarialLoss:
    """The loss that an object with the functions of a loss describes."""
    needed = ("real", "generator") if getattr(own, "paired", False) else ("real", "fake", "generator")
    lacks = [part for part in needed if not callable(getattr(own, part, None))]
    if lacks:
        raise SettingError(
            f"{where}: {_name_of(own)} is not a loss of a GAN: it has no function {' and no function '.join(lacks)}; each takes "
            "logits (B,) and returns one cost an example, (B,) (see saddlepoint.objectives.adversarial.losses)."
        )
    known = {name: getattr(own, name) for name in AdversarialLoss.__dataclass_fields__ if hasattr(own, name)}
    known |= {name: bool(known[name]) for name in ("paired", "averaged", "features") if name in known}
    return AdversarialLoss(**known)


def make_penalty(name: str, arguments: Mapping[str, Any]) -> AnyPenalty:
    """Return the penalty of a name.

    Args:
        name: in PENALTIES, or `module:Name`.
        arguments: by name.

    Raises:
        SettingError: it cannot be imported or made, or is not such a part.
    """
    where = f"model.penalties.{name}"
    part = make_part(PENALTIES.get(name, name), arguments, where)
    if isinstance(part, Penalty | ConsistencyPenalty | ScorePenalty):
        return part
    if not callable(getattr(part, "how", None)) or not hasattr(part, "where"):
        raise SettingError(
            f"{where}: {_name_of(part)} is not a penalty: it needs `where` and `how` (see "
            "saddlepoint.objectives.adversarial.penalties)."
        )
    return Penalty(part.where, part.how, getattr(part, "draw", None), getattr(part, "forbids", {}))


def make_view(name: str, arguments: Mapping[str, Any]) -> View:
    """Return the view of a name.

    Args:
        name: in VIEWS, or `module:Name`.
        arguments: by name.

    Raises:
        SettingError: it cannot be imported or made, or is not such a part.
    """
    where = f"model.views.{name}"
    part = make_part(VIEWS.get(name, name), arguments, where)
    if not callable(part) or not callable(getattr(part, "draw", None)):
        raise SettingError(
            f"{where}: {_name_of(part)} is not a view: it needs `draw` and `__call__` (see saddlepoint.objectives.adversarial.views)."
        )
    found: View = part
    return found


def make_constraint(role: str, name: str, arguments: Mapping[str, Any]) -> Constraint:
    """Return the constraint of a name.

    Args:
        role: of the player whose weights it constrains.
        name: in CONSTRAINTS, or `module:Name`.
        arguments: by name.

    Raises:
        SettingError: it cannot be imported or made, or is not such a part.
    """
    where = f"model.constraints.{role}"
    part = make_part(CONSTRAINTS.get(name, name), arguments, where)
    if not all(callable(getattr(part, n, None)) for n in ("prepare", "project")) or not hasattr(part, "after_update"):
        raise SettingError(
            f"{where}: {_name_of(part)} is not a constraint: it needs `prepare`, `project` and `after_update` (see "
            "saddlepoint.objectives.adversarial.constraints)."
        )
    found: Constraint = part
    return found


def make_condition(role: str, name: str, arguments: Mapping[str, Any]) -> Condition:
    """Return the condition of a name.

    Args:
        role: of the player that gets the labels.
        name: in CONDITIONS, or `module:Name`.
        arguments: by name.

    Raises:
        SettingError: it cannot be imported or made, is not such a part, or is one of another player.
    """
    where = f"model.condition.{role}"
    part = make_part(CONDITIONS.get(name, name), arguments, where)
    if not isinstance(part, Condition):
        raise SettingError(
            f"{where}: {_name_of(part)} is not a condition: derive it from saddlepoint.models.gan.conditions.condition.Condition."
        )
    if role not in part.roles:
        raise SettingError(
            f"{where}: {name} is a condition of the {' or '.join(part.roles)}, not of the {role}. Conditions of the {role}: "
            f"{', '.join(CONDITIONS_OF[role])}."
        )
    return part


def make_encoder(kind: str, arguments: Mapping[str, Any]) -> Encoder:
    """Return the encoder of a kind.

    Args:
        kind: in ENCODERS, or `module:Name`.
        arguments: by name.

    Raises:
        SettingError: it cannot be imported or made, or is not such a part.
    """
    where = "model.encoder.kind"
    part = make_part(ENCODERS.get(kind, kind), arguments, where, "model.encoder.options")
    if not isinstance(part, Encoder):
        raise SettingError(
            f"{where}: {kind} is not an encoder: derive it from saddlepoint.models.gan.encoders.encoder.Encoder."
        )
    return part


def make_part(path: str, arguments: Mapping[str, Any], where: str, where_arguments: str = "") -> Any:
    """Return what an import path names; a class or function is called with the arguments.

    Args:
        path: `module:Name`.
        arguments: by name.
        where: the name of the setting, for messages.
        where_arguments: the name of the setting that holds the arguments; empty for the same one.

    Raises:
        SettingError: it cannot be imported or made, or does not take these arguments.
    """
    found: Any = import_object(path, where)
    if not (isinstance(found, type) or inspect.isroutine(found)):
        if arguments:
            raise SettingError(f"{where_arguments or where} takes no arguments, got {', '.join(arguments)}.")
        return found
    return _call(found, arguments, where_arguments or where if arguments else where)


def call_part(where: str, function: Callable[..., Answer], *arguments: Any) -> Answer:
    """Return what a function of a part returns. An error in it, which may be the user's own code, becomes a sentence.

    Args:
        where: the name of the part and of the function, for messages.
        function: of the part.
        *arguments: of the function.

    Raises:
        SettingError: it fails.
    """
    try:
        return function(*arguments)
    except SettingError as error:
        raise SettingError(f"{where}: {error}") from None
    except Exception as error:
        raise SettingError(f"{where} fails: {type(error).__name__}: {error}.") from error


def _call(maker: Callable[..., Any], arguments: Mapping[str, Any], where: str) -> Any:
    """The part that a class or function makes of its arguments."""
    _check_names(maker, arguments, where)
    try:
        return maker(**arguments)
    except SettingError as error:
        raise SettingError(f"{where}: {error}") from None
    except TypeError as error:
        takes = ", ".join(inspect.signature(maker).parameters) or "none"
        raise SettingError(f"{where}: its arguments do not fit ({error}); it takes {takes}.") from error
    except Exception as error:
        raise SettingError(f"{where}: it cannot be made: {type(error).__name__}: {error}.") from error


def _check_names(maker: Callable[..., Any], arguments: Mapping[str, Any], where: str) -> None:
    """Raise SettingError if a class or function does not take an argument, or needs one more."""
    parameters = inspect.signature(maker).parameters
    names = [name for name, one in parameters.items() if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)]
    takes = f"it takes {', '.join(names) or 'none'}"
    if not any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        for name in arguments:
            if name not in names:
                raise SettingError(f"{where}: there is no argument {name}.{suggestion(name, names)} Here {takes}.")
    for name in names:
        if parameters[name].default is inspect.Parameter.empty and name not in arguments:
            raise SettingError(f"{where}: the argument {name} is missing; {takes}.")


def _name_of(part: object) -> str:
    return part.__name__ if isinstance(part, type) else type(part).__name__
