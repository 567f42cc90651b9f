"""C18, generated data improve a classifier when data are short: six data sets, 20 splits, every alternative of `saddlepoint augment`.

    python benchmarks/augmentation.py [--keep DIR] [--data wine digits] [--splits N] [--minutes M] [--part I/N] [--model NAME]
        [--page FILE] [--quick]

A finished split is in outcomes/augmentation.jsonl and not measured again; splits come in rounds of all data sets. With all splits of all
data sets, the section of RESULTS.md is written. --quick measures one small split of each data set and writes nothing.

References:
    Classification Accuracy Score for Conditional Generative Models (Suman Ravuri, Oriol Vinyals, 2019), https://arxiv.org/abs/1905.10887
    Inference for the Generalization Error (Claude Nadeau, Yoshua Bengio, 2003), https://doi.org/10.1023/A:1024068626366
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import results
from saddlepoint.applications.augment.conclusions import HELPED, HURT, NO_DIFFERENCE, Measured, conclude
from saddlepoint.applications.augment.measuring import Outcome
from saddlepoint.applications.augment.settings import GENERATED, REAL
from saddlepoint.applications.augment.splits import Scenario
from tables.augmentation_plan import DATA, SPLITS, Trial, load, run, trials
from tables.outcomes import group_outcomes, origin, outcomes_file
from tables.trials import argument_parser, train_missing

SECTION = "C18: generated data and a classifier"
COLUMNS = (("duplicated",), ("class weights",), ("classical", "SMOTE"), (GENERATED,), ("generated only",))
SIGNS = {HELPED: " ▲", HURT: " ▼", NO_DIFFERENCE: ""}

Found = Mapping[tuple[str, Scenario], Sequence[Outcome]]


def describe(trial: Trial, outcome: Outcome) -> str:
    """One line about a finished split."""
    change = outcome.scores[GENERATED]["macro_f1"] - outcome.scores[REAL]["macro_f1"]
    return f"{trial.data}, {trial.scenario.title}, split {trial.split}: real + generated {change:+.4f}"


def conclusions(found: Found) -> dict[str, Measured]:
    """The comparisons of each data set, of scenarios with two splits or more."""
    return {
        data: conclude(load(data), several)
        for data in DATA
        if (several := {s: list(some) for (name, s), some in found.items() if name == data and len(some) > 1})
    }


def body(measured: Mapping[str, Measured], seconds: float) -> str:
    """The section as Markdown."""
    rows = []
    for data, one in measured.items():
        for result in one.scenarios:
            cells = [data, f"{result.title} ({result.n:,})", f"{result.of(REAL).score.value:.3f}"]
            present = {comparison.alternative for comparison in result.comparisons}
            for names in COLUMNS:
                comparison = result.of(next(name for name in names if name in present))
                change = comparison.difference
                half = (change.high - change.low) / 2
                cells.append(f"{change.value:+.3f} ± {half:.3f}{SIGNS[comparison.verdict]}")
            rows.append([*cells, result.best])
    verdicts = [result.of(GENERATED).verdict for one in measured.values() for result in one.scenarios]
    tally = ", ".join(f"{word} in {verdicts.count(word)}" for word in (HELPED, NO_DIFFERENCE, HURT))
    beaten = sum(
        any(interval.high < 0 for interval in result.against.values())
        for one in measured.values()
        for result in one.scenarios
    )
    return (
        f"Macro F1 on real test examples, mean of {max(one.splits for one in measured.values())} random splits, and the difference to the "
        "real examples alone ± half of the 95 % interval (paired over splits, corrected for the examples that splits share); ▲ it helped, "
        "▼ it hurt. Generated examples double the training set, or fill every class up to the largest where it is imbalanced. Tables: mean of "
        "logistic regression, AdaBoost, random forest and gradient boosting; images: a small convolutional network.\n\n"
        + results.table(
            [
                "data",
                "training set",
                "real",
                *("classical / SMOTE" if len(names) > 1 else names[0] for names in COLUMNS),
                "recommended",
            ],
            rows,
        )
        + f"\n\nReal and generated examples: {tally} of {len(verdicts)} scenarios; a simpler alternative is shown to be better in {beaten}. "
        f"{seconds / 3600:.1f} hours of one core.\n"
    )


def main(argv: Sequence[str]) -> int:
    parser = argument_parser(__doc__, 0)
    parser.add_argument("--data", nargs="+", choices=list(DATA), default=list(DATA))
    parser.add_argument("--splits", type=int, default=SPLITS)
    parser.add_argument("--model", default="auto", help="recipe of the generator (auto)")
    parser.add_argument("--page", type=Path, help="write the section here too")
    arguments = parser.parse_args(argv)
    wanted = trials(arguments.data, arguments.splits, arguments.model, quick=arguments.quick)
    with outcomes_file("augmentation", arguments.keep, quick=arguments.quick) as file:
        train_missing(wanted[arguments.part], file, arguments.minutes, run, describe)
        found = group_outcomes(wanted, file, Outcome, lambda one: (one.data, one.scenario))
        measured_at = origin(wanted, file)
    measured = conclusions(found)
    if not measured or arguments.quick:
        return 0
    text = body(measured, sum(one.seconds for some in found.values() for one in some))
    print(text)
    if arguments.page:
        arguments.page.write_text(text, "utf-8")
    whole = len(found) == sum(map(len, DATA.values())) and all(len(some) >= SPLITS for some in found.values())
    if whole and arguments.model == "auto":
        results.write(SECTION, text, origin=measured_at)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
