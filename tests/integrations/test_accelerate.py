"""Accelerate's tracker: an ordinary run of what `accelerator.log` was given."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import saddlepoint as sp
from saddlepoint.errors import SettingError
from tests.experiment.watching.loops import BATCH, GAN, RECORDS, Findings

accelerate = pytest.importorskip("accelerate", reason="needs Accelerate")
from saddlepoint.integrations.accelerate import WatchTracker  # noqa: E402 - needs Accelerate

pytestmark = pytest.mark.slow


def train(gan: GAN, folder: Path, steps: int = 40, every: int = 1, **arguments: Any) -> WatchTracker:
    """A loop with Accelerate that logs every n-th step."""
    quiet = {"settings": RECORDS, "pictures": False, "listener": Findings()}
    given = {"players": gan.players, "objective": "bce", "data": gan.data, "sample": gan.sample, "steps": steps}
    tracker = WatchTracker(folder / "run", **{**given, **quiet, **arguments})
    accelerator = accelerate.Accelerator(cpu=True, log_with=tracker)
    accelerator.init_trackers("mine", config={"steps": steps})
    of_d, of_g = accelerator.prepare(gan.of_d, gan.of_g)
    torch.manual_seed(2)
    for step in range(1, steps + 1):
        x, fake = gan.data[torch.randint(len(gan.data), (BATCH,))], gan.sample(BATCH)
        of_d.zero_grad()
        d_loss = gan.loss(gan.D(x), 1) + gan.loss(gan.D(fake.detach()), 0)
        accelerator.backward(d_loss)
        of_d.step()
        of_g.zero_grad()
        g_loss = gan.loss(gan.D(fake), 1)
        accelerator.backward(g_loss)
        of_g.step()
        if step % every == 0:
            accelerator.log({"errD": d_loss.item(), "errG": g_loss.item(), "phase": "text"}, step=step)
    accelerator.end_training()
    return tracker


@pytest.mark.parametrize("every", [1, 8])
def test_what_is_logged_is_a_run(tmp_path: Path, every: int) -> None:
    tracker = train(GAN(), tmp_path, every=every)
    run = sp.Run(tmp_path / "run")
    assert (run.summary["state"], run.records[-1].step) == ("finished", 40)
    assert {"d/loss", "g/loss", "d/grad_norm", "g/update_ratio", "d/real_score"} <= set(run.records[-1].values)
    assert all(record.step % every == 0 for record in run.records)
    assert tracker.tracker is not None
    assert tracker.tracker.verdict == f"{run.headline}. {run.verdict}"


def test_a_loop_without_end_training_leaves_a_complete_folder(tmp_path: Path) -> None:
    code = f"""
import accelerate
from saddlepoint.integrations.accelerate import WatchTracker
accelerator = accelerate.Accelerator(cpu=True, log_with=WatchTracker({str(tmp_path / "run")!r}, objective="bce", pictures=False))
accelerator.init_trackers("mine")
accelerator.log({{"loss_D": 1.0, "loss_G": 1.0}})
raise ValueError("my own error")
"""
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert "my own error" in process.stderr
    assert sp.Run(tmp_path / "run").summary["state"] == "interrupted"


def test_a_process_that_is_not_the_first_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Accelerate begins its processes after the tracker was made."""
    tracker = WatchTracker(tmp_path / "run", objective="bce", pictures=False)
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: 1)
    tracker.start()
    tracker.log({"errD": 1.0, "errG": 1.0})
    tracker.finish()
    assert not (tmp_path / "run").exists()


def test_a_wrong_argument_is_refused_at_once() -> None:
    with pytest.raises(SettingError, match="unknown objective 'wassersten'"):
        WatchTracker(objective="wassersten")
