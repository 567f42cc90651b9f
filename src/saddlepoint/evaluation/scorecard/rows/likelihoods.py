"""How likely held-out examples are, beyond the model's own `log_prob`: bounds, bits, annealing and the kernel estimate.

What costs minutes, or misleads, is done only when it is asked for (`likelihood: annealed`); each row says what it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.split import shuffled_order
from saddlepoint.errors import DataError, SaddlepointError, SettingError
from saddlepoint.evaluation.metrics.annealing import Annealing
from saddlepoint.evaluation.metrics.bits import bits_per_dimension, of_bytes
from saddlepoint.evaluation.metrics.latent_models import LatentModel, binarised, fitted_std, of_gan, of_vae
from saddlepoint.evaluation.metrics.likelihood import annealed, bounds
from saddlepoint.evaluation.metrics.parzen import parzen
from saddlepoint.evaluation.scorecard.rows.likelihood_rows import ROWS, row_from, row_of
from saddlepoint.evaluation.scorecard.scorecard import Score, Skipped
from saddlepoint.evaluation.settings import LikelihoodEffort
from saddlepoint.models.base import GenerativeModel, HasDensity
from saddlepoint.models.gan.model import GAN
from saddlepoint.models.vae.model import VAE
from saddlepoint.progress import Tally

BOUNDED = 1_000  # held-out examples of the bound and of bits
ANNEALED = 50  # held-out examples, and as many simulated ones for the gap
FITTED = 20  # training examples that the noise over a GAN's samples is fitted to
KERNELS = (
    2_000  # samples whose Gaussians are the kernel estimate; as many held-out examples, half of them for its width
)
LONG = Annealing(temperatures=200, chains=8, leapfrog=5)
SHORT = Annealing(temperatures=50, chains=8, leapfrog=5)
ASKED: LikelihoodEffort = "annealed"

GREYS = (
    "a Bernoulli likelihood is a probability of black and white alone, and these examples hold greys: train with "
    "model.binarise stochastic, or on black and white."
)
ASK = 'it costs minutes; --likelihood annealed asks for it (in Python, likelihood="annealed").'
SOON = (
    "A lower bound. How likely the decoder alone finds examples, between bounds on both sides, --likelihood annealed "
    'measures (in Python, likelihood="annealed"); it takes minutes.'
)
ANNEALING = 60.0  # seconds on two cores, about
FITTING = 0.15  # of them for the noise over a GAN's samples


@dataclass(frozen=True)
class _Asked:
    """model, data, held-out examples x (N, *event), samples (M, *event) of the first seed, and a seed. progress: hears the
    share of a long function that is done."""

    model: GenerativeModel
    dataset: Dataset
    x: Tensor
    fake: Tensor
    seed: int
    effort: LikelihoodEffort
    progress: Callable[[float], None] = lambda share: None

    def generator(self) -> torch.Generator:
        """On the model's device, in the same state at every call."""
        return torch.Generator(getattr(self.model, "device", torch.device("cpu"))).manual_seed(self.seed)

    def black_and_white(self, x: Tensor) -> Tensor:
        """x as a Bernoulli VAE is annealed on it: drawn where it was trained on draws, else cut at the middle."""
        assert isinstance(self.model, VAE)
        drawn = self.model.settings.binarise == "stochastic"
        return binarised(x, self.dataset.event, torch.Generator().manual_seed(self.seed) if drawn else None)


def of_likelihoods(
    model: GenerativeModel,
    dataset: Dataset,
    x: Tensor,
    fake: Tensor,
    seed: int,
    effort: LikelihoodEffort,
    tally: Tally,
) -> tuple[list[Score], list[Skipped]]:
    """The rows that apply, of held-out x (N, *event) and samples (M, *event); `likelihood_work` of `tally`."""
    scores: list[Score] = []
    skipped: list[Skipped] = []
    for keys, function in FUNCTIONS.items():
        title, work = ROWS[keys[0]].title, _work(function, model, effort)
        tally.start(title)
        told = partial(tally.within(work), title)
        try:
            scores += function(_Asked(model, dataset, x, fake, seed, effort, told))
        except (SaddlepointError, ValueError) as error:
            skipped += [Skipped(key, ROWS[key].title, str(error)) for key in keys]
        tally.advance(work)
    return scores, skipped


def likelihood_work(model: GenerativeModel, effort: LikelihoodEffort) -> float:
    """About how many seconds `of_likelihoods` takes on two cores."""
    return sum(_work(function, model, effort) for function in FUNCTIONS.values())


def _work(function: Callable[[_Asked], list[Score]], model: GenerativeModel, effort: LikelihoodEffort) -> float:
    return ANNEALING if function is _annealed and effort == ASKED and isinstance(model, VAE | GAN) else 0.5


