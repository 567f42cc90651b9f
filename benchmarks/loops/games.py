"""Adversarial scripts: GAN, DCGAN, LSGAN, WGAN, WGAN-GP, hinge, conditional; with mistakes that people make."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from loops.digits import digits
from loops.printed import EVERY
from loops.watching import Watching, unwatched

STEPS, BATCH, LATENT, WIDTH, CLASSES = 400, 64, 16, 96, 10
RATES = {"wgan": 3e-4, "wgan-gp": 5e-4}
RATE, CLIP, WEIGHT, CRITIC_STEPS = 1e-3, 0.03, 10.0, 2
WASSERSTEIN = ("wgan", "wgan-gp")
OBJECTIVES = {**dict.fromkeys(WASSERSTEIN, "wasserstein"), "lsgan": "least-squares", "hinge": "hinge"}

SWAPPED, BACKWARDS, D_FROZEN, G_FROZEN, NO_STEP, FAST_D, UNSCALED, FAST, NAN, UNLIMITED, SUBTRACTED = (
    "discriminator's labels swapped",
    "generator wants to be recognised",
    "optimiser of D holds G",
    "optimiser of G holds a copy",
    "optimisers never step",
    "D learns 50 times as fast",
    "data from 0 to 16",
    "learning rates of 1",
    "a NaN in the data",
    "no penalty or clipping",
    "penalty subtracted",
)
# What losses do not show, and a watched loop does.
NOT_CLEARED, SIGMOID, EVALUATED, DEAF = (
    "gradients never cleared",
    "a sigmoid before a loss of logits",
    "generator in evaluation mode",
    "generator ignores its noise",
)
_BROKEN = frozenset({"NUM301", "NUM302", "GAN101", "GAN104", "GAN106", "GAN111", "NUM304"})
# A mistake is named by any code whose advice leads to it.
PLAYER_MISTAKES: Mapping[str, frozenset[str]] = {
    SWAPPED: frozenset({"GAN106", "GAN104"}),
    BACKWARDS: frozenset({"GAN106"}),
    D_FROZEN: frozenset({"GAN104", "NUM304"}),
    G_FROZEN: frozenset({"GAN101"}),
    NO_STEP: frozenset({"NUM304"}),
    FAST_D: frozenset({"GAN101", "GAN106"}),
    UNSCALED: frozenset({"GAN101"}),
    FAST: _BROKEN,
    NAN: frozenset({"NUM301"}),
}
CRITIC_MISTAKES: Mapping[str, frozenset[str]] = {
    SWAPPED: frozenset({"GAN111", "GAN106"}),
    BACKWARDS: frozenset({"GAN111", "GAN106"}),
    NO_STEP: frozenset({"NUM304"}),
    UNLIMITED: frozenset({"GAN111"}),
    FAST: _BROKEN,
    NAN: frozenset({"NUM301"}),
}
PENALTY_MISTAKES: Mapping[str, frozenset[str]] = {
    **CRITIC_MISTAKES,
    SUBTRACTED: frozenset({"GAN111", "NUM301", "NUM302"}),
}
_LOOP = {NOT_CLEARED: frozenset({"LOOP904"}), EVALUATED: frozenset({"LOOP905"}), DEAF: frozenset({"GAN110"})}
# Further codes that name a mistake in a watched loop.
_WATCHED = {
    **dict.fromkeys((D_FROZEN, G_FROZEN, NO_STEP), frozenset({"LOOP902"})),
    UNSCALED: frozenset({"DATA401"}),
    SUBTRACTED: frozenset({"GAN112"}),  # the slope is far from 1
}


def _watched(losses_alone: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """The mistakes that losses alone show and those of any loop, with the codes that name them in a watched loop."""
    return {mistake: codes | _WATCHED.get(mistake, frozenset()) for mistake, codes in losses_alone.items()} | _LOOP


WATCHED_PLAYER, WATCHED_CRITIC, WATCHED_PENALTY = map(_watched, (PLAYER_MISTAKES, CRITIC_MISTAKES, PENALTY_MISTAKES))
WATCHED_LOGITS = {**WATCHED_PLAYER, SIGMOID: frozenset({"LOOP907"})}  # where the loss is a cross-entropy of logits
Losses = tuple[Callable[[Tensor, Tensor], Tensor], Callable[[Tensor], Tensor]]


def train_game(
    script: str, mistake: str, seed: int, quick: bool = False, watching: Watching = unwatched
) -> list[dict[str, float]]:
    """Train, and return the rows that are printed.

    Args:
        script: its name.
        mistake: what is injected; "none" for the script as it should be.
        seed: of everything.
        quick: train a few steps only.
        watching: `sp.watch`, or a function that takes its arguments.

    Returns:
        Step, discriminator's and generator's loss, every `EVERY` steps.
    """
    torch.manual_seed(seed)
    pictures, labels = digits()
    x = 16 * pictures if mistake == UNSCALED else 2 * pictures - 1
    generator, discriminator = _networks(script)
    rate = 1.0 if mistake == FAST else RATES.get(script, RATE)
    d_rate = 50 * rate if mistake == FAST_D else rate
    held = {D_FROZEN: (generator, generator), G_FROZEN: (_networks(script)[0], discriminator)}.get(
        mistake, (generator, discriminator)
    )
    kind = torch.optim.RMSprop if script == "wgan" else torch.optim.Adam
    options = {} if script == "wgan" else {"betas": (0.5, 0.999)}
    g_step, d_step = kind(held[0].parameters(), lr=rate, **options), kind(held[1].parameters(), lr=d_rate, **options)
    d_loss_of, g_loss_of = _losses(script, mistake)
    if mistake == SIGMOID:
        discriminator.append(nn.Sigmoid())
    generator.train(mistake != EVALUATED)
    deaf = 0.0 if mistake == DEAF else 1.0
    rows, steps = [], 60 if quick else STEPS
    with watching(
        players={"discriminator": discriminator, "generator": generator},
        objective=OBJECTIVES.get(script, "non-saturating"),
        data=x,
        sample=lambda n: generator(deaf * _code(script, torch.randint(CLASSES, (n,)))),
        steps=steps,
    ) as watch:
        for step in range(steps):
            for _ in range(CRITIC_STEPS if script in WASSERSTEIN else 1):
                chosen = torch.randint(len(x), (BATCH,))
                real, code = x[chosen], deaf * _code(script, labels[chosen])
                if mistake == NAN and step >= 0.6 * STEPS:
                    real = real.clone()
                    real[0, 0] = math.nan
                fake = generator(code)
                scores = (
                    discriminator(_shown(script, real, code)).flatten(),
                    discriminator(_shown(script, fake.detach(), code)).flatten(),
                )
                d_loss = d_loss_of(*scores)
                if script == "wgan-gp" and mistake != UNLIMITED:
                    d_loss = d_loss + (-WEIGHT if mistake == SUBTRACTED else WEIGHT) * _penalty(
                        discriminator, real, fake.detach()
                    )
                if mistake != NOT_CLEARED:
                    d_step.zero_grad()
                d_loss.backward()
                if mistake != NO_STEP:
                    d_step.step()
                if script == "wgan" and mistake != UNLIMITED:
                    with torch.no_grad():
                        for weight in discriminator.parameters():
                            weight.clamp_(-CLIP, CLIP)
            g_loss = g_loss_of(discriminator(_shown(script, fake, code)).flatten())
            if mistake != NOT_CLEARED:
                g_step.zero_grad()
            g_loss.backward()
            if mistake != NO_STEP:
                g_step.step()
            watch.step(d_loss=d_loss, g_loss=g_loss)
            if step % EVERY == 0:
                rows.append({"step": float(step), "d": float(d_loss.detach()), "g": float(g_loss.detach())})
    return rows


def _losses(script: str, mistake: str) -> Losses:
    """The losses as the tutorials write them: averaged or summed, from probabilities or logits."""
    real, fake = (0.0, 1.0) if mistake == SWAPPED else (1.0, 0.0)
    wanted = 0.0 if mistake == BACKWARDS else 1.0
    sign, wants = (-1.0 if mistake == SWAPPED else 1.0), (-1.0 if mistake == BACKWARDS else 1.0)
    cross = F.binary_cross_entropy_with_logits

    def target(loss: Callable[[Tensor, Tensor], Tensor], scores: Tensor, value: float) -> Tensor:
        return loss(scores, torch.full_like(scores, value))

    if script in WASSERSTEIN:
        return lambda r, f: sign * (f.mean() - r.mean()), lambda f: -wants * f.mean()
    if script == "hinge":
        return lambda r, f: F.relu(1 - sign * r).mean() + F.relu(1 + sign * f).mean(), lambda f: -wants * f.mean()
    share = 1.0 if script == "dcgan" else 0.5
    loss = F.mse_loss if script == "lsgan" else cross
    return lambda r, f: share * (target(loss, r, real) + target(loss, f, fake)), lambda f: target(loss, f, wanted)


def _networks(script: str) -> tuple[nn.Sequential, nn.Sequential]:
    if script == "dcgan":
        generator = nn.Sequential(
            nn.Linear(LATENT, 4 * 4 * 16), nn.Unflatten(1, (16, 4, 4)), nn.BatchNorm2d(16), nn.ReLU(),
            nn.ConvTranspose2d(16, 1, 4, 2, 1), nn.Tanh(), nn.Flatten(),
        )  # fmt: skip
        discriminator = nn.Sequential(
            nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, 16, 4, 2, 1), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(256, 1)
        )
        return generator, discriminator
    labels = CLASSES if script == "conditional" else 0
    generator = nn.Sequential(
        nn.Linear(LATENT + labels, WIDTH), nn.BatchNorm1d(WIDTH), nn.ReLU(), nn.Linear(WIDTH, 64), nn.Tanh()
    )
    discriminator = nn.Sequential(
        nn.Linear(64 + labels, WIDTH),
        nn.LeakyReLU(0.2),
        nn.Linear(WIDTH, WIDTH),
        nn.LeakyReLU(0.2),
        nn.Linear(WIDTH, 1),
    )
    return generator, discriminator


def _code(script: str, labels: Tensor) -> Tensor:
    noise = torch.randn(len(labels), LATENT)
    return torch.cat((noise, F.one_hot(labels, CLASSES).float()), 1) if script == "conditional" else noise


def _shown(script: str, pictures: Tensor, code: Tensor) -> Tensor:
    return torch.cat((pictures, code[:, LATENT:]), 1) if script == "conditional" else pictures


def _penalty(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    share = torch.rand(len(real), 1)
    between = (share * real + (1 - share) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(discriminator(between).sum(), between, create_graph=True)
    return ((slope.norm(dim=1) - 1) ** 2).mean()
