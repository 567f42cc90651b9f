"""Families of models: which players, which phases.

Torch is imported where a model is built, not before: the settings beside it must stay light.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from saddlepoint.models.autoencoder.settings import AutoencoderSettings
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.models.settings import ModelSettings
from saddlepoint.models.vae.settings import VAESettings

if TYPE_CHECKING:
    from torch import nn

    from saddlepoint.data.dataset import Event
    from saddlepoint.models.base import Model

__all__ = ["FAMILIES", "build"]


def _autoencoder(settings: AutoencoderSettings, event: Event, modules: Mapping[str, nn.Module]) -> Model:
    from saddlepoint.models.autoencoder.model import Autoencoder

    return Autoencoder(settings, event, modules)


def _vae(settings: VAESettings, event: Event, modules: Mapping[str, nn.Module]) -> Model:
    from saddlepoint.models.vae.model import VAE

    return VAE(settings, event, modules)


def _gan(settings: GANSettings, event: Event, modules: Mapping[str, nn.Module]) -> Model:
    from saddlepoint.models.gan.model import GAN

    return GAN(settings, event, modules)


FAMILIES: dict[str, Callable[[Any, Event, Mapping[str, nn.Module]], Model]] = {
    "autoencoder": _autoencoder,
    "vae": _vae,
    "gan": _gan,
}


def build(
    settings: ModelSettings, event: Event, *, modules: Mapping[str, nn.Module] | None = None, seed: int = 0
) -> Model:
    """The model that `settings` describe, for examples of this `event`, with fresh weights.

    modules: the user's own networks by role: generator and discriminator of a GAN, encoder and decoder of the others.
    seed: of the weights; torch's global generator is left as it was.

    Raises SettingError for networks that cannot be made or do not fit the event, and for units that cannot fit.
    """
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        model = FAMILIES[settings.family](settings, event, modules or {})
    model.lay_out()
    return model
