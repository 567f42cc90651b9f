"""Trains one run as the command line would, without pictures, checkpoints and TensorBoard.

It keeps recipe.yaml, records.jsonl, and truth.json with the measurements of the probes. Rules are applied to the records later, so
they may change without training again.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import torch

from failures.kinds import KINDS, Kind
from failures.probes import Facts, Prober
from saddlepoint import data, models
from saddlepoint.data.dataset import Dataset
from saddlepoint.errors import SaddlepointError
from saddlepoint.experiment import journal
from saddlepoint.experiment.assemble import new_session
from saddlepoint.experiment.schedule import Every
from saddlepoint.experiment.session import Session
from saddlepoint.recipe import Recipe
from saddlepoint.records import Result, RunFolder
from saddlepoint.records.schema import number_to_json

FRESH = 2_000  # the first of the held-out seeds, which are trained only after rules were changed


class Silence:
    """A replacement for the TensorBoard log, which nobody reads here."""

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def __getattr__(self, _: str) -> Any:
        return lambda *_, **__: None


class NoCheckpoints:
    """A replacement for a session's checkpoints that saves nothing."""

    saved = None

    def save(self, previous: int) -> None:
        """Do nothing."""


class Probes:
    """Probes the model of a session where the session would draw samples, and disturbs it in the middle of the run.

    Attributes:
        probes: what was measured, one entry a probe.
        disturbed: the step at which the disturbance happened; None before that.
        outcome: the result part of the verdict; set at the end.
        with_pictures: False, as for a session's end, whose place this takes.
    """

    with_pictures = False

    def __init__(self, session: Session, kind: Kind, strength: float) -> None:
        """Take the place of the session's sample pictures and of its end."""
        self.session, self.kind, self.strength = session, kind, strength
        self.prober = Prober(session.dataset, session.model, session.state)
        self.probes: list[Facts] = []
        self.disturbed: int | None = None
        self.outcome: Facts = {}
        training = session.recipe.training
        session.recorder.actions = (
            (lambda previous, step: True, self._inject),
            (Every(training.sample_every, training.steps), self._look),
        )
        session.end = self  # type: ignore[assignment]

    def _look(self, step: int) -> None:
        self.probes.append(self.prober.probe(step))

    def _inject(self, step: int) -> None:
        kind = self.kind
        if (
            kind.disturb is not None
            and self.disturbed is None
            and step >= kind.onset * self.session.recipe.training.steps
        ):
            kind.disturb(self.session, self.strength)
            self.disturbed = step

    def write(self, *, interrupted: bool, **_: Any) -> dict[str, Any]:
        """End the session: probe once more, and measure the result."""
        if interrupted:  # half a run is none
            raise KeyboardInterrupt
        step = self.session.state.step
        if not self.probes or self.probes[-1]["step"] != step:  # stopped by a finding
            self._look(step)
        self.outcome = self.session.measurement.result().to_json()
        return {}


def recipe_of(kind: Kind, seed: int) -> Recipe:
    """The recipe of a kind and seed, with the strength that belongs to the seed."""
    recipe = kind.on.settings(kind.steps)
    changes = {
        **kind.settings,
        **(kind.inject(kind.strength_of(seed)) if kind.inject else {}),
        "training.seed": seed + 1,
    }
    source = recipe.data.source
    if source.startswith("$"):
        changes["data.source"] = os.path.expandvars(source)
    return recipe.override(changes)


def finished(folder: Path) -> bool:
    """Whether the run is complete; runs kept before the verdict had a result are trained again."""
    path = folder / "truth.json"
    return path.is_file() and "outcome" in json.loads(path.read_text("utf-8"))


def train(name: str, seed: int, keep: Path, kind: Kind | None = None) -> float:
    """Train a run and keep it under keep/NAME/SEED, unless it is there already.

    Args:
        name: of the kind.
        seed: of the run.
        keep: the folder of kept runs.
        kind: replaces the kind of that name.

    Returns:
        The seconds that it took; 0 where the run was there.
    """
    place = keep / name / f"{seed}"
    if finished(place):
        return 0.0
    started = time.perf_counter()
    kind = kind or KINDS[name]
    strength, recipe = kind.strength_of(seed), recipe_of(kind, seed)
    journal.TensorBoard = Silence  # type: ignore[misc, assignment]
    torch.set_num_threads(1)
    facts: dict[str, Any] = {"kind": name, "seed": seed, "strength": strength, "steps": recipe.training.steps}
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        for category in (RuntimeWarning, UserWarning):  # an injected overflow, a mixture fitted to collapsed codes
            warnings.simplefilter("ignore", category)
        folder = RunFolder(Path(scratch))
        try:
            session = session_of(kind, recipe, folder, strength, seed)
            session.checkpoints = NoCheckpoints()  # type: ignore[assignment]
            probes = Probes(session, kind, strength)
            facts |= {"floor": probes.prober.floor(), "data": data_facts(session)}
            session.run()
            facts |= {"looks": probes.probes, "meddled": probes.disturbed, "outcome": probes.outcome}
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


def session_of(kind: Kind, recipe: Recipe, folder: RunFolder, strength: float, seed: int) -> Session:
    """A session with all injections that the kind makes before the first step."""
    dataset = data.load(recipe.data)
    if kind.data is not None:
        dataset = kind.data(dataset, strength, torch.Generator().manual_seed(seed))
    model = models.build(recipe.model, dataset.event, seed=recipe.training.seed)
    if kind.model is not None:
        kind.model(model, strength)
    if kind.model_of_data is not None:
        kind.model_of_data(model, dataset, strength)
    return new_session(recipe, folder, dataset, model)


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
        "batch": session.recipe.model.batch_size(session.recipe.training.batch_size, len(dataset)),
        "parameters": sum(model.parameter_counts().values()),
        "copies": 1 - len(known) / len(x) if dataset.event.size > 1 else 0.0,
        "leaked": sum(row.numpy().tobytes() in known for row in rest) if dataset.event.size > 1 else 0,
        **_empty(dataset),
        "constant": int((x == x[:1]).all(0).sum()) if dataset.event.kind == "vector" else 0,
        "low": float(scaled.min()),
        "high": float(scaled.max()),
        "output": model.output_range,
        "classes": counts,
    }


def _empty(dataset: Dataset) -> Facts:
    """Shares of the training examples of a modality that hold nothing, and of sounds with many samples at full scale."""
    if dataset.event.kind not in ("sound", "volume", "series"):
        return {}
    x = dataset.x.flatten(1).float()
    found = {"empty": float((x.amax(1) == x.amin(1)).double().mean())}
    if dataset.event.kind == "sound":
        full = float(dataset.event.high or 1.0)
        found["clipped"] = float(((x.abs() >= 0.999 * full).sum(1) >= 8).double().mean())
    return found


def _refused_data(recipe: Recipe) -> Facts:
    """The same for data with which no session could be made."""
    dataset = data.load(recipe.data)
    return {"examples": len(dataset), "batch": recipe.model.batch_size(recipe.training.batch_size, len(dataset))}


def all_runs(names: list[str], seeds: int | None, first: int = 0) -> list[tuple[str, int]]:
    """Every run as (kind, seed).

    Args:
        names: of the kinds.
        seeds: at most so many of each kind; None for all.
        first: the first seed.

    Returns:
        The runs, all kinds taking turns, so that any part of the list is a fair part.
    """
    counts = {name: min(KINDS[name].seeds, seeds or 10**9) for name in names}
    wanted = [(name, first + number) for name, count in counts.items() for number in range(count)]
    return sorted(wanted, key=lambda run: (run[1] - first) / KINDS[run[0]].seeds)
