"""How often the diagnosis finds what is wrong with a run, and how often it raises a false alarm: runs with injected failures.

python benchmarks/diagnosis.py --keep DIR [--quick | --fresh | --section NAME] [--workers N] [--part I/N] [--minutes M] [--only KIND ...] [--train | --judge]

Trains runs that were made to fail and runs that were not, decides by a ground truth what each became
(failures/ground_truth.py, which knows nothing of rules), replays the rules over their records and compares. A finished run is kept in
--keep and not trained again; --judge trains nothing and applies the present rules to what is kept. About an hour and a half on two
cores. --fresh trains held-out seeds of the reporting half instead, for after a change of the rules; their rates are a column of
their own.

Writes its sections of RESULTS.md and docs/diagnosis-accuracy.md, with a figure, and all misses and false alarms into
failures/disagreements.md; --quick writes nothing and only shows that everything runs.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import results
import saddlepoint.diagnosis
from failures import accuracy, arguments
from failures.accuracy import CODES, Case, CodeAccuracy
from failures.base_recipes import BASES
from failures.kinds import INJECTED, KINDS
from failures.runs import FRESH, all_runs, finished, train
from failures.sections import SECTIONS, write
from saddlepoint.records.result import RESULT_LEVELS

DOCS = Path(__file__).resolve().parent.parent / "docs"
DISAGREEMENTS = Path(__file__).resolve().parent / "failures" / "disagreements.md"
SECTION = "Diagnosis: injected failures"
PAGE_SECTION = "Which failures are found"
HALVES = ("calibration", "reporting")
# A few seconds each, with injected failures and healthy; GANs, a VAE and an autoregressive model.
QUICK = (
    "toy-gaussian-2",
    "vae-moons",
    "pulled-gaussian",
    "flipped-kl-moons",
    "leak-digits",
)
QUICK_SEEDS = 1


def main(given: list[str]) -> int:
    options = _options().parse_args(given)
    if unknown := set(options.only) - set(KINDS):
        print(f"no kind named {', '.join(sorted(unknown))}; there are: {', '.join(KINDS)}", file=sys.stderr)
        return 2
    if options.section:
        options.only = list(SECTIONS[options.section].kinds)
    # A run is judged beside the healthy ones of its base.
    only = dict.fromkeys([*options.only, *(KINDS[name].base for name in options.only)])
    names = [*only] or [*(QUICK if options.quick else arguments.available_kinds())]
    if options.section:
        names = [name for name in arguments.available_kinds() if name in only]
    with tempfile.TemporaryDirectory() as scratch:
        keep = Path(options.keep or scratch)
        if not options.judge:
            seeds = QUICK_SEEDS if options.quick else options.seeds
            if options.fresh:
                reported = [name for name in names if KINDS[name].on.half == "reporting"]
                _train(all_runs(reported, seeds, FRESH), keep / "fresh", options)
            else:
                _train(all_runs(names, seeds), keep, options)
        if not options.train:
            cases, fresh = accuracy.read(keep, names), accuracy.read(keep / "fresh", names, bases=keep)
            print(report(cases, fresh))
            if options.section:
                write(SECTIONS[options.section], cases)
            elif not options.quick and not options.only:
                publish(cases, fresh, _introduction(_freshness(keep)))
    return 0


def _options() -> argparse.ArgumentParser:
    parser = arguments.argument_parser("Test the diagnosis on runs that fail and on runs that do not.")
    parser.add_argument("--fresh", action="store_true", help=f"train seeds from {FRESH:,} on, of the reporting half")
    parser.add_argument(
        "--section", choices=list(SECTIONS), help="a part of the collection; writes a section of its own"
    )
    parser.add_argument("--workers", type=int, default=2, help="processes that train")
    return parser


def _train(runs: Sequence[tuple[str, int]], keep: Path, options: argparse.Namespace) -> None:
    part, parts = map(int, options.part.split("/"))
    deadline = time.monotonic() + 60 * options.minutes
    todo = [run for run in runs[part::parts] if not finished(keep / run[0] / str(run[1]))]
    jobs = [(name, seed, keep, deadline) for name, seed in todo]
    if options.workers == 1:
        for number, job in enumerate(jobs, 1):
            _print_progress(number, len(jobs), _one(job))
        return
    if not jobs:
        return
    # Spawned: a forked child of a process that has used torch may hang.
    with multiprocessing.get_context("spawn").Pool(options.workers) as pool:
        for number, line in enumerate(pool.imap_unordered(_one, jobs), 1):
            _print_progress(number, len(jobs), line)


def _one(job: tuple[str, int, Path, float]) -> str | None:
    name, seed, keep, deadline = job
    if time.monotonic() > deadline:
        return None
    return f"{name}/{seed} {train(name, seed, keep):.1f} s"


def _print_progress(number: int, count: int, line: str | None) -> None:
    if line is not None:
        print(f"{number}/{count} {line}", file=sys.stderr, flush=True)


def report(cases: Sequence[Case], fresh: Sequence[Case] = ()) -> str:
    """Everything in Markdown, without headings above ###.

    Args:
        cases: all runs.
        fresh: runs of the reporting half with held-out seeds.
    """
    well = [case for case in cases if case.truth.healthy]
    failed = [case for case in cases if case.truth.failed]
    planned = len(all_runs(sorted({case.kind.name for case in cases}), None))
    halves = {half: [case for case in cases if case.half == half] for half in HALVES}
    columns = halves | ({"reporting, fresh seeds": fresh} if fresh else {})
    lines = [
        f"{len(cases):,} runs (of {planned:,} in the collection) of {len({case.kind.name for case in cases})} kinds "
        f"({len({case.kind.name for case in cases if case.kind.code})} with an injected failure): by the ground truth {len(failed)} failed, {len(well)} "
        f"are healthy and {len(cases) - len(failed) - len(well)} in between (counted as neither).",
        "",
        results.table(
            ["", *columns],
            [
                [name, *(str(accuracy.overall(own)[name]) for own in columns.values())]
                for name in accuracy.overall(cases)
            ],
        ),
        "",
        "On the reporting half:",
        *accuracy.goals(halves["reporting"]),
        "",
        *([f"On its fresh seeds, {len(fresh)} runs:", *accuracy.goals(fresh), ""] if fresh else []),
    ]
    for half in reversed(HALVES):
        lines += [
            f"### By code, {half} half",
            results.table(
                [
                    "code",
                    "detected, of runs that have it",
                    "any alarm in those",
                    "raised in healthy runs",
                    "median delay",
                ],
                [_row(accuracy.of_code(halves[half], code)) for code in CODES],
            ),
            "",
        ]
    lines += ["### Which codes are raised in which runs, both halves", _confusion([*cases, *fresh]), ""]
    lines += ["### Both parts of the verdict", _verdicts([*cases, *fresh]), ""]
    return "\n".join(lines)


def _row(code: CodeAccuracy) -> list[str]:
    delay = "-" if code.delay is None else f"{code.delay:.0%}"
    return [code.code, str(code.detected), str(code.alarmed), str(code.false), delay]


def _confusion(cases: Sequence[Case]) -> str:
    rows = accuracy.confusion(cases)
    return results.table(
        ["the run is", "runs", "raised (runs)"],
        [
            [code, counts["runs"], ", ".join(f"{n} {c}" for n, c in counts.most_common() if n != "runs")]
            for code, counts in rows.items()
        ],
    )


def _verdicts(cases: Sequence[Case]) -> str:
    columns = ["runs", "no failure found", *RESULT_LEVELS, "not measured", "good verdict"]
    rows = [[name, *(counts[column] for column in columns)] for name, counts in accuracy.verdicts(cases).items()]
    return results.table(["by the ground truth", *columns[:-1], "no failure found, and not far"], rows)


def disagreements(cases: Sequence[Case]) -> str:
    """Every miss and every false alarm, one a line."""
    lines = ["# Misses and false alarms, one by one", "", "Written by `benchmarks/diagnosis.py`.", "", "## Misses", ""]
    lines += [
        f"- {code}, {case.half}, {case.name} (strength {case.strength:g}, from step {case.truth.codes[code].onset} of "
        f"{case.steps}): raised {', '.join(f'{a.code} at {a.step}' for a in case.alarms) or 'nothing'}"
        for case, code in accuracy.misses(cases)
    ]
    lines += ["", "## False alarms in healthy runs", ""]
    lines += [
        f"- {alarm.code}, {case.half}, {case.name}, step {alarm.step} of {case.steps}, "
        f"{'active at the end' if alarm.stands else 'withdrawn'}: {alarm.title}"
        for case, alarm in accuracy.false_alarms(cases)
    ]
    lines += ["", "## Raised beside the failure, though the truth says no to this code", ""]
    lines += [
        f"- {alarm.code}, {case.half}, {case.name}: {alarm.title}"
        for case in cases
        if case.truth.failed
        for alarm in case.alarms
        if case.lacks(alarm.code)
    ]
    return "\n".join(lines) + "\n"


def publish(cases: Sequence[Case], fresh: Sequence[Case], about: str) -> None:
    from failures.accuracy_figure import draw

    text = report(cases, fresh)
    DISAGREEMENTS.write_text(disagreements([*cases, *fresh]), "utf-8")
    results.write(SECTION, f"{about}\n\n{text}")
    draw(
        [accuracy.of_code([case for case in cases if case.half == "reporting"], code) for code in CODES],
        accuracy.confusion(cases),
        DOCS / "images" / "failures-found.png",
    )
    picture = "![Detection by code, and what each kind of run is taken for](images/failures-found.png)"
    results.write(PAGE_SECTION, f"{about}\n\n{picture}\n\n{text}", path=DOCS / "diagnosis-accuracy.md")


def _freshness(keep: Path) -> str:
    """Whether rules were changed since they were first applied to the held-out seeds; empty where there are none."""
    place = keep / "fresh"
    if not place.is_dir():
        return ""
    package = Path(saddlepoint.diagnosis.__file__).parent
    rules = [package / "series.py", *sorted((package / "rules").glob("*.py"))]
    now = hashlib.sha256("\n".join(_code(path.read_text("utf-8")) for path in rules).encode()).hexdigest()
    asked = place / "asked.txt"
    if not asked.exists():
        asked.write_text(now, "utf-8")
    blind = asked.read_text("utf-8") == now
    blind_words = "are blind: no rule has been changed since they were first asked over them"
    return f"Fresh seeds, with strengths of their own, {blind_words if blind else 'were blind until rules were changed again'}."


def _code(text: str) -> str:
    """What is executed of a file: without comments and docstrings."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


def _introduction(fresh: str) -> str:
    short = [base.name for base in BASES.values() if base.name == base.recipe and base.shortened]
    return (
        "Runs were made to fail, or not, and a truth that knows neither rule nor record (`benchmarks/failures/ground_truth.py`: known modes, "
        "labels, transport distance, closed-form KL, bounds on held-out examples, dead and idle units, weights that move) decided "
        "what each became. Thresholds of the rules may be chosen by the calibration half of the recipes; the reporting half is "
        "what counts. It is not blind: earlier results of both halves were known when rules were last changed. "
        f"{fresh and fresh + ' '}A run has about 30 probes, as one of 6,000 steps has by default. Kinds with an injected failure: {len(INJECTED)}, each seed with a strength of its own. Shortened: {', '.join(short)}."
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
