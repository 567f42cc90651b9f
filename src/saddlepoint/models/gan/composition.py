"""From the settings of a GAN to the parts of its game: found by name or import path, checked, and checked together."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial, reduce
from typing import Any

import torch
from torch import Tensor

from saddlepoint.errors import RunError, SettingError
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.models.own_loss import OBJECT
from saddlepoint.networks.own import import_object
from saddlepoint.objectives.adversarial.constraints import Constraint
from saddlepoint.objectives.adversarial.game import Composition
from saddlepoint.objectives.adversarial.losses import AdversarialLoss
from saddlepoint.objectives.adversarial.penalties import Penalty
from saddlepoint.objectives.adversarial.registry import loss_named
from saddlepoint.objectives.adversarial.settings import CONSTRAINTS, LOSSES, PENALTIES, VIEWS
from saddlepoint.objectives.adversarial.views import View

SHORT = {"discriminator": "d", "generator": "g"}


def compose(settings: GANSettings, loss: object = None) -> Composition:
    """The parts that the settings name.

    Args:
        settings: of the GAN.
        loss: the user's own loss as an object, in the place of `settings.objective`.

    Raises:
        SettingError: a part cannot be imported or made, is no such part, or forbids another one.
    """
    found = _loss(settings, loss)
    penalties = {
        # A pack is judged once, and its logit stands for each of its examples: hence the division.
        name: (_penalty(name, entry.arguments), entry.weight / settings.discriminator.packing)
        for name, entry in settings.penalties.items()
        if entry.weight
    }
    views = {name: _view(name, entry.arguments) for name, entry in settings.views.items() if entry.strength}
    constraints = {role: _constraint(role, e.name, e.arguments) for role, e in settings.constraints.items()}
    _check_together(settings, found, {n: p for n, (p, _) in penalties.items()}, views, constraints)
    return Composition(
        found,
        penalties,
        views,
        {SHORT[role]: constraint for role, constraint in constraints.items()},
        settings.labels.smoothing,
    )


def _loss(settings: GANSettings, own: object) -> AdversarialLoss:
    name, where = settings.objective, "model.objective"
    if own is None and name.startswith(OBJECT):
        return _missing(name.removeprefix(OBJECT))
    if own is None:
        own = loss_named(name) if name in LOSSES else _made(name, {}, where)
    if isinstance(own, AdversarialLoss):
        return _checked(own, where)
    own = _called(own, {}, where) if isinstance(own, type) else own
    wanted = ("real", "generator") if getattr(own, "paired", False) else ("real", "fake", "generator")
    lacks = [part for part in wanted if not callable(getattr(own, part, None))]
    if lacks:
        raise SettingError(
            f"{where}: {_named(own)} is no loss of a GAN: it has no function {' and no function '.join(lacks)}; each takes "
            "logits (B,) and returns one cost an example, (B,) (see saddlepoint.objectives.adversarial.losses)."
        )
    known = {name: getattr(own, name) for name in AdversarialLoss.__dataclass_fields__ if hasattr(own, name)}
    known |= {name: bool(known[name]) for name in ("paired", "features") if name in known}
    return _checked(AdversarialLoss(**known), where)


def _checked(loss: AdversarialLoss, where: str) -> AdversarialLoss:
    """Return the loss, after checking that its functions return one finite, differentiable value for each example."""
    functions: dict[str, Callable[[Tensor], Any]] = {"real": loss.real}
    functions |= {} if loss.paired or loss.fake is None else {"fake": loss.fake}
    functions["generator"] = _on_features(loss.generator) if loss.features else loss.generator
    functions |= {} if loss.labelled is None else {"labelled": _at_label(loss.labelled, 0.3)}
    functions |= {} if loss.link is None else {"link": loss.link}
    # On the processor, also where a model without memory is built (on torch's meta device) to count its weights.
    with torch.device("cpu"):
        _check_costs(functions, where)
    return loss


def _check_costs(functions: Mapping[str, Callable[[Tensor], Any]], where: str) -> None:
    """Raise SettingError where a function of logits does not return one finite, differentiable cost an example."""
    for name, function in functions.items():
        logit = torch.tensor([-2.0, -0.5, 0.25, 3.0], requires_grad=True)
        try:
            cost = function(logit)
        except Exception as error:
            raise SettingError(
                f"{where}: {name} fails on logits of shape (4,): {type(error).__name__}: {error}."
            ) from error
        if not isinstance(cost, Tensor) or cost.shape != logit.shape:
            got = tuple(cost.shape) if isinstance(cost, Tensor) else f"a {type(cost).__name__}"
            raise SettingError(
                f"{where}: {name} turns logits of shape (4,) into {got}: return one cost an example, (4,), without a mean."
            )
        if not cost.isfinite().all():
            raise SettingError(f"{where}: {name} is not finite at logits between -2 and 3: {cost.tolist()}.")
        if name == "link" and not bool(((cost >= 0) & (cost <= 1)).all()):
            raise SettingError(f"{where}: link must return probabilities, in [0, 1]; it returns {cost.tolist()}.")
        if name != "link" and not cost.requires_grad:
            raise SettingError(f"{where}: {name} does not depend on the logit, so it teaches nothing.")


def _on_features(cost: Callable[..., Tensor]) -> Callable[[Tensor], Tensor]:
    """Make a loss of features a function of one column: the real features are (B, 1), the generated ones are shifted by 1."""
    return lambda column: cost(column.detach()[:, None], column[:, None] + 1)


def _at_label(cost: Callable[[Tensor, Tensor | float], Tensor], label: float) -> Callable[[Tensor], Tensor]:
    return lambda logit: cost(logit, label)


def _missing(name: str) -> AdversarialLoss:
    """Return a placeholder for a loss that was given as an object: the model can be loaded and sampled, but not trained."""

    def refuse(*_: Tensor) -> Tensor:
        raise RunError(
            f"This GAN was trained with a loss that was given as an object ({name}), and no file holds that: give it again "
            "with loss=... (sp.resume, sp.train)."
        )

    return AdversarialLoss(real=refuse, fake=refuse, generator=refuse)


def _penalty(name: str, arguments: Mapping[str, Any]) -> Penalty:
    where = f"model.penalties.{name}"
    part = _made(PENALTIES.get(name, name), arguments, where)
    if not callable(getattr(part, "how", None)) or not hasattr(part, "where"):
        raise SettingError(
            f"{where}: {_named(part)} is no penalty: it needs `where` and `how` (see "
            "saddlepoint.objectives.adversarial.penalties)."
        )
    return part if isinstance(part, Penalty) else Penalty(part.where, part.how, getattr(part, "draw", None))


def _view(name: str, arguments: Mapping[str, Any]) -> View:
    where = f"model.views.{name}"
    part = _made(VIEWS.get(name, name), arguments, where)
    if not callable(part) or not callable(getattr(part, "draw", None)):
        raise SettingError(
            f"{where}: {_named(part)} is no view: it needs `draw` and `__call__` (see saddlepoint.objectives.adversarial.views)."
        )
    found: View = part
    return found


def _constraint(role: str, name: str, arguments: Mapping[str, Any]) -> Constraint:
    where = f"model.constraints.{role}"
    part = _made(CONSTRAINTS.get(name, name), arguments, where)
    if not all(callable(getattr(part, n, None)) for n in ("prepare", "project")) or not hasattr(part, "after_update"):
        raise SettingError(
            f"{where}: {_named(part)} is no constraint: it needs `prepare`, `project` and `after_update` (see "
            "saddlepoint.objectives.adversarial.constraints)."
        )
    found: Constraint = part
    return found


def check_on_examples(parts: Composition, shape: Sequence[int]) -> None:
    """Try penalties and views on two examples of this shape.

    Raises:
        SettingError: a part fails, or returns something of another shape.
    """
    with torch.device("cpu"):  # also where a model without memory is built, to count its weights
        generator = torch.Generator().manual_seed(0)
        x = torch.linspace(-1, 1, 2 * math.prod(shape)).view(2, *shape)
        for name, view in parts.views.items():
            _check_result(f"model.views.{name}", partial(_view_of, view, x, generator), x.shape)
        for name, (penalty, _) in parts.penalties.items():
            where = f"model.penalties.{name}"
            if callable(penalty.where):
                _check_result(where, partial(_points_of, penalty, x, generator), x.shape)
            elif penalty.where not in ("real", "fake"):
                raise SettingError(f'{where}: `where` is {penalty.where!r}; it must be "real", "fake" or a function.')
            _check_result(where, partial(penalty.how, torch.tensor([0.5, 2.0])), torch.Size([2]))


def _view_of(view: View, x: Tensor, generator: torch.Generator) -> Tensor:
    return view(x, view.draw(len(x), x.shape[1:], 1.0, generator))


def _points_of(penalty: Penalty, x: Tensor, generator: torch.Generator) -> Tensor:
    assert callable(penalty.where)
    return penalty.where(x, x + 1, None if penalty.draw is None else penalty.draw(len(x), x.shape[1:], generator))


def _check_result(where: str, function: Callable[[], Any], shape: torch.Size) -> None:
    try:
        result = function()
    except Exception as error:
        raise SettingError(f"{where} fails on two examples: {type(error).__name__}: {error}.") from error
    if not isinstance(result, Tensor) or result.shape != shape:
        got = tuple(result.shape) if isinstance(result, Tensor) else f"a {type(result).__name__}"
        raise SettingError(f"{where} returns {got} for two examples, but {tuple(shape)} is needed.")


def _made(path: str, arguments: Mapping[str, Any], where: str) -> Any:
    """What `module:Name` names; a class or function is called with the arguments."""
    found: Any = import_object(path, where)
    if not (isinstance(found, type) or inspect.isroutine(found)):
        if arguments:
            raise SettingError(f"{where} takes no arguments, got {', '.join(arguments)}.")
        return found
    return _called(found, arguments, where)


def _called(maker: Callable[..., Any], arguments: Mapping[str, Any], where: str) -> Any:
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


def _check_together(
    settings: GANSettings,
    loss: AdversarialLoss,
    penalties: Mapping[str, Penalty],
    views: Mapping[str, View],
    constraints: Mapping[str, Constraint],
) -> None:
    """Raise SettingError if a part forbids a setting that is used."""
    default = GANSettings()
    for name, part in _parts(settings, loss, penalties, views, constraints):
        for setting, reason in getattr(part, "forbids", {}).items():
            if _is_used(settings, setting) and _value(settings, setting) != _value(default, setting):
                raise SettingError(f"{name} and model.{setting} cannot be combined: {reason}. Leave one of them out.")


def _parts(
    settings: GANSettings,
    loss: Any,
    penalties: Mapping[str, Any],
    views: Mapping[str, Any],
    constraints: Mapping[str, Any],
) -> Iterator[tuple[str, Any]]:
    yield f'model.objective "{settings.objective}"', loss
    of_discriminator = {role: part for role, part in constraints.items() if role == "discriminator"}
    for section, parts in (("penalties", penalties), ("views", views), ("constraints", of_discriminator)):
        for name, part in parts.items():
            yield f"model.{section}.{name}", part


def _is_used(settings: GANSettings, name: str) -> bool:
    """Whether a setting belongs to a part in use: one whose weight or strength is not 0."""
    section, _, rest = name.partition(".")
    if section not in ("penalties", "views"):
        return True
    entry: Any = getattr(settings, section).get(rest.partition(".")[0])
    return entry is not None and bool(getattr(entry, "weight", getattr(entry, "strength", 0)))


def _value(settings: GANSettings, name: str) -> Any:
    """The value of a dotted setting; None for an entry of an open section that is not there."""

    def inner(value: Any, part: str) -> Any:
        return value.get(part) if isinstance(value, dict) else getattr(value, part, None)

    return reduce(inner, name.split("."), settings)


def _named(part: object) -> str:
    return part.__name__ if isinstance(part, type) else type(part).__name__
