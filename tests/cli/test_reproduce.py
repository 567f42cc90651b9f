"""`saddlepoint reproduce`: its lists, refusals, output and files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from saddlepoint.cli.main import main
from saddlepoint.studies.claims import CLAIMS


def test_without_a_claim_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce"]) == 0
    printed_text = capsys.readouterr().out
    assert all(name in printed_text for name in CLAIMS)
    assert main(["reproduce", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["claims"]
    assert [one["id"] for one in listed] == list(CLAIMS)
    assert all(one["rule"].startswith("Holds if") for one in listed)


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["C88"], "there is no claim"),
        (["C8", "--seeds", "1"], "2 or more"),
        (["C8", "--out", __file__], "name a folder"),
        (["C8", "--quik"], "--quick"),
    ],
)
def test_mistakes_are_reported_before_training(argv: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", *argv]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.slow
def test_a_quick_reproduction(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "found")
    assert main(["reproduce", "c12", "--quick", "--seeds", "2", "--out", out, "--json"]) == 0
    printed = capsys.readouterr()
    answer = json.loads(printed.out)
    (result,) = answer["claims"]
    assert (result["id"], result["seeds"], result["quick"]) == ("C12", 2, True)
    assert Path(answer["page"]).read_text().count("<section") == 2
    assert json.loads((tmp_path / "found" / "C12" / "result.json").read_text()) == result
    assert main(["reproduce", "C12", "--quick", "--seeds", "2", "--out", out]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert main(["reproduce", "C12", "--quick", "--seeds", "2", "--out", out, "--overwrite"]) == 0
    printed_text = capsys.readouterr().out
    assert result["claim"] in printed_text
    assert all(quantity["name"] in printed_text for quantity in result["quantities"])
