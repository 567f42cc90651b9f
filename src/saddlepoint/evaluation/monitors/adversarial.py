"""Signals of a game: what the discriminator makes of real, generated and held-out examples, and what it teaches.

Held-out examples: Training Generative Adversarial Networks with Limited Data (Tero Karras, Miika Aittala, Janne Hellsten,
Samuli Laine, Jaakko Lehtinen, Timo Aila, 2020), section 3, https://arxiv.org/abs/2006.06676
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saddlepoint.models.gan.model import GAN
from saddlepoint.objectives.adversarial import logits
from saddlepoint.objectives.phase import Batch, Nets, Noise, Phase

Signals = dict[str, Tensor]
FEWEST = 2  # held-out examples whose ranks are compared


def scores(model: GAN, real: Tensor, fake: Tensor, held_out: Tensor | None) -> Signals:
    """Of real, generated and held-out examples, (B, *event) each in the model's units and evaluation mode."""
    parts = [real, fake] if held_out is None else [real, fake, held_out]
    # One pass for all: in evaluation mode no example sees another, but for packs and minibatch discrimination.
    if model.judges_alone:
        found = list(torch.split(logits(model.players, torch.cat(parts)), [len(part) for part in parts]))
    else:
        found = [logits(model.players, part) for part in parts]
    signals = {
        "d/real_logit": found[0].mean(),
        "d/fake_logit": found[1].mean(),
        "d/real_logit_spread": found[0].std(correction=0),
        "d/fake_logit_spread": found[1].std(correction=0),
        "d/advantage": advantage(found[0], found[1]),
    }
    if held_out is not None:
        signals["d/held_out_logit"] = found[2].mean()
        if len(held_out) >= FEWEST:
            signals["d/overfitting"] = advantage(found[0], found[2])
            signals["d/overfitting_error"] = found[0].new_tensor(advantage_error(len(real), len(held_out)))
    return signals


def advantage(real: Tensor, fake: Tensor) -> Tensor:
    """How well scores tell real from generated, (N,) and (M,) -> () in [-1, 1]: 2 AUC - 1, a pair's ties counting half.

    It depends on ranks alone, so that logits, probabilities and a critic's values compare.
    """
    gaps = real[:, None] - fake[None]
    return (gaps > 0).float().mean() - (gaps < 0).float().mean()


def advantage_error(real: int, fake: int) -> float:
    """By how much `advantage` scatters around 0 for so many examples each of one distribution: a standard deviation.

    That of Mann and Whitney's U, in units of `advantage`: On a Test of Whether one of Two Random Variables is
    Stochastically Larger than the Other (Mann, Whitney, 1947), https://doi.org/10.1214/aoms/1177730491
    """
    return math.sqrt((real + fake + 1) / (3 * real * fake))


def sample_gradient(model: GAN, real: Tensor, fake: Tensor) -> Tensor | None:
    """() mean norm of the gradient of the generator's loss with respect to a sample, per sample, in the model's units.

    real, fake: (B, *event) each. None where the loss wants more noise than this can give it.
    """
    phase = _generators_move(model)
    if phase is None:
        return None
    with model.at_rest():
        leaf = fake.detach().clone()
        noise: Noise = {"z": leaf}
        with torch.enable_grad():
            leaf.requires_grad_()
            nets: Nets = {**model.players, "g": lambda _: leaf}
            try:
                loss, _ = phase.loss(nets, Batch(real), noise)
            except KeyError:
                return None
            (gradient,) = torch.autograd.grad(loss.float().sum(), leaf)
    norm: Tensor = gradient.float().flatten(1).norm(dim=1).mean()
    return norm


def _generators_move(model: GAN) -> Phase | None:
    return next((phase for phase in reversed(model.phases) if phase.player == "g"), None)
