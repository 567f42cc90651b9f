"""Scripts with an encoder and a decoder: autoencoder, denoising autoencoder, VAE, beta-VAE; with mistakes that people make."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from loops.digits import digits
from loops.watching import Watching, unwatched

EPOCHS, LONG, BATCH, WIDTH, LATENT, RATE = 30, 100, 64, 128, 8, 2e-3
HELD_OUT, FEW = 400, 64  # examples; of a training set that is overfitted
BETA = 2.0
PRINTED = ("loss", "reconstruction", "kl")

MEAN, SUBTRACTED, SIGN, NO_KL, STRONG, NO_STEP, FAST, NAN, SMALL = (
    "reconstruction averaged over pixels",
    "KL subtracted",
    "wrong sign in the KL formula",
    "KL left out of the loss",
    "KL weighted 100 times",
    "optimiser never steps",
    "learning rate of 3",
    "a NaN in the data",
    "64 training examples",
)
_BROKEN = frozenset({"NUM301", "NUM302", "NUM304"})
OVERFIT: Mapping[str, frozenset[str]] = {
    NO_STEP: frozenset({"NUM304"}),
    FAST: _BROKEN,
    NAN: frozenset({"NUM301"}),
    SMALL: frozenset({"NUM306"}),
}
ENCODER_MISTAKES: Mapping[str, frozenset[str]] = {
    MEAN: frozenset({"VAE201"}),
    SUBTRACTED: frozenset({"VAE204", "VAE202", "NUM301", "NUM302"}),
    SIGN: frozenset({"VAE202", "NUM301"}),
    NO_KL: frozenset({"VAE204"}),
    STRONG: frozenset({"VAE201"}),
    **{name: codes if name != FAST else codes | {"VAE201", "VAE204"} for name, codes in OVERFIT.items()},
}
# In a watched loop: with the codes of its first steps, and a mistake that losses do not show.
NOT_CLEARED = "gradients never cleared"
_WATCHED = {
    MEAN: frozenset({"LOOP908"}),
    NO_STEP: frozenset({"LOOP902"}),
    SMALL: frozenset({"VAE206"}),
}


def _watched(losses_alone: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """The mistakes that losses alone show and those of any loop, with the codes that name them in a watched loop."""
    own = {mistake: codes | _WATCHED.get(mistake, frozenset()) for mistake, codes in losses_alone.items()}
    return {**own, NOT_CLEARED: frozenset({"LOOP904"})}


WATCHED_ENCODER, WATCHED_OVERFIT = map(_watched, (ENCODER_MISTAKES, OVERFIT))


def train_encoder(
    script: str, mistake: str, seed: int, quick: bool = False, watching: Watching = unwatched
) -> list[dict[str, float]]:
    """Train, and return the rows that are printed.

    Args:
        script: its name.
        mistake: what is injected; "none" for the script as it should be.
        seed: of everything.
        quick: train a few epochs only.
        watching: `sp.watch`, or a function that takes its arguments.

    Returns:
        Epoch, loss, for a VAE the reconstruction and the KL term, and the loss on held-out examples, once an epoch.
    """
    torch.manual_seed(seed)
    pictures = digits()[0][torch.randperm(len(digits()[0]))]
    held_out, x = pictures[:HELD_OUT], pictures[HELD_OUT:]
    x = x[:FEW] if mistake == SMALL else x
    is_vae = script.endswith("vae")
    # A denoising autoencoder on its few examples needs a wide code to overfit, as a plain one does.
    code = LATENT if is_vae else 32
    encoder = nn.Sequential(nn.Linear(64, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 2 * code if is_vae else code))
    decoder = nn.Sequential(nn.Linear(code, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 64))
    parameters = [*encoder.parameters(), *decoder.parameters()]
    optimiser = torch.optim.Adam(parameters, lr=3.0 if mistake == FAST else RATE)
    epochs = 10 if quick else 4 * LONG if mistake == SMALL else EPOCHS
    rows = []
    with watching(
        players={"vae" if is_vae else "autoencoder": nn.Sequential(encoder, decoder)},
        data=x.clone(),
        held_out=held_out,
        encode=lambda examples: encoder(examples).chunk(2, 1) if is_vae else encoder(examples),
        decode=lambda codes: decoder(codes).sigmoid() if is_vae else decoder(codes),
        steps=epochs * math.ceil(len(x) / BATCH),
    ) as watch:
        for epoch in range(1, epochs + 1):
            if mistake == NAN and epoch == int(0.6 * EPOCHS):
                x[5, 3] = math.nan
            terms: list[Tensor] = []
            for batch in x[torch.randperm(len(x))].split(BATCH):
                parts = _loss(script, mistake, encoder, decoder, batch)
                if mistake != NOT_CLEARED:
                    optimiser.zero_grad()
                parts["loss"].backward()
                if mistake != NO_STEP:
                    optimiser.step()
                watch.step(**parts)
                terms.append(torch.stack([parts[name] for name in PRINTED if name in parts]).detach())
            with torch.no_grad():
                validation = float(_loss(script, mistake, encoder, decoder, held_out)["loss"])
            watch.step(val_loss=validation)
            means = dict(zip(PRINTED, torch.stack(terms).mean(0).tolist(), strict=False))
            if epochs <= LONG or epoch % 4 == 0:
                rows.append({"epoch": float(epoch), **means, "validation": validation})
    return rows


def _loss(script: str, mistake: str, encoder: nn.Module, decoder: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """The loss as it is minimised, and for a VAE its two terms and what the encoder returned."""
    if not script.endswith("vae"):
        shown = x + 0.3 * torch.randn_like(x) if script == "denoising" else x
        return {"loss": F.mse_loss(decoder(encoder(shown)), x)}
    mean, log_variance = encoder(x).chunk(2, 1)
    decoded = decoder(mean + (0.5 * log_variance).exp() * torch.randn_like(mean))
    cross = F.binary_cross_entropy_with_logits(decoded, x, reduction="none")
    reconstruction = cross.mean() if mistake == MEAN else cross.sum(1).mean()
    kl = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum(1).mean()
    if mistake == SIGN:
        kl = 0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum(1).mean()
    weight = {SUBTRACTED: -1.0, NO_KL: 0.0, STRONG: 100.0}.get(mistake, 1.0) * (BETA if script == "beta-vae" else 1.0)
    terms = {"loss": reconstruction + weight * kl, "reconstruction": reconstruction, "kl": kl}
    return {**terms, "mean": mean, "log_variance": log_variance}
