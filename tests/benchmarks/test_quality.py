"""The benchmark of quality runs from its first training to its last table, and its counts are correct."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import torch

from tests.benchmarks.program import RESULTS, run

DATA = os.environ.get("SADDLEPOINT_DATA", "")


@pytest.mark.slow
@pytest.mark.skipif(not (DATA and (Path(DATA) / "mnist").is_dir()), reason="needs MNIST in $SADDLEPOINT_DATA")
def test_everything_runs_and_gives_numbers() -> None:
    before = RESULTS.read_bytes() if RESULTS.exists() else None
    done = run("quality", "--quick")
    assert done.returncode == 0, done.stderr
    cells = dict(re.findall(r"^\| (S1|S2|PCA|mean image|evidence|importance)[^|]* \| (-?\d+\.\d+)", done.stdout, re.M))
    assert set(cells) == {"S1", "S2", "PCA", "mean image", "evidence", "importance"}
    # Three components span what the mean alone leaves out, and more samples tighten the bound.
    assert 0 < float(cells["PCA"]) < float(cells["mean image"])
    assert float(cells["evidence"]) <= float(cells["importance"]) + 1
    assert re.search(r"shortened from the recipe's 5,000", done.stdout)
    assert len(re.findall(r"^### dcgan", done.stdout, re.M)) == 3
    assert len(re.findall(r"^\| 0 +\| -?\d\.\d{4} +\| -?\d\.\d{4} +\| [+-]\d\.\d{4} ", done.stdout, re.M)) == 3
    assert "nan" not in done.stdout
    assert (RESULTS.read_bytes() if RESULTS.exists() else None) == before, "--quick must not write results"


@pytest.mark.slow
def test_without_mnist_one_sentence_explains_it(tmp_path: Path) -> None:
    done = run("quality", "--quick", SADDLEPOINT_DATA=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "$SADDLEPOINT_DATA/mnist" in done.stderr


def test_pca_with_three_components_keeps_little_of_images(monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks.quality import linear_errors

    generator = torch.Generator().manual_seed(0)
    directions = torch.randint(0, 20, (3, 1, 4, 4), generator=generator)
    images = torch.einsum("nk,kchw->nchw", torch.randint(0, 4, (500, 3), generator=generator), directions).byte()
    pca, mean = linear_errors(images, images)
    assert pca == pytest.approx(0, abs=1e-12)
    assert mean == pytest.approx(float((images / 255).flatten(1).var(0, correction=0).sum()), rel=1e-5)


def test_differences_are_of_pairs_and_the_verdict_follows_the_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks.quality import PAIRINGS, Outcome, Paired, verdict

    def paired(differences: list[float]) -> Paired:
        base = [0.1, 0.2, 0.3, 0.4]
        sides = [Outcome(e, 1.0) for e in base], [Outcome(e + d, 1.0) for e, d in zip(base, differences, strict=True)]
        return Paired(PAIRINGS["bf16-digits"], 10, 10, "fp32", None, (10, 10), *sides)

    near = paired([0.001, -0.001, 0.002, -0.002])
    assert near.differences == pytest.approx([0.001, -0.001, 0.002, -0.002])
    assert "holds 0" in verdict(near)
    assert "It excludes" in verdict(near)
    assert "lies above 0" in verdict(paired([0.5, 0.51, 0.52, 0.5]))
    assert "does not exclude" in verdict(paired([0.5, -0.5, 0.4, -0.4]))
