"""Parts of the collection with a section of their own: losses, conditions, and families other than GANs and VAEs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import results
from failures import accuracy
from failures.accuracy import Case
from failures.base_recipes import BASES, LOSS_BASES
from failures.conditional_kinds import CONDITIONAL_KINDS
from failures.kinds import INJECTED
from failures.loss_kinds import LOSS_KINDS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "diagnosis-accuracy.md"
TRUTH = "Who failed, and of what, is decided by `benchmarks/failures/ground_truth.py`."
_FAMILIES = ("vq-vae", "autoregressive", "flow", "diffusion", "classical")
_BY_FAMILY = tuple(base.name for base in BASES.values() if base.settings().model.family in _FAMILIES)


@dataclass(frozen=True)
class Section:
    """A part of the collection.

    Attributes:
        heading: of its section in docs/diagnosis-accuracy.md.
        kinds: names of its kinds; the healthy runs of their bases belong to it as well.
        introduction: what is trained, and what was known when thresholds were chosen.
    """

    heading: str
    kinds: tuple[str, ...]
    introduction: str


SECTIONS = {
    "losses": Section(
        "Losses without cross-entropy, penalties, constraints and views",
        (*(kind.name for kind in LOSS_KINDS), *(base.name for base in LOSS_BASES)),
        "Short runs on a ring of Gaussians and on digits, at most four seeds of each kind, so the intervals are wide. Thresholds of the rules "
        "were chosen on about 30 other runs, seed 0 each: on a grid of Gaussians and on a line, and two on digits with all changes of "
        "diffaugment. No rule was changed after it was first applied to the runs below; the kind overflow-hellinger-ring was, because "
        "at first nothing overflowed.",
    ),
    "conditions": Section(
        "Class labels and codes of an InfoGAN",
        tuple(kind.name for kind in CONDITIONAL_KINDS),
        "Class-conditional GANs and InfoGANs on digits: the discriminator gets the same label for all examples, one class loses its "
        "noise, or the generator loses its codes. Injections have one strength, so the seeds differ in their random numbers only. "
        "Conditions without any effect are judged after a fifth of a run and not before step 200, which is later in the shorter of these runs; those "
        "with too little effect after two fifths, since healthy generators learn their labels late. The early judgement was chosen on the calibration "
        "half. The rule of mode collapse was changed after a false alarm in info-digits/1, a run of the reporting half.",
    ),
    "families": Section(
        "Likelihoods, flows, diffusion and classical models",
        (*(kind.name for kind in INJECTED if kind.base in _BY_FAMILY), *_BY_FAMILY),
        "Shortened runs of every shipped recipe of these families, and of others made from them. Thresholds may be chosen on the "
        "calibration half.",
    ),
}


def write(section: Section, cases: Sequence[Case]) -> None:
    """Write the section from its finished runs."""
    results.write(section.heading, body(section, cases), path=PAGE)


def body(section: Section, cases: Sequence[Case]) -> str:
    """The section as Markdown: rates of all runs, a row of each kind, and every miss and false alarm."""
    rows = []
    for name in dict.fromkeys(case.kind.name for case in cases):
        own = [case for case in cases if case.kind.name == name]
        code = own[0].kind.code
        has = [case for case in own if case.has(code)]
        raised = Counter(code for case in own for code in case.raised)
        rows.append(
            [
                name,
                own[0].half,
                code or "nothing",
                len(own),
                sum(case.truth.healthy for case in own),
                len(has) if code else "-",
                sum(code in case.raised for case in has) if code else "-",
                ", ".join(f"{count} {code}" for code, count in raised.most_common()) or "-",
            ]
        )
    columns = ["kind", "half", "made to raise", "runs", "healthy", "have it", "named", "raised (runs)"]
    halves = {half: [case for case in cases if case.half == half] for half in ("calibration", "reporting")}
    wrong = [f"- {code} not raised in {case.name}" for case, code in accuracy.misses(cases)]
    wrong += [
        f"- {alarm.code} raised in the healthy {case.name}: {alarm.title}"
        for case, alarm in accuracy.false_alarms(cases)
    ]
    lines = [f"{section.introduction} {TRUTH}"]
    for half, own in halves.items():
        lines += ["", f"{half.capitalize()} half, {len(own)} runs:", "", *accuracy.goals(own)] if own else []
    lines += ["", results.table(columns, rows), "", "Misses and false alarms:", "", *(wrong or ["- none"])]
    return "\n".join(lines)
