"""Small runs of every family, and the state that must be equal in two equal runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from saddlepoint.data.batches import Batches
from saddlepoint.experiment import Listener, prepare
from saddlepoint.experiment.session import Session
from saddlepoint.recipe import Recipe
from saddlepoint.records import Record, RunFolder

STEPS = 34  # neither a multiple of a tick nor of a checkpoint

_TRAINING = {"steps": STEPS, "batch_size": 16, "tick": 5, "observe_every": 2, "checkpoint_every": 10}
_TRAINING |= {"sample_every": 10, "samples": 9, "device": "cpu"}
_DIGITS = {"source": "digits", "limit": 200}
_SMALL = {"hidden": [8]}

FAMILIES: dict[str, dict[str, Any]] = {
    "autoencoder": {
        "data": _DIGITS,
        "model": {
            "family": "autoencoder",
            "encoder": _SMALL,
            "decoder": _SMALL,
            "denoising": 0.1,
            "prior_components": 2,
        },
    },
    "vae": {
        "data": _DIGITS,
        "model": {"family": "vae", "encoder": _SMALL, "decoder": _SMALL, "warm_up": 20},
        "training": {"optimiser": {"schedule": "cosine"}},
    },
    "autoregressive": {
        "data": _DIGITS,
        "model": {
            "family": "autoregressive",
            "network": {"network": "made", **_SMALL},
            "binarise": "stochastic",
            "ordering": "random",
            "conditional": True,
        },
        "training": {"ema": 0.9},
    },
    "diffusion": {
        "data": _DIGITS,
        "model": {
            "family": "diffusion",
            "denoiser": {"network": "mlp", **_SMALL},
            "conditional": True,
            "sampler": {"steps": 4},
        },
        "training": {"ema": 0.9},
    },
    "flow": {
        "data": _DIGITS,
        "model": {"family": "flow", "transforms": 2, "bins": 4, "conditional": True, **_SMALL},
        "training": {"ema": 0.9},
    },
    "dynamics": {
        "data": _DIGITS,
        "model": {"family": "dynamics", "members": 2, **_SMALL},
        "training": {"ema": 0.9},
    },
    "gan": {
        "data": _DIGITS,
        "model": {
            "family": "gan",
            "latent": 2,
            "generator": _SMALL,
            "discriminator": _SMALL,
            "views": {"instance_noise": 0.1},
        },
        "training": {"optimiser": {"name": "sgd", "momentum": 0.5, "learning_rate": 0.01}},
    },
    "dcgan": {
        "data": _DIGITS,
        "model": {
            "family": "gan",
            "latent": 4,
            "generator": {"network": "dcgan", "width": 4},
            "discriminator": {"network": "dcgan", "width": 4},
            "updates": {"discriminator": 2},
        },
        "training": {"ema": 0.9, "players": {"generator": {"learning_rate": 1e-3}}},
    },
    "vq-vae": {
        "data": _DIGITS,
        "model": {
            "family": "vq-vae",
            "codes": 8,
            "code_size": 2,
            "autoencoder": {"width": 4, "halvings": 2, "blocks": 1},
            "prior": {"width": 4, "layers": 1},
            "restart_below": 0.5,
        },
    },
    "predictor": {
        "data": {"source": "moving-digits", "points": 60, "length": 4, "size": 20},
        "model": {
            "family": "predictor",
            "frames_in": 2,
            "objective": "both",
            "predictor": {"width": 4},
            "discriminator": {"width": 2},
        },
        "training": {"ema": 0.9},
    },
    "classical": {
        "data": _DIGITS,
        "model": {"family": "classical", "distribution": "mixture", "covariance": "diagonal", "components": 3},
        "training": {"batch_size": 200},
    },
}
# Those with weights that gradients train on any device; scikit-learn fits the others, on the CPU.
WITH_GRADIENTS = [family for family in FAMILIES if family != "classical"]


def recipe(family: str, **training: Any) -> Recipe:
    """The family's small run; `training` changes its training settings."""
    content = dict(FAMILIES[family])
    content["training"] = {**_TRAINING, **content.get("training", {}), **training}
    return Recipe.from_mapping(
        {"name": family, "evaluation": {"every": 10, "samples": 50, "watch_every": 10}, **content}
    )


class RecordingListener(Listener):
    """Records every callback."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.records: list[Record] = []
        self.callbacks: list[str] = []
        self.summary: Mapping[str, Any] = {}

    def started(self, outline: Any) -> None:
        self.callbacks.append("started")

    def note(self, text: str) -> None:
        self.notes.append(text)

    def record(self, record: Record) -> None:
        self.records.append(record)
        self.callbacks.append("record")

    def finding(self, finding: Any) -> None:
        self.callbacks.append(finding.code)

    def finished(self, summary: Mapping[str, Any]) -> None:
        self.summary = summary
        self.callbacks.append("finished")


class Interrupting:
    """Batches that ask the session to pause while a given batch is taken: an interruption at any moment of a step."""

    def __init__(self, session: Session, batch: int) -> None:
        self.batches: Batches = session.batches
        self.session, self.batch = session, batch

    def __getitem__(self, number: int) -> Any:
        if number == self.batch:
            self.session.state.pause = True
        return self.batches[number]


def start_session(recipe: Recipe, path: Path, listener: Listener | None = None) -> Session:
    """A session of a new run at `path`, its recipe written."""
    path.mkdir(parents=True)
    folder = RunFolder(path)
    folder.recipe.write_text(recipe.to_yaml())
    return prepare(recipe, folder, listener=listener)


def comparable_state(path: Path) -> dict[str, Any]:
    """Everything that must be equal in two runs of one recipe, without clocks, TensorBoard and reports."""
    folder = RunFolder(path)
    records = [
        {"step": r.step, **{n: repr(v) for n, v in r.values.items() if n[:5] != "time/"}} for r in folder.read_records()
    ]
    newest = sorted(folder.checkpoints.glob("step-*"))[-1]
    manifest = json.loads((newest / "manifest.json").read_text())
    return {
        "records": records,
        "findings": folder.findings.read_text(),
        "checkpoint": newest.name,
        "weights": hashlib.sha256((newest / "weights.safetensors").read_bytes()).hexdigest(),
        "optimiser": hashlib.sha256((newest / "optimiser.safetensors").read_bytes()).hexdigest(),
        "state": hashlib.sha256((newest / "state.safetensors").read_bytes()).hexdigest(),
        "extra": {name: value for name, value in manifest["extra"].items() if name != "positions"},
        "samples": {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.samples.glob("*.png"))},
        "best": folder.read_summary().get("best"),
    }
