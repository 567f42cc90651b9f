"""A made-up run folder, as full or as young as a test wants it."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest

from saddlepoint.figures.grids import reconstruction_grid, sample_grid
from saddlepoint.figures.style import write_png
from saddlepoint.records import Finding, JsonLines, Record, RunFolder

CLASSES = ["T-shirt", "<b>bag</b>", "boot", "dress"]


def fill(path: Path, *, ticks: int = 60, frames: int = 5) -> RunFolder:
    """A finished adversarial run with every kind of file."""
    folder = RunFolder(path)
    path.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    folder.recipe.write_text("data:\n  source: digits\nmodel:\n  family: gan\n  latent: 64\ntraining:\n  steps: 3000\n")
    with JsonLines(folder.records) as records:
        for tick in range(1, ticks + 1):
            values = {
                "d/loss": 1.2 + 0.1 * random.normal(),
                "g/loss": math.nan if tick == ticks // 2 else 0.9 + 0.1 * random.normal(),
                "d/real_score": 0.6 + 0.05 * random.normal(),
                "d/fake_score": 0.4 + 0.05 * random.normal(),
                "d/grad_norm": float(np.exp(random.normal())),
                "g/grad_norm": float(np.exp(random.normal() - 1)),
                "time/steps_per_second": 90 + random.normal(),
            }
            if tick % 10 == 0:
                values["quality/frechet"] = 20 + 500 / tick
            records.append(Record(tick * 50, tick * 0.6, values).to_json())
    with JsonLines(folder.findings) as findings:
        evidence = {"d/real_score": 0.998, "g/grad_norm": 1.2e-5, "worst": math.inf}
        remedy = {"training.discriminator.learning_rate": 1e-4, "training.optimiser.betas": [0.5, 0.9]}
        for step in (500, 900):
            findings.append(
                Finding(
                    "GAN101",
                    "failure",
                    step,
                    "The discriminator overpowers the generator.",
                    evidence,
                    "Slow it down: <script>alert(1)</script>",
                    remedy,
                ).to_json()
            )
        findings.append(Finding("DATA404", "info", 0, "Class 3 is rare.", {"count": 12}).to_json())
    for i in range(frames):
        noise = random.integers(0, 256, (16, 1, 8, 8)).astype(np.uint8)
        write_png(sample_grid(noise), folder.sample_grid(i * 700))
    noise = random.integers(0, 256, (12, 3, 8, 8)).astype(np.uint8)
    write_png(reconstruction_grid(noise, noise // 2), folder.figures / "reconstructions.png")
    (folder.figures / "captions.json").write_text(json.dumps({"reconstructions.png": 'Held-out "examples" & theirs.'}))
    labels = random.integers(0, len(CLASSES), 200)
    codes = (random.normal(size=(200, 3)) + labels[:, None]).astype(np.float32)
    np.savez(folder.figures / "latent.npz", codes=codes, labels=labels, class_names=np.array(CLASSES))
    folder.scorecard.write_text(json.dumps({"frechet": {"value": 12.5, "n": 1000}, "curve": list(range(20))}))
    folder.summary.write_text(
        json.dumps(
            {
                "verdict": "The discriminator overpowered the generator at step 500: the samples are poor.",
                "state": "finished",
                "step": ticks * 50,
                "seconds": 3725.0,
                "device": "cpu (2 cores)",
                "precision": "bf16",
                "data": {
                    "name": "digits",
                    "examples": 1617,
                    "held_out": 180,
                    "shape": [1, 8, 8],
                    "classes": CLASSES,
                    "fingerprint": "ab12" * 16,
                },
                "model": {
                    "family": "gan",
                    "latent": 64,
                    "objective": "minimax",
                    "networks": {"generator": "dcgan", "discriminator": "mlp"},
                },
                "players": {"discriminator": 12345, "generator": 2345678},
                "best": {"step": 1000, "series": "quality/frechet", "value": 45.0},
                "versions": {"python": "3.11.9", "torch": "2.13.0", "saddlepoint": "0.1.0"},
            }
        )
    )
    return folder


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("made") / "run").path


@pytest.fixture
def full_run(_made: Path, tmp_path: Path) -> RunFolder:
    shutil.copytree(_made, tmp_path / "gan-digits-1")
    return RunFolder(tmp_path / "gan-digits-1")


@pytest.fixture
def light_run(full_run: RunFolder) -> RunFolder:
    """The same with one series and no latent points: quick to draw."""
    records = [
        Record(record.step, record.seconds, {"d/loss": record.values["d/loss"]}) for record in full_run.read_records()
    ]
    full_run.records.unlink()
    with JsonLines(full_run.records) as file:
        for record in records:
            file.append(record.to_json())
    (full_run.figures / "latent.npz").unlink()
    return full_run
