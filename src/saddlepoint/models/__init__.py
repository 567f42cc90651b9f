"""Families of models: their settings, players and phases.

Torch is imported only when a model is built, so that the settings can be used without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from saddlepoint.errors import SettingError
from saddlepoint.models.settings import FAMILIES, ModelSettings

if TYPE_CHECKING:
    from torch import nn

    from saddlepoint.data.event import Event
    from saddlepoint.models.base import Model

__all__ = ["FAMILIES", "build", "check_settings", "construct"]


def check_settings(settings: ModelSettings, classes: int | None = None) -> None:
    """Check that the parts that the settings name can be combined, as far as this does not depend on the data.

    Parts that are named by import path are imported, except for networks.

    Args:
        settings: of the family.
        classes: number of classes in the data, 0 without labels; None if it is unknown. Less is checked then.

    Raises:
        SettingError: a part forbids another one or is invalid.
    """
    _class_of(settings).check_settings(settings, classes)


def construct(settings: ModelSettings, event: Event, modules: Mapping[str, nn.Module] | None = None) -> Model:
    """Build a model with weights drawn from torch's global generator on its default device.

    Args:
        settings: of the family.
        event: what one example is.
        modules: the user's own networks by role.
    """
    model: Model = _class_of(settings)(settings, event, modules or {})
    return model


def build(
    settings: ModelSettings, event: Event, *, modules: Mapping[str, nn.Module] | None = None, seed: int = 0
) -> Model:
    """Build a model with new weights.

    Args:
        settings: of the family.
        event: what one example is.
        modules: the user's own networks by role: generator and discriminator of a GAN, encoder and decoder of the others.
        seed: of the weights; the state of torch's global generator is unchanged.

    Returns:
        The model.

    Raises:
        SettingError: a network cannot be built or does not fit the event, the units do not fit, or the model takes no text.
    """
    import torch

    if event.kind == "text" and not settings.takes_text:
        raise SettingError(
            f"model.family: {_in_words(settings)} works with numbers, and the symbols of a text have no order: take autoregressive, or "
            "classical with the distribution hmm, markov or naive-bayes."
        )

    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        model = construct(settings, event, modules)
    model.lay_out()
    return model


def _in_words(settings: ModelSettings) -> str:
    """The family, and the distribution where there are several."""
    distribution = getattr(settings, "distribution", None)
    return settings.family if distribution is None else f"{settings.family} with the distribution {distribution}"


def _class_of(settings: ModelSettings) -> Any:
    """The class of the family's models.

    Raises:
        SettingError: the training loop was the user's own.
    """
    if settings.own_loop:
        raise SettingError(
            "model.family: this run was trained by a loop of your own, which sp.watch recorded, and no file holds its networks: run "
            "your script again."
        )
    family = FAMILIES[settings.family]
    return getattr(import_module(f"{family.package}.model"), family.name)
