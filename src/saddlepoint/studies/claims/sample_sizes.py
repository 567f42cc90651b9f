"""C19: generative classifiers are better with few examples, discriminative ones with many."""

from __future__ import annotations

from collections.abc import Mapping

from saddlepoint.evaluation.statistics.intervals import Interval, split_interval
from saddlepoint.figures.bands import Band, bands_figure
from saddlepoint.studies.claims.classifier_curves import (
    DATASETS,
    DISCRIMINATIVE,
    FLOW_LAYERS,
    FLOW_STEPS,
    GENERATIVE,
    TESTED,
    ClassifierCurves,
    CurvesOutcome,
)
from saddlepoint.studies.claims.contract import Claim, Measured, Picture, Quantity, Verdict, verdict

A_CLASS, QUICK_A_CLASS = (2, 4, 8, 16, 32, 64), (2,)
MOST, QUICK_MOST = 20, 2
QUICK = DATASETS[:2]
FEWEST = 10  # seeds
PAIR = ("naive Bayes", "logistic regression")
LEVEL = 1 - 0.05 / (2 * len(DATASETS))  # of each difference: two sizes of each data set decide
MARGIN = 0.01  # of accuracy: a smaller difference counts as none
RATIO = TESTED / (1 - TESTED)  # test examples for each one that is not tested


def setups(quick: bool) -> dict[str, ClassifierCurves]:
    """The learning curves on each data set."""
    sizes, most = (QUICK_A_CLASS, QUICK_MOST) if quick else (A_CLASS, MOST)
    return {name: ClassifierCurves(name, sizes, most) for name in (QUICK if quick else DATASETS)}


def difference(outcome: CurvesOutcome, size: int) -> Interval:
    """Accuracy of naive Bayes minus that of logistic regression at the `size`th size.

    Seeds split the same examples, so that their results are not independent: the standard error over J seeds is
    S sqrt(1 / J + n_test / n_train); see `split_interval`.
    """
    generative, discriminative = (outcome.of(name)[size] for name in PAIR)
    return split_interval(generative - discriminative, RATIO, level=LEVEL)


def measure(outcomes: Mapping[str, CurvesOutcome], quick: bool) -> Measured:
    """Compare naive Bayes with logistic regression at the smallest and at the largest size of each data set."""
    first = {name: difference(own, 0) for name, own in outcomes.items()}
    last = {name: difference(own, -1) for name, own in outcomes.items()}
    quantities = []
    for name, own in outcomes.items():
        for words, found, size in (("smallest", first, 0), ("largest", last, -1)):
            label = f"{name}, {int(own.sizes[size]):,} examples"
            quantities.append(
                Quantity(
                    f"accuracy of naive Bayes minus that of logistic regression, {label} ({words}; level {LEVEL:.2%})",
                    found[name],
                    "",
                    "above 0" if size == 0 else f"mean at most 0, or interval below {MARGIN:g}",
                )
            )
            quantities += [
                Quantity(f"accuracy of {model}, {label}", split_interval(own.of(model)[size], RATIO))
                for model in own.setup.models
            ]
    seeds = min(own.seeds for own in outcomes.values())
    return Measured(
        decide(first, last, seeds),
        _sentence(outcomes, first, last),
        tuple(quantities),
        (
            Picture(
                "learning-curves",
                f"Accuracy on test examples against the number of training examples: means over seeds with 95 % intervals. "
                f"{' and '.join(GENERATIVE)} are generative, {' and '.join(DISCRIMINATIVE)} discriminative.",
                bands_figure(
                    {name: {model: _band(own, model) for model in own.setup.models} for name, own in outcomes.items()},
                    y="accuracy",
                    x="training examples",
                    log_y=False,
                ),
            ),
        ),
    )


def _band(outcome: CurvesOutcome, model: str) -> Band:
    """The mean accuracy of a model with its interval, by size."""
    own = [split_interval(row, RATIO) for row in outcome.of(model)]
    return Band(outcome.sizes.numpy(), [i.low for i in own], [i.value for i in own], [i.high for i in own])


