"""Settings of a model: the `model` section of a recipe, one class a family (torch-free)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from saddlepoint.models.autoencoder.settings import AutoencoderSettings
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.models.vae.settings import VAESettings

ModelSettings = Annotated[AutoencoderSettings | VAESettings | GANSettings, Field(discriminator="family")]
