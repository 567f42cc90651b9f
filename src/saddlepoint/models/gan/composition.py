"""From the settings of a GAN to the parts of its game: found by name or import path, checked, and checked together."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any, TypeVar

from saddlepoint.errors import SettingError
from saddlepoint.models.gan.conditions.condition import Codes, Condition
from saddlepoint.models.gan.conditions.settings import CONDITIONS
from saddlepoint.models.gan.encoders.encoder import PLAYER, Encoder
from saddlepoint.models.gan.encoders.settings import ENCODERS
from saddlepoint.models.gan.part_checks import check_loss, check_together
from saddlepoint.models.gan.settings import NO_ENCODER, GANSettings
from saddlepoint.models.own_loss import missing_loss
from saddlepoint.networks.own import import_object
from saddlepoint.networks.settings import OBJECT
from saddlepoint.objectives.adversarial.composition import Composition
from saddlepoint.objectives.adversarial.constraints import Constraint
from saddlepoint.objectives.adversarial.losses import AdversarialLoss
from saddlepoint.objectives.adversarial.penalties import AnyPenalty, ConsistencyPenalty, Penalty, ScorePenalty
from saddlepoint.objectives.adversarial.registry import loss_named
from saddlepoint.objectives.adversarial.settings import CONSTRAINTS, LOSSES, PENALTIES, VIEWS
from saddlepoint.objectives.adversarial.views import View

SHORT = {"discriminator": "d", "generator": "g"}
CONSTRAINED = {**SHORT, "encoder": PLAYER}
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Parts:
    """The parts of a GAN.

    Attributes:
        game: those of its losses.
        conditions: of both players, by role; one that changes nothing without `model.condition`.
        codes: numbers that the generator takes besides its noise, or None.
        encoder: how an encoder learns, or None for a GAN without one.
    """

    game: Composition
    conditions: Mapping[str, Condition]
    codes: Codes | None = None
    encoder: Encoder | None = None


def compose(settings: GANSettings, loss: object = None, classes: int | None = 0) -> Parts:
    """Return the parts that the settings name.

    Args:
        settings: of the GAN.
        loss: the user's own loss as an object, in the place of `settings.objective`.
        classes: number of classes in the data, 0 without labels; None if it is unknown. Then conditions that use labels are not
            asked for their heads.

    Raises:
        SettingError: a part cannot be imported or made, is no such part, fails, or forbids another one; or the data have no labels.
    """
    adversarial_loss = _loss(settings, loss)
    penalties = {
        name: (part := _penalty(name, entry.arguments), _weight(part, entry.weight, settings.discriminator.packing))
        for name, entry in settings.penalties.items()
        if entry.weight
    }
    views = {name: _view(name, entry.arguments) for name, entry in settings.views.items() if entry.strength}
    constraints = {role: _constraint(role, e.name, e.arguments) for role, e in settings.constraints.items()}
    conditions = {role: _condition(role, e.name, e.arguments) for role, e in settings.condition.items()}
    parts: dict[str, Any] = {f'model.objective "{settings.objective}"': adversarial_loss}
    parts |= {f"model.penalties.{name}": penalty for name, (penalty, _) in penalties.items()}
    parts |= {f"model.views.{name}": view for name, view in views.items()}
    parts |= {f"model.constraints.{role}": part for role, part in constraints.items() if role == "discriminator"}
    parts |= {f"model.condition.{role} ({settings.condition[role].name})": part for role, part in conditions.items()}
    encoder, described = _encoder(settings), f"model.encoder ({settings.encoder.kind})"
    parts |= {} if encoder is None else {described: encoder}
    if encoder is None and "encoder" in constraints:
        raise SettingError(
            f"model.constraints.encoder: this GAN has no encoder; set model.encoder.kind ({', '.join(ENCODERS)}), or leave the "
            "constraint out."
        )
    check_together(parts, partial(_is_used, settings))
    reason = None if encoder is None else _ask(f"{described}: refuse", encoder.refuse, adversarial_loss)
    if reason is not None:
        raise SettingError(f'{described} and model.objective "{settings.objective}" cannot be combined: {reason}.')
    conditional = classes is not None and _uses_labels(conditions, classes)
    conditions = {role: conditions.get(role, Condition()) for role in SHORT}
    judge, where = conditions["discriminator"], "model.condition.discriminator"
    codes = _ask(f"{where}: codes", judge.codes)
    heads = {} if classes is None and judge.uses_labels else _ask(f"{where}: heads", judge.heads, classes or 0)
    if adversarial_loss.energy is not None and (heads or judge.has_score):
        raise SettingError(
            f'model.objective "{settings.objective}" and model.condition.discriminator '
            f"({settings.condition['discriminator'].name}) cannot be combined: a discriminator of reconstructions has no "
            "features for it. Use concatenate."
        )
    game = Composition(
        adversarial_loss,
        penalties,
        views,
        {CONSTRAINED[role]: constraint for role, constraint in constraints.items()},
        settings.labels.smoothing,
        conditional,
        heads,
        0 if codes is None else codes.size,
        packing=settings.discriminator.packing,
    )
    return Parts(game, conditions, codes, encoder)


def _weight(penalty: AnyPenalty, weight: float, packing: int) -> float:
    """The weight of a penalty. The gradient of a pack's logit counts for each of its examples, hence the division."""
    return weight / packing if isinstance(penalty, Penalty) else weight