def _bound(a: _Asked) -> list[Score]:
    model = a.model
    if not isinstance(model, VAE):
        raise DataError("the model is no variational autoencoder, so it has no evidence bound.")
    x, notes = a.x[:BOUNDED], list[str]()
    if _bernoulli(model):
        if model.settings.binarise == "stochastic":
            x = a.black_and_white(x)
            notes.append("Of held-out examples drawn black or white, as in training.")
        elif not _is_black_and_white(model, x):
            notes.append(f"Of greys: {GREYS[:1].upper()}{GREYS[1:]}")
    latent = of_vae(model)
    with torch.no_grad():
        mean, log_variance = model.heads(x)
        # `latent.prepare` refuses greys; the bound that training used takes them.
        found = bounds(
            latent.log_likelihood,
            model.model_units(x),
            mean,
            log_variance,
            samples=16,
            generator=a.generator(),
        )
    if a.effort != ASKED:
        notes.append(SOON)
    return [row_of("elbo", found.elbo.cpu() + latent.shift, notes)]


def _bits(a: _Asked) -> list[Score]:
    model, event, x = a.model, a.dataset.event, a.x[:BOUNDED]
    if not isinstance(model, HasDensity):
        raise DataError("the model cannot say how likely an example is (log_prob).")
    at_most = "" if model.log_prob_kind == "exact" else "From a lower bound on the likelihood: so many bits at most."
    if isinstance(model, VAE) and _bernoulli(model):
        if model.settings.binarise != "stochastic" and not _is_black_and_white(model, x):
            raise DataError(GREYS)
        values = bits_per_dimension(model.log_prob(x).detach().cpu().double(), event, of="probability")
        return [row_of("bits", values, ["Of black and white.", at_most])]
    if event.dtype != "uint8":
        raise SettingError(
            "these data are real numbers, whose density changes with their units; there are no bits without a bin width."
        )
    if not isinstance(model, VAE):
        raise DataError(
            "whether this model's log_prob of bytes is a density or a probability is not known; "
            "saddlepoint.evaluation.metrics.bits.bits_per_dimension takes either."
        )
    found = of_bytes(model, x, generator=a.generator())
    values = bits_per_dimension(found.values.detach().cpu(), event, of="density")
    return [row_of("bits", values, ["Each byte spread evenly over its unit.", at_most])]


def _annealed(a: _Asked) -> list[Score]:
    model = a.model
    if not isinstance(model, VAE | GAN):
        raise DataError("annealing needs a decoder with a normal prior: a VAE, or a GAN with noise laid over it.")
    if a.effort != ASKED:
        raise DataError(ASK)
    x, generator, fitting = a.x[:ANNEALED], a.generator(), 0.0
    latent: LatentModel
    if isinstance(model, VAE):
        latent = of_vae(model)
        if _bernoulli(model):
            x = a.black_and_white(x)
    else:
        train = a.dataset.x[shuffled_order(len(a.dataset), a.seed)[:FITTED]]
        fitting = FITTING
        std = fitted_std(
            lambda s: of_gan(model, s),
            train,
            0.2,
            generator=generator,
            annealing=SHORT,
            rounds=5,
            progress=lambda share: a.progress(FITTING * share),
        )
        latent = of_gan(model, std)
    found, sandwich = annealed(
        latent,
        x.to(model.device),
        generator=generator,
        annealing=LONG,
        simulated=ANNEALED,
        progress=lambda share: a.progress(fitting + (1 - fitting) * share),
    )
    gap = sandwich.gap
    return [
        row_of("ais", found.values.detach().cpu().double(), [f"{len(x)} held-out examples.", *found.notes]),
        row_from("ais_gap", gap, [f"From {ANNEALED} simulated examples; for real ones it is an assumption."]),
    ]


def _kernels(a: _Asked) -> list[Score]:
    if a.effort != ASKED:
        raise DataError(
            "it misleads beyond a few dimensions, so it is only given when asked for (--likelihood annealed)."
        )
    samples, x = (part.flatten(1).double() for part in (a.fake[:KERNELS], a.x[:KERNELS]))
    middle = len(x) // 2
    found = parzen(samples, x[middle:], x[:middle])
    return [row_of("parzen", found.values, list(found.notes))]


FUNCTIONS: dict[tuple[str, ...], Callable[[_Asked], list[Score]]] = {
    ("elbo",): _bound,
    ("bits",): _bits,
    ("ais", "ais_gap"): _annealed,
    ("parzen",): _kernels,
}


def _bernoulli(model: VAE) -> bool:
    return model.settings.likelihood == "bernoulli"


def _is_black_and_white(model: VAE, x: Tensor) -> bool:
    units = model.model_units(x)
    return bool(((units == 0) | (units == 1)).all())
