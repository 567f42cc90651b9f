"""What was read from the scoreboard, and why it is so: sentences of a day, each with the numbers it needs to be true.

The numbers are checked at every regeneration; the "because" is what somebody thought who looked at scores and samples.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from saddlepoint.evaluation.scorecard import Score


@dataclass(frozen=True)
class Board:
    """values: a value a seed, by title of the score and row. scores: real examples' own, by title, with floor and ceiling."""

    values: Mapping[str, Mapping[str, Sequence[float]]]
    scores: Mapping[str, Score]

    def mean(self, metric: str, row: str, features: str = "digits classifier") -> float:
        """Over the seeds. metric: without its features."""
        return statistics.fmean(self.values[f"{metric} ({features})"][row])

    def floor(self, metric: str, features: str = "digits classifier") -> float:
        found = self.scores[f"{metric} ({features})"].floor
        assert found is not None
        return found.value


@dataclass(frozen=True)
class Claim:
    """text: what was read, and its cause. holds: whether the numbers are as it says."""

    text: str
    holds: Callable[[Board], bool]


@dataclass(frozen=True)
class Reading:
    """date: when it was written, ISO 8601."""

    date: str
    claims: tuple[Claim, ...]


def reading(found: Reading, board: Board) -> str:
    """The reading in Markdown; a sentence that the numbers no longer bear says so."""
    head = (
        f"Interpretation, written on {found.date} after looking at samples. Whether the numbers above are still as a sentence says "
        "is checked when this section\nis made; its cause is not."
    )
    lines = [f"- ({'checked' if claim.holds(board) else 'NO LONGER SO'}) {claim.text}" for claim in found.claims]
    return "\n".join([head, "", *lines])


CLASSIFIER = "digits classifier"
PCA = "PCA-28"
SHEETS = ("autoencoder", "VAE")  # codes of three numbers: their samples lie on a curved sheet of three dimensions
ADVERSARIAL = ("GAN", "DCGAN")
TRAINED = (*SHEETS, *ADVERSARIAL, "mixture")


def best(board: Board, metric: str, features: str, *, higher: bool) -> str:
    """Of the models, by the mean."""
    return (max if higher else min)(TRAINED, key=lambda row: board.mean(metric, row, features))


