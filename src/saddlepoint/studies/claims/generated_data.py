"""C18: generated data improve a classifier when data are short."""

from __future__ import annotations

from collections.abc import Mapping

from saddlepoint.evaluation.statistics.intervals import Interval, split_interval
from saddlepoint.figures.alternatives import alternatives_figure
from saddlepoint.studies.claims.augmentation_gains import ALL, DATASETS, SPLITS, AugmentationGains, GainsOutcome
from saddlepoint.studies.claims.contract import Claim, Measured, Picture, Quantity, Verdict, verdict

REAL, REPEATED, GENERATED = "real", "duplicated", "real + generated"
USUAL = ("SMOTE", "classical")
SHORT = {"wine": 30, "breast_cancer": 40, "digits": 100}  # real training examples
RATIO = 0.5  # test examples for each one that is not tested
LEVEL = 1 - 0.05 / (2 * len(DATASETS))  # two differences on each data set decide
FEWEST = 10  # splits
QUICK_SPLITS = 2


def setups(quick: bool) -> dict[str, AugmentationGains]:
    """The comparison on each data set; a quick one with few rows alone."""
    if quick:
        return {"wine": AugmentationGains("wine", (SHORT["wine"],), QUICK_SPLITS)}
    return {name: AugmentationGains(name, (SHORT[name], ALL), SPLITS) for name in DATASETS}


def difference(outcome: GainsOutcome, other: str, size: int, level: float = LEVEL) -> Interval:
    """Macro F1 with real and generated examples minus that with another training set, at the `size`th size."""
    return split_interval(outcome.of(GENERATED)[size] - outcome.of(other)[size], RATIO, level=level)


def measure(outcomes: Mapping[str, GainsOutcome], quick: bool) -> Measured:
    """Compare with the real examples and with as many repeated ones at the smallest size of each data set."""
    quantities = []
    for name, own in outcomes.items():
        for size, real in enumerate(own.real.tolist()):
            others = [REAL, REPEATED, *(one for one in USUAL if one in own.names)]
            quantities += [
                Quantity(
                    f"macro F1 of {GENERATED} minus that of {other}, {name}, {real:,} real examples (level {LEVEL:.2%})",
                    difference(own, other, size),
                    "",
                    "above 0" if size == 0 and other in (REAL, REPEATED) else "",
                )
                for other in others
            ]
            quantities.append(
                Quantity(
                    f"macro F1 of {REAL}, {name}, {real:,} real examples", split_interval(own.of(REAL)[size], RATIO)
                )
            )
    pictures = tuple(_picture(name, own) for name, own in outcomes.items())
    return Measured(decide(outcomes), _sentence(outcomes), tuple(quantities), pictures)


def decide(outcomes: Mapping[str, GainsOutcome]) -> Verdict:
    """The verdict of the claim; see `CLAIM.rule`."""
    if min(own.seeds for own in outcomes.values()) < FEWEST:
        return "not decided"
    gains = {name: [difference(own, other, 0) for other in (REAL, REPEATED)] for name, own in outcomes.items()}
    helped = [name for name, pair in gains.items() if all(one.low > 0 for one in pair)]
    opposite = any(one.high < 0 for pair in gains.values() for one in pair)
    return verdict(len(helped) == len(outcomes), bool(helped), decided=opposite)


def _sentence(outcomes: Mapping[str, GainsOutcome]) -> str:
    said = []
    for name, own in outcomes.items():
        gain, against = (difference(own, other, 0) for other in (REAL, REPEATED))
        said.append(
            f"on {name} with {int(own.real[0]):,} real examples, {_signed(gain)} against the real ones alone and {_signed(against)} against repeated ones"
        )
    splits = min(own.seeds for own in outcomes.values())
    return f"Macro F1 on real test examples with generated examples added: {'; '.join(said)} ({splits} splits)."


def _picture(name: str, own: GainsOutcome) -> Picture:
    found = [[split_interval(own.of(one)[size], RATIO) for one in own.names] for size in range(len(own.real))]
    drawing = alternatives_figure(
        [f"{name}, {real:,} real examples" for real in own.real.tolist()],
        own.names,
        [[one.value for one in row] for row in found],
        [[max(0.0, one.low) for one in row] for row in found],
        [[min(1.0, one.high) for one in row] for row in found],
        x="macro F1 on real test examples",
    )
    caption = (
        f"Training sets on {name}: means over splits with 95 % intervals; the dotted line is the real examples alone."
    )
    return Picture(name.replace("_", "-"), caption, drawing)


def _signed(interval: Interval) -> str:
    return f"{interval.value:+.3f} ({interval.low:+.3f} to {interval.high:+.3f})"


CLAIM = Claim(
    "C18",
    "Generated examples, added to the real ones, improve a classifier when data are short.",
    "unpublished notes on generative models, which propose a generative model for dataset augmentation; published for images of few examples "
    "in Data Augmentation Generative Adversarial Networks (Antoniou, Storkey, Edwards, 2017), https://arxiv.org/abs/1711.04340",
    f"Holds if, on each of {len(DATASETS)} data sets ({', '.join(f'{name} with {SHORT[name]}' for name in DATASETS)} real training examples), a "
    "classifier that is also trained on as many generated examples has a larger macro F1 on real test examples than one that is trained on the real "
    "examples alone, and than one that is trained on as many repeated real examples (both intervals above 0); in part if on at least one. "
    f"It does not hold if on none and an interval is below 0; not decided otherwise, and with fewer than {FEWEST} splits. Intervals of {LEVEL:.2%} of "
    "the mean paired difference over splits, with the standard error of Nadeau and Bengio (2003, Inference for the Generalization Error, "
    "https://doi.org/10.1023/A:1024068626366). The generator is the one that `saddlepoint augment` chooses (decision trees of each class of rows; principal "
    "components of each digit), is fitted within the split, and its samples are filtered. Larger training sets, SMOTE and classical augmentation are "
    "shown beside it and decide nothing.",
    setups,
    measure,
)