def _effects(first: Mapping[str, Interval], last: Mapping[str, Interval]) -> tuple[list[str], list[str], list[str]]:
    """The data sets on which naive Bayes is better with the fewest examples, is not better with most, and is worse with most."""
    ahead = [name for name, own in first.items() if own.low > 0]
    caught = [name for name, own in last.items() if own.value <= 0 or own.high < MARGIN]
    behind = [name for name, own in last.items() if own.high < 0]
    return ahead, caught, behind


def decide(first: Mapping[str, Interval], last: Mapping[str, Interval], seeds: int) -> Verdict:
    """The verdict of the claim.

    It does not hold only where an interval shows the opposite: naive Bayes is not better with the fewest examples, or still better
    with most. Wide intervals show neither, and the verdict is "not decided".

    Args:
        first: by data set, the difference of accuracies at the smallest size.
        last: the same at the largest size.
        seeds: number of seeds.
    """
    if seeds < FEWEST:
        return "not decided"
    ahead, caught, _ = _effects(first, last)
    both = set(ahead) & set(caught)
    opposite = any(own.high <= 0 for own in first.values()) or any(own.low > 0 for own in last.values())
    return verdict(both == set(first), bool(both), decided=opposite)


_FLOW_NOTE = (
    f"The flows have {FLOW_LAYERS} layers and Gaussian noise on the training examples of Scott's width, n^(-1/(D+4)) standard deviations "
    "for n examples of each class with D numbers."
)


def _sentence(
    outcomes: Mapping[str, CurvesOutcome], first: Mapping[str, Interval], last: Mapping[str, Interval]
) -> str:
    """What was measured, by data set."""
    said = []
    for name, own in outcomes.items():
        small, large = int(own.sizes[0]), int(own.sizes[-1])
        said.append(
            f"on {name}, {first[name].value:+.3f} ({first[name].low:+.3f} to {first[name].high:+.3f}) with {small:,} examples and "
            f"{last[name].value:+.3f} ({last[name].low:+.3f} to {last[name].high:+.3f}) with {large:,}"
        )
    seeds = min(own.seeds for own in outcomes.values())
    ahead, _, behind = _effects(first, last)
    return (
        f"Accuracy of naive Bayes minus that of logistic regression: {'; '.join(said)} ({seeds} seeds). Naive Bayes is better with the fewest "
        f"examples on {', '.join(ahead) or 'none'}, and worse with most on {', '.join(behind) or 'none'}. {_FLOW_NOTE}"
    )


CLAIM = Claim(
    "C19",
    "A generative classifier has the larger error with many examples, but comes near its own with far fewer: with few examples naive Bayes "
    "is better than logistic regression, with many it is not.",
    "On Discriminative vs. Generative Classifiers: A Comparison of Logistic Regression and Naive Bayes (Ng, Jordan, 2001), "
    "https://papers.nips.cc/paper/2020-on-discriminative-vs-generative-classifiers",
    f"Holds if, on each of {len(DATASETS)} data sets ({', '.join(DATASETS)}), Gaussian naive Bayes is more accurate than logistic regression when "
    f"trained on {A_CLASS[0]} examples of each class (the interval of the difference is above 0), and is not more accurate when trained on all "
    f"training examples, two thirds of the data (the mean difference is at most 0, or its interval is below {MARGIN:g}). Intervals of {LEVEL:.2%} "
    "of the mean difference over seeds, each with its own split, the same for all models; since the seeds split the same examples, the standard "
    "error is that of Nadeau and Bengio (2003, Inference for the Generalization Error, https://doi.org/10.1023/A:1024068626366), "
    "S sqrt(1/J + n_test/n_train). It holds in part if it holds on "
    f"one data set, and does not hold if on none and an interval shows the opposite; not decided otherwise, and with fewer than {FEWEST} seeds. "
    f"The mixtures (two diagonal Gaussians for each class), flows (RealNVP, {FLOW_LAYERS} layers, {FLOW_STEPS} steps, noise of Scott's width "
    "n^(-1/(D+4)) on n standardised examples of each class with D numbers, after Rothfuss et al. (2019), https://arxiv.org/abs/1907.08982) and random "
    "forests are shown beside them and decide nothing. Logistic regression has scikit-learn's penalty, and a tenth of the variance of all classes is added to the "
    "variances of naive Bayes; neither was tuned.",
    setups,
    measure,
)
