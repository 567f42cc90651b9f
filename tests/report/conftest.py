"""A made-up run folder, as full or as young as a test wants it."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest

from saddlepoint.evaluation.scorecard.protocol import FeatureCard, ProtocolCard
from saddlepoint.evaluation.scorecard.score import ClassScores, Estimate, Score, Skipped
from saddlepoint.evaluation.scorecard.scorecard import Scorecard
from saddlepoint.figures.grids import reconstruction_grid, sample_grid
from saddlepoint.figures.style import write_png
from saddlepoint.records import Finding, JsonLines, Record, RunFolder

WHOLE = "Fréchet distance (<i>own</i> classifier)"


def scorecard(step: int = 3_000) -> Scorecard:
    """Every kind of score: placed, past a reference, without a reference, blind, not finite."""
    card = ProtocolCard(
        model="runs/<gan>",
        data="digits",
        data_fingerprint="ab12" * 16,
        split="held-out",
        split_fingerprint="cd34" * 16,
        n_real=180,
        n_fake=180,
        features=(FeatureCard("<i>own</i> classifier", "ef56" * 16, 64, ("test accuracy 0.991",)),),
        preprocessing="none: images of 1x8x8 in the data's own units",
        seeds=(0, 1, 2),
        seed=0,
        step=step,
        ema=True,
        settings={"resamples": 25},
        asked={"samples": None, "seeds": 3},
        versions={"saddlepoint": "0.1.0"},
        seconds=4.5,
        finished="2026-01-02T03:04:05+00:00",
    )
    real, bad = Estimate(1.0, 0.5, 1.5), Estimate(400.0)
    scores = (
        Score("frechet", WHOLE, 14.1, 10.3, 17.9, "lower", baseline=real, worst_case=bad, repeats=(13.6, 14.1, 14.6)),
        Score(
            "precision",
            "Precision",
            0.5,
            0.4,
            0.6,
            "higher",
            unit="share",
            baseline=Estimate(0.9),
            worst_case=Estimate(0.0),
        ),
        Score("worse", "Worse than bad", 9_000.0, 8_000.0, math.inf, "lower", baseline=real, worst_case=bad),
        Score("loose", "Without a reference", 3.0, None, None, "none", notes=("No interval: <b>too few</b>.",)),
        Score("blind", "Blind to noise", 3.0, 2.0, 4.0, "lower", baseline=bad, worst_case=real),
        Score(
            "endless", "Without an end", math.inf, 5.0, math.inf, "higher", baseline=Estimate(math.inf), worst_case=bad
        ),
        Score("broken", "Without a number", math.nan, None, None, "lower", baseline=real, worst_case=bad),
    )
    skipped = (
        Skipped("modes", "Modes covered", "the data's modes are not known."),
        Skipped("kl", "Reverse KL of modes", "the data's modes are not known."),
    )
    classes = (
        ClassScores("T-shirt", 0.25, 0.3, 0.2, 0.4, 0.9, 0.8, 12.0, 13.0),
        ClassScores("<b>bag</b>", 0.75, 0.7, 0.6, 0.8),
    )
    return Scorecard(card, scores, skipped, classes, ("15 of 64 features are <u>constant</u>.",), ("Told by the way.",))


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
        remedy = {"training.players.discriminator.learning_rate": 1e-4, "training.optimiser.betas": [0.5, 0.9]}
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
    for name in ("nearest", "farthest"):
        write_png(reconstruction_grid(noise, noise // 2), folder.figures / f"{name}.png")
    (folder.figures / "captions.json").write_text(json.dumps({"reconstructions.png": 'Held-out "examples" & theirs.'}))
    labels = random.integers(0, len(CLASSES), 200)
    codes = (random.normal(size=(200, 3)) + labels[:, None]).astype(np.float32)
    np.savez(folder.figures / "latent.npz", codes=codes, labels=labels, class_names=np.array(CLASSES))
    scorecard(ticks * 50).save(folder.scorecard)
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
