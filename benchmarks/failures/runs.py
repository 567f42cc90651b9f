"""Trains one run of the zoo as the command line would, without pictures, checkpoints and TensorBoard.

What stays of it: recipe.yaml, records.jsonl, and truth.json with what was looked at. The rules are asked again over the
records, so they may change without another training.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any, TypeVar

import torch

from failures.base_recipes import LOOKS
from failures.kinds import KINDS, Kind
from failures.probes import Facts, Probe
from saddlepoint import data, models
from saddlepoint.errors import SaddlepointError
from saddlepoint.experiment import journal
from saddlepoint.experiment.session import Session
from saddlepoint.recipe import Recipe
from saddlepoint.records import Result, RunFolder
from saddlepoint.records.schema import number_to_json

FRESH = 2_000  # the first of the seeds that are trained only after rules were changed


class Silence:
    """In the place of TensorBoard's log, which nobody reads here."""

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def __getattr__(self, _: str) -> Any:
        return lambda *_, **__: None


class Watched(Session):
    """A session that looks at its model where it would draw, and in whose middle the zoo may meddle."""

    kind: Kind
    strength: float
    looks: list[Facts]
    looker: Probe
    meddled: int | None = None
    outcome: Facts  # the result part of the verdict

    def _draw(self, step: int) -> None:
        self.looks.append(self.looker.look(step))

    def _watch(self, record: Any) -> bool:
        kind = self.kind
        if kind.meddle is not None and self.meddled is None and record.step >= kind.onset * self.recipe.training.steps:
            kind.meddle(self, self.strength)
            self.meddled = record.step
        return super()._watch(record)

    def _checkpoint(self) -> None: ...

    def _finish(self, interrupted: bool) -> dict[str, Any]:
        if interrupted:  # half a run is none
            raise KeyboardInterrupt
        if not self.looks or self.looks[-1]["step"] != self.state.step:  # stopped by a finding
            self.looks.append(self.looker.look(self.state.step))
        self.outcome = self.measurement.result().to_json()
        return {}


Sitting = TypeVar("Sitting", bound=Watched)


def recipe_of(kind: Kind, seed: int) -> Recipe:
    """The recipe of this seed, with the strength that it draws."""
    recipe = kind.on.settings(kind.steps)
    changes = {**kind.settings, **(kind.plant(kind.drawn(seed)) if kind.plant else {}), "training.seed": seed + 1}
    source = recipe.data.source
    if source.startswith("$"):
        changes["data.source"] = os.path.expandvars(source)
    return recipe.override(changes)


def finished(folder: Path) -> bool:
    """Whether the run is kept whole; runs that were kept before the verdict had a result have to be trained again."""
    path = folder / "truth.json"
    return path.is_file() and "outcome" in json.loads(path.read_text("utf-8"))


def train(name: str, seed: int, keep: Path, kind: Kind | None = None) -> float:
    """Train and keep it under keep/NAME/SEED, unless it is there already; the seconds that it took.

    kind: where it is not the zoo's of that name.
    """
    place = keep / name / f"{seed}"
    if finished(place):
        return 0.0
    started = time.perf_counter()
    kind = kind or KINDS[name]
    strength, recipe = kind.drawn(seed), recipe_of(kind, seed)
    journal.TensorBoard = Silence  # type: ignore[misc, assignment]
    torch.set_num_threads(1)
    facts: dict[str, Any] = {"kind": name, "seed": seed, "strength": strength, "steps": recipe.training.steps}
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        for category in (RuntimeWarning, UserWarning):  # a planted overflow, a mixture fitted to codes that collapsed
            warnings.simplefilter("ignore", category)
        folder = RunFolder(Path(scratch))
        try:
            session = session_of(kind, recipe, folder, strength, seed, Watched)
            facts |= {"floor": session.looker.floor(), "data": data_facts(session)}
            session.run()
            facts |= {"looks": session.looks, "meddled": session.meddled, "outcome": session.outcome}
            facts["preflight"] = [f.to_json() for f in session.journal.findings if f.step == 0]
        except SaddlepointError as error:  # refused before it began, in a sentence that may name the code
            facts |= {"refused": str(error), "looks": [], "data": _refused_data(recipe), "preflight": []}
            facts["outcome"] = Result.not_measured("training was refused").to_json()
        place.mkdir(parents=True, exist_ok=True)
        (place / "recipe.yaml").write_text(recipe.to_yaml(), "utf-8")
        if folder.records.exists():
            shutil.copyfile(folder.records, place / "records.jsonl")
        else:
            (place / "records.jsonl").touch()
    facts["seconds"] = time.perf_counter() - started
    (place / "truth.json").write_text(json.dumps(number_to_json(facts)), "utf-8")
    return float(facts["seconds"])


def session_of(
    kind: Kind, recipe: Recipe, folder: RunFolder, strength: float, seed: int, sitting: type[Sitting]
) -> Sitting:
    """A session with everything planted that the kind plants before its first step."""
    dataset = data.load(recipe.data)
    if kind.data is not None:
        dataset = kind.data(dataset, strength, torch.Generator().manual_seed(seed))
    model = models.build(recipe.model, dataset.event, seed=recipe.training.seed)
    if kind.model is not None:
        kind.model(model, strength)
    if kind.picked is not None:
        kind.picked(model, dataset, strength)
    session = sitting(recipe, folder, dataset, model)
    session.kind, session.strength, session.looks = kind, strength, []
    session.looker = Probe(dataset, model, session.state)
    return session


def data_facts(session: Session) -> Facts:
    """What is true of the data, by counting."""
    dataset, model = session.dataset, session.model
    x = dataset.x.flatten(1)
    known = {row.numpy().tobytes() for row in x}
    rest = dataset.held_out.x.flatten(1) if dataset.held_out is not None else x[:0]
    scaled = model.scaling.to_model(dataset.x[:5_000]).flatten()
    counts = []
    if dataset.y is not None and dataset.event.class_names is not None:
        counts = torch.bincount(dataset.y, minlength=len(dataset.event.class_names)).tolist()
    return {
        "examples": len(x),
        "numbers": dataset.event.size,
        "batch": session.recipe.training.batch_size,
        "parameters": sum(model.parameter_counts().values()),
        "copies": 1 - len(known) / len(x) if dataset.event.size > 1 else 0.0,
        "leaked": sum(row.numpy().tobytes() in known for row in rest) if dataset.event.size > 1 else 0,
        "constant": int((x == x[:1]).all(0).sum()) if dataset.event.kind == "vector" else 0,
        "low": float(scaled.min()),
        "high": float(scaled.max()),
        "output": model.output_range,
        "classes": counts,
    }


def _refused_data(recipe: Recipe) -> Facts:
    """Of data with which not even a session could be made."""
    dataset = data.load(recipe.data)
    return {"examples": len(dataset), "batch": recipe.training.batch_size}


def all_runs(names: list[str], seeds: int | None, first: int = 0) -> list[tuple[str, int]]:
    """Every run as (kind, seed), seeds counted from `first`; one seed of all kinds after the other, so that a part of them
    is a fair part."""
    counts = {name: min(KINDS[name].seeds, seeds or 10**9) for name in names}
    wanted = [(name, first + number) for name, count in counts.items() for number in range(count)]
    return sorted(wanted, key=lambda run: (run[1] - first) / KINDS[run[0]].seeds)


__all__ = [
    "FRESH",
    "LOOKS",
    "Silence",
    "Watched",
    "all_runs",
    "data_facts",
    "finished",
    "recipe_of",
    "session_of",
    "train",
]
