"""How often `--cure auto` brings a failed run back, to a good verdict and to the quality of its recipe without the failure.

python benchmarks/cures.py --keep DIR [--quick] [--part I/N] [--minutes M] [--seeds N] [--only KIND ...] [--train | --judge]

Trains the runs with injected failures of benchmarks/diagnosis.py twice with the same seed, without and with `--cure auto`, and runs of
their recipes without a failure. --keep may be the folder in which benchmarks/diagnosis.py keeps its runs: what is there is not
trained again. Runs with remedies are kept in its folder `cured`. About two hours on one core.

Writes its section of RESULTS.md and docs/cures.md; --quick writes nothing and only shows that everything runs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import results
from failures import arguments, recovery, remedy_runs, runs
from failures.accuracy import Rate
from failures.kinds import KINDS
from failures.recovery import AIM, Outcome, Pair
from failures.remedy_runs import GROUPS, control, group_of
from saddlepoint.diagnosis.escalation import ESCALATION, OWN_REMEDY, UNUSUAL_RATES
from saddlepoint.diagnosis.usual_rates import restore_usual_rates

PAGE = Path(__file__).resolve().parent.parent / "docs" / "cures.md"
SECTION = "Diagnosis: cures"
PAGE_SECTION = "Failed runs that were brought back"
HALVES = ("reporting", "calibration")
# A few seconds each.
QUICK, QUICK_SEEDS = ("overflow-moons", "stalled-digits"), 1
HEALTHY = 8  # seeds of each recipe that runs with remedies are compared with
SEEDS = {"settings": 10, "disturbance": 4, "data": 2, "code": 2}
CALM = "no failure found"
BOTH = "no failure found, and quality within 10 %"
COLUMNS: dict[str, Callable[[Outcome], bool]] = {
    CALM: lambda run: run.clean,
    "quality within 10 %": lambda run: run.within,
    BOTH: lambda run: run.clean and run.within,
    "or like nine in ten healthy seeds": lambda run: run.clean and run.good,
    "or like the control": lambda run: run.clean and run.as_good_as_control,
    "no failure found, and not far from the data": lambda run: run.well,
}
KNOWN = 3  # the first seeds of a kind, whose runs with remedies were known when remedies were last changed
ASKED = (CALM, BOTH)


def main(given: list[str]) -> int:
    options = arguments.argument_parser(
        "Train runs with injected failures with remedies, and measure how they end."
    ).parse_args(given)
    if unknown := [name for name in options.only if name not in KINDS or group_of(KINDS[name]) is None]:
        print(
            f"no kind that remedies could help named {', '.join(unknown)}; there are: {', '.join(_kinds_to_remedy())}",
            file=sys.stderr,
        )
        return 2
    names = options.only or [*(QUICK if options.quick else _kinds_to_remedy())]
    with tempfile.TemporaryDirectory() as scratch:
        keep = Path(options.keep or scratch)
        if not options.judge:
            _train(names, keep, options)
        if not options.train:
            pairs, healthy = recovery.read(keep, names), recovery.healthy(keep, names)
            print(report(pairs, healthy))
            if not options.quick and not options.only:
                publish(pairs, healthy)
    return 0


def _kinds_to_remedy() -> list[str]:
    """All kinds that remedies could help, those in the settings first, without those whose data are missing on this machine."""
    known = {name: group for name in arguments.available_kinds() if (group := group_of(KINDS[name])) is not None}
    return [name for wanted in GROUPS for name, group in known.items() if group == wanted]


def _train(names: Sequence[str], keep: Path, options: argparse.Namespace) -> None:
    """Train the healthy runs first, then each kind without and with remedies."""
    part, parts = map(int, options.part.split("/"))
    deadline = time.monotonic() + 60 * options.minutes
    most = QUICK_SEEDS if options.quick else options.seeds or 10**9
    whole = {base.name: base for name in names for base in (KINDS[KINDS[name].base], control(KINDS[name]))}
    healthy = [(name, seed) for name, kind in whole.items() for seed in range(min(kind.seeds, HEALTHY, most))]
    injected = [
        (name, seed)
        for seed in range(max(SEEDS.values()))
        for name in names
        if seed < min(KINDS[name].seeds, SEEDS[str(group_of(KINDS[name]))], most)
    ]
    jobs = [*healthy[part::parts], *injected[part::parts]]
    for number, (name, seed) in enumerate(jobs, 1):
        if time.monotonic() > deadline:
            return
        seconds = runs.train(name, seed, keep, whole.get(name))
        # An injection without an effect needs no remedy.
        if (name, seed) in injected and recovery.failed(keep, name, seed):
            seconds += remedy_runs.train(name, seed, keep)
        if seconds:
            print(f"{number}/{len(jobs)} {name}/{seed} {seconds:.1f} s", file=sys.stderr, flush=True)


def report(pairs: Sequence[Pair], healthy: Sequence[Outcome]) -> str:
    """Everything in Markdown, without headings above ###."""
    meant = [pair for pair in pairs if pair.remedied.group == "settings" and pair.unremedied.truth.failed]
    lines = [
        f"{len(meant)} runs that failed by the ground truth, of {len({p.remedied.kind.name for p in meant})} kinds whose failure lies "
        "in the settings, each trained again with `--cure auto`.",
        _remedies([pair.remedied for pair in meant]),
        "",
        *_goals([pair for pair in meant if pair.remedied.half == "reporting"]),
        "",
    ]
    for half in HALVES:
        own = [pair for pair in meant if pair.remedied.half == half]
        codes = dict.fromkeys(sorted({pair.remedied.kind.code for pair in own}))
        rows = [_row(code, [p.remedied for p in own if p.remedied.kind.code == code]) for code in codes]
        atypical = [p.remedied for p in own if _has_atypical_rates(p.remedied)]
        rows += [
            _row("all", [p.remedied for p in own]),
            _row("of these, atypical learning rates injected", atypical),
            _row("of these, anything else", [p.remedied for p in own if p.remedied not in atypical]),
            _row(f"of these, seeds from {KNOWN} on", [p.remedied for p in own if p.remedied.seed >= KNOWN]),
            _row("the same, without a remedy", [p.unremedied for p in own]),
            _row("healthy recipe", [run for run in healthy if run.half == half]),
        ]
        lines += [f"### Injected for, {half} half", results.table(["", "runs", *COLUMNS], rows), ""]
    lines += [
        "### What is not in the settings, both halves",
        _rest(pairs),
        "",
        "### Not brought back, one by one",
        _misses(meant),
    ]
    return "\n".join(lines)