DIGITS = Reading(
    "2026-11-21",
    (
        Claim(
            "**In principal components, precision and density rank the VAE first and the Fréchet distance ranks it last.** Both put it "
            "above real data, which is no merit: a blurred digit is an average of digits, the noise of handwriting is gone from it, and "
            "in linear features an average lies in the midst of real examples, within many of their neighbourhoods. Precision "
            "asks whether a sample is probable, not whether it is sharp. Read it against its floor: above it means crowding.",
            lambda b: (
                best(b, "Precision", PCA, higher=True) == best(b, "Density", PCA, higher=True) == "VAE"
                and best(b, "Fréchet distance", PCA, higher=False) != "VAE"
                and max(TRAINED, key=lambda row: b.mean("Fréchet distance", row, PCA)) == "VAE"
                and b.mean("Precision", "VAE", PCA) > b.floor("Precision", PCA)
                and b.mean("Density", "VAE", PCA) > 2 * b.floor("Density", PCA)
            ),
        ),
        Claim(
            "**The classifier's features turn that around**: there the VAE has the lowest precision of all. The "
            "classifier's convolutions answer to strokes and edges, which blur takes away. So the features, more than the metric, decide whether "
            "blur costs precision.",
            lambda b: (
                best(b, "Precision", CLASSIFIER, higher=True) != "VAE"
                and min(TRAINED, key=lambda row: b.mean("Precision", row)) == "VAE"
            ),
        ),
        Claim(
            "**Recall tells the models apart where coverage does not.** Autoencoder and VAE recall less than half of what GAN and DCGAN do: "
            "with codes of three numbers they make a sheet of three dimensions, and most real examples lie beside it. The autoencoder's coverage "
            "is the DCGAN's within 0.05: a smooth sheet in the midst of the data passes through nearly every real example's "
            "neighbourhood, which is all that coverage asks.",
            lambda b: (
                max(b.mean("Recall", row) for row in SHEETS) < min(b.mean("Recall", row) for row in ADVERSARIAL) / 2
                and abs(b.mean("Coverage", "autoencoder") - b.mean("Coverage", "DCGAN")) < 0.05
            ),
        ),
        Claim(
            "**The classifier score prefers the autoencoder to the DCGAN**, against every distance. It asks whether the classifier is sure and "
            "the classes even, and never looks at a real example: typical digits please it, and some of the GANs' sharp samples are no "
            "digit. The GAN scores as low as the VAE for the opposite reason: malformed strokes there, blur here.",
            lambda b: (
                b.mean("Classifier score", "autoencoder") > b.mean("Classifier score", "DCGAN")
                and b.mean("Fréchet distance", "autoencoder") > b.mean("Fréchet distance", "DCGAN")
                and abs(b.mean("Classifier score", "GAN") - b.mean("Classifier score", "VAE")) < 0.7
            ),
        ),
        Claim(
            "**By Fréchet, kernel and two-sample test the DCGAN is as good as real data; by precision and C_T it is not.** The former compare "
            "means, covariances and low moments of the whole set, and 180 examples show no difference. The latter look at one sample at a time: "
            "a quarter of them lie off the real examples, and they are further from training examples than held-out ones are.",
            lambda b: (
                b.mean("Fréchet distance", "DCGAN") < 1.3 * b.floor("Fréchet distance")
                and abs(b.mean("Two-sample test accuracy", "DCGAN") - 0.5) < 0.05
                and b.mean("Precision", "DCGAN") < b.floor("Precision") - 0.1
                and b.mean("Data copying C_T", "DCGAN") > 3
            ),
        ),
        Claim(
            "**Nothing copies.** At most 2 % near copies, and no C_T below -2, also of the mixture: ten broad Gaussians cannot hold 1,617 examples. "
            "The autoencoder's C_T in principal components, near the ideal 0, is two errors that cancel: its samples are typical "
            "(near to much) and smooth (a little off everything). Its recall shows what C_T misses.",
            lambda b: (
                all(
                    b.mean("Near copies of training examples", row, f) <= 0.02
                    for row in TRAINED
                    for f in (CLASSIFIER, PCA)
                )
                and all(b.mean("Data copying C_T", row, f) > -2 for row in TRAINED for f in (CLASSIFIER, PCA))
                and abs(b.mean("Data copying C_T", "autoencoder", PCA)) < 2
            ),
        ),
        Claim(
            "**A mixture without a network beats autoencoder and VAE by both Fréchet distances**: it has 20 dimensions to vary in, they have "
            "three. What it lacks is the detail in the components it leaves out, which the linear two-sample test on the classifier's "
            "features finds at once and the one on principal components hardly.",
            lambda b: (
                all(
                    b.mean("Fréchet distance", "mixture", f) < b.mean("Fréchet distance", row, f)
                    for row in SHEETS
                    for f in (CLASSIFIER, PCA)
                )
                and b.mean("Two-sample test accuracy", "mixture")
                > b.mean("Two-sample test accuracy", "mixture", PCA) + 0.1
            ),
        ),
        Claim(
            "**The kernel distance in principal components says little at 180 examples**: real examples' own interval is as wide as the "
            "autoencoder's value. Its cubic kernel, on components of very unlike size, is ruled by few examples far out.",
            lambda b: (
                statistics.stdev(b.values[f"Kernel distance ({PCA})"]["real against real"]) * 2.5
                > b.mean("Kernel distance", "autoencoder", PCA)
            ),
        ),
    ),
)

READINGS: dict[str, Reading] = {"digits": DIGITS}
