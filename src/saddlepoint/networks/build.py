"""Build built-in networks by name, and the user's own, from the shapes of their input and output."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError
from torch import nn

from saddlepoint.arguments import shown
from saddlepoint.errors import SettingError, suggestion
from saddlepoint.networks.own import build_own
from saddlepoint.networks.settings import NETWORKS, NetworkSettings
from saddlepoint.settings import refusal

Shape = Sequence[int]
GIVEN = ("self", "inputs", "outputs", "output_activation")  # by every model, to every builder


def build(
    settings: NetworkSettings,
    inputs: Shape,
    outputs: Shape | None,
    output_activation: str = "identity",
    *,
    where: str = "network",
) -> nn.Module:
    """A new network from examples of shape `inputs` to examples of shape `outputs`.

    Args:
        settings: of the network. The user's own is called as `Class(inputs=..., outputs=..., **arguments)` and has its own
            output activation.
        inputs: shape of one example that goes in.
        outputs: shape of one result; `()` for one number an example, (B,); None for features of any length, (B, F).
        output_activation: after the last layer, a name in `activations.ACTIVATIONS`.
        where: the dotted name of the settings, for error messages.

    Raises:
        SettingError: an argument that the network does not take, or a network that does not fit these shapes.
    """
    name = settings.network
    if ":" in name:
        return build_own(name, inputs, outputs, settings.arguments, f"{where}.network")
    entry = NETWORKS[name]
    builder = _builder(entry.path)
    arguments = _checked_arguments(name, builder, settings.arguments, f"{where}.arguments")
    used = {setting: getattr(settings, setting) for setting in entry.uses}
    try:
        network: nn.Module = builder(inputs, outputs, output_activation=output_activation, **used, **arguments)
    except SettingError as error:
        raise SettingError(f"{where}.network: {error}") from error
    return network


def _builder(path: str) -> Callable[..., Any]:
    module, name = path.split(":")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found


def _checked_arguments(
    network: str, builder: Callable[..., Any], arguments: Mapping[str, Any], where: str
) -> dict[str, Any]:
    """The arguments of a built-in network, checked against the annotations of its builder.

    Raises:
        SettingError: a name that the builder does not take, or a value that it cannot take.
    """
    if not arguments:
        return {}
    hints = get_type_hints(builder.__init__ if inspect.isclass(builder) else builder, include_extras=True)
    settings = NETWORKS[network].uses
    takes = [name for name in inspect.signature(builder).parameters if name not in (*GIVEN, *settings)]
    checked = {}
    for name, value in arguments.items():
        if name in settings:
            raise SettingError(f"{where}: {name} is a setting of {network}, not an argument: set it beside `network`.")
        if name not in takes:
            known = f"it takes {', '.join(takes)}" if takes else "it takes none"
            raise SettingError(f"{where}: {network} has no argument {name}; {known}.{suggestion(name, takes)}")
        try:
            checked[name] = TypeAdapter(hints[name]).validate_python(value)
        except ValidationError as error:
            raise SettingError(f"{refusal(f'{where}.{name}', error.errors()[0], shown(value))}.") from None
    return checked
