"""Build the networks of a model from its settings; shared by the families."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import nn

from saddlepoint.errors import SettingError, suggestion
from saddlepoint.networks.build import build
from saddlepoint.networks.own import check_network
from saddlepoint.networks.series import TimeFirst
from saddlepoint.networks.settings import NETWORKS, NetworkSettings


def network(
    role: str,
    settings: NetworkSettings,
    inputs: Sequence[int],
    outputs: Sequence[int] | None,
    modules: Mapping[str, nn.Module],
    output_activation: str = "identity",
    *,
    series: bool = False,
) -> nn.Module:
    """Return the network of a role: the user's own module if there is one, otherwise the network that the settings define.

    Args:
        role: its name in settings, such as "generator".
        settings: of the network.
        inputs: shape of one input.
        outputs: shape of one output; None for features of any shape.
        modules: the user's own modules by role.
        output_activation: the last activation.
        series: whether the examples among inputs and outputs are series (T, C), which convolutions take as (C, T).

    Raises:
        SettingError: the network cannot be built, or does not fit the shapes (see `saddlepoint.networks.build`).
    """
    if role in modules:
        return check_network(modules[role], inputs, outputs, role)
    where = f"model.{role}"
    entry = NETWORKS.get(settings.network)
    if not (series and entry is not None and entry.convolutional):
        return build(settings, inputs, outputs, output_activation, where=where)
    takes, gives = len(inputs) == 2, outputs is not None and len(outputs) == 2
    inner = build(
        settings,
        inputs[::-1] if takes else inputs,
        outputs[::-1] if gives and outputs else outputs,
        output_activation,
        where=where,
    )
    return TimeFirst(inner, takes=takes, gives=gives)


def is_own(role: str, settings: NetworkSettings, modules: Mapping[str, nn.Module]) -> bool:
    """Whether a network is the user's own, so that the settings do not determine its last activation."""
    return role in modules or ":" in settings.network


def check_roles(modules: Mapping[str, nn.Module], roles: Sequence[str]) -> None:
    """Check the names of the user's own modules.

    Args:
        modules: the modules by role.
        roles: the roles of the family.

    Raises:
        SettingError: a name is not a role of the family.
    """
    for role in modules:
        if role not in roles:
            raise SettingError(
                f'modules: there is no player "{role}" here.{suggestion(role, roles)} Known: {", ".join(roles)}.'
            )
