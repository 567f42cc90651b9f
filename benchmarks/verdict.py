"""How often the result part of the verdict is right: sample sets of known quality, judged by it and by an independent truth.

python benchmarks/verdict.py --keep DIR [--quick] [--seeds N] [--only PROBLEM ...] [--minutes M] [--judge]

Trains short runs on eight data sets and keeps their samples at 2, 10, 30 and 100 % of the training; adds real examples
that are blurred, narrowed, thinned, noisy or mixed with noise, and real examples as they are. A truth that shares neither
code nor features with the verdict (verdicts/truth.py) sees five times the samples and decides which sets are close to the
data. Everything is kept in --keep and computed once; after a change of the verdict only the verdict is asked again.

Writes its section of RESULTS.md, and a section with a picture of docs/diagnosis-accuracy.md; --quick writes nothing but
shows that everything runs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import torch

from verdicts import answers, trainings
from verdicts.cases import CORRUPTION_SEEDS, REAL_SEEDS, TRAINING_SEEDS, Case, all_cases
from verdicts.problems import PROBLEMS, available_problems

QUICK = ("gaussian-2",)


def main(given: list[str]) -> int:
    options = _options().parse_args(given)
    if unknown := set(options.only) - set(PROBLEMS):
        print(f"no data set named {', '.join(sorted(unknown))}; there are: {', '.join(PROBLEMS)}", file=sys.stderr)
        return 2
    there = available_problems()
    problems = [name for name in (options.only or (QUICK if options.quick else there)) if name in there]
    seeds = 1 if options.quick else options.seeds
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as scratch:
        keep = Path(options.keep or scratch)
        cases = all_cases(problems, seeds)
        if not options.judge:
            _measure(cases, keep, 60 * options.minutes)
        found = answers.read(cases, keep)
        from verdicts import page

        print(page.report(found))
        if not options.quick and not options.only:
            page.publish(found)
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Validate the result part of the verdict against an independent truth."
    )
    parser.add_argument("--keep", metavar="DIR", help="where samples and answers are kept; without it, thrown away")
    parser.add_argument("--quick", action="store_true", help="one data set and one seed; writes no results")
    parser.add_argument("--only", nargs="*", default=[], metavar="PROBLEM", help="these data sets; writes no results")
    most = max(TRAINING_SEEDS, CORRUPTION_SEEDS, REAL_SEEDS)
    parser.add_argument("--seeds", type=int, default=most, help="at most so many seeds of a training or corruption")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin nothing new after so many minutes")
    parser.add_argument("--judge", action="store_true", help="only judge what is kept")
    return parser


def _measure(cases: list[Case], keep: Path, seconds: float) -> None:
    """Train, measure the truth and ask the verdict, seed by seed, so that a part of the work is a fair part."""
    started = time.monotonic()
    for number, case in enumerate(sorted(cases, key=lambda case: case.seed), 1):
        if time.monotonic() - started > seconds:
            return
        if case.kind == "stopped":
            trainings.train(case.origin, case.seed, keep)
        before = time.monotonic()
        if answers.measure(case, keep):
            print(f"{number}/{len(cases)} {case.key} {time.monotonic() - before:.1f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
