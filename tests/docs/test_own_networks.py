"""The code on the page about networks, losses and parts of the user's own runs as written."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import yaml

import saddlepoint as sp

PAGE = Path(__file__).parents[2] / "docs" / "own-networks.md"
TEXT = PAGE.read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
(LOSS,) = (block for block in BLOCKS if "class MyLoss" in block)
PARTS = [block for block in BLOCKS if re.search(r"class (GradientPenalty|Shift|Bounded|AddVector)\b|def steady", block)]
(RECIPE,) = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
SHORT = {"steps": 2, "device": "cpu"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The present folder, from which modules are imported; it holds myparts.py."""
    (tmp_path / "myparts.py").write_text("\n\n".join(PARTS), "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("SADDLEPOINT_CONFIG", str(tmp_path / "config"))
    monkeypatch.delitem(sys.modules, "myparts", raising=False)
    return tmp_path


@pytest.mark.slow
def test_the_code_of_the_page_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {"__name__": "page"}
    for block in BLOCKS:
        exec(compile(block, str(PAGE), "exec"), names)
    assert "torch.Size([3, 1, 8, 8]) torch.Size([3, 4])" in capsys.readouterr().out
    assert "edges" in str(names["card"])
    for name in ("own", "parts", "conditional"):
        run = names[name]
        assert isinstance(run, sp.Run)
        assert run.summary["step"] == 40
        assert ("penalties.myparts:steady/mean" in run.model.extra_state()) == (name == "conditional")
    assert names["threes"].shape == (5, 1, 8, 8)  # type: ignore[attr-defined]


@pytest.mark.slow
def test_the_parts_of_the_page_do_what_it_says(folder: Path) -> None:
    model = yaml.safe_load(RECIPE)["model"]
    run = sp.train("toy-ring", model=model, training=SHORT, pictures=False)
    assert {"d/myparts:GradientPenalty_slope", "d/real_output"} <= set(list(run.folder.read_records())[-1].values)
    assert all(weight.detach().norm() <= 0.5 + 1e-4 for weight in run.model.players["d"].parameters())
    assert run.recipe.model.views["myparts:Shift"].arguments == {"axis": -1}


@pytest.mark.slow
def test_a_loss_of_logits_is_named_by_its_path_and_checked_before_the_first_step(folder: Path) -> None:
    swapped = LOSS.replace("def real(", "def swap(").replace("def fake(", "def real(").replace("def swap(", "def fake(")
    found = {}
    for name, text in {"printed_loss": LOSS, "swapped_loss": swapped}.items():
        (folder / f"{name}.py").write_text(text, "utf-8")
        run = sp.train("gan-digits", model={"objective": f"{name}:MyLoss"}, training=SHORT, pictures=False)
        found[name] = {finding.code for finding in run.findings}
    assert "GAN106" not in found["printed_loss"]
    assert "GAN106" in found["swapped_loss"]
