"""Generate labelled examples, and measure whether they help a classifier, in one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from saddlepoint.applications.augment.augmented import Augmented
from saddlepoint.applications.augment.conclusions import conclude
from saddlepoint.applications.augment.contest import Choice, choice_by_contest
from saddlepoint.applications.augment.drawing import draw_examples
from saddlepoint.applications.augment.examples import Examples
from saddlepoint.applications.augment.filtering import SampleFilter
from saddlepoint.applications.augment.generators import choose_recipe, fit_generator
from saddlepoint.applications.augment.measuring import Plan, measure, usual_scenarios
from saddlepoint.applications.augment.settings import AUTO, IMBALANCE, PER_CLASS, SPLITS
from saddlepoint.applications.augment.sources import read_examples
from saddlepoint.applications.augment.splits import check_scenarios
from saddlepoint.applications.augment.trained_runs import load_generator
from saddlepoint.arguments import check_count
from saddlepoint.data.tabular.schema import Schema
from saddlepoint.errors import SettingError
from saddlepoint.progress import report_for
from saddlepoint.progress.protocol import Report
from saddlepoint.records import find_run

MOST = 10_000_000  # examples of a class
MOST_SEED = 2**32


def augment(
    source: Any,
    *,
    per_class: int = PER_CLASS,
    target: str | None = None,
    model: str | Path = AUTO,
    steps: int | None = None,
    size: int | None = None,
    seed: int = 0,
    schema: Schema | None = None,
    filtered: bool = True,
    measured: bool = True,
    splits: int = SPLITS,
    sizes: Sequence[int] | int | None = None,
    imbalance: int = IMBALANCE,
    keep: str | Path | None = None,
    progress: Report | bool = True,
) -> Augmented:
    """Generate examples of every class, and measure whether a classifier gains from them.

        sp.augment("people.csv", target="income").frame
        sp.augment("digits", per_class=100, measured=False).x

    Args:
        source: a table (path, data frame, record array) with a target; or labelled images: a folder with a folder for each class, an .npz
            file with x and y, a built-in name, a pair (x, y) of arrays, or a Dataset.
        per_class: examples to generate of each class.
        target: name of a table's column of classes.
        model: name or file of a recipe; the folder of a trained run, whose model then generates the examples (the measurement trains its
            recipe again within each split); "auto", which chooses by the kind and size of the data; or "auto-table", which holds a contest
            between the recipes for tables (at most 5 minutes).
        steps: of training; None for the recipe's.
        size: height and width of images; None keeps them.
        seed: of everything random, at least 0.
        schema: of a table; None infers it.
        filtered: reject examples that a classifier takes for another class, that are far from all real ones, or that copy one.
        measured: measure whether the examples help.
        splits: random splits of the real examples into training and test sets, at least 2.
        sizes: numbers of real training examples to measure with; None takes all (at most 5,000) and a quarter.
        imbalance: a further scenario in which every second class has this many times fewer examples; 1 leaves it out.
        keep: a folder for the outcomes of splits, which are not measured again; trials of a contest are kept in it until the call is done.
        progress: a function that receives the progress, or whether to show it on a terminal or in a notebook.

    Raises:
        SettingError: a setting is not possible, or too few generated examples pass the filter.
        DataError: the source cannot be read, has one class, or a class with one example.
    """
    check_request(per_class, splits, imbalance, seed, steps)
    examples = read_examples(source, target=target, schema=schema, size=size)
    folder = None if keep is None else Path(keep)
    trials = None if folder is None else folder / "contest"
    with report_for(progress) as report, choice_by_contest(examples, model, steps, seed, trials) as choose:
        done, plan = generate(
            examples, per_class, model, steps, seed, choose=choose, filtered=filtered, splits=splits, sizes=sizes,
            imbalance=imbalance, measured=measured, report=report,
        )  # fmt: skip
        return done if plan is None else measure_gain(done, plan, folder, report)


def check_request(per_class: int, splits: int, imbalance: int, seed: int, steps: int | None) -> None:
    """Raise SettingError for numbers out of range."""
    ranges: list[tuple[str, int, int, int]] = [
        ("--per-class", per_class, 1, MOST),
        ("--splits", splits, 2, 1_000),
        ("--imbalance", imbalance, 1, 1_000),
        ("--seed", seed, 0, MOST_SEED - 1),
        ("--steps", 1 if steps is None else steps, 1, 2**31),
    ]
    for option, value, least, most in ranges:
        check_count("augment", option, value, least, most)


def generate(
    examples: Examples,
    per_class: int,
    model: str | Path,
    steps: int | None,
    seed: int,
    *,
    choose: Choice | None,
    filtered: bool,
    splits: int,
    sizes: Sequence[int] | int | None,
    imbalance: int,
    measured: bool,
    report: Report | None,
) -> tuple[Augmented, Plan | None]:
    """Generate the examples; and what is to be measured, which is checked before anything is trained.

    For arguments see `augment`; `choose` holds the contest where there is one.
    """
    run = Path(model) if is_run(model) else None
    if run is not None and steps is not None:
        raise SettingError(f"augment: --steps is for a recipe to train, and {run} is trained; leave it out.")
    if isinstance(sizes, int):
        sizes = [sizes]
    scenarios = usual_scenarios(examples, sizes, imbalance) if measured else ()
    if measured:
        check_scenarios(examples.labels, examples.names, scenarios)
    recipe, contest = (choose_recipe(examples, model, steps), None) if choose is None else choose(report)
    plan = Plan(recipe, per_class, splits, scenarios, seed, filtered) if measured else None
    if report is not None:
        report(f"training {recipe.name}" if run is None else f"loading {run}", 0.0)
    generator = fit_generator(recipe, examples, seed) if run is None else load_generator(run, examples)
    accept = SampleFilter(examples, seed) if filtered else None
    drawn = draw_examples(generator, [per_class] * len(examples.names), seed, accept)
    name = recipe.name if run is None else str(run)
    return Augmented(drawn, examples, recipe, name, seed, per_class, contest=contest), plan


def measure_gain(done: Augmented, plan: Plan, keep: Path | None, report: Report | None) -> Augmented:
    """The same with the measurement; outcomes in `keep` are not measured again."""
    return replace(done, measured=conclude(done.real, measure(done.real, plan, keep, report)))


def is_run(model: str | Path) -> bool:
    """Whether a model is named by the folder of a run."""
    return Path(model).is_dir() and find_run(model).recipe.exists()
