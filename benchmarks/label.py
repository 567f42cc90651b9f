"""Missing labels: the test error of every method of `saddlepoint label` with few labels, over ten choices of these.

    python benchmarks/label.py [--keep DIR] [--data digits census mnist] [--seeds N] [--steps N] [--minutes M] [--part I/N] [--page FILE] [--quick]

Digits with 5 labels of each class, a table (census, 100 labels of each of two classes), and MNIST with 10 of each, where the goals are an error of at most
1.5 % for the feature-matching GAN (published 0.93 ± 0.07) and 5 % for M1+M2 (published 3.33 ± 0.14). Labels are chosen by class. A finished trial is in
outcomes/label.jsonl and not measured again; trials come in rounds of all data sets. With all seeds of all data sets, the section of RESULTS.md is
written. --quick trains a few steps of one seed and writes nothing.

References:
    Improved Techniques for Training GANs (Salimans et al., 2016), table 1, https://arxiv.org/abs/1606.03498
    Semi-Supervised Learning with Deep Generative Models (Kingma et al., 2014), table 1, https://arxiv.org/abs/1406.5298
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import results
from tables.label_plan import ROWS, SEEDS, Outcome, Trial, run, trials
from tables.outcomes import group_outcomes, origin, outcomes_file
from tables.trials import argument_parser, train_missing

SECTION = "Missing labels"

Found = Mapping[tuple[str, str], Sequence[Outcome]]


def describe(trial: Trial, outcome: Outcome) -> str:
    """One line about a finished trial."""
    return f"{trial.data}, {trial.method}, seed {trial.seed}: {100 * outcome.error:.2f} % test error"


def body(found: Found) -> str:
    """The section as Markdown, a table for each data set."""
    parts = []
    for data, row in ROWS.items():
        lines = [
            _line(row.goals.get(method), method, found[data, method])
            for method in row.methods
            if (data, method) in found
        ]
        if not lines:
            continue
        tested = next(some[0].tested for (name, _), some in found.items() if name == data)
        head = ["method", "test error, %", "error on hidden labels, %", "seeds", "minutes of a core", "goal"]
        parts.append(
            f"### {data}, {row.per_class} labels of each class, {tested:,} held-out examples\n\n{results.table(head, lines)}"
        )
    explained = (
        "\nMean and 95 % interval over choices of the labels, which are chosen by class. The test error is on examples that no method saw "
        "(inductive), the other on training examples without their labels (transductive). The supervised baseline is tuned within the labels.\n"
    )
    return "\n\n".join(parts) + "\n" + explained


def _line(goal: float | None, method: str, some: Sequence[Outcome]) -> list[str]:
    error, hidden = ([100 * getattr(one, name) for one in some] for name in ("error", "hidden"))
    minutes = sum(one.seconds for one in some) / len(some) / 60
    mean = sum(error) / len(error)
    met = "" if goal is None else f"at most {goal:g}: {'met' if mean <= goal else 'missed'}"
    return [
        method,
        results.with_interval(error, 2),
        results.with_interval(hidden, 2),
        str(len(some)),
        f"{minutes:.1f}",
        met,
    ]


def main(argv: Sequence[str]) -> int:
    parser = argument_parser(__doc__, SEEDS)
    parser.add_argument("--data", nargs="+", choices=list(ROWS), default=list(ROWS))
    parser.add_argument("--steps", type=int, help="of the training of networks, in place of the plan's")
    parser.add_argument("--page", type=Path, help="write the section here too")
    arguments = parser.parse_args(argv)
    wanted = trials(arguments.data, arguments.seeds, arguments.steps, quick=arguments.quick)
    with outcomes_file("label", arguments.keep, quick=arguments.quick) as file:
        train_missing(wanted[arguments.part], file, arguments.minutes, run, describe)
        found = group_outcomes(wanted, file, Outcome, lambda one: (one.data, one.method))
        measured_at = origin(wanted, file)
    if not found:
        return 0
    text = body(found)
    print(text)
    if arguments.page:
        arguments.page.write_text(text, "utf-8")
    whole = len(found) == sum(len(row.methods) for row in ROWS.values())
    if whole and not arguments.quick and arguments.steps is None and all(len(some) >= SEEDS for some in found.values()):
        results.write(SECTION, text, origin=measured_at)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
