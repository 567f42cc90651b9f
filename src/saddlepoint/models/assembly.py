"""From settings to networks and units: what the families have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import nn

from saddlepoint import networks
from saddlepoint.data.dataset import Event, Scaling, ScalingKind
from saddlepoint.errors import SettingError, suggestion
from saddlepoint.models.settings import NetworkSettings

UNIT = (0.0, 1.0)
SYMMETRIC = (-1.0, 1.0)


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
    """The network of this role: the user's own module if there is one, else what the settings ask for.

    series: whether the examples among inputs and outputs are series (T, C), which convolutions take as (C, T).

    Raises SettingError where it cannot be built or does not fit the shapes (see `saddlepoint.networks.build`).
    """
    if role in modules:
        return networks.tried(modules[role], inputs, outputs, role)
    options = networks.Options(
        hidden=settings.hidden,
        activation=settings.activation,
        batch_norm=settings.batch_norm,
        width=settings.width,
        output_activation=output_activation,
        weights=settings.weights,
        pieces=settings.maxout_pieces,
    )
    if series and settings.network == "dcgan":
        takes, gives = len(inputs) == 2, outputs is not None and len(outputs) == 2
        inner = networks.build(
            settings.network,
            inputs[::-1] if takes else inputs,
            outputs[::-1] if gives and outputs else outputs,
            options,
            arguments=settings.arguments,
            where=f"model.{role}.network",
        )
        return networks.TimeFirst(inner, takes=takes, gives=gives)
    return networks.build(
        settings.network, inputs, outputs, options, arguments=settings.arguments, where=f"model.{role}.network"
    )


def is_own(role: str, settings: NetworkSettings, modules: Mapping[str, nn.Module]) -> bool:
    """Whether this network comes from the user and so brings its own last activation."""
    return role in modules or ":" in settings.network


def check_roles(modules: Mapping[str, nn.Module], roles: Sequence[str]) -> None:
    """Raises SettingError where `modules` names a role that the family does not have."""
    for role in modules:
        if role not in roles:
            raise SettingError(
                f'modules: there is no player "{role}" here.{suggestion(role, roles)} Known: {", ".join(roles)}.'
            )


def scaling(event: Event, kind: ScalingKind, output_range: tuple[float, float] | None, wants: str) -> Scaling:
    """The event's scaling of this kind, if the data's range in the model's units is then what the output can reach.

    wants: what has this output range, for the message ("the output tanh", "bernoulli").
    Raises SettingError for a pair that cannot fit.
    """
    found = event.scaling(kind)
    if output_range is None:
        return found
    if event.low is not None and event.high is not None:
        reached = (event.low * found.scale[0] + found.offset[0], event.high * found.scale[0] + found.offset[0])
        fits = len(found.scale) == 1 and all(abs(a - b) < 1e-4 for a, b in zip(reached, output_range, strict=True))
    else:
        # Data without a known range fit by the convention of four standard deviations each way, or not at all.
        fits = (kind, output_range) in (("unit", UNIT), ("symmetric", SYMMETRIC))
    if not fits:
        better = "unit" if output_range == UNIT else "symmetric"
        raise SettingError(
            f"model.scaling: {wants} reaches {output_range[0]:g} to {output_range[1]:g}, which does not fit data scaled by "
            f'"{kind}": set model.scaling to "{better}" or "auto".'
        )
    return found
