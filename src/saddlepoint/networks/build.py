"""Build built-in networks by name, and the user's own, from the shapes of their input and output."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from saddlepoint.errors import SettingError, suggestion
from saddlepoint.networks.conv import dcgan
from saddlepoint.networks.mlp import MLP
from saddlepoint.networks.own import build_own

Shape = Sequence[int]


@dataclass(frozen=True)
class Options:
    """Options of built-in networks; each network uses those that concern it."""

    hidden: tuple[int, ...] = (128, 128)
    activation: str = "relu"
    batch_norm: bool = False
    width: int = 64
    output_activation: str = "identity"
    weights: str = "glorot"
    pieces: int = 5


def _mlp(inputs: Shape, outputs: Shape | None, options: Options) -> nn.Module:
    return MLP(
        inputs,
        outputs,
        options.hidden,
        options.activation,
        options.batch_norm,
        options.output_activation,
        options.weights,
        options.pieces,
    )


def _dcgan(inputs: Shape, outputs: Shape | None, options: Options) -> nn.Module:
    return dcgan(inputs, outputs, options.width, options.output_activation)


NETWORKS: dict[str, Callable[[Shape, Shape | None, Options], nn.Module]] = {"mlp": _mlp, "dcgan": _dcgan}


def build(
    network: str,
    inputs: Shape,
    outputs: Shape | None,
    options: Options | None = None,
    *,
    arguments: Mapping[str, Any] | None = None,
    where: str = "network",
) -> nn.Module:
    """A new network from examples of shape `inputs` to examples of shape `outputs`.

    Args:
        network: a name in NETWORKS, or the import path `module:Class` of the user's own, which is called as
            `Class(inputs=..., outputs=..., **arguments)` and brings its own output activation.
        outputs: `()` for one number an example, (B,); None for features of any length, (B, F).
        where: the setting's name, for error messages.

    Raises:
        SettingError: an unknown name, or a network that does not fit these shapes.
    """
    if ":" in network:
        return build_own(network, inputs, outputs, arguments or {}, where)
    if network not in NETWORKS:
        raise SettingError(
            f'{where}: there is no network "{network}".{suggestion(network, NETWORKS)} Known: {", ".join(NETWORKS)}, or '
            "the import path of your own, such as mypackage.nets:Generator."
        )
    if arguments:
        raise SettingError(
            f'{where}: "{network}" is built in and takes no arguments ({", ".join(arguments)}): they are for your own networks.'
        )
    try:
        return NETWORKS[network](inputs, outputs, options or Options())
    except SettingError as error:
        raise SettingError(f"{where}: {error}") from error
