"""Builds the network of an autoregressive model: a built-in one, or the user's own."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from saddlepoint.data.event import Event, Scaling
from saddlepoint.errors import SettingError
from saddlepoint.models.autoregressive.network import Autoregression, OwnNetwork, prediction_shape
from saddlepoint.models.autoregressive.settings import AUTOREGRESSIVE_NETWORKS, AutoregressiveSettings
from saddlepoint.networks.autoregression import AutoregressiveNetwork
from saddlepoint.networks.own import import_object
from saddlepoint.networks.settings import OBJECT
from saddlepoint.objectives.autoregressive_likelihood import Categorical, ConditionalLikelihood

NETWORK = "network"  # the role of the one player


def check_network(settings: AutoregressiveSettings, event: Event, modules: Mapping[str, Any]) -> bool:
    """Check that the network suits the data, and return whether it predicts the channels of a pixel together.

    Args:
        settings: of the model.
        event: what one example is.
        modules: the user's own network by role.

    Raises:
        SettingError: it does not.
    """
    name = settings.network.network
    own = _is_own(settings, modules)
    convolutional = not own and AUTOREGRESSIVE_NETWORKS[name].convolutional
    if convolutional and event.kind != "image":
        raise SettingError(
            f"model.network.network: {name} is a network of images, and these data are {event.plural}: use made, transformer or wavenet."
        )
    if settings.ordering == "random" and (convolutional or own):
        raise SettingError(
            f"model.ordering: {'your own network' if own else name} predicts numbers in the order in which they lie: use raster, or "
            "the network made, nade or transformer."
        )
    return convolutional


def build_player(
    settings: AutoregressiveSettings,
    event: Event,
    scaling: Scaling,
    likelihood: ConditionalLikelihood,
    classes: int,
    modules: Mapping[str, Any],
) -> Autoregression:
    """Build the player.

    Args:
        settings: of the model.
        event: what one example is.
        scaling: to the model's units.
        likelihood: of each number.
        classes: that the network is conditional on; 0 for none.
        modules: the user's own network by role.

    Raises:
        SettingError: the network cannot be built.
    """
    nominal = event.kind == "text" and isinstance(likelihood, Categorical)
    own = _is_own(settings, modules)
    network: AutoregressiveNetwork
    if own:
        network = _own_network(settings, event, likelihood, classes, modules)
    else:
        network = _built_in(settings, event, likelihood, classes, nominal)
    return Autoregression(
        network,
        event,
        scaling,
        likelihood,
        classes,
        shuffled=settings.ordering == "random",
        one_hot=nominal and not own,
    )


def _is_own(settings: AutoregressiveSettings, modules: Mapping[str, Any]) -> bool:
    """Whether the network is the user's own, given as an object or by import path."""
    return NETWORK in modules or ":" in settings.network.network


def _built_in(
    settings: AutoregressiveSettings, event: Event, likelihood: ConditionalLikelihood, classes: int, nominal: bool
) -> AutoregressiveNetwork:
    """The network that the settings name."""
    choice = settings.network
    entry = AUTOREGRESSIVE_NETWORKS[choice.network]
    if choice.arguments:
        raise SettingError(
            f"model.network.arguments: {choice.network} takes none; its settings are {', '.join(entry.uses)}."
        )
    module, name = entry.path.split(":")
    builder = getattr(import_module(module), name)
    bins = likelihood.bins if isinstance(likelihood, Categorical) else 0
    arguments = {
        "numbers": event.size,
        "size": event.shape[1:],
        "channels": 1 if event.kind == "text" else event.shape[event.channel_axis],
        "block": likelihood.block,
        "features": bins if nominal else 1,
        "outputs": likelihood.parameters,
        "symbols": bins,
        "classes": classes,
        **{setting: getattr(choice, setting) for setting in entry.uses},
    }
    takes = inspect.signature(builder).parameters
    try:
        network: AutoregressiveNetwork = builder(**{name: value for name, value in arguments.items() if name in takes})
    except SettingError as error:
        raise SettingError(f"model.network: {error}") from error
    return network


def _own_network(
    settings: AutoregressiveSettings,
    event: Event,
    likelihood: ConditionalLikelihood,
    classes: int,
    modules: Mapping[str, Any],
) -> OwnNetwork:
    """The user's own network."""
    choice = settings.network
    where = NETWORK if NETWORK in modules else "model.network.network"
    module = modules.get(NETWORK)
    if module is None:
        outputs = prediction_shape(event, likelihood)
        maker = import_object(choice.network.removeprefix(OBJECT), where)
        try:
            module = maker(inputs=event.shape, outputs=outputs, **choice.arguments)
        except Exception as error:
            raise SettingError(
                f"{where}: {choice.network}(inputs={event.shape}, outputs={outputs}) failed: {type(error).__name__}: {error}."
            ) from error
    return OwnNetwork(module, event, likelihood, classes, where)
