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
from saddlepoint.evaluation.metrics.latent_models import (
    LatentModel,
    binarised,
    fitted_std,
    with_output_noise,
    with_own_likelihood,
)
from saddlepoint.evaluation.metrics.likelihood import annealed, bounds
from saddlepoint.evaluation.metrics.parzen import parzen
from saddlepoint.evaluation.scorecard.rows.likelihood_rows import ROWS, row_from, row_of
from saddlepoint.evaluation.scorecard.scorecard import Score, Skipped
from saddlepoint.evaluation.settings import LikelihoodEffort
from saddlepoint.models.capabilities import (
    DecodesNormal,
    DescribesDensity,
    GenerativeModel,
    HasDensity,
    HasLatentPosterior,
    HasLikelihood,
    HasUnits,
    has,
    require,
)
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
        """x as a model with a Bernoulli likelihood is annealed on it: drawn where it was trained on draws, else cut at the
        middle."""
        drawn = has(self.model, HasLikelihood) and self.model.binarises
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
    return ANNEALING if function is _annealed and effort == ASKED and has(model, DecodesNormal) else 0.5


def _bound(a: _Asked) -> list[Score]:
    model = require(a.model, HasLikelihood)
    posterior = require(a.model, HasLatentPosterior)
    x, notes = a.x[:BOUNDED], list[str]()
    if model.likelihood_std is None:
        if model.binarises:
            x = a.black_and_white(x)
            notes.append("Of held-out examples drawn black or white, as in training.")
        elif not _is_black_and_white(a.model, x):
            notes.append(f"Of greys: {GREYS[:1].upper()}{GREYS[1:]}")
    latent = with_own_likelihood(model)
    with torch.no_grad():
        mean, log_variance = posterior.heads(x)
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
    model, event, x = require(a.model, HasDensity), a.dataset.event, a.x[:BOUNDED]
    at_most = "" if model.log_prob_kind == "exact" else "From a lower bound on the likelihood: so many bits at most."
    of = model.log_prob_of if has(model, DescribesDensity) else None
    if of == "values":
        values = bits_per_dimension(model.log_prob(x).detach().cpu().double(), event, of="probability")
        return [row_of("bits", values, [at_most])]
    if of == "black and white":
        binarises = has(model, HasLikelihood) and model.binarises
        if not binarises and not _is_black_and_white(a.model, x):
            raise DataError(GREYS)
        values = bits_per_dimension(model.log_prob(x).detach().cpu().double(), event, of="probability")
        return [row_of("bits", values, ["Of black and white.", at_most])]
    if event.dtype != "uint8":
        raise SettingError(
            "these data are real numbers, whose density changes with their units; there are no bits without a bin width."
        )
    if of is None:
        raise DataError(
            "whether this model's log_prob of bytes is a density or a probability is not known; "
            "saddlepoint.evaluation.metrics.bits.bits_per_dimension takes either."
        )
    found = of_bytes(model, x, generator=a.generator())
    values = bits_per_dimension(found.values.detach().cpu(), event, of="density")
    return [row_of("bits", values, ["Each byte spread evenly over its unit.", at_most])]


def _annealed(a: _Asked) -> list[Score]:
    model = require(a.model, DecodesNormal)
    if a.effort != ASKED:
        raise DataError(ASK)
    x, generator, fitting = a.x[:ANNEALED], a.generator(), 0.0
    latent: LatentModel
    if has(model, HasLikelihood):
        latent = with_own_likelihood(model)
        if model.likelihood_std is None:
            x = a.black_and_white(x)
    else:
        train = a.dataset.x[shuffled_order(len(a.dataset), a.seed)[:FITTED]]
        fitting = FITTING
        std = fitted_std(
            lambda s: with_output_noise(model, s),
            train,
            0.2,
            generator=generator,
            annealing=SHORT,
            rounds=5,
            progress=lambda share: a.progress(FITTING * share),
        )
        latent = with_output_noise(model, std)
    found, sandwich = annealed(
        latent,
        x.to(generator.device),
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


def _is_black_and_white(model: GenerativeModel, x: Tensor) -> bool:
    units = require(model, HasUnits).model_units(x)
    return bool(((units == 0) | (units == 1)).all())
