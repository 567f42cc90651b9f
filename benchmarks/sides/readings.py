"""What was read from the scoreboard, and why it is so: sentences of a day, each with the numbers it needs to be true.

The numbers are checked at every regeneration; the "because" is what somebody thought who looked at scores and samples.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from saddlepoint.evaluation.scorecard.scorecard import Score


@dataclass(frozen=True)
class Board:
    """values: a value a seed, by title of the score and row. scores: real examples' own, by title, with floor and ceiling."""

    values: Mapping[str, Mapping[str, Sequence[float]]]
    scores: Mapping[str, Score]

    def mean(self, metric: str, row: str, features: str) -> float:
        """Over the seeds. metric: without its features."""
        return statistics.fmean(self.values[f"{metric} ({features})"][row])

    def floor(self, metric: str, features: str) -> float:
        """What real examples reach."""
        found = self.scores[f"{metric} ({features})"].floor
        assert found is not None
        return found.value

    def blind(self, metric: str, features: str) -> bool:
        """Whether a bad generator does better than real examples."""
        return self.scores[f"{metric} ({features})"].blind


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


CLASSIFIER, PCA = "digits classifier", "PCA-28"
MNIST_CLASSIFIER, MNIST_PCA = "mnist classifier", "PCA-64"
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
                and min(TRAINED, key=lambda row: b.mean("Precision", row, CLASSIFIER)) == "VAE"
            ),
        ),
        Claim(
            "**Recall tells the models apart where coverage does not.** Autoencoder and VAE recall less than half of what GAN and DCGAN do: "
            "with codes of three numbers they make a sheet of three dimensions, and most real examples lie beside it. The autoencoder's coverage "
            "is the DCGAN's within 0.05: a smooth sheet in the midst of the data passes through nearly every real example's "
            "neighbourhood, which is all that coverage asks.",
            lambda b: (
                max(b.mean("Recall", row, CLASSIFIER) for row in SHEETS)
                < min(b.mean("Recall", row, CLASSIFIER) for row in ADVERSARIAL) / 2
                and abs(b.mean("Coverage", "autoencoder", CLASSIFIER) - b.mean("Coverage", "DCGAN", CLASSIFIER)) < 0.05
            ),
        ),
        Claim(
            "**The classifier score prefers the autoencoder to the DCGAN**, against every distance. It asks whether the classifier is sure and "
            "the classes even, and never looks at a real example: typical digits please it, and some of the GANs' sharp samples are no "
            "digit. The GAN scores as low as the VAE for the opposite reason: malformed strokes there, blur here.",
            lambda b: (
                b.mean("Classifier score", "autoencoder", CLASSIFIER) > b.mean("Classifier score", "DCGAN", CLASSIFIER)
                and b.mean("Fréchet distance", "autoencoder", CLASSIFIER)
                > b.mean("Fréchet distance", "DCGAN", CLASSIFIER)
                and abs(b.mean("Classifier score", "GAN", CLASSIFIER) - b.mean("Classifier score", "VAE", CLASSIFIER))
                < 0.7
            ),
        ),
        Claim(
            "**By Fréchet, kernel and two-sample test the DCGAN is as good as real data; by precision and C_T it is not.** The former compare "
            "means, covariances and low moments of the whole set, and 180 examples show no difference. The latter look at one sample at a time: "
            "a quarter of them lie off the real examples, and they are further from training examples than held-out ones are.",
            lambda b: (
                b.mean("Fréchet distance", "DCGAN", CLASSIFIER) < 1.3 * b.floor("Fréchet distance", CLASSIFIER)
                and abs(b.mean("Two-sample test accuracy", "DCGAN", CLASSIFIER) - 0.5) < 0.05
                and b.mean("Precision", "DCGAN", CLASSIFIER) < b.floor("Precision", CLASSIFIER) - 0.1
                and b.mean("Data copying C_T", "DCGAN", CLASSIFIER) > 3
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
                and b.mean("Two-sample test accuracy", "mixture", CLASSIFIER)
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

MNIST = Reading(
    "2026-11-21",
    (
        Claim(
            "**Blur is praised by precision and density in principal components, here even more**: autoencoder and VAE have the highest "
            "of both, several times the density of real data, and the two worst Fréchet distances. As on digits: averages of digits lie in "
            "the midst of real ones.",
            lambda b: (
                min(b.mean("Precision", row, MNIST_PCA) for row in SHEETS) > 0.98
                and min(b.mean("Density", row, MNIST_PCA) for row in SHEETS) > 4 * b.floor("Density", MNIST_PCA)
                and sorted(TRAINED, key=lambda row: b.mean("Fréchet distance", row, MNIST_PCA))[-2:] == list(SHEETS)
            ),
        ),
        Claim(
            "**Recall and coverage part completely**: autoencoder and VAE recall under 5 % in either features and cover over 90 % in principal "
            "components, more than GAN and DCGAN. A sheet of three dimensions comes near every real example (coverage counts in the wide "
            "neighbourhoods of real examples) and has no volume of its own (recall counts in the tiny ones of samples).",
            lambda b: (
                all(b.mean("Recall", row, f) < 0.05 for row in SHEETS for f in (MNIST_CLASSIFIER, MNIST_PCA))
                and min(b.mean("Coverage", row, MNIST_PCA) for row in SHEETS) > 0.9
                and max(b.mean("Coverage", row, MNIST_PCA) for row in ADVERSARIAL) < 0.9
            ),
        ),
        Claim(
            "**The same coverage in the classifier's features is under 20 %.** 64 components hold the smooth part of an image, which "
            "blur leaves as it is; the classifier answers to the edges that blur removes.",
            lambda b: max(b.mean("Coverage", row, MNIST_CLASSIFIER) for row in SHEETS) < 0.2,
        ),
        Claim(
            "**Precision is blind here, in both features**: independent noise scores higher than real data, and the scorecards warn of it. Real "
            "outliers have neighbourhoods so wide that they hold the small spot to which these features map all noise. What ranks by "
            "precision alone on MNIST proves little.",
            lambda b: b.blind("Precision", MNIST_CLASSIFIER) and b.blind("Precision", MNIST_PCA),
        ),
        Claim(
            "**Whether the DCGAN (at 2,000 of 5,000 steps) beats the GAN depends on the metric**: by recall, energy distance and two-sample test "
            "in the classifier's features it does; by precision, density and coverage, and by the Fréchet distance in principal components, the GAN "
            "does. One sees why: the GAN's strokes have the right weight and are sprinkled with stray pixels, which pooling "
            "and the first components smooth away; the DCGAN's are clean, too heavy and often no digit, so it varies more than real data in "
            "principal components (Vendi above the floor) and lies off the real examples.",
            lambda b: (
                b.mean("Recall", "DCGAN", MNIST_CLASSIFIER) > b.mean("Recall", "GAN", MNIST_CLASSIFIER)
                and b.mean("Energy distance", "DCGAN", MNIST_CLASSIFIER)
                < b.mean("Energy distance", "GAN", MNIST_CLASSIFIER)
                and b.mean("Two-sample test accuracy", "DCGAN", MNIST_CLASSIFIER)
                < b.mean("Two-sample test accuracy", "GAN", MNIST_CLASSIFIER)
                and all(
                    b.mean(metric, "GAN", f) > b.mean(metric, "DCGAN", f)
                    for metric in ("Precision", "Density", "Coverage")
                    for f in (MNIST_CLASSIFIER, MNIST_PCA)
                )
                and b.mean("Fréchet distance", "GAN", MNIST_PCA) < b.mean("Fréchet distance", "DCGAN", MNIST_PCA)
                and b.mean("Vendi diversity", "DCGAN", MNIST_PCA) > b.floor("Vendi diversity", MNIST_PCA)
            ),
        ),
        Claim(
            "**The mixture is best by what counts masses, and bad by what looks closely**: first in class shares, classifier score and different "
            "bins (principal components), yet a linear test on the classifier's features recognises over 90 % of its samples and its recall "
            "is under a fifth. Maximum likelihood gives its 50 Gaussians their right shares; 40 components cannot hold an edge.",
            lambda b: (
                best(b, "Divergence of class shares", MNIST_CLASSIFIER, higher=False)
                == best(b, "Classifier score", MNIST_CLASSIFIER, higher=True)
                == best(b, "Different bins (NDB / K)", MNIST_PCA, higher=False)
                == "mixture"
                and b.mean("Two-sample test accuracy", "mixture", MNIST_CLASSIFIER) > 0.9
                and max(b.mean("Recall", "mixture", f) for f in (MNIST_CLASSIFIER, MNIST_PCA)) < 0.2
            ),
        ),
        Claim(
            "**The classifier score ranks the autoencoder above GAN and DCGAN, the Fréchet distance in the same features at a third of their "
            "quality.** It looks only at whether a sample has a sure class; typical, blurred digits do.",
            lambda b: (
                b.mean("Classifier score", "autoencoder", MNIST_CLASSIFIER)
                > max(b.mean("Classifier score", row, MNIST_CLASSIFIER) for row in ADVERSARIAL)
                and b.mean("Fréchet distance", "autoencoder", MNIST_CLASSIFIER)
                > 2.5 * max(b.mean("Fréchet distance", row, MNIST_CLASSIFIER) for row in ADVERSARIAL)
            ),
        ),
        Claim(
            "**Nothing copies, and C_T alone would crown the autoencoder**: in principal components its C_T is as near to 0 as real data's, while it "
            "recalls nothing. C_T asks how near samples are to training examples, not whether they are all that there is.",
            lambda b: (
                all(
                    b.mean("Near copies of training examples", row, f) <= 0.02
                    for row in TRAINED
                    for f in (MNIST_CLASSIFIER, MNIST_PCA)
                )
                and abs(b.mean("Data copying C_T", "autoencoder", MNIST_PCA)) < 4
                and min(b.mean("Data copying C_T", row, MNIST_PCA) for row in TRAINED if row not in SHEETS) > 10
            ),
        ),
        Claim(
            "**The kernel distance in principal components ranks the DCGAN last, the energy distance ranks it second.** The cubic kernel was made "
            "for a network's features of about unit size; on components in the hundreds it is the third moment of the few largest, "
            "where the DCGAN's heavy strokes weigh most. Its values (10^11) are no scale to read.",
            lambda b: (
                max(TRAINED, key=lambda row: b.mean("Kernel distance", row, MNIST_PCA)) == "DCGAN"
                and sorted(TRAINED, key=lambda row: b.mean("Energy distance", row, MNIST_PCA))[1] == "DCGAN"
            ),
        ),
        Claim(
            "**No model is near real data**: the best Fréchet distance is over ten times the floor, where on digits the DCGAN reached it. "
            "3,000 held-out examples show what 180 cannot.",
            lambda b: (
                min(b.mean("Fréchet distance", row, MNIST_CLASSIFIER) for row in TRAINED)
                > 10 * b.floor("Fréchet distance", MNIST_CLASSIFIER)
            ),
        ),
    ),
)

READINGS: dict[str, Reading] = {"digits": DIGITS, "mnist": MNIST}