def _row(name: str, runs_: Sequence[Outcome]) -> list[object]:
    return [name, len(runs_), *(str(Rate(sum(map(asked, runs_)), len(runs_))) for asked in COLUMNS.values())]


def _has_atypical_rates(run: Outcome) -> bool:
    """Whether the injection is an atypical learning rate that is corrected first, whatever else is tried."""
    present = {entry.name: value for entry, value in runs.recipe_of(run.kind, run.seed).settings()}
    return any(restore_usual_rates(code, present) for code in ESCALATION)


def _goals(pairs: Sequence[Pair]) -> list[str]:
    lines = ["On the reporting half:"]
    for name, asked in COLUMNS.items():
        rate = Rate(sum(asked(pair.remedied) for pair in pairs), len(pairs))
        judged = f", {results.goal('at least 90 %', rate.count >= AIM * rate.of)}" if name in ASKED and pairs else ""
        lines.append(f"- {name}: {rate}{judged}")
    blind = Rate(sum(pair.remedied.clean and pair.remedied.truth.failed for pair in pairs), len(pairs))
    return [*lines, f"- no failure found, though by the ground truth it still fails: {blind}"]


def _remedies(runs: Sequence[Outcome]) -> str:
    """What the last attempt was, in runs without a failure at the end, and how many attempts they took."""
    back = [run.cures for run in runs if run.clean and run.cures]
    names = {UNUSUAL_RATES: "atypical learning rates corrected", OWN_REMEDY: "the finding's own remedy"}
    last = Counter(names.get(int(cures[-1]["rung"]), "a step of the code's escalation") for cures in back)
    tries = Counter(len(cures) for cures in back)
    last_attempts = "; ".join(f"{what}: {count}" for what, count in last.most_common())
    counted = ", ".join(f"{count} after {number}" for number, count in sorted(tries.items()))
    return f"What was tried last in those: {last_attempts}. Tries: {counted}."


