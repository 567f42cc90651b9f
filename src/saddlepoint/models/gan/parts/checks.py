"""Checks of one part: its functions are tried on a few numbers, so that a mistake is found before training."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from saddlepoint.errors import SettingError
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.networks.settings import NETWORKS
from saddlepoint.objectives.adversarial.composition import Composition
from saddlepoint.objectives.adversarial.losses import AdversarialLoss
from saddlepoint.objectives.adversarial.part_state import PartState
from saddlepoint.objectives.adversarial.penalties import AnyPenalty, ConsistencyPenalty, ScorePenalty
from saddlepoint.objectives.adversarial.views import View


def check_loss(loss: AdversarialLoss, where: str) -> None:
    """Check that the functions of a loss return one finite, differentiable value for each example.

    Args:
        loss: to check.
        where: the name of its setting.

    Raises:
        SettingError: a function fails or returns something else.
    """
    if loss.state is not None and (loss.paired or loss.labelled is not None):
        what = "compare pairs" if loss.paired else "have a cost of labels"
        raise SettingError(f"{where}: a loss with state cannot {what}: `fake` alone gets the state.")
    functions: dict[str, Callable[[Tensor], Any]] = {"real": loss.real}
    if loss.fake is not None and not loss.paired:
        functions["fake"] = loss.fake if loss.state is None else partial(_with_state, loss.fake, loss.state)
    functions["generator"] = _on_features(loss.generator) if loss.features else loss.generator
    functions |= {} if loss.labelled is None else {"labelled": _at_label(loss.labelled, 0.3)}
    functions |= {} if loss.link is None else {"link": loss.link}
    # On the processor, also where a model without memory is built (on torch's meta device) to count its weights.
    with torch.device("cpu"):
        for name, function in functions.items():
            _check_cost(function, name, where)


def _check_cost(function: Callable[[Tensor], Any], name: str, where: str) -> None:
    """Raise SettingError if a function of logits does not return one finite, differentiable value for each example."""
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


def _with_state(cost: Callable[..., Tensor], state: PartState, logit: Tensor) -> Tensor:
    return cost(logit, state.first)


def _on_features(cost: Callable[..., Tensor]) -> Callable[[Tensor], Tensor]:
    """Make a loss of features a function of one column: the real features are (B, 1), the generated ones are shifted by 1."""
    return lambda column: cost(column.detach()[:, None], column[:, None] + 1)


def _at_label(cost: Callable[[Tensor, Tensor | float], Tensor], label: float) -> Callable[[Tensor], Tensor]:
    return lambda logit: cost(logit, label)


def check_on_examples(parts: Composition, shape: Sequence[int]) -> None:
    """Try penalties and views on two examples of this shape.

    Args:
        parts: of the game.
        shape: of one example.

    Raises:
        SettingError: a part fails, or returns something of another shape.
    """
    with torch.device("cpu"):  # also where a model without memory is built, to count its weights
        generator = torch.Generator().manual_seed(0)
        x = torch.linspace(-1, 1, 2 * math.prod(shape)).view(2, *shape)
        for name, view in parts.views.items():
            _check_result(f"model.views.{name}", partial(_view_of, view, x, generator), x.shape)
        for name, (penalty, _) in parts.penalties.items():
            _check_penalty(f"model.penalties.{name}", penalty, x, generator)
        for name, state in parts.states.items():
            _check_state(f"model.{name}", state)


def _check_penalty(where: str, penalty: AnyPenalty, x: Tensor, generator: torch.Generator) -> None:
    values, pair = torch.tensor([0.5, 2.0]), torch.Size([2])
    if isinstance(penalty, ScorePenalty):
        kept = {} if penalty.state is None else penalty.state.first
        _check_result(where, partial(penalty.how, values, -values, kept), pair)
        return
    if isinstance(penalty, ConsistencyPenalty):

        def change() -> Tensor:
            drawn: Tensor | None = penalty.draw(len(x), x.shape[1:], generator)
            if drawn is None:
                raise SettingError("its draw returns None; it must return the random numbers that change is given.")
            return penalty.change(x, drawn)

        _check_result(where, change, x.shape)
        _check_result(where, partial(penalty.how, values, -values), pair)
        return
    if callable(penalty.where):
        points, draw = penalty.where, penalty.draw
        numbers = None if draw is None else draw(len(x), x.shape[1:], generator)
        _check_result(where, partial(points, x, x + 1, numbers), x.shape)
    elif penalty.where not in ("real", "fake"):
        raise SettingError(f'{where}: `where` is {penalty.where!r}; it must be "real", "fake" or a function.')
    _check_result(where, partial(penalty.how, values), pair)


def _check_state(where: str, state: PartState) -> None:
    """Raise SettingError if the state after an update does not have the tensors of the state before it."""
    logit = torch.tensor([-0.5, 2.0])
    try:
        following = state.following(state.first, logit, -logit)
    except Exception as error:
        raise SettingError(f"{where}: its state cannot be updated: {type(error).__name__}: {error}.") from error
    before, after = ({name: tuple(value.shape) for name, value in kept.items()} for kept in (state.first, following))
    if before != after:
        raise SettingError(
            f"{where}: an update turns its state {before} into {after}; names and shapes must not change."
        )


def _view_of(view: View, x: Tensor, generator: torch.Generator) -> Tensor:
    state: PartState | None = getattr(view, "state", None)
    kept = () if state is None else (state.first,)
    return view(x, view.draw(len(x), x.shape[1:], 1.0, generator, *kept))


def _check_result(where: str, function: Callable[[], Any], shape: torch.Size) -> None:
    try:
        result = function()
    except SettingError as error:
        raise SettingError(f"{where}: {error}") from None
    except Exception as error:
        raise SettingError(f"{where} fails on two examples: {type(error).__name__}: {error}.") from error
    if not isinstance(result, Tensor) or result.shape != shape:
        got = tuple(result.shape) if isinstance(result, Tensor) else f"a {type(result).__name__}"
        raise SettingError(f"{where} returns {got} for two examples, but {tuple(shape)} is needed.")


def check_together(
    parts: Mapping[str, Any], is_used: Callable[[str], bool], unused_value: Callable[[str], str | None]
) -> None:
    """Check that no part forbids a setting that is used.

    Args:
        parts: by a description for the message, every part of the game. The description starts with the setting's name.
        is_used: whether a dotted setting of the model differs from its default and belongs to a part in use.
        unused_value: the value with which a dotted setting of the model is not used; None if it can only be left out.

    Raises:
        SettingError: it does; the message names both, the reason, and the change of either that settles it.
    """
    for name, part in parts.items():
        for setting, reason in getattr(part, "forbids", {}).items():
            if is_used(setting):
                value = unused_value(setting)
                # The recipe may have set it, so that leaving it out of a command would not switch it off.
                change = f"Leave model.{setting} out" if value is None else f"Set model.{setting} to {value}"
                raise SettingError(
                    f"{name} and model.{setting} cannot be combined: {reason}. {change}, or {_without(name)}."
                )


def _without(description: str) -> str:
    """How to do without a part, from its description in messages."""
    setting = description.split(" ")[0]
    section = setting.removeprefix("model.").partition(".")[0]
    if section == "objective":
        return "choose another model.objective"
    if section == "encoder":
        return "set model.encoder.kind to none"
    if section in ("penalties", "views"):
        return f"set {setting} to 0"
    return f"set {setting} to none" if section in ("constraints", "condition") else f"leave {setting} out"


def check_networks(settings: GANSettings, parts: Composition) -> None:
    """Check that no constraint would divide by weights of a built-in network that begin at 0.

    Args:
        settings: of the GAN.
        parts: of its game.

    Raises:
        SettingError: one would; the message names both.
    """
    for role, player in zip(settings.roles, settings.players, strict=True):
        if not getattr(parts.constraints.get(player), "divides_by_weights", False):
            continue
        # A discriminator that reconstructs examples contains a second network of the generator's settings.
        for owner in ("discriminator", "generator") if player == "d" and parts.loss.energy is not None else (role,):
            network = getattr(settings, owner).network
            if network in NETWORKS and NETWORKS[network].zero_layers:
                raise SettingError(
                    f"model.constraints.{role} ({settings.constraints[role].name}) and model.{owner}.network ({network}) cannot "
                    "be combined: the constraint divides by weights, and those of some layers begin at 0. Choose another "
                    "network, or the constraint clip or orthogonal."
                )
