"""Measure on splits of the real examples whether generated ones help: every alternative, in every scenario, on the same splits.

The generator and its filter are fitted to the training examples of a split, so that nothing of its test examples reaches a training
set. An outcome is kept in a file as soon as it is measured, and not measured again.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from saddlepoint.applications.augment.alternatives.situation import Situation
from saddlepoint.applications.augment.classifiers import score
from saddlepoint.applications.augment.drawing import Drawn, draw_examples
from saddlepoint.applications.augment.examples import Examples, Labels
from saddlepoint.applications.augment.filtering import SampleFilter
from saddlepoint.applications.augment.generators import fit_generator
from saddlepoint.applications.augment.settings import (
    IMBALANCE,
    MOST_EXAMPLES,
    alternative,
    alternatives_for,
)
from saddlepoint.applications.augment.splits import Scenario, split_examples, training_order
from saddlepoint.errors import RunError
from saddlepoint.progress import clock
from saddlepoint.progress.protocol import Report
from saddlepoint.recipe import Recipe
from saddlepoint.records import read_json, replaced

FORMAT = 1  # to be counted up when anything changes that decides outcomes
SEVERAL = 4  # smallest size as a share of all: 1 / SEVERAL


@dataclass(frozen=True)
class Plan:
    """What is measured, beside the examples.

    Attributes:
        recipe: of the generator.
        per_class: generated examples of each class for all the examples; a smaller training set gets fewer in proportion.
        splits: how many.
        scenarios: training sets within a split.
        seed: of the splits, generators and classifiers.
        filtered: whether generated examples are filtered.
    """

    recipe: Recipe
    per_class: int
    splits: int
    scenarios: tuple[Scenario, ...]
    seed: int = 0
    filtered: bool = True


@dataclass(frozen=True)
class Outcome:
    """What one split gave in one scenario.

    Attributes:
        scores: by alternative and metric.
        n: real training examples.
        added: generated examples of each class.
        drawn: generated examples before the filter.
        rejected: by reason.
        unfiltered: examples that were used although the filter rejects them, since too few passed.
        seconds: that it took.
    """

    scores: dict[str, dict[str, float]]
    n: int
    added: list[int]
    drawn: int
    rejected: dict[str, int]
    unfiltered: int
    seconds: float


def usual_scenarios(
    examples: Examples, sizes: Sequence[int] | None = None, imbalance: int = IMBALANCE
) -> tuple[Scenario, ...]:
    """All examples (at most 5,000) and a quarter of them, or the sizes given; and the largest with every second class reduced.

    Args:
        examples: all of them.
        sizes: numbers of training examples; None chooses them.
        imbalance: how many times fewer examples a reduced class has; 1 leaves the scenario out.
    """
    available = len(training_order(examples.labels, 0)[0])
    if sizes is None:
        largest = min(available, MOST_EXAMPLES)
        quarter = largest // SEVERAL
        sizes = [largest] + ([quarter] if quarter >= 4 * len(examples.names) else [])
    known = [None if size == available else size for size in dict.fromkeys(sorted(sizes, reverse=True))]
    found = [Scenario(size) for size in known]
    if imbalance > 1 and found:
        found.append(Scenario(known[0], imbalance))
    return tuple(found)


def measure(
    examples: Examples, plan: Plan, keep: Path | None = None, report: Report | None = None
) -> dict[Scenario, list[Outcome]]:
    """Measure every alternative on every split.

    Args:
        examples: all real examples.
        plan: what is measured.
        keep: folder of outcomes; those that are there are not measured again.
        report: receives the progress, with the time left.

    Returns:
        The outcomes of all splits by scenario.
    """
    found: dict[Scenario, list[Outcome]] = {scenario: [] for scenario in plan.scenarios}
    units = [(split, scenario) for split in range(plan.splits) for scenario in plan.scenarios]
    for number, (split, scenario) in enumerate(units):
        path = None if keep is None else keep / f"split-{split:03d}-{_seal(examples, plan, split, scenario)}.json"
        outcome = None if path is None else _read(path)
        if outcome is None:
            if report is not None:
                words = f"measuring split {split + 1} of {plan.splits}, {scenario.title}{_left(found, units[number:])}"
                report(words, number / len(units))
            outcome = measure_split(examples, plan, split, scenario)
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                with replaced(path) as file:
                    json.dump(asdict(outcome), file)
        found[scenario].append(outcome)
    return found


def measure_split(examples: Examples, plan: Plan, split: int, scenario: Scenario) -> Outcome:
    """Train and test all alternatives on one split.

    Args:
        examples: all real examples.
        plan: what is measured.
        split: its number.
        scenario: which training examples it has.
    """
    began = time.monotonic()
    seed = _seed(plan.seed, split)
    parts = split_examples(examples.labels, seed, scenario)
    real, test = examples.take(parts.train), examples.take(parts.test)
    added = added_counts(real.counts, plan.per_class * len(real) / len(examples), scenario)

    @cache
    def generate() -> Drawn:
        generator = fit_generator(plan.recipe, real, seed)
        accept = SampleFilter(real, seed) if plan.filtered else None
        return draw_examples(generator, real.counts + added, seed, accept, fill=True)

    situation = Situation(real, added, lambda: generate().examples, seed)
    largest = len(real) + int(added.sum())
    scores = {
        name: dict(score(alternative(name)(situation), test, seed, largest)) for name in alternatives_for(examples.kind)
    }
    drawn = generate()
    return Outcome(
        scores, len(real), added.tolist(), drawn.drawn, drawn.rejected, drawn.unfiltered, time.monotonic() - began
    )


def added_counts(counts: Labels, per_class: float, scenario: Scenario) -> Labels:
    """(K,) how many examples of each class are added: `per_class`, or as many as make reduced classes equal to the largest one."""
    if scenario.imbalance > 1:
        return np.asarray(counts.max() - counts, dtype=np.int64)
    return np.full_like(counts, max(1, round(per_class)))


def _seed(seed: int, split: int) -> int:
    return int(np.random.SeedSequence([seed, split]).generate_state(1)[0])


def _seal(examples: Examples, plan: Plan, split: int, scenario: Scenario) -> str:
    """Hash of what determines an outcome, except the program."""
    recipe = plan.recipe.model_dump(mode="json", include={"data", "model", "training"})
    recipe["data"] = recipe["data"]["encoding"]
    decisive: list[Any] = [
        FORMAT,
        examples.digest,
        recipe,
        plan.per_class,
        plan.seed,
        plan.filtered,
        split,
        asdict(scenario),
    ]
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:16]


def _read(path: Path) -> Outcome | None:
    """The outcome in a file; None where there is none or it is damaged."""
    if not path.is_file():
        return None
    try:
        return Outcome(**read_json(path))
    except (RunError, TypeError):
        return None


def _left(found: Mapping[Scenario, Sequence[Outcome]], units: Sequence[tuple[int, Scenario]]) -> str:
    """The time that the units left will take, once every scenario was measured; the largest comes first, so a first guess is high."""
    known = {scenario: [one.seconds for one in outcomes] for scenario, outcomes in found.items()}
    every = [seconds for some in known.values() for seconds in some]
    if not every:
        return ""
    usual = float(np.mean(every))
    seconds = sum(float(np.mean(known[scenario])) if known[scenario] else usual for _, scenario in units)
    return f", about {clock(seconds)} left"
