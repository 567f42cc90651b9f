"""Games of pairs: the discriminator judges an example together with its code, (x, E(x)) against (G(z), z).

A pair is one vector, the flattened example followed by the code, so that the losses and penalties of `game` apply to pairs
unchanged: a slope is that of the logit with respect to both. Views change the example of a pair and leave its code. At the
optimum both kinds of pairs have the same distribution, so that the encoder inverts the generator.

The losses use nets["e"]: (B, *event) -> (B, latent) in addition to the networks of `game`.

References:
    Adversarial Feature Learning (Jeff Donahue, Philipp Krähenbühl, Trevor Darrell, 2017), https://arxiv.org/abs/1605.09782
        (BiGAN)
    Adversarially Learned Inference (Vincent Dumoulin, Ishmael Belghazi, Ben Poole, Olivier Mastropietro, Alex Lamb, Martin
        Arjovsky, Aaron Courville, 2017), https://arxiv.org/abs/1606.00704 (ALI)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from saddlepoint.objectives.adversarial.composition import Composition, apply_views, logits
from saddlepoint.objectives.adversarial.losses import AdversarialLoss, Cost
from saddlepoint.objectives.adversarial.noise import GameNoise
from saddlepoint.objectives.adversarial.penalties import AnyPenalty, ConsistencyPenalty
from saddlepoint.objectives.adversarial.views import View
from saddlepoint.objectives.phase import Batch, Loss, Nets, Observations


def join_pairs(x: Tensor, codes: Tensor) -> Tensor:
    """Return pairs as vectors.

    Args:
        x: (B, *event).
        codes: (B, latent).

    Returns:
        (B, numbers of an example + latent).
    """
    return torch.cat([x.flatten(1), codes], 1)


def encoder_cost(loss: AdversarialLoss) -> Cost:
    """Return the encoder's loss of the logits (B,) of real pairs, for a loss of single logits."""
    cost = loss.encoder or loss.fake
    assert cost is not None, "a loss of single logits has a loss of generated examples"
    return cost


def parts_on_pairs(parts: Composition, event: Sequence[int], latent: int) -> Composition:
    """Return the parts of a game of pairs: views and changes of consistency penalties apply to the example of a pair.

    Args:
        parts: of a game of examples.
        event: shape of an example.
        latent: numbers in a code.
    """
    return replace(
        parts,
        views={name: ViewOfPairs(view, event) for name, view in parts.views.items()},
        penalties={name: (_on_pairs(penalty, event), weight) for name, (penalty, weight) in parts.penalties.items()},
        judged=(math.prod(event) + latent,),
    )


def pair_discriminator_loss(discriminator: Loss) -> Loss:
    """Return the discriminator's loss of pairs; neither the encoder nor the generator gets a gradient.

    Args:
        discriminator: the loss of a game of examples, `discriminator_loss` of the parts on pairs.
    """

    def loss(nets: Nets, batch: Batch, noise: GameNoise) -> tuple[Tensor, Observations]:
        pairs, made = _pairs(nets, batch)
        return discriminator(made, Batch(pairs.x.detach(), batch.y), noise)

    return loss


def pair_generator_loss(parts: Composition, generator: Loss) -> Loss:
    """Return the loss that the generator and the encoder minimise together.

    It is the generator's loss of generated pairs plus the encoder's loss of real ones. A loss that compares real with generated
    pairs is already a function of both.

    Args:
        parts: on pairs.
        generator: the loss of a game of examples, `generator_loss` of these parts.
    """
    compares = parts.loss.paired or parts.loss.averaged
    cost = None if compares else encoder_cost(parts.loss)

    def loss(nets: Nets, batch: Batch, noise: GameNoise) -> tuple[Tensor, Observations]:
        pairs, made = _pairs(nets, batch)
        value, observations = generator(made, pairs, noise)
        if cost is None:
            return value, observations
        of_encoder = cost(logits(nets, apply_views(parts, pairs.x, noise.real_views)))
        return value + of_encoder, observations | {"e/cost": of_encoder.detach()}

    return loss


class ViewOfPairs:
    """A view that changes the example of each pair.

    Args:
        view: of examples.
        event: shape of an example.
    """

    def __init__(self, view: View, event: Sequence[int]) -> None:
        self.view, self.event = view, tuple(event)
        self.state = getattr(view, "state", None)

    def draw(self, n: int, event: Sequence[int], strength: float, generator: torch.Generator, *kept: Any) -> Tensor:
        """Draw the random numbers of the view for n examples; `event`, the shape of a pair, is not used."""
        return self.view.draw(n, self.event, strength, generator, *kept)

    def __call__(self, x: Tensor, noise: Tensor) -> Tensor:
        """Change the examples of pairs x (B, numbers of an example + latent)."""
        return _change(self.view, x, noise, self.event)


def _change(change: Callable[[Tensor, Tensor], Tensor], pairs: Tensor, noise: Tensor, event: Sequence[int]) -> Tensor:
    """Apply a change of examples to pairs (B, numbers of an example + latent)."""
    size = math.prod(event)
    return join_pairs(change(pairs[:, :size].reshape(pairs.shape[0], *event), noise), pairs[:, size:])


def _on_pairs(penalty: AnyPenalty, event: Sequence[int]) -> AnyPenalty:
    if not isinstance(penalty, ConsistencyPenalty):
        return penalty

    def change(pairs: Tensor, noise: Tensor) -> Tensor:
        return _change(penalty.change, pairs, noise, event)

    def draw(n: int, _: Sequence[int], generator: torch.Generator) -> Tensor:
        return penalty.draw(n, event, generator)

    return replace(penalty, change=change, draw=draw)


def _pairs(nets: Nets, batch: Batch) -> tuple[Batch, Mapping[str, Callable[..., Any]]]:
    """The real pairs, and the networks with a generator of pairs."""

    def generate(z: Tensor) -> Tensor:
        return join_pairs(nets["g"](z), z)

    return Batch(join_pairs(batch.x, nets["e"](batch.x)), batch.y), {"d": nets["d"], "g": generate}
