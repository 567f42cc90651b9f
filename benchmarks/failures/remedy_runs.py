"""Trains a run with an injected failure again with `--cure auto`, as the command line would: back to the last checkpoint before the
failure, another setting, and on.

Injections into code or data, and those in the middle of a run, are made again in every session, because a remedy changes settings
only. A disturbance in the middle happens once, as in the run without remedies. It keeps cured.json: the measurements of the run that
the user would hold, from its start to its end, the attempts, and the verdict.
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
from saddlepoint.records import RunFolder, active_findings
from saddlepoint.records.schema import number_to_json

Group = Literal["settings", "disturbance", "data", "code"]
GROUPS: dict[Group, str] = {
    "settings": "injected into the settings, or into first weights whose harm depends on settings: what a remedy is for",
    "disturbance": "a disturbance in the middle of the run, which does not recur after the run went back to an earlier checkpoint",
    "data": "too few examples: no training setting adds any",
    "code": "an error in the loss or a network, which every attempt repeats: only advice can help",
}
_HARMLESS = ("training.ema", ".activation", ".label_smoothing")
CHECKPOINTS = 4  # a run, as shipped recipes have, beside the best


def group_of(kind: Kind) -> Group | None:
    """What it would take to undo the injection; None for healthy kinds and for those about the data."""
    if not kind.code or kind.code.startswith("DATA"):
        return None
    if kind.model is not None or kind.model_of_data is not None:
        return "settings" if kind.model is injections.dead_from_the_start else "code"
    if kind.disturb is not None:
        return "disturbance"
    return "data" if kind.inject is not None and "data.limit" in kind.inject(1.0) else "settings"


def control(kind: Kind) -> Kind:
    """The kind without what makes it fail.

    It keeps the settings that only make the failure visible, such as no average of weights or a constant learning rate: a remedy does not
    bring those back, so the base alone would be a recipe that the run never was.
    """
    if kind.model is not None:
        return KINDS[kind.base]
    kept = {name: value for name, value in kind.settings.items() if name.endswith(_HARMLESS) or value == "constant"}
    kept = {name: value for name, value in kept.items() if dict(_settings(kind.base))[name] != value}
    suffix = "".join(f"~{name.split('.', 1)[1]}={value}" for name, value in sorted(kept.items()))
    return Kind(kind.base + suffix, kind.base, settings=kept) if kept else KINDS[kind.base]


@cache
def _settings(base: str) -> tuple[tuple[str, Any], ...]:
    return tuple((entry.name, value) for entry, value in KINDS[base].on.settings().settings())


class RemedyProbes(Probes):
    """Probes of a run that applies remedies; the end of its last session fills `result`."""

    result: dict[str, Any]

    def write(self, *, interrupted: bool, **_: Any) -> dict[str, Any]:
        """End the session, and record how the run ended."""
        super().write(interrupted=interrupted)
        findings = self.session.journal.findings
        self.result |= {
            "process": process_of(findings, ended=True),
            "outcome": self.outcome,
            "standing": [[f.code, f.severity] for f in active_findings(findings)],
            "distances": self.session.measurement.distances,
            "ended": self.session.state.step,
        }
        return {}


def finished(folder: Path) -> bool:
    """Whether the run is complete."""
    return (folder / "cured.json").is_file()


def train(name: str, seed: int, keep: Path) -> float:
    """Train a run with remedies and keep it under keep/cured/NAME/SEED, unless it is there already.

    Args:
        name: of the kind.
        seed: of the run.
        keep: the folder of kept runs.

    Returns:
        The seconds that it took; 0 where the run was there.
    """
    place = keep / "cured" / name / f"{seed}"
    if finished(place):
        return 0.0
    started = time.perf_counter()
    kind, strength = KINDS[name], KINDS[name].strength_of(seed)
    injected = recipe_of(kind, seed)
    recipe = injected.override(
        {"training.cure": "auto", "training.checkpoint_every": max(1, injected.training.steps // CHECKPOINTS)}
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
            probes.probes = [probe for probe in sessions[-1].probes if back and probe["step"] <= back]
            probes.disturbed = sessions[-1].disturbed
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
            "floor": sessions[0].prober.floor(),
            "data": data_facts(first),
            "looks": sessions[-1].probes,
            "cures": [intervention.to_json() for intervention in read_interventions(folder)],
            "seconds": time.perf_counter() - started,
        }
    place.mkdir(parents=True, exist_ok=True)
    (place / "cured.json").write_text(json.dumps(number_to_json(result)), "utf-8")
    return float(result["seconds"])
