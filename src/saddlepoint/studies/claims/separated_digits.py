"""C1: whether the 3-D code of an autoencoder separates the digits into clusters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from saddlepoint.evaluation.statistics.intervals import Interval, mean_interval, split_interval
from saddlepoint.figures.alternatives import alternatives_figure
from saddlepoint.figures.latent import latent_plot, latent_scatter
from saddlepoint.studies.claims.autoencoders import (
    LATENT,
    LINEAR,
    SIMPLE,
    SOURCE,
    VARIATIONAL,
    linear,
    simple,
    variational,
)
from saddlepoint.studies.claims.code_models import HELD_OUT, CodeModel, CodeOutcome
from saddlepoint.studies.claims.contract import Claim, Measured, Picture, Quantity, Verdict, verdict
from saddlepoint.studies.claims.principal import Components, largest_angle, pixels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COMPONENTS, PIXELS = f"{LATENT} principal components", "all pixels"
NEIGHBOURS = 10
STRUCTURE = 0.5  # silhouette from which on clusters count as a reasonable structure (Kaufman and Rousseeuw, 1990)
PARALLEL = 5.0  # degrees within which the linear autoencoder has found the subspace of PCA
FEWEST = 5  # seeds
RATIO = HELD_OUT / (1 - HELD_OUT)  # held-out examples for each training example


def setups(quick: bool) -> dict[str, CodeModel]:
    """The autoencoder, the VAE and the linear autoencoder, from the same seeds and splits."""
    return {SIMPLE: simple(quick), VARIATIONAL: variational(quick), LINEAR: linear(quick)}


@dataclass(frozen=True, eq=False)
class Scores:
    """How well codes separate the classes, for S seeds.

    Attributes:
        accuracy: (S,) share of held-out examples whose class most of the 10 nearest training codes have.
        silhouette: (S,) mean silhouette of the held-out codes with the classes as clusters, in [-1, 1].
    """

    accuracy: Tensor
    silhouette: Tensor


def measure(outcomes: Mapping[str, CodeOutcome], quick: bool) -> Measured:
    """Measure how well the codes and the baselines separate the classes of held-out examples, paired by seed and split."""
    setup, seeds = outcomes[SIMPLE].setup, outcomes[SIMPLE].seeds
    datasets = [setup.dataset(seed) for seed in range(seeds)]
    labels = [(own.y, own.held_out.y) for own in datasets if own.held_out is not None]
    rows = [pixels(own) for own in datasets]
    fitted = [Components.fit(train) for train, _ in rows]
    codes = {name: list(zip(own.train, own.held_out, strict=True)) for name, own in outcomes.items()} | {
        COMPONENTS: [
            (one.codes(train, LATENT), one.codes(test, LATENT)) for one, (train, test) in zip(fitted, rows, strict=True)
        ],
        PIXELS: rows,
    }
    scores = {name: score(own, labels) for name, own in codes.items()}
    angles = torch.tensor(
        [
            largest_angle(own, one.directions[:LATENT])
            for own, one in zip(outcomes[LINEAR].directions, fitted, strict=True)
        ],
        dtype=torch.float64,
    )
    gains = {
        "accuracy": split_interval(scores[SIMPLE].accuracy - scores[COMPONENTS].accuracy, RATIO),
        "silhouette": split_interval(scores[SIMPLE].silhouette - scores[COMPONENTS].silhouette, RATIO),
    }
    angle = mean_interval(angles)
    accuracies = {name: split_interval(own.accuracy, RATIO) for name, own in scores.items()}
    silhouettes = {name: split_interval(own.silhouette, RATIO) for name, own in scores.items()}
    because = (
        f"Of held-out digits, {NEIGHBOURS} nearest neighbours in the code classify {accuracies[SIMPLE].value:.1%} correctly with the "
        f"autoencoder, {accuracies[VARIATIONAL].value:.1%} with the VAE, {accuracies[COMPONENTS].value:.1%} with {COMPONENTS} and "
        f"{accuracies[PIXELS].value:.1%} with all pixels; the silhouette of the digits is {silhouettes[SIMPLE].value:.2f}, "
        f"{silhouettes[VARIATIONAL].value:.2f}, {silhouettes[COMPONENTS].value:.2f} and {silhouettes[PIXELS].value:.2f} "
        f"({STRUCTURE:g} or more are clusters). The subspace of the linear autoencoder is within {angle.value:.2g} degrees of that of PCA."
    )
    return Measured(
        decide(gains["accuracy"], gains["silhouette"], silhouettes[SIMPLE], angle, seeds),
        because,
        (
            *(
                Quantity(f"accuracy of {NEIGHBOURS} nearest neighbours, {name}", own)
                for name, own in accuracies.items()
            ),
            *(Quantity(f"silhouette, {name}", own) for name, own in silhouettes.items()),
            *(
                Quantity(f"gain in {name} of the autoencoder over {COMPONENTS}, same split", own)
                for name, own in gains.items()
            ),
            Quantity("largest principal angle of the linear autoencoder's subspace to that of PCA", angle, "degrees"),
        ),
        (
            *(
                _scatter(name, codes[name][0][1], labels[0][1])
                for name in (SIMPLE, VARIATIONAL, COMPONENTS)[: 1 if quick else 3]
            ),
            Picture(
                "scores",
                "How well codes separate the digits, with 95 % intervals over seeds and splits: the share of held-out digits that the "
                "nearest training codes classify correctly, and the silhouette of the held-out digits.",
                _draw(accuracies, silhouettes),
            ),
        ),
    )


def decide(accuracy: Interval, silhouette: Interval, structure: Interval, angle: Interval, seeds: int) -> Verdict:
    """The verdict of the claim.

    Args:
        accuracy: gain over PCA.
        silhouette: gain over PCA.
        structure: the silhouette itself.
        angle: from the linear autoencoder's subspace to that of PCA, in degrees.
        seeds: number of seeds.
    """
    if seeds < FEWEST or not angle.high < PARALLEL:
        return "not decided"
    return verdict(accuracy.low > 0 and silhouette.low > 0 and structure.low >= STRUCTURE, accuracy.low > 0)


def score(codes: list[tuple[Tensor, Tensor]], labels: list[tuple[Tensor | None, Tensor | None]]) -> Scores:
    """Score the codes of all seeds.

    Args:
        codes: for each seed, those of training and held-out examples, (N, K) and (M, K).
        labels: for each seed, their classes, (N,) and (M,).
    """
    from sklearn.metrics import silhouette_score
    from sklearn.neighbors import KNeighborsClassifier

    found = []
    for (train, test), (train_labels, test_labels) in zip(codes, labels, strict=True):
        assert train_labels is not None
        assert test_labels is not None
        classifier = KNeighborsClassifier(NEIGHBOURS).fit(train.numpy(), train_labels.numpy())
        accuracy = classifier.score(test.numpy(), test_labels.numpy())
        found.append((accuracy, silhouette_score(test.numpy(), test_labels.numpy())))
    return Scores(*torch.tensor(found, dtype=torch.float64).T)


def _scatter(name: str, codes: Tensor, labels: Tensor | None) -> Picture:
    """The held-out codes of the first seed by class, as a still and an interactive picture."""
    classes = [str(digit) for digit in range(10)]
    title = f"Codes of held-out digits: {name}"
    return Picture(
        f"codes-{name.replace(' ', '-').lower()}",
        f"Codes of the held-out digits of the first seed, by class: {name}.",
        latent_scatter(codes, labels, classes, title=title),
        latent_plot(codes, labels, classes),
    )


def _draw(accuracies: Mapping[str, Interval], silhouettes: Mapping[str, Interval]) -> Figure:
    rows = [[own[name] for name in accuracies] for own in (accuracies, silhouettes)]
    parts = ([[getattr(one, part) for one in row] for row in rows] for part in ("value", "low", "high"))
    return alternatives_figure(
        [f"Accuracy of {NEIGHBOURS} nearest neighbours", "Silhouette of the digits"],
        list(accuracies),
        *parts,
        x="score; right is better",
    )


CLAIM = Claim(
    "C1",
    "The 3-D code of a simple autoencoder separates the digits into clusters.",
    SOURCE,
    f"Holds if, on held-out 8x8 digits, the accuracy of {NEIGHBOURS} nearest neighbours in the code and the silhouette of the "
    f"classes are both higher than with {COMPONENTS} (95 % intervals of the differences over seeds, each with its own split), and the "
    f"silhouette is at least {STRUCTURE:g}, from which on Kaufman and Rousseeuw (1990) speak of a reasonable structure; in part if the "
    f"accuracy is higher than with {COMPONENTS}. Not decided with fewer than {FEWEST} seeds, or if the linear autoencoder, whose optimum "
    f"is known, has not come within {PARALLEL:g} degrees of the subspace of PCA: then training is too short. VAEs are scored by their posterior means.",
    setups,
    measure,
)
