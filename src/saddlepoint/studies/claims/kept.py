"""What is trained for claims, kept in their folder until they have their results: an interruption loses no more than the trial
under way.

DIR/trained/KEY.safetensors   one a finished trial; appears by rename, whole or not at all, and holds no pickle

A kept outcome counts only for the same settings, seeds, program and version of torch. Any other, and one that is damaged, is
trained anew and takes its place: each names the SHA-256 of all that it holds.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import safetensors
import safetensors.torch
import torch

from saddlepoint.records import replaced
from saddlepoint.records.schema import number_to_json

if TYPE_CHECKING:
    from saddlepoint.studies.claims.laboratory import Trial

FORMAT = 1
FOLDER = "trained"
MANIFEST = "saddlepoint trial"
PACKAGE = Path(__file__).resolve().parents[2]
# The programs that decide what comes of a trial, beside its settings: a change in any of them is another program. What they
# import is among them.
TRAINING = (
    "__init__.py", "errors.py", "arguments.py", "markup.py", "settings.py", "data", "diagnosis", "evaluation", "models", "networks",
    "lanes", "objectives", "optimisers", "records", "training", "studies/__init__.py", "studies/convergence.py",
    "studies/claims/__init__.py", "studies/claims/kept.py", "studies/claims/laboratory.py",
    "studies/claims/mistakes.py", "studies/claims/watched.py",
)  # fmt: skip
MEASURING = (*TRAINING, "figures", "games", "studies/claims", "studies/power_law.py", "studies/survival.py")


@dataclass(frozen=True)
class Finished:
    """outcome: what the trial's `train` returned. seconds: that it took. by: the claim that it was trained for."""

    outcome: Any
    seconds: float
    by: str


class KeptOutcomes:
    """The finished trials in the folder of claims. seeds: of every one of them."""

    def __init__(self, folder: Path, seeds: int) -> None:
        self.folder, self._seeds = folder / FOLDER, seeds

    def find(self, trial: Trial) -> Finished | None:
        """What came of that trial, if it is kept and was trained in the same way."""
        try:
            with safetensors.safe_open(str(self._path(trial)), "pt") as file:
                manifest = json.loads((file.metadata() or {})[MANIFEST])
                if manifest["identity"] != self._identity(trial):
                    return None
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dict)
            if manifest.pop("sha256") != hashlib.sha256(_written(tensors, manifest)).hexdigest():
                return None
            return Finished(trial.restored(tensors, manifest["facts"]), manifest["seconds"], manifest["by"])
        except (safetensors.SafetensorError, OSError, KeyError, ValueError, TypeError):
            return None

    def keep(self, trial: Trial, finished: Finished) -> None:
        """Write what came of a trial."""
        tensors, facts = finished.outcome.parts()
        manifest = {
            "identity": self._identity(trial),
            "seconds": finished.seconds,
            "by": finished.by,
            "facts": number_to_json(facts),
        }
        whole = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
        with replaced(self._path(trial), "wb") as file:
            file.write(_written(whole, manifest | {"sha256": hashlib.sha256(_written(whole, manifest)).hexdigest()}))

    def drop(self, trials: Iterable[Trial]) -> None:
        """Remove what is kept of these, and the folder once nothing is. No other process may be at work in it."""
        for trial in trials:
            self._path(trial).unlink(missing_ok=True)
        if not any(self.folder.glob("*.safetensors")):
            for part in self.folder.glob(".*.part"):  # a process was killed while it wrote
                part.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # it is not there, or holds files that are not ours
                self.folder.rmdir()

    def _path(self, trial: Trial) -> Path:
        return self.folder / f"{digest([type(trial).__name__, trial.key])[:24]}.safetensors"

    def _identity(self, trial: Trial) -> str:
        seeds = self._seeds if trial.most is None else min(self._seeds, trial.most)
        return digest([FORMAT, type(trial).__name__, trial.key, seeds, torch.__version__, program(TRAINING)])


def _written(tensors: dict[str, torch.Tensor], manifest: dict[str, Any]) -> bytes:
    """The file of these."""
    return safetensors.torch.save(tensors, metadata={MANIFEST: json.dumps(manifest, allow_nan=False)})


@lru_cache
def program(parts: tuple[str, ...]) -> str:
    """SHA-256 of the source of these parts of the package."""
    found = hashlib.sha256()
    for part in parts:
        own = PACKAGE / part
        for path in sorted(own.rglob("*.py")) if own.is_dir() else [own]:
            found.update(f"{path.relative_to(PACKAGE).as_posix()}\n".encode())
            found.update(path.read_bytes())
    return found.hexdigest()


def digest(facts: Any) -> str:
    """SHA-256 of what JSON can hold."""
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