def _uses_labels(conditions: Mapping[str, Condition], classes: int) -> bool:
    """Whether the players take labels: both do, or neither."""
    using = [role for role, condition in conditions.items() if condition.uses_labels]
    if not using:
        return False
    if not classes:
        raise SettingError(
            "model.condition: the data have no labels; give labelled data (a folder of images for each class, an .npz file with "
            "x and y, a pair of examples and labels), or leave model.condition out."
        )
    if len(using) == 1:
        other = next(role for role in SHORT if role not in using)
        raise SettingError(
            f"model.condition: the {using[0]} uses the labels, and the {other} does not, so that samples could not follow them: "
            f"set model.condition.{other} too, for example to concatenate."
        )
    return True


def _loss(settings: GANSettings, own: object) -> AdversarialLoss:
    name, where = settings.objective, "model.objective"
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
            f"{where}: {_name_of(own)} is no loss of a GAN: it has no function {' and no function '.join(lacks)}; each takes "
            "logits (B,) and returns one cost an example, (B,) (see saddlepoint.objectives.adversarial.losses)."
        )
    known = {name: getattr(own, name) for name in AdversarialLoss.__dataclass_fields__ if hasattr(own, name)}
    known |= {name: bool(known[name]) for name in ("paired", "averaged", "features") if name in known}
    return AdversarialLoss(**known)


def _penalty(name: str, arguments: Mapping[str, Any]) -> AnyPenalty:
    where = f"model.penalties.{name}"
    part = make_part(PENALTIES.get(name, name), arguments, where)
    if isinstance(part, Penalty | ConsistencyPenalty | ScorePenalty):
        return part
    if not callable(getattr(part, "how", None)) or not hasattr(part, "where"):
        raise SettingError(
            f"{where}: {_name_of(part)} is no penalty: it needs `where` and `how` (see "
            "saddlepoint.objectives.adversarial.penalties)."
        )
    return Penalty(part.where, part.how, getattr(part, "draw", None), getattr(part, "forbids", {}))


def _view(name: str, arguments: Mapping[str, Any]) -> View:
    where = f"model.views.{name}"
    part = make_part(VIEWS.get(name, name), arguments, where)
    if not callable(part) or not callable(getattr(part, "draw", None)):
        raise SettingError(
            f"{where}: {_name_of(part)} is no view: it needs `draw` and `__call__` (see saddlepoint.objectives.adversarial.views)."
        )
    found: View = part
    return found


