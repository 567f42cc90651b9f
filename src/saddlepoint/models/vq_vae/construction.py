"""Construction of the networks of a VQ-VAE."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from saddlepoint.data.event import Event
from saddlepoint.errors import SettingError
from saddlepoint.models.likelihoods import Likelihood
from saddlepoint.models.vq_vae.network import VQNetwork
from saddlepoint.models.vq_vae.settings import MapNetworkSettings, VQVAESettings
from saddlepoint.networks.code_maps import MapDecoder, MapEncoder, map_sizes
from saddlepoint.networks.mlp import MLP
from saddlepoint.networks.pixelcnn import PixelCNN


def build_autoencoder(settings: VQVAESettings, event: Event, likelihood: Likelihood) -> VQNetwork:
    """Build encoder, codebook and decoder.

    Args:
        settings: of the model.
        event: what one example is.
        likelihood: of an example given its codes.

    Raises:
        SettingError: the networks do not fit the data.
    """
    encoder, decoder, size = map_networks(settings.autoencoder, event, settings.code_size)
    return VQNetwork(
        encoder,
        decoder,
        settings.codebook_std * torch.randn(settings.codes, settings.code_size),
        size,
        learnt=settings.codebook == "gradient",
        log_scale=math.log(settings.observation_std) if likelihood.has_scale else None,
        learns_scale=likelihood.learns_scale,
    )


def build_prior(settings: VQVAESettings, size: tuple[int, int]) -> PixelCNN:
    """Build the prior over maps of codes with these sides."""
    codes = settings.codes
    return PixelCNN(size, 1, codes, codes, 1, settings.prior.width, settings.prior.layers)


class Reshaped(nn.Module):
    """A network of flat vectors between examples and maps (D, 1, places)."""

    def __init__(self, network: nn.Module, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.network, self.shape = network, shape

    def forward(self, x: Tensor) -> Tensor:
        """(B, ...) -> (B, *shape)."""
        result: Tensor = self.network(x.flatten(1)).reshape(len(x), *self.shape)
        return result


def map_networks(
    settings: MapNetworkSettings, event: Event, vector: int
) -> tuple[nn.Module, nn.Module, tuple[int, int]]:
    """Build the encoder, from examples to maps of vectors, and the decoder.

    Args:
        settings: of both.
        event: what one example is.
        vector: numbers in a vector.

    Returns:
        Encoder, decoder, and the sides of the map.

    Raises:
        SettingError: convolutions need images.
    """
    if settings.network == "mlp":
        shape = (vector, 1, settings.places)
        numbers = vector * settings.places
        encoder = Reshaped(MLP((event.size,), (numbers,), settings.hidden), shape)
        return (
            encoder,
            Reshaped(MLP((numbers,), (event.size,), settings.hidden[::-1]), event.shape),
            (1, settings.places),
        )
    if event.kind != "image":
        raise SettingError(
            f"model.autoencoder.network: convolutional maps images (C, H, W), and these data are {event.plural} of shape "
            f"{event.shape}: set it to mlp."
        )
    channels, height, width = event.shape
    small = map_sizes((height, width), settings.halvings)[-1]
    options = (vector, settings.width, settings.halvings, settings.blocks)
    return MapEncoder(channels, *options), MapDecoder(channels, (height, width), *options), (small[0], small[1])
