"""Modes of Stacked MNIST: trials come in rounds, modes and KL have closed forms, and a quick run writes nothing."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.benchmarks.program import BENCHMARKS, RESULTS, run


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def read_first_pixel(x: Tensor) -> Tensor:
    return torch.nn.functional.one_hot(x[:, 0, 0, 0].long(), 10).float()


def images(modes: Tensor) -> Tensor:
    """(N,) numbers from 0 to 999 -> images (N, 3, 2, 2) whose pixels are the digits."""
    digits = torch.stack([modes // 100, modes // 10 % 10, modes % 10], 1)
    return digits[:, :, None, None].expand(-1, -1, 2, 2).float()


def test_trials_come_in_rounds_and_each_has_a_place_of_its_own(tmp_path: Path) -> None:
    import stacked_mnist

    wanted = stacked_mnist.trials(3, False, None)
    names = [*stacked_mnist.ROWS, f"recipe {stacked_mnist.RECIPE}"]
    assert [(one.seed, one.row) for one in wanted] == [(seed, name) for seed in range(3) for name in names]
    assert len({one.place(tmp_path) for one in wanted}) == len(wanted)
    assert {one.recipe.model.generator.width for one in wanted if one.row in stacked_mnist.ROWS} == {16}
    quick = stacked_mnist.trials(3, True, None)
    assert not {one.place(tmp_path) for one in wanted} & {one.place(tmp_path) for one in quick}


@pytest.mark.parametrize("kept", [1, 10, 500, 1_000])
def test_modes_and_divergence_have_their_closed_forms(kept: int) -> None:
    import stacked_mnist

    modes, kl = stacked_mnist.count_modes(images(torch.arange(kept).repeat(2_000 // kept)), read_first_pixel)
    assert modes == kept
    assert kl == pytest.approx(math.log(1_000 / kept), abs=1e-9)


def test_samples_that_are_not_finite_have_no_mode() -> None:
    import stacked_mnist

    broken = images(torch.arange(10))
    broken[3] = math.nan
    assert stacked_mnist.count_modes(broken, read_first_pixel) == (0, math.log(1_000))


def test_the_goal_needs_every_trial_of_the_recipe() -> None:
    import stacked_mnist

    good, bad = (stacked_mnist.Outcome(modes, 0.05, 100, 60.0) for modes in (1_000, 999))
    row = f"recipe {stacked_mnist.RECIPE}"
    texts = [stacked_mnist.body({row: outcomes}, (1_000, 0.023), 0.99) for outcomes in ([good] * 3, [good, good, bad])]
    assert [": met" in text for text in texts] == [True, False]
    assert "fewest modes 999, largest KL 0.050; goal 1,000 modes" in texts[1]


@pytest.mark.slow
def test_quick_keeps_what_it_has_done_and_writes_nothing(tmp_path: Path, real_data: Path) -> None:
    if not (real_data / "mnist").is_dir():
        pytest.skip("$SADDLEPOINT_DATA/mnist is not there")
    before = RESULTS.read_bytes()
    command = ("stacked_mnist", "--quick", "--keep", str(tmp_path / "keep"))
    done = run(*command, SADDLEPOINT_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 0, done.stderr
    assert "6/6 " in done.stderr
    kept = [json.loads(path.read_text()) for path in (tmp_path / "keep").glob("*.json")]
    assert [one["steps"] for one in kept] == [2] * 6
    again = run(*command, SADDLEPOINT_CACHE=str(tmp_path / "cache"))
    assert (again.stdout, again.stderr) == (done.stdout, "")
    assert RESULTS.read_bytes() == before
