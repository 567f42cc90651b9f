"""What came of failed runs that were trained again with remedies, compared with runs of the same recipe without a failure.

Quality is what the ground truth measures (`probes.py`): a GAN's transport distance to held-out examples and its share of lost modes or
classes, a VAE's held-out bound, an autoencoder's held-out reconstruction error. It is within 10 % where none of these is worse than 1.1 times
the median of the healthy recipe's seeds. Those seeds scatter by more than that, so another count accepts what is no worse than
nine in ten of them. Some injections also remove what keeps the base from failing, such as its average of weights; that is no failure
that a remedy should correct, so the same is counted against the kind's own settings without the failure (`remedy_runs.control`).
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from failures.base_recipes import Half
from failures.failure_scores import Reference, last
from failures.ground_truth import Truth, decide
from failures.kinds import KINDS, Kind
from failures.probes import Facts
from failures.remedy_runs import Group, control, group_of
from saddlepoint.diagnosis.verdict import FAILED, NO_FAILURE_FOUND, Process, process_of
from saddlepoint.experiment.live_diagnosis import start_diagnosis
from saddlepoint.recipe import Recipe
from saddlepoint.records import Finding, Record, Result
from saddlepoint.records.result import FAR

WITHIN = 0.1
MOST = 0.9  # of the healthy seeds
AIM = 0.9  # of failed runs that remedies should bring back
Numbers = Mapping[str, float]


@dataclass(frozen=True)
class Usual:
    """What the seeds of a healthy recipe reach, lower is better: by quantity, the median and what nine in ten stay below."""

    median: Numbers
    most: Numbers

    @classmethod
    def of(cls, runs: Sequence[Facts]) -> Usual:
        found = [final_quality(run) for run in runs]
        names = {name for numbers in found for name in numbers}
        known = {name: sorted(numbers[name] for numbers in found if name in numbers) for name in names}
        return cls(
            {name: statistics.median(values) for name, values in known.items()},
            {name: values[math.ceil(MOST * len(values)) - 1] for name, values in known.items()},
        )

    def within(self, numbers: Numbers) -> bool:
        """Whether each is within 10 % of the median."""
        return bool(numbers) and all(value <= self._bound(name) for name, value in numbers.items())

    def usual(self, numbers: Numbers) -> bool:
        """Whether each is within 10 % of the median, or no worse than nine in ten of the seeds."""
        return bool(numbers) and all(
            value <= max(self._bound(name), self.most.get(name, 0.0)) for name, value in numbers.items()
        )

    def _bound(self, name: str) -> float:
        median = self.median.get(name, 0.0)
        return median + WITHIN * abs(median)


@dataclass(frozen=True)
class Outcome:
    """One run and what came of it.

    Attributes:
        kind: of the run.
        seed: of the run.
        strength: of the injection.
        truth: the ground truth at its end.
        process: the first part of the verdict.
        result: the second part.
        numbers: its final quality.
        usual: the quality of the healthy recipe.
        control: the quality of the kind's settings without the failure.
        standing: codes that are active at the end.
        cures: the attempts, where remedies were applied.
    """

    kind: Kind
    seed: int
    strength: float
    truth: Truth
    process: Process
    result: Result
    numbers: Numbers
    usual: Usual
    control: Usual
    standing: Sequence[str] = ()
    cures: Sequence[Mapping[str, Any]] = ()

    @property
    def name(self) -> str:
        return f"{self.kind.name}/{self.seed}"

    @property
    def half(self) -> Half:
        return self.kind.on.half

    @property
    def group(self) -> Group | None:
        return group_of(self.kind)

    @property
    def clean(self) -> bool:
        """Whether no failure and no warning is active at the end."""
        return self.process == NO_FAILURE_FOUND

    @property
    def well(self) -> bool:
        """Whether both parts of the verdict are good: nothing active at the end, and samples that are not far from the data."""
        return self.clean and self.result.level not in (FAR, None)

    @property
    def within(self) -> bool:
        return self.usual.within(self.numbers)

    @property
    def good(self) -> bool:
        return self.usual.usual(self.numbers)

    @property
    def as_good_as_control(self) -> bool:
        return self.control.usual(self.numbers) or self.good


@dataclass(frozen=True)
class Pair:
    """The same run without and with remedies."""

    unremedied: Outcome
    remedied: Outcome


def final_quality(run: Facts) -> dict[str, float]:
    """The quality of a run at its end, lower is better; infinite where its weights are not finite."""
    probes = run["looks"]
    if not probes or not last(run):
        return {"broken": math.inf}
    now = last(run)
    if "advantage" in now:
        numbers = {"distance": now["distance"], "modes lost": _lost(now)}
    else:
        numbers = {"bound": -now["bound"]} if "kl" in now else {"reconstruction": now["reconstruction"]}
    if not probes[-1]["finite"]:
        return dict.fromkeys(numbers, math.inf)
    return {name: math.inf if math.isnan(value) else float(value) for name, value in numbers.items()}


def _lost(probe: Facts) -> float:
    """Share of the modes in the data that get less than a tenth of their expected share of samples."""
    mass, real = probe.get("mass") or [], probe.get("real_mass") or []
    present = [(m, r) for m, r in zip(mass, real, strict=True) if r > 0]
    return sum(m < 0.1 * r for m, r in present) / max(len(present), 1)


def read(keep: Path, names: Iterable[str]) -> list[Pair]:
    """All runs of a folder that were trained both ways."""
    pairs = []
    for name in names:
        kind = KINDS[name]
        base = [facts for _, facts in _read_kept(keep / kind.base, "truth.json")]
        reference, usual = Reference.of(base), Usual.of(base)
        own = Usual.of([facts for _, facts in _read_kept(keep / control(kind).name, "truth.json")])
        remedied = {facts["seed"]: facts for _, facts in _read_kept(keep / "cured" / name, "cured.json")}
        for folder, facts in _read_kept(keep / name, "truth.json"):
            if (after := remedied.get(facts["seed"])) is not None:
                common = (kind, facts["seed"], facts["strength"])
                before = (decide(facts, reference), _process(folder, facts), _result(facts), final_quality(facts))
                pairs.append(
                    Pair(
                        Outcome(*common, *before, usual, own),
                        Outcome(
                            *common,
                            decide(after, reference),
                            after["process"],
                            _result(after),
                            final_quality(after),
                            usual,
                            own,
                            [code for code, severity in after["standing"] if severity != "info"],
                            after["cures"],
                        ),
                    )
                )
    return pairs


def healthy(keep: Path, names: Iterable[str]) -> list[Outcome]:
    """The healthy runs of the recipes of these kinds, each compared with all of them."""
    found = []
    for base in dict.fromkeys(KINDS[name].base for name in names):
        runs = _read_kept(keep / base, "truth.json")
        reference, usual = Reference.of([facts for _, facts in runs]), Usual.of([facts for _, facts in runs])
        found += [
            Outcome(
                KINDS[base],
                facts["seed"],
                1.0,
                decide(facts, reference),
                _process(folder, facts),
                _result(facts),
                final_quality(facts),
                usual,
                usual,
            )
            for folder, facts in runs
        ]
    return found


def failed(keep: Path, name: str, seed: int) -> bool:
    """Whether the run without remedies failed, by the ground truth."""
    reference = Reference.of([facts for _, facts in _read_kept(keep / KINDS[name].base, "truth.json")])
    facts = json.loads((keep / name / str(seed) / "truth.json").read_text("utf-8"))
    return decide(facts, reference).failed


def _read_kept(place: Path, name: str) -> list[tuple[Path, Facts]]:
    folders = sorted((path.parent for path in place.glob(f"*/{name}")), key=lambda folder: int(folder.name))
    return [(folder, json.loads((folder / name).read_text("utf-8"))) for folder in folders]


def _result(facts: Facts) -> Result:
    return Result.from_json(facts["outcome"])


def _process(folder: Path, facts: Facts) -> Process:
    """The process by the present rules, as the session would report it."""
    if "refused" in facts:
        return FAILED
    diagnosis = start_diagnosis(Recipe.load(folder / "recipe.yaml"))
    found = [Finding.from_json(line) for line in facts["preflight"]]
    for line in (folder / "records.jsonl").read_text("utf-8").splitlines():
        found += diagnosis.watch(Record.from_json(json.loads(line)))
    return process_of(found, ended=True)
