"""Stores trained trials in the claims' folder until their claims have results.

DIR/trained/KEY.safetensors   one file per trial; written atomically, without pickle

After an interruption, only the trial that was being trained is lost. A stored outcome is used only if settings, seeds,
program and version of torch are the same and the SHA-256 of its content is right. Otherwise the trial is trained again
and its file replaced.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch

from saddlepoint.records import replaced
from saddlepoint.records.schema import number_to_json
from saddlepoint.studies.claims.trial import TrainedTrial, Trial

FORMAT = 1
FOLDER = "trained"
MANIFEST = "saddlepoint trial"
PACKAGE = Path(__file__).resolve().parents[2]
# Source files that decide the outcome of a trial, beside its settings, with all that they import: after a change in any of them
# stored outcomes are not used.
TRAINING = (
    "__init__.py", "errors.py", "arguments.py", "markup.py", "open_sections.py", "settings.py", "yaml_text.py", "progress", "data", "diagnosis", "evaluation", "models", "networks",
    "lanes", "objectives", "optimisers", "records", "training", "studies/__init__.py", "studies/convergence.py",
    "studies/claims/__init__.py", "studies/claims/augmentation_gains.py", "studies/claims/classifier_curves.py", "studies/claims/code_models.py", "studies/claims/discriminator_ahead.py", "studies/claims/frame_games.py", "studies/claims/image_games.py", "studies/claims/laboratory.py", "studies/claims/mistakes.py", "studies/claims/step_times.py", "studies/claims/trial.py",
    "studies/claims/trial_store.py", "studies/claims/watched.py", "recipe", "studies/settings.py",
    "experiment/__init__.py", "experiment/conditional_rows.py", "experiment/in_memory.py", "experiment/listener.py", "experiment/rows.py", "experiment/training_batches.py", "applications/__init__.py",
    *(f"applications/predict/{name}" for name in ("__init__.py", "baselines.py", "measuring.py", "perceptual.py", "settings.py")),
    *(f"applications/augment/{name}" for name in ("__init__.py", "alternatives", "classifiers.py", "drawing.py", "examples.py", "filtering.py",
    "generators.py", "measuring.py", "settings.py", "sources.py", "splits.py")),
)  # fmt: skip
MEASURING = (*TRAINING, "figures", "games", "studies/claims", "studies/power_law.py", "studies/survival.py")


class TrialStore:
    """The trained trials of one folder.

    Args:
        folder: the claims' folder.
        seeds: number of seeds of every trial.
    """

    def __init__(self, folder: Path, seeds: int) -> None:
        self.folder, self._seeds = folder / FOLDER, seeds

    def find(self, trial: Trial) -> TrainedTrial | None:
        """The stored trial; None if there is none, it was trained in another way, or its file is damaged."""
        try:
            with safetensors.safe_open(str(self._path(trial)), "pt") as file:
                manifest = json.loads((file.metadata() or {})[MANIFEST])
                if manifest["identity"] != self._identity(trial):
                    return None
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dict)
            if manifest.pop("sha256") != hashlib.sha256(_file_content(tensors, manifest)).hexdigest():
                return None
            return TrainedTrial(trial.restore(tensors, manifest["facts"]), manifest["seconds"], manifest["by"])
        except (safetensors.SafetensorError, OSError, KeyError, ValueError, TypeError):
            return None

    def save(self, trial: Trial, trained: TrainedTrial) -> None:
        """Write a trained trial.

        Args:
            trial: the trial.
            trained: its outcome, duration and claim.
        """
        tensors, facts = trained.outcome.parts()
        manifest = {
            "identity": self._identity(trial),
            "seconds": trained.seconds,
            "by": trained.claim,
            "facts": number_to_json(facts),
        }
        copies = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
        sha256 = hashlib.sha256(_file_content(copies, manifest)).hexdigest()
        with replaced(self._path(trial), "wb") as file:
            file.write(_file_content(copies, manifest | {"sha256": sha256}))

    def remove(self, trials: Iterable[Trial]) -> None:
        """Remove the files of these trials, and the folder once it is empty.

        No other process may write to the folder meanwhile.

        Args:
            trials: the trials, stored or not.
        """
        for trial in trials:
            self._path(trial).unlink(missing_ok=True)
        if not any(self.folder.glob("*.safetensors")):
            for part in self.folder.glob(".*.part"):  # a process was killed while it wrote
                part.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # there is no such folder, or it holds files that are not ours
                self.folder.rmdir()

    def _path(self, trial: Trial) -> Path:
        return self.folder / f"{digest(trial.key)[:24]}.safetensors"

    def _identity(self, trial: Trial) -> str:
        seeds = self._seeds if trial.most is None else min(self._seeds, trial.most)
        return digest([FORMAT, trial.key, seeds, torch.__version__, program(TRAINING)])


def _file_content(tensors: dict[str, torch.Tensor], manifest: dict[str, Any]) -> bytes:
    """A safetensors file with these tensors and this manifest."""
    return safetensors.torch.save(tensors, metadata={MANIFEST: json.dumps(manifest, allow_nan=False)})


@lru_cache
def program(parts: tuple[str, ...]) -> str:
    """SHA-256 of the source code of parts of the package.

    Args:
        parts: files and folders, relative to the package.
    """
    found = hashlib.sha256()
    for part in parts:
        own = PACKAGE / part
        for path in sorted(own.rglob("*.py")) if own.is_dir() else [own]:
            found.update(f"{path.relative_to(PACKAGE).as_posix()}\n".encode())
            found.update(path.read_bytes())
    return found.hexdigest()


def digest(facts: Any) -> str:
    """SHA-256 of a value that JSON can hold."""
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
