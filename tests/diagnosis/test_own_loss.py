"""The examples of own losses in docs/diagnosis.md run as they are printed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import saddlepoint as sp

PAGE = (Path(__file__).parents[2] / "docs" / "diagnosis.md").read_text("utf-8")
TRIED, TRAINED = re.findall(r"```python\n(.*?)```", PAGE.split("## A loss of your own")[1].split("\n## ")[0], re.DOTALL)
MISTAKE = 'nets["g"](noise.latent)'


def test_a_missing_detach_is_found_and_a_correct_loss_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    exec(TRIED, {})
    assert capsys.readouterr().out.startswith("GAN101 (failure, step 0)")
    assert MISTAKE in TRIED
    exec(TRIED.replace(MISTAKE, f"{MISTAKE}.detach()"), {})
    assert capsys.readouterr().out == ""


@pytest.mark.slow
def test_the_corrected_loss_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    corrected = TRIED.replace(MISTAKE, f"{MISTAKE}.detach()")
    exec(corrected.replace('{"training.steps": 100}', '{"training.steps": 2, "training.device": "cpu"}'), names)
    exec(TRAINED, names)
    assert "GAN101" not in [finding.code for finding in sp.Run("runs/own-loss").findings]
    run = sp.Run("runs/own-loss")
    assert [record.step for record in run.records] == [0, 1, 2]
    assert sp.load("runs/own-loss").sample(2).shape == (2, 1, 8, 8)
    # The loss's own observations are recorded, and no more: the ready-made one would observe d/fake_score too.
    (*_, last) = run.records
    assert "d/real_score" in last.values
    assert "d/fake_score" not in last.values
