"""Settings of a VAE that exclude each other."""

from __future__ import annotations

from collections.abc import Iterator

from saddlepoint.errors import SettingError
from saddlepoint.models.vae.settings import VAESettings


def check_combination(settings: VAESettings) -> None:
    """Check that the settings can be combined.

    Args:
        settings: of the VAE.

    Raises:
        SettingError: two of them exclude each other; the message names both.
    """
    for wrong, name, reason in _conflicts(settings):
        if wrong:
            raise SettingError(f"model.{name}: {reason}")


def _conflicts(settings: VAESettings) -> Iterator[tuple[bool, str, str]]:
    """Yield whether there is a conflict, the setting that has it, and the reason."""
    likelihood = settings.likelihood
    stochastic = settings.binarise != "none"
    yield (
        stochastic and likelihood != "bernoulli",
        "binarise",
        f"it needs model.likelihood bernoulli, which is {likelihood} here.",
    )
    drawn = needs_draws(settings)
    yield (
        drawn and settings.free_bits > 0,
        "free_bits",
        "they need the KL of each unit in closed form: set model.bound elbo with one draw, model.prior normal and model.layers 1, "
        "or model.free_bits 0.",
    )
    yield (
        drawn and settings.objective != "evidence",
        "objective",
        "your own loss takes the place of the bound: set model.bound elbo with one draw, model.prior normal and model.layers 1.",
    )
    yield (
        drawn and settings.regulariser != "kl",
        "regulariser",
        "mmd needs model.bound elbo with one draw, model.prior normal and model.layers 1.",
    )
    yield (
        settings.layers == 2 and settings.prior != "normal",
        "layers",
        f"a model of two layers has a normal prior at the top, and model.prior is {settings.prior}: set it to normal.",
    )
    plain = not drawn and settings.regulariser == "kl" and settings.free_bits == 0 and settings.objective == "evidence"
    yield (
        settings.semi_supervised and not settings.conditional,
        "semi_supervised",
        "it needs labels for encoder and decoder: set model.conditional true.",
    )
    yield (
        settings.semi_supervised and not plain,
        "semi_supervised",
        "its bound sums over the classes of each example: set model.bound elbo with one draw, model.prior normal, model.layers 1, "
        "model.regulariser kl, model.free_bits 0 and no loss of your own.",
    )
    yield (
        settings.conditional and settings.prior != "normal",
        "prior",
        "pseudo-inputs have no labels, which the encoder of a conditional model takes: set model.prior to normal.",
    )


def needs_draws(settings: VAESettings) -> bool:
    """Return whether the bound is estimated from draws of the code, instead of with the KL in closed form."""
    return (settings.bound, settings.bound_samples, settings.prior, settings.layers) != ("elbo", 1, "normal", 1)
