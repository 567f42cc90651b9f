"""A recording that another library begins and ends: what its loops log, and one training after the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import saddlepoint as sp
from saddlepoint.integrations.late_watch import LateWatch, is_number
from tests.experiment.watching.loops import Findings

QUIET: dict[str, Any] = {"pictures": False, "settings": {"training.tick": 1}}


def test_a_training_after_the_first_one_is_a_run_of_its_own(tmp_path: Path) -> None:
    late = LateWatch(tmp_path / "run", None, {**QUIET, "objective": "autoencoder", "listener": Findings()})
    for steps in (2, 3, 4):
        assert late.begin(steps=10)
        assert not late.begin(steps=10)
        for _ in range(steps):
            late.advance(1, {"train_loss": 0.5})
        late.end()
    assert [sp.Run(tmp_path / name).records[-1].step for name in ("run", "run-2", "run-3")] == [2, 3, 4]


@pytest.mark.parametrize(
    ("value", "counts"),
    [
        (1, True),
        (np.float32(2), True),
        (np.ones(3), True),
        (torch.ones(2, requires_grad=True), True),
        ("text", False),
        (None, False),
        ({"a": 1}, False),
        ([1, 2], False),
        (np.array(["a"]), False),
        (np.ones(0), False),
        (torch.ones(0), False),
        (torch.ones(2, dtype=torch.complex64), False),
    ],
)
def test_values_of_loggers_that_are_no_numbers_are_left_out(value: Any, counts: bool) -> None:
    assert is_number(value) == counts


def test_a_loop_that_logs_pictures_and_texts_is_recorded(tmp_path: Path) -> None:
    late = LateWatch(tmp_path / "run", None, {**QUIET, "objective": "vae", "listener": Findings()})
    late.begin()
    late.advance(
        1, {"loss": torch.ones((), requires_grad=True), "image": object(), "note": "text", "val_loss": np.float64(2)}
    )
    late.end()
    assert {"vae/loss": 1.0, "vae/held_out_loss": 2.0}.items() <= sp.Run(tmp_path / "run").records[-1].values.items()
