"""Which distribution the numbers of an example have, and in which units."""

from __future__ import annotations

from saddlepoint.data.event import Event, Scaling
from saddlepoint.errors import SettingError
from saddlepoint.models.autoregressive.settings import AutoregressiveSettings
from saddlepoint.objectives.autoregressive_likelihood import (
    Bernoulli,
    Categorical,
    ConditionalLikelihood,
    GaussianMixture,
    LikelihoodName,
    LogisticMixture,
)
from saddlepoint.objectives.mu_law import MuLaw

FEW_LEVELS = 32  # up to which each level has a probability of its own
SOUND_LEVELS = 256  # of mu-law, where the settings do not say how many


def likelihood_name(settings: AutoregressiveSettings, event: Event) -> LikelihoodName:
    """Return the name of the likelihood; for "auto", the one that suits the data.

    Args:
        settings: of the model.
        event: what one example is.
    """
    if settings.likelihood != "auto":
        return settings.likelihood
    if settings.binarise != "none" or (event.levels == 2 and event.kind != "text"):
        return "bernoulli"
    if event.levels is None:
        return "gaussian-mixture"
    return "categorical" if event.kind == "text" or event.levels <= FEW_LEVELS else "logistic-mixture"


def build_likelihood(settings: AutoregressiveSettings, event: Event, pixels: bool) -> ConditionalLikelihood:
    """Return the distribution of each number.

    Args:
        settings: of the model.
        event: what one example is.
        pixels: whether the channels of a pixel may be drawn together.

    Raises:
        SettingError: the distribution does not fit the data or another setting.
    """
    name, levels = likelihood_name(settings, event), event.levels
    if settings.binarise != "none" and name != "bernoulli":
        raise SettingError(f"model.binarise: it needs model.likelihood bernoulli, which is {name} here.")
    if name == "bernoulli":
        if not event.bounded or event.kind == "text":
            raise SettingError(
                "model.likelihood: bernoulli needs data with a lowest and a highest value, black and white, and these have none: "
                "use auto."
            )
        if settings.binarise == "none" and levels is not None and levels > 2:
            raise SettingError(
                f"model.binarise: bernoulli is a distribution of black and white, and these data have {levels} levels: set "
                "model.binarise to stochastic or threshold, or model.likelihood to auto."
            )
        return Bernoulli()
    if name == "gaussian-mixture":
        if levels is not None:
            raise SettingError(
                "model.likelihood: gaussian-mixture is a density of real numbers, and these data are whole numbers, for which it "
                "has no upper bound: use auto."
            )
        return GaussianMixture(settings.components)
    if name == "mu-law":
        return _mu_law(settings, event)
    if levels is None:
        raise SettingError(
            f"model.likelihood: {name} needs whole numbers, such as bytes, and these data are real numbers: use "
            "gaussian-mixture, mu-law for sounds, or auto."
        )
    if name == "categorical":
        if settings.bins is not None and settings.bins > levels:
            raise SettingError(f"model.bins: there are {levels} levels, fewer than {settings.bins} bins: lower it.")
        return Categorical(levels, settings.bins or levels)
    if event.kind == "text":
        raise SettingError(
            "model.likelihood: the symbols of a text have no order, which logistic-mixture needs: use categorical, or auto."
        )
    return LogisticMixture(levels, settings.components, event.shape[event.channel_axis] if pixels else 1)


def _mu_law(settings: AutoregressiveSettings, event: Event) -> MuLaw:
    """The distribution over the levels of mu-law, which real numbers of a known range have."""
    if event.levels is not None:
        raise SettingError(
            "model.likelihood: mu-law rounds real numbers, such as the samples of a sound, and these data are whole numbers "
            "already: use auto."
        )
    if not event.bounded:
        raise SettingError(
            "model.likelihood: mu-law needs data with a lowest and a highest value, as sounds of files have, and these have none: use "
            "gaussian-mixture, or auto."
        )
    levels = settings.bins or SOUND_LEVELS
    if levels < 2:
        raise SettingError(f"model.bins: mu-law needs at least 2 levels, got {levels}: take 256, or none.")
    return MuLaw(levels, levels)


def build_scaling(likelihood: ConditionalLikelihood, event: Event) -> Scaling:
    """Return the model's units: [0, 1] for Bernoulli, [-1, 1] for mu-law, mean 0 and standard deviation 1 for other real numbers, else
    levels over [-1, 1].

    Args:
        likelihood: of each number.
        event: what one example is.
    """
    if isinstance(likelihood, Bernoulli):
        return event.scaling("unit")
    if isinstance(likelihood, GaussianMixture):
        return event.scaling("standard")
    if isinstance(likelihood, MuLaw):
        return event.scaling("symmetric")
    scale = 2 / max((event.levels or 1) - 1, 1)
    return Scaling(event, (scale,), (-1.0 - (event.low or 0.0) * scale,))
