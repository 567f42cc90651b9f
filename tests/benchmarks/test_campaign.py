"""The campaign of hostile input: its laws refuse violations and nothing else, and a sample of its attempts passes."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks import program


class Case:
    """One attempt of one command that did nothing wrong; each test changes one thing."""

    def __init__(self, root: Path) -> None:
        from attacks.attempt import Attempt, Box, Command, Outcome, nothing
        from attacks.laws import snapshot

        for name in ("work", "outside", "tmp", "shared"):
            (root / name).mkdir()
        self.box = Box(root / "work", root / "outside", root / "shared", root / "canary")
        (self.box.work / "mine").write_text("mine")
        (self.box.outside / "theirs").write_text("theirs")
        self.attempt = Attempt("attempt", nothing, (Command(("data", "mine")),))
        self.outcome = Outcome(0, "printed\n", "", 1.0, 1.0, 1_000, timed_out=False, was_killed=False)
        self.snapshot = snapshot
        self.before, self.outside = snapshot(self.box.work), snapshot(self.box.outside)

    def command(self, **changes: Any) -> None:
        self.attempt = replace(self.attempt, commands=(replace(self.attempt.commands[0], **changes),))

    def refused(self, sentence: str = "saddlepoint: this cannot be read.\n") -> None:
        self.outcome = replace(self.outcome, code=2, stdout="", stderr=sentence)

    def broken(self) -> str | None:
        from attacks.laws import broken

        work = [self.before, self.snapshot(self.box.work)]
        found: str | None = broken(self.attempt, self.box, [self.outcome], work, self.outside)
        return found


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def test_a_command_that_does_its_work_breaks_no_law(case: Case) -> None:
    (case.box.work / "result.png").write_bytes(b"a picture")
    assert case.broken() is None


@pytest.mark.parametrize("code", [0, 3])
def test_exit_codes_of_done_and_of_a_failing_run_pass(case: Case, code: int) -> None:
    case.outcome = replace(case.outcome, code=code)
    assert case.broken() is None


@pytest.mark.parametrize("code", [1, 4, 130, -9, -11])
def test_other_exit_codes_are_failures(case: Case, code: int) -> None:
    case.outcome = replace(case.outcome, code=code)
    assert case.broken() == f"command 1: exit code {code}"


def test_130_passes_after_an_interrupt(case: Case) -> None:
    case.command(signals=((0.1, 2),))
    case.outcome = replace(case.outcome, code=130)
    assert case.broken() is None


def test_a_refusal_in_one_sentence_passes(case: Case) -> None:
    case.refused()
    assert case.broken() is None


@pytest.mark.parametrize(
    ("stderr", "wrong"),
    [
        ("", "with 0 sentences"),
        ("this cannot be read.\n", "with 0 sentences"),
        ("saddlepoint: one.\nsaddlepoint: two.\n", "with 2 sentences"),
        (f"saddlepoint: {'x' * 5_000}\n", "characters"),
    ],
)
def test_a_refusal_gives_one_short_reason(case: Case, stderr: str, wrong: str) -> None:
    case.refused(stderr)
    assert wrong in str(case.broken())


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("code", [0, 2])
def test_a_traceback_is_a_failure(case: Case, stream: str, code: int) -> None:
    text = "Traceback (most recent call last):\n  File ...\nKeyError: 'shape'\n"
    case.outcome = replace(case.outcome, code=code, **{stream: text})
    assert "KeyError: 'shape'" in str(case.broken())


def test_a_failure_names_files_relative_to_the_working_folder(case: Case) -> None:
    for folder in (case.box.work, Path("logs", case.box.work.parent.name, case.box.work.name)):
        text = f"Traceback (most recent call last):\n  File ...\nRuntimeError: Symlink loop from '{folder}/log.csv'\n"
        case.outcome = replace(case.outcome, code=2, stderr=text)
        assert str(case.broken()).endswith("RuntimeError: Symlink loop from 'log.csv'")


@pytest.mark.parametrize(
    "changes", [{"timed_out": True}, {"cpu_seconds": 61.0}, {"memory": 2_000_000_001}], ids=["clock", "CPU", "memory"]
)
def test_time_and_memory_have_limits(case: Case, changes: dict[str, Any]) -> None:
    case.outcome = replace(case.outcome, **changes)
    assert "took" in str(case.broken())


def test_an_attempt_may_have_limits_of_its_own(case: Case) -> None:
    case.outcome = replace(case.outcome, cpu_seconds=61.0)
    case.attempt = replace(case.attempt, seconds=100.0)
    assert case.broken() is None


@pytest.mark.parametrize("printed", ["\x1b[31mred", "\x07", "\x00", "\x9b31m"])
def test_control_characters_are_not_printed(case: Case, printed: str) -> None:
    case.outcome = replace(case.outcome, stdout=printed)
    assert "control character" in str(case.broken())


def test_letters_tabs_and_line_ends_are_printed(case: Case) -> None:
    case.outcome = replace(case.outcome, stdout="ä\tö\r\n")
    assert case.broken() is None


@pytest.mark.parametrize("what", ["added", "changed", "removed"])
def test_a_refused_command_leaves_everything_as_it_was(case: Case, what: str) -> None:
    case.refused()
    if what == "added":
        (case.box.work / "new").mkdir()
    elif what == "changed":
        (case.box.work / "mine").write_text("yours")
    else:
        (case.box.work / "mine").unlink()
    assert what in str(case.broken())
    case.attempt = replace(case.attempt, writes_when_refused=True)
    assert case.broken() is None


@pytest.mark.parametrize("name", ["file.part", ".part-7", ".removed-step-1", ".name.a1b2c3d4"])
def test_leftovers_are_failures_unless_they_were_there(case: Case, name: str) -> None:
    (case.box.work / name).write_text("half")
    assert "left behind" in str(case.broken())
    case.before = case.snapshot(case.box.work)
    assert case.broken() is None


def test_a_killed_command_may_leave_something(case: Case) -> None:
    case.command(may_die=True)
    case.outcome = replace(case.outcome, code=-9, was_killed=True)
    (case.box.work / "file.part").write_text("half")
    assert case.broken() is None


def test_temporary_files_are_leftovers(case: Case) -> None:
    (case.box.work.parent / "tmp" / "file").write_text("")
    assert "temporary" in str(case.broken())


@pytest.mark.parametrize("what", ["added", "changed", "removed"])
def test_nothing_outside_is_touched(case: Case, what: str) -> None:
    theirs = case.box.outside / "theirs"
    if what == "added":
        (case.box.outside / "new").write_text("")
    elif what == "changed":
        theirs.write_text("mine")
    else:
        theirs.unlink()
    assert str(case.broken()).startswith("outside of the working folder")


def test_injected_code_must_not_run(case: Case) -> None:
    case.box.canary.write_text("")
    assert case.broken() == "injected code was executed"


def test_a_law_of_the_attempt_itself_is_checked_last(case: Case) -> None:
    case.attempt = replace(case.attempt, check=lambda box, outcomes: "not as it should be")
    assert case.broken() == "not as it should be"
    case.outcome = replace(case.outcome, code=1)
    assert case.broken() == "command 1: exit code 1"


def test_a_link_is_recorded_and_not_followed(case: Case) -> None:
    (case.box.work / "link").symlink_to("/")
    assert case.snapshot(case.box.work)["link"] == "link to /"


def test_a_sparse_file_of_terabytes_is_detected_and_not_read(case: Case) -> None:
    path = case.box.work / "sparse"
    with path.open("wb") as file:
        file.truncate(10**12)
    case.before = case.snapshot(case.box.work)
    case.refused()
    assert case.broken() is None
    with path.open("r+b") as file:
        file.write(b"changed")
    assert "changed sparse" in str(case.broken())


def test_unknown_kinds_are_named() -> None:
    done = program.run("campaign", "--only", "nothing")
    assert done.returncode == 2
    assert "no kind named nothing" in done.stderr


# Of those run folders each costs about a second.
SAMPLE = {"logs,idx,arrays,sounds,texts,sequences,images,recipes": 10, "run_folders": 4}
# html opens a browser (tests/report/test_hostile.py does too); kills trains for a minute (tests/experiment/test_killing.py).
LEFT_OUT = {"html", "kills"}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="commands run in forks with limits of Linux")
@pytest.mark.parametrize("kinds", SAMPLE)
def test_a_sample_of_the_campaign_has_no_failure(kinds: str) -> None:
    before = program.RESULTS.read_bytes()
    done = program.run("campaign", "--only", kinds, "--most", str(SAMPLE[kinds]), "--jobs", "1")
    assert done.returncode == 0, done.stderr[-3_000:]
    assert re.search(rf"^\| all +\| {SAMPLE[kinds] * len(kinds.split(','))} +\| .*\b0 ", done.stdout, re.MULTILINE)
    assert program.RESULTS.read_bytes() == before, "a sample writes nothing"


def test_the_sample_covers_every_other_kind() -> None:
    from attacks import KINDS

    assert set(",".join(SAMPLE).split(",")) == KINDS.keys() - LEFT_OUT
