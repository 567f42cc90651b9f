"""Trains a planted failure again with `--cure auto`, as the command line would: back to the last checkpoint before the
failure, another setting, and on.

What was planted in code, in data or in the middle of a run is planted again in every session, for a remedy changes settings
alone; only a jolt in the middle comes once, as it does in the uncured run. What stays of a run is cured.json: its looks, from
the start to the end of what the user would hold, the tries, and the verdict.
"""

from __future__ import annotations

import json
import tempfile
import time
import warnings
from functools import cache
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch

import torch

from failures import injections
from failures.kinds import KINDS, Kind
from failures.runs import Probes, Silence, data_facts, recipe_of, session_of
from saddlepoint.diagnosis import process_of
from saddlepoint.experiment import attempts, journal
from saddlepoint.experiment.interventions import read_interventions
from saddlepoint.experiment.session import Session
from saddlepoint.recipe import Recipe
from saddlepoint.records import RunFolder, standing
from saddlepoint.records.schema import number_to_json

Group = Literal["settings", "jolt", "data", "code"]
GROUPS: dict[Group, str] = {
    "settings": "planted in the settings, or in first weights of which settings decide whether they harm: what a cure is for",
    "jolt": "a disturbance in the middle of the run, which does not recur after the run went back to an earlier checkpoint",
    "data": "too few examples: no training setting adds any",
    "code": "an error in the loss or a network, which every attempt repeats: only advice can help",
}
_HARMLESS = ("training.ema", ".activation", ".label_smoothing")
CHECKPOINTS = 4  # a run, as shipped recipes have, beside the best


def group_of(kind: Kind) -> Group | None:
    """What it would take to undo what is planted; None for healthy kinds and those made for before the first step."""
    if not kind.code or kind.code.startswith("DATA"):
        return None
    if kind.model is not None or kind.picked is not None:
        return "settings" if kind.model is injections.dead_from_the_start else "code"
    if kind.meddle is not None:
        return "jolt"
    return "data" if kind.plant is not None and "data.limit" in kind.plant(1.0) else "settings"


def unspoilt(kind: Kind) -> Kind:
    """The kind without what makes it fail: its base, with those settings of the kind that only keep the base from hiding it.

    A cure does not bring back an average of weights or a falling rate whose absence is no failure; so the base alone would be
    a recipe that the run never was.
    """
    if kind.model is not None:
        return KINDS[kind.base]
    kept = {name: value for name, value in kind.settings.items() if name.endswith(_HARMLESS) or value == "constant"}
    kept = {name: value for name, value in kept.items() if dict(_settings(kind.base))[name] != value}
    told = "".join(f"~{name.split('.', 1)[1]}={value}" for name, value in sorted(kept.items()))
    return Kind(kind.base + told, kind.base, settings=kept) if kept else KINDS[kind.base]


@cache
def _settings(base: str) -> tuple[tuple[str, Any], ...]:
    return tuple((entry.name, value) for entry, value in KINDS[base].on.settings().settings())


class RemedyProbes(Probes):
    """Probes of a run that intervenes; the end of its last session fills `result`."""

    result: dict[str, Any]

    def write(self, *, interrupted: bool, **_: Any) -> dict[str, Any]:
        """End the session, and note what became of the run."""
        super().write(interrupted=interrupted)
        findings = self.session.journal.findings
        self.result |= {
            "process": process_of(findings, ended=True),
            "outcome": self.outcome,
            "standing": [[f.code, f.severity] for f in standing(findings)],
            "distances": self.session.measurement.distances,
            "ended": self.session.state.step,
        }
        return {}


def finished(folder: Path) -> bool:
    return (folder / "cured.json").is_file()


def train(name: str, seed: int, keep: Path) -> float:
    """Train and keep it under keep/cured/NAME/SEED, unless it is there already; the seconds that it took."""
    place = keep / "cured" / name / f"{seed}"
    if finished(place):
        return 0.0
    started = time.perf_counter()
    kind, strength = KINDS[name], KINDS[name].drawn(seed)
    planted = recipe_of(kind, seed)
    recipe = planted.override(
        {"training.cure": "auto", "training.checkpoint_every": max(1, planted.training.steps // CHECKPOINTS)}
    )
    torch.set_num_threads(1)
    result: dict[str, Any] = {}
    sessions: list[RemedyProbes] = []

    def session_with_probes(recipe: Recipe, folder: RunFolder, **_: Any) -> Session:
        session = session_of(kind, recipe, folder, strength, seed)
        probes = RemedyProbes(session, kind, strength)
        probes.result = result
        if sessions:
            planned = sessions[-1].session.planned
            assert planned is not None
            back = planned.intervention.returned_to
            probes.looks = [look for look in sessions[-1].looks if back and look["step"] <= back]
            probes.meddled = sessions[-1].meddled
        sessions.append(probes)
        return session

    with (
        tempfile.TemporaryDirectory() as scratch,
        warnings.catch_warnings(),
        patch.object(journal, "TensorBoard", Silence),
        patch.object(attempts, "prepare", session_with_probes),
    ):
        for category in (RuntimeWarning, UserWarning):
            warnings.simplefilter("ignore", category)
        folder = RunFolder(Path(scratch))
        folder.recipe.write_text(recipe.to_yaml(), "utf-8")
        first = session_with_probes(recipe, folder)
        attempts.train_to_end(first, None)
        result |= {
            "kind": name,
            "seed": seed,
            "strength": strength,
            "steps": recipe.training.steps,
            "floor": sessions[0].looker.floor(),
            "data": data_facts(first),
            "looks": sessions[-1].looks,
            "cures": [intervention.to_json() for intervention in read_interventions(folder)],
            "seconds": time.perf_counter() - started,
        }
    place.mkdir(parents=True, exist_ok=True)
    (place / "cured.json").write_text(json.dumps(number_to_json(result)), "utf-8")
    return float(result["seconds"])
