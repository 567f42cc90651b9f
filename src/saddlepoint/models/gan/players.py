"""The players of a GAN: the networks of the settings, with what conditions, packing and heads add to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from saddlepoint.data.event import Event
from saddlepoint.models.assembly import network
from saddlepoint.models.gan.composition import Parts
from saddlepoint.models.gan.encoders.encoder import Encoder
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.networks.energy import EnergyDiscriminator
from saddlepoint.networks.features import FeatureDiscriminator
from saddlepoint.networks.packing import Packed, packed_shape


def build_generator(
    settings: GANSettings, event: Event, parts: Parts, modules: Mapping[str, Any], output: str, classes: int
) -> nn.Module:
    """Build the generator (B, inputs) -> (B, *event), which takes labels in a conditional game.

    Args:
        settings: of the GAN.
        event: what one example is.
        parts: of the GAN.
        modules: the user's own networks by role.
        output: the last activation.
        classes: number of classes; 0 in a game without labels.
    """
    condition = parts.conditions["generator"]
    inputs = condition.inputs((settings.latent + parts.game.codes,), 0, classes)
    inner = network(
        "generator", settings.generator, inputs, event.shape, modules, output, series=event.kind == "series"
    )
    return condition.wrap(inner, 0, classes)


def build_encoder(settings: GANSettings, event: Event, part: Encoder, modules: Mapping[str, Any]) -> nn.Module:
    """Build the encoder (B, *event) -> (B, latent), or (B, 2 latent) for one with means and log-variances.

    Args:
        settings: of the GAN.
        event: what one example is.
        part: how it learns.
        modules: the user's own networks by role.
    """
    outputs = (settings.latent * (2 if part.has_variance else 1),)
    return network("encoder", settings.encoder, event.shape, outputs, modules, series=event.kind == "series")


def build_discriminator(
    settings: GANSettings, event: Event, parts: Parts, modules: Mapping[str, Any], output: str, classes: int
) -> nn.Module:
    """Build the discriminator (B, *event) -> B logits, with minibatch kernels and packing as in the settings. With an encoder,
    it may judge codes, or pairs of examples and codes, instead.

    If features are needed, the inner network (also the user's own) returns features instead of a logit. For a loss of
    reconstructions it returns a code (`latent`), and a second network with the generator's settings decodes it.

    Args:
        settings: of the GAN.
        event: what one example is.
        parts: of the GAN.
        modules: the user's own networks by role.
        output: the last activation of the generator.
        classes: number of classes; 0 in a game without labels.
    """
    own, condition, heads = settings.discriminator, parts.conditions["discriminator"], parts.game.heads
    part = parts.encoder
    judges_codes = part is not None and part.judges == "codes"
    example = (settings.latent,) if judges_codes else event.shape
    shape = packed_shape(condition.inputs(example, event.channel_axis, classes), own.packing)
    scores, series = condition.has_score, event.kind == "series" and not judges_codes
    if (energy := parts.game.loss.energy) is not None:
        code = (settings.latent,)
        encoder = network("discriminator", own, shape, code, modules, series=series)
        decoder = network("generator", settings.generator, code, shape, {}, output, series=series)
        player: nn.Module = EnergyDiscriminator(encoder, decoder, absolute=energy == "absolute")
        return condition.wrap(player, event.channel_axis, classes)
    needs_features = own.minibatch_kernels > 0 or parts.game.loss.features or scores or bool(heads)
    if part is not None:
        needs_features = needs_features or part.needs_features or part.judges == "pairs"
    outputs = None if needs_features else ()
    player = network("discriminator", own, shape, outputs, modules, series=series)
    if part is not None:
        player = part.body(player, example, settings.latent)
        shape = parts.game.judged if part.judges == "pairs" and parts.game.judged else shape
    if needs_features:
        player = FeatureDiscriminator(
            player,
            shape,
            own.minibatch_kernels,
            (lambda width: condition.score(width, classes)) if scores else None,
            {name: head.size for name, head in heads.items()},
            condition.decides,
        )
    if own.packing > 1:
        player = Packed(player, own.packing, classes)
    return condition.wrap(player, event.channel_axis, classes)
