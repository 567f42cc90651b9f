"""Build the networks of a VAE from its settings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from saddlepoint.data.event import Event
from saddlepoint.models.assembly import is_own, network
from saddlepoint.models.likelihoods import Likelihood
from saddlepoint.models.vae.checks import needs_draws
from saddlepoint.models.vae.network import DrawingNetwork, VAENetwork
from saddlepoint.models.vae.priors import PseudoInputs, range_map
from saddlepoint.models.vae.semi_supervised import EveryClassNetwork
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.models.vae.top import Heads, TopLayer
from saddlepoint.networks.evaluating import evaluating
from saddlepoint.networks.labels import WithLabels
from saddlepoint.networks.settings import NETWORKS


def build_player(
    settings: VAESettings,
    event: Event,
    likelihood: Likelihood,
    data_range: tuple[float, float] | None,
    classes: int,
    modules: Mapping[str, Any],
) -> tuple[VAENetwork, int]:
    """Build the player.

    Args:
        settings: of the VAE.
        event: what one example is.
        likelihood: of an example given the decoder's output.
        data_range: lowest and highest value of the data in the model's units; None if it is unbounded or unknown.
        classes: of a conditional VAE; 0 without labels.
        modules: the user's own networks by role.

    Returns:
        The player, and the number of its trunk's features.
    """
    series = event.kind == "series"
    trunk = _trunk(settings, event, classes, modules)
    labels = [torch.zeros(2, dtype=torch.int64)] if classes else []
    with evaluating(trunk):
        like = next(trunk.parameters(), torch.empty(0))
        example = torch.zeros(2, *event.shape, device=like.device, dtype=like.dtype)
        features = trunk(example, *(label.to(like.device) for label in labels)).flatten(1).shape[1]
    size = settings.latent + classes
    decoder = network("decoder", settings.decoder, (size,), event.shape, modules, series=series)
    options: dict[str, Any] = {
        "log_std": math.log(settings.observation_std) if likelihood.has_scale else None,
        "learnt": likelihood.learns_scale,
    }
    if settings.prior == "vampprior":
        options["pseudo_inputs"] = PseudoInputs(settings.pseudo_inputs, event.shape, range_map(data_range))
    if settings.layers == 2:
        options["top"] = _top(settings)
    if classes:
        decoder = WithLabels(decoder, 0, classes)
    if settings.semi_supervised:
        classifier = network("classifier", settings.classifier, event.shape, (classes,), modules, series=series)
        return EveryClassNetwork(trunk, decoder, features, settings.latent, classifier, classes, **options), features
    kind = DrawingNetwork if needs_draws(settings) else VAENetwork
    return kind(trunk, decoder, features, settings.latent, **options), features


def _trunk(settings: VAESettings, event: Event, classes: int, modules: Mapping[str, Any]) -> nn.Module:
    """The trunk; with labels, convolutions and the user's own networks get them as channels, others as further numbers."""
    series, own = event.kind == "series", is_own("encoder", settings.encoder, modules)
    if not classes:
        return network("encoder", settings.encoder, event.shape, None, modules, series=series)
    axis = event.channel_axis
    if own or NETWORKS[settings.encoder.network].convolutional:
        shape = (*event.shape[:axis], event.shape[axis] + classes, *event.shape[axis + 1 :])
        return WithLabels(network("encoder", settings.encoder, shape, None, modules, series=series), axis, classes)
    return WithLabels(network("encoder", settings.encoder, (event.size + classes,), None, {}), 0, classes, flat=True)


def _top(settings: VAESettings) -> TopLayer:
    def heads(inputs: int, outputs: int) -> Heads:
        trunk = network("top", settings.top, (inputs,), None, {})
        with evaluating(trunk):
            features = trunk(torch.zeros(2, inputs)).flatten(1).shape[1]
        return Heads(trunk, features, outputs)

    up, down = heads(settings.latent, settings.top_latent), heads(settings.top_latent, settings.latent)
    return TopLayer(up, down, settings.top_latent)