def _constraint(role: str, name: str, arguments: Mapping[str, Any]) -> Constraint:
    where = f"model.constraints.{role}"
    part = make_part(CONSTRAINTS.get(name, name), arguments, where)
    if not all(callable(getattr(part, n, None)) for n in ("prepare", "project")) or not hasattr(part, "after_update"):
        raise SettingError(
            f"{where}: {_name_of(part)} is no constraint: it needs `prepare`, `project` and `after_update` (see "
            "saddlepoint.objectives.adversarial.constraints)."
        )
    found: Constraint = part
    return found


def _condition(role: str, name: str, arguments: Mapping[str, Any]) -> Condition:
    where = f"model.condition.{role}"
    part = make_part(CONDITIONS.get(name, name), arguments, where)
    if not isinstance(part, Condition):
        raise SettingError(
            f"{where}: {_name_of(part)} is no condition: derive it from saddlepoint.models.gan.conditions.condition.Condition."
        )
    if role not in part.roles:
        raise SettingError(f"{where}: {name} is a condition of the {' or '.join(part.roles)}, not of the {role}.")
    return part


def _encoder(settings: GANSettings) -> Encoder | None:
    kind, where = settings.encoder.kind, "model.encoder.kind"
    if kind == NO_ENCODER:
        return None
    part = make_part(ENCODERS.get(kind, kind), settings.encoder.options, where)
    if not isinstance(part, Encoder):
        raise SettingError(
            f"{where}: {kind} is no encoder: derive it from saddlepoint.models.gan.encoders.encoder.Encoder."
        )
    return part


def make_part(path: str, arguments: Mapping[str, Any], where: str) -> Any:
    """Return what an import path names; a class or function is called with the arguments.

    Args:
        path: `module:Name`.
        arguments: by name.
        where: the name of the setting, for messages.

    Raises:
        SettingError: it cannot be imported or made, or takes no arguments.
    """
    found: Any = import_object(path, where)
    if not (isinstance(found, type) or inspect.isroutine(found)):
        if arguments:
            raise SettingError(f"{where} takes no arguments, got {', '.join(arguments)}.")
        return found
    return _call(found, arguments, where)


def _ask(where: str, function: Callable[..., Answer], *arguments: Any) -> Answer:
    """What a part answers. An error in it, which may be the user's own code, becomes a sentence."""
    try:
        return function(*arguments)
    except SettingError as error:
        raise SettingError(f"{where}: {error}") from None
    except Exception as error:
        raise SettingError(f"{where} fails: {type(error).__name__}: {error}.") from error


def _call(maker: Callable[..., Any], arguments: Mapping[str, Any], where: str) -> Any:
    """The part that a class or function makes of its arguments."""
    try:
        return maker(**arguments)
    except SettingError as error:
        raise SettingError(f"{where}: {error}") from None
    except TypeError as error:
        takes = ", ".join(inspect.signature(maker).parameters) or "none"
        raise SettingError(f"{where}: its arguments do not fit ({error}); it takes {takes}.") from error
    except Exception as error:
        raise SettingError(f"{where}: it cannot be made: {type(error).__name__}: {error}.") from error


def _is_used(settings: GANSettings, name: str) -> bool:
    """Whether a dotted setting differs from its default and belongs to a part in use: one whose weight or strength is not 0."""
    section, _, rest = name.partition(".")
    if section in ("penalties", "views"):
        entry: Any = getattr(settings, section).get(rest.partition(".")[0])
        if entry is None or not getattr(entry, "weight", getattr(entry, "strength", 0)):
            return False
    return bool(_value(settings, name) != _value(GANSettings(), name))


def _value(settings: GANSettings, name: str) -> Any:
    """The value of a dotted setting; None for an entry of an open section that is not there."""

    def inner(value: Any, part: str) -> Any:
        return value.get(part) if isinstance(value, dict) else getattr(value, part, None)

    return reduce(inner, name.split("."), settings)


def _name_of(part: object) -> str:
    return part.__name__ if isinstance(part, type) else type(part).__name__
