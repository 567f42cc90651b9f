"""The scoreboard runs from training to tables; its mixture and its real examples match their descriptions."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
import torch

from benchmarks.sides.classical import PrincipalMixture, RealExamples
from saddlepoint import data
from saddlepoint.evaluation.scorecard.generators import draw_samples
from tests.benchmarks.program import RESULTS, run


@pytest.mark.slow
def test_quick_gives_every_number_writes_no_results_and_does_nothing_twice(tmp_path: Path) -> None:
    before = RESULTS.read_bytes()
    done = run("scoreboard", "--quick", "--data", "digits", "--keep", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"evaluated", done.stderr)) == 2 * 4
    rows = [line.split("|")[1:-1] for line in done.stdout.splitlines() if line.startswith("| Precision ")]
    assert len(rows) >= 2  # one a kind of features
    for row in rows[:2]:
        means = [float(cell.split("±")[0]) for cell in row[2:]]
        assert len(means) == 6
        assert all(0 <= mean <= 1 for mean in means)
        # Models of three steps are no better than real examples.
        assert means[3] > max(means[:2])
    assert "3 steps of the recipe's 4,000" in done.stdout
    assert "nan" not in done.stdout
    assert before == RESULTS.read_bytes(), "--quick must not write results"
    again = run("scoreboard", "--quick", "--data", "digits", "--keep", str(tmp_path))
    assert again.stderr == ""
    assert again.stdout == done.stdout


@pytest.mark.slow
def test_without_mnist_one_sentence_explains_it(tmp_path: Path) -> None:
    done = run("scoreboard", "--quick", SADDLEPOINT_DATA=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "$SADDLEPOINT_DATA/mnist" in done.stderr


def test_real_examples_are_disjoint_training_examples_without_repeats() -> None:
    digits = data.load("digits")
    rows = {tuple(x.flatten().tolist()) for x in digits.x}
    parts = [{tuple(x.flatten().tolist()) for x in RealExamples(digits, part, 3).x} for part in range(3)]
    assert set.union(*parts) == rows
    copies = len(digits) - len(rows)
    assert sum(len(a & b) for i, a in enumerate(parts) for b in parts[:i]) <= copies
    real = RealExamples(digits, 0, 3)
    whole = draw_samples(real, digits.event, len(real.x), 0, lambda _: None)
    assert sorted(map(tuple, whole.flatten(1).tolist())) == sorted(map(tuple, real.x.flatten(1).tolist()))
    generator = torch.Generator().manual_seed(1)
    halves = torch.cat([real.sample(100, generator=generator), real.sample(100, generator=generator)])
    assert torch.equal(halves, real.sample(200, generator=torch.Generator().manual_seed(1)))
    assert not torch.equal(halves, real.sample(200, generator=torch.Generator().manual_seed(2)))


def test_the_mixture_has_the_mean_and_covariance_of_the_components_it_keeps() -> None:
    x = torch.randn(4_000, 6, generator=torch.Generator().manual_seed(0)) * torch.tensor([8.0, 6.0, 4.0, 0.1, 0.1, 0.1])
    dataset = data.from_array(x.numpy() + 3)
    mixture = PrincipalMixture(dataset, 3, 1, 0)
    assert mixture.kept == pytest.approx(1, abs=0.01)
    n = 20_000
    samples = mixture.sample(n, generator=torch.Generator().manual_seed(0))
    assert samples.shape == (n, 6)
    # Five standard errors of a mean and of a variance, of samples and of what was fitted.
    error = math.sqrt(1 / n)
    expected = dataset.x.mean(0)
    assert bool(((samples.mean(0) - expected).abs() <= 5 * error * dataset.x.std(0) + 1e-2).all())
    ratio = samples[:, :3].var(0) / dataset.x[:, :3].var(0)
    assert bool(((ratio - 1).abs() <= 5 * math.sqrt(2) * error + 1e-3).all())