def _rest(pairs: Sequence[Pair]) -> str:
    rows = []
    for group, why in GROUPS.items():
        own = [pair.remedied for pair in pairs if pair.remedied.group == group and pair.unremedied.truth.failed]
        if group == "settings" or not own:
            continue
        said = sum(not run.clean for run in own)
        both = Rate(sum(COLUMNS[BOTH](run) for run in own), len(own))
        blind = Rate(sum(run.clean and run.truth.failed for run in own), len(own))
        rows.append([why, len(own), str(both), str(Rate(said, len(own))), str(blind)])
    return results.table(
        [
            "injected",
            "failed runs",
            BOTH,
            "ends with a finding and its advice",
            "no failure found, but fails",
        ],
        rows,
    )


def _misses(pairs: Sequence[Pair]) -> str:
    lines = [
        f"- {run.half}, {run.name} ({run.kind.code}, strength {run.strength:g}): {_describe_outcome(run)}; "
        + f"{_reason(run)}; {'; '.join(_describe_attempt(line) for line in run.cures) or 'nothing was tried'}"
        for run in (pair.remedied for pair in pairs)
        if not (run.clean and run.good)
    ]
    return "\n".join(lines) or "None."


def _reason(run: Outcome) -> str:
    if not run.cures:
        return "no failure was raised, and no warning that stayed"
    if _is_the_healthy_recipe(run):
        return "it is the healthy recipe again, from its first step on: this seed does no better without the failure"
    if run.clean and run.as_good_as_control:
        return "as good as its settings are without the failure, but not as the recipe"
    return "reason not known"


def _is_the_healthy_recipe(run: Outcome) -> bool:
    recipe = runs.recipe_of(run.kind, run.seed)
    for cure in run.cures:
        recipe = recipe.override({name: after for name, (_, after) in cure["changes"].items()})
    healthy = runs.recipe_of(KINDS[run.kind.base], run.seed)
    alike = (recipe.data, recipe.model, recipe.training) == (healthy.data, healthy.model, healthy.training)
    return alike and run.group == "settings" and run.kind.model is None and not run.cures[-1]["returned_to"]


def _describe_outcome(run: Outcome) -> str:
    held = ", ".join(code for code, held in run.truth.codes.items() if held.state == "yes")
    numbers = ", ".join(
        f"{name} {value:.3g} (healthy {run.usual.median.get(name, 0):.3g})" for name, value in run.numbers.items()
    )
    stands = f", {', '.join(run.standing)} active" if run.standing else ""
    return f"verdict {run.process}, {run.result.level or 'result not measured'}{stands}; {numbers}; by the ground truth {held or ('bad' if run.truth.failed else 'no failure')}"


def _describe_attempt(line: object) -> str:
    assert isinstance(line, dict)
    changes = ", ".join(
        f"{name.split('.', 1)[1]} {before} to {after}" for name, (before, after) in line["changes"].items()
    )
    return f"{line['code']} at {line['found']}, back to {line['returned_to']}: {changes}"


def publish(pairs: Sequence[Pair], healthy: Sequence[Outcome]) -> None:
    text = report(pairs, healthy)
    results.write(SECTION, f"{_about()}\n\n{text}")
    results.write(PAGE_SECTION, f"{_about()}\n\n{text}", path=PAGE)


def _about() -> str:
    return (
        "Runs with an injected failure that failed by the ground truth are trained again with `--cure auto`, the same seed and "
        "steps. *No failure found* is the process part of the verdict at the end. *Quality* is what the truth measures "
        "(transport distance and lost modes, held-out bound, held-out reconstruction error), held against the healthy runs of "
        "the same recipe: within 10 % of their median; or, since healthy seeds scatter by more than that, no worse than nine in"
        " ten of them; or, since some injections also remove an average of weights or a learning-rate decay, which is no "
        "failure, the same of the injected settings without the failure (*control*); both beside a process without failure. The"
        " last column asks for the result part too, which many shortened recipes do not reach when nothing is wrong with them. "
        "The last rows of a table say how many reach that without a remedy, and without a failure. Most injections are atypical"
        " learning rates, which remedies correct best: a row of the tables separates them. What remedies do was chosen by runs "
        f"of the calibration half and others outside of the collection, but the misses of the first {KNOWN} seeds of every kind,"
        " of both halves, were known: a row has the others."
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
