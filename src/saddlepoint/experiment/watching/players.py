"""The players of somebody else's loop: their short names in series, and what they are together."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from torch import nn

from saddlepoint.arguments import check_mapping, shown
from saddlepoint.errors import SettingError, suggestion
from saddlepoint.models.watched.settings import Kind, WatchedSettings
from saddlepoint.objectives.adversarial.settings import LOSSES, LOSSES_ELSEWHERE

SHORT = {
    "discriminator": "d", "critic": "d", "netd": "d", "disc": "d", "generator": "g", "netg": "g", "gen": "g", "encoder": "e",
    "vae": "vae", "autoencoder": "ae",
}  # fmt: skip
KIND_OF_PLAYER: Mapping[str, Kind] = {"d": "gan", "g": "gan", "vae": "vae", "ae": "autoencoder"}
KIND_OF_OBJECTIVE: Mapping[str, Kind] = {
    **dict.fromkeys(("vae", "elbo", "evidence", "beta-vae"), "vae"),
    **dict.fromkeys(("autoencoder", "ae", "reconstruction"), "autoencoder"),
}
KIND_OF_SCALAR: Mapping[str, Kind] = {  # the names of `step` that say what is trained
    **dict.fromkeys(("d_loss", "g_loss", "real_logits", "fake_logits", "d/loss", "g/loss"), "gan"),
    **dict.fromkeys(("vae_loss", "kl", "mean", "log_variance", "vae/loss", "vae/kl"), "vae"),
    **dict.fromkeys(("ae_loss", "ae/loss"), "autoencoder"),
}
EXAMPLE = '{"discriminator": D, "generator": G}'


def short_names(players: Mapping[str, nn.Module] | None) -> dict[str, str]:
    """Return the short names of players in series: {"discriminator": "d"}.

    Args:
        players: the networks by the names that the user gives them.

    Raises:
        SettingError: it is no mapping of networks, or two players have the same short name.
    """
    if players is None:
        return {}
    check_mapping("watch", "players", players, EXAMPLE)
    names: dict[str, str] = {}
    for role, module in players.items():
        if not isinstance(module, nn.Module):
            raise SettingError(f"watch: players: the {role} is {shown(module)}; give a torch.nn.Module.")
        short = SHORT.get(role.lower()) or re.sub(r"[^a-z0-9]+", "_", role.lower()).strip("_")
        if not short or short in names.values():
            raise SettingError(
                f"watch: players: {role!r} cannot name a player beside {', '.join(names) or 'others'}; use other names."
            )
        names[role] = short
    return names


def loss_name(objective: str | None) -> str:
    """Return the name of an adversarial loss in the registry; empty for None and for objectives of other models.

    Raises:
        SettingError: there is no such objective.
    """
    if objective is None:
        return ""
    if not isinstance(objective, str):
        raise SettingError(f'watch: objective is {shown(objective)}; give a name, such as "non-saturating" or "vae".')
    name = _plain(objective)
    if name in KIND_OF_OBJECTIVE:
        return ""
    name = LOSSES_ELSEWHERE.get(name, name)
    if name not in LOSSES:
        known = [*LOSSES, "vae", "autoencoder"]
        raise SettingError(
            f"watch: unknown objective {objective!r}.{suggestion(name, known)} Known: {', '.join(known)}; leave it out for others."
        )
    return name


def _plain(objective: str) -> str:
    """Return the name of an objective as the registries write it."""
    return objective.lower().replace("_", "-").replace(" ", "-")


def kind_of(short: Collection[str], objective: str | None, scalars: Collection[str] = ()) -> Kind | None:
    """Return what the players are together; None where nothing says it.

    Args:
        short: short names of the players.
        objective: as the user gave it.
        scalars: the names in the first call of `step`.
    """
    if objective is not None:
        return "gan" if loss_name(objective) else KIND_OF_OBJECTIVE[_plain(objective)]
    named = [*(KIND_OF_PLAYER.get(name) for name in short), *(KIND_OF_SCALAR.get(name) for name in scalars)]
    return next((kind for kind in named if kind is not None), None)


def settings_of(
    players: Mapping[str, Any] | None,
    short: Collection[str],
    objective: str | None,
    kind: Kind | None,
    *,
    open_ended: bool,
) -> WatchedSettings:
    """Return the model settings of the run."""
    return WatchedSettings(
        kind=kind or "other", objective=loss_name(objective), networks=tuple(players or ()), open_ended=open_ended
    )
