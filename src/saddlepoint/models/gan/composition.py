"""From the settings of a GAN to the parts of its game, checked together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any

from saddlepoint.errors import SettingError
from saddlepoint.models.gan.conditions.condition import Codes, Condition
from saddlepoint.models.gan.encoders.encoder import Encoder
from saddlepoint.models.gan.parts.checks import check_together
from saddlepoint.models.gan.parts.named import (
    call_part,
    make_condition,
    make_constraint,
    make_encoder,
    make_loss,
    make_penalty,
    make_view,
)
from saddlepoint.models.gan.settings import NO_ENCODER, GANSettings
from saddlepoint.objectives.adversarial.composition import Composition
from saddlepoint.objectives.adversarial.penalties import AnyPenalty, Penalty

NO_LABELS = (
    "model.condition: the data have no labels; give labelled data (a folder of images for each class, an .npz file with x and y, a pair of "
    "examples and labels), or leave model.condition out."
)


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
        SettingError: a part cannot be imported or made, is not such a part, fails, or forbids another one; or the data have no labels.
    """
    adversarial_loss = make_loss(settings.objective, loss)
    penalties = {
        name: (part := make_penalty(name, entry.arguments), _weight(part, entry.weight, settings.discriminator.packing))
        for name, entry in settings.penalties.items()
    }
    views = {name: make_view(name, entry.arguments) for name, entry in settings.views.items()}
    # Parts without weight are made as well, so that a mistake in their arguments is found.
    penalties = {name: (part, weight) for name, (part, weight) in penalties.items() if weight}
    views = {name: view for name, view in views.items() if settings.views[name].strength}
    constraints = {role: make_constraint(role, e.name, e.arguments) for role, e in settings.constraints.items()}
    conditions = {role: make_condition(role, e.name, e.arguments) for role, e in settings.condition.items()}
    parts: dict[str, Any] = {f'model.objective "{settings.objective}"': adversarial_loss}
    parts |= {f"model.penalties.{name}": penalty for name, (penalty, _) in penalties.items()}
    parts |= {f"model.views.{name}": view for name, view in views.items()}
    parts |= {f"model.constraints.{role}": part for role, part in constraints.items() if role == "discriminator"}
    parts |= {f"model.condition.{role} ({settings.condition[role].name})": part for role, part in conditions.items()}
    kind = settings.encoder.kind
    encoder, described = None, f"model.encoder ({kind})"
    if kind != NO_ENCODER:
        parts[described] = encoder = make_encoder(kind, settings.encoder.options)
    check_together(parts, partial(_is_used, settings), _unused_value)
    reason = None if encoder is None else call_part(f"{described}: refuse", encoder.refuse, adversarial_loss)
    if reason is not None:
        raise SettingError(
            f'{described} and model.objective "{settings.objective}" cannot be combined: {reason}. Choose another loss or encoder.'
        )
    conditional = classes is not None and _uses_labels(conditions, classes)
    conditions = {role: conditions.get(role, Condition()) for role in settings.adversaries}
    judge, where = conditions["discriminator"], "model.condition.discriminator"
    codes = call_part(f"{where}: codes", judge.codes)
    needs_labels = judge.uses_labels or judge.supervises
    if judge.supervises and classes == 0:
        raise SettingError(NO_LABELS)
    heads = {} if classes is None and needs_labels else call_part(f"{where}: heads", judge.heads, classes or 0)
    if adversarial_loss.energy is not None and (heads or judge.has_score):
        raise SettingError(
            f'model.objective "{settings.objective}" and model.condition.discriminator '
            f"({settings.condition['discriminator'].name}) cannot be combined: a discriminator of reconstructions has no "
            "features for it. Use concatenate."
        )
    players = dict(zip(settings.roles, settings.players, strict=True))
    game = Composition(
        adversarial_loss,
        penalties,
        views,
        {players[role]: constraint for role, constraint in constraints.items()},
        settings.labels.smoothing,
        conditional,
        heads,
        0 if codes is None else codes.size,
        packing=settings.discriminator.packing,
        supervised=judge.supervises,
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
        raise SettingError(NO_LABELS)
    if len(using) == 1:
        other = next(role for role in GANSettings.adversaries if role not in using)
        raise SettingError(
            f"model.condition: the {using[0]} uses the labels, and the {other} does not, so that samples could not follow them: "
            f"set model.condition.{other} too, for example to concatenate."
        )
    return True


def _is_used(settings: GANSettings, name: str) -> bool:
    """Whether a dotted setting differs from its default and belongs to a part in use: one whose weight or strength is not 0."""
    section, _, rest = name.partition(".")
    if section in ("penalties", "views"):
        entry: Any = getattr(settings, section).get(rest.partition(".")[0])
        if entry is None or not getattr(entry, "weight", getattr(entry, "strength", 0)):
            return False
    return bool(_value(settings, name) != _value(GANSettings(), name))


def _unused_value(name: str) -> str | None:
    """The value with which a dotted setting is not used; None for an entry of an open section, and for a whole section."""
    section, _, rest = name.partition(".")
    if section in ("penalties", "views") and rest:
        return "0"
    value = _value(GANSettings(), name)
    return f"{value:g}" if isinstance(value, int | float) else value if isinstance(value, str) else None


def _value(settings: GANSettings, name: str) -> Any:
    """The value of a dotted setting; None for an entry of an open section that is not there."""

    def inner(value: Any, part: str) -> Any:
        return value.get(part) if isinstance(value, dict) else getattr(value, part, None)

    return reduce(inner, name.split("."), settings)
