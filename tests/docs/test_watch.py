"""The scripts on the page about loops of your own run as written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import saddlepoint as sp

PAGE = Path(__file__).parents[2] / "docs" / "watch.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_the_scripts_of_the_page_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "page"}
    for block in BLOCKS:
        exec(compile(block, str(PAGE), "exec"), names)
    assert "watched: 200 steps" in capsys.readouterr().out
    for name in ("mine", "my-vae"):
        run = sp.Run(f"runs/{name}")
        assert run.summary["step"] == 200
        assert not [finding for finding in run.findings if finding.code.startswith(("LOOP", "DATA401", "VAE202"))]
    assert "Energy distance" in str(names["card"])
