"""Commands in messages can be pasted: the whole path, quoted where the shell needs it."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from saddlepoint.errors import RunError
from saddlepoint.evaluation.scorecard.scorecard import Scorecard
from saddlepoint.records import RunFolder, retrain_command, shell_command
from saddlepoint.records.store import require_length
from saddlepoint.training.checkpoint import newest_valid


@pytest.mark.parametrize("path", ["runs/a", "my runs/it's $1", "-run"])
def test_a_shell_reads_the_path_back(path: str) -> None:
    words = shlex.split(shell_command("evaluate", path, "--again"))
    assert words[:2] == ["saddlepoint", "evaluate"]
    assert Path(words[2]) == Path(path)
    assert not words[2].startswith("-")
    assert words[3:] == ["--again"]
    verb, run, place, overwrite = shlex.split(retrain_command(path))[1:]
    assert (verb, Path(run), place, overwrite) == ("train", Path(path), f"--run={path}", "--overwrite")


@pytest.mark.parametrize("content", ["{", '{"format": 99}', '{"format": 1}', "[]"])
def test_a_damaged_scorecard_names_the_command_that_writes_another(content: str, tmp_path: Path) -> None:
    run = tmp_path / "path with space"
    run.mkdir()
    (run / "scorecard.json").write_text(content, "utf-8")
    with pytest.raises(RunError) as caught:
        Scorecard.load(run / "scorecard.json")
    assert str(caught.value).endswith(f" To write another one: saddlepoint evaluate '{run}' --again")
    elsewhere = (run / "scorecard.json").rename(tmp_path / "kept.json")
    with pytest.raises(RunError, match=r"\.$"):
        Scorecard.load(elsewhere)


def test_a_run_without_a_whole_checkpoint_names_the_command_that_trains_it_again(tmp_path: Path) -> None:
    run = tmp_path / "path with space"
    run.mkdir()
    again = f"saddlepoint train '{run}' --run='{run}' --overwrite"
    with pytest.raises(RunError) as caught:
        newest_valid(RunFolder(run))
    assert str(caught.value).endswith(again)
    with pytest.raises(RunError) as caught:
        require_length(run / "records.jsonl", 10)
    assert str(caught.value).endswith(again)
