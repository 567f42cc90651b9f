"""C19: generative classifiers are better with few examples, discriminative ones with many."""

from __future__ import annotations

from collections.abc import Mapping

from saddlepoint.evaluation.statistics.intervals import Interval, mean_interval
from saddlepoint.figures.bands import Band, bands_figure
from saddlepoint.studies.claims.classifier_curves import (
    DATASETS,
    DISCRIMINATIVE,
    FLOW_STEPS,
    GENERATIVE,
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


def setups(quick: bool) -> dict[str, ClassifierCurves]:
    """The learning curves on each data set."""
    sizes, most = (QUICK_A_CLASS, QUICK_MOST) if quick else (A_CLASS, MOST)
    return {name: ClassifierCurves(name, sizes, most) for name in (QUICK if quick else DATASETS)}


def difference(outcome: CurvesOutcome, size: int) -> Interval:
    """Accuracy of naive Bayes minus that of logistic regression over seeds, at the `size`th size."""
    generative, discriminative = (outcome.of(name)[size] for name in PAIR)
    return mean_interval(generative - discriminative, level=LEVEL)


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
                    "above 0" if size == 0 else "at most 0",
                )
            )
            quantities += [
                Quantity(f"accuracy of {model}, {label}", mean_interval(own.of(model)[size]))
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
    own = [mean_interval(row) for row in outcome.of(model)]
    return Band(outcome.sizes.numpy(), [i.low for i in own], [i.value for i in own], [i.high for i in own])


def _effects(first: Mapping[str, Interval], last: Mapping[str, Interval]) -> tuple[list[str], list[str], list[str]]:
    """The data sets on which naive Bayes is better with the fewest examples, is not better with most, and is worse with most."""
    ahead = [name for name, own in first.items() if own.low > 0]
    caught = [name for name, own in last.items() if own.low <= 0]
    behind = [name for name, own in last.items() if own.high < 0]
    return ahead, caught, behind


def decide(first: Mapping[str, Interval], last: Mapping[str, Interval], seeds: int) -> Verdict:
    """The verdict of the claim.

    Args:
        first: by data set, the difference of accuracies at the smallest size.
        last: the same at the largest size.
        seeds: number of seeds.
    """
    if seeds < FEWEST:
        return "not decided"
    ahead, caught, _ = _effects(first, last)
    both = set(ahead) & set(caught)
    return verdict(both == set(first), bool(both))


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
        f"examples on {', '.join(ahead) or 'none'}, and worse with most on {', '.join(behind) or 'none'}."
    )


CLAIM = Claim(
    "C19",
    "A generative classifier has the larger error with many examples, but comes near its own with far fewer: with few examples naive Bayes "
    "is better than logistic regression, with many it is not.",
    "On Discriminative vs. Generative Classifiers: A Comparison of Logistic Regression and Naive Bayes (Ng, Jordan, 2001), "
    "https://papers.nips.cc/paper/2020-on-discriminative-vs-generative-classifiers",
    f"Holds if, on each of {len(DATASETS)} data sets ({', '.join(DATASETS)}), Gaussian naive Bayes is more accurate than logistic regression when "
    f"trained on {A_CLASS[0]} examples of each class, and is not more accurate when trained on all training examples (two thirds of the data): "
    f"intervals of {LEVEL:.2%} of the mean difference over seeds, each with its own split, the same for all models. It holds in part if it holds on "
    f"one data set; not decided with fewer than {FEWEST} seeds. The mixtures (two diagonal Gaussians for each class), flows (RealNVP, "
    f"{FLOW_STEPS} steps) and random forests are shown "
    "beside them and decide nothing. Logistic regression has scikit-learn's penalty, and a tenth of the variance of all classes is added to the "
    "variances of naive Bayes; neither was tuned.",
    setups,
    measure,
)
