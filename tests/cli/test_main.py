"""The front door: every mistake is one sentence and exit code 2, help costs nothing, a broken pipe is no error."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from saddlepoint.cli import main as front
from saddlepoint.cli.commands import COMMANDS
from saddlepoint.cli.main import main

SADDLEPOINT = [sys.executable, "-m", "saddlepoint.cli.main"]


@pytest.mark.parametrize("argv", [[], ["--help"], ["-h"], ["help"]])
def test_help_lists_every_command(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv) == 0
    printed = capsys.readouterr()
    assert all(f"  {name} " in printed.out and line in printed.out for name, (_, line) in COMMANDS.items())
    assert printed.err == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"usage: saddlepoint {command}")
    assert "--json" in out


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("saddlepoint ")


MISTAKES = [
    (["trian"], 'Did you mean "train"?'),
    (["resume", "runs/a b", "--cure", "auto"], "saddlepoint train 'runs/a b' --cure ..."),
    (["resume", "runs/a", "--model.beta=2"], "saddlepoint train runs/a --model.beta ..."),
    (["--hlep"], "there is no command"),
    (["train"], "name a recipe"),
    (["train", "dcgan-digts"], 'Did you mean "dcgan-digits"?'),
    (["train", "toy-ring", "--training.stepz", "3"], 'Did you mean "training.steps"?'),
    (["train", "toy-ring", "--steps", "3"], 'Did you mean "--training.steps"?'),
    (["train", "toy-ring", "--training.steps", "x"], "training.steps cannot be 'x'"),
    (["train", "toy-ring", "--training.steps"], "needs a value"),
    (["train", "toy-ring", "more"], "one argument too many"),
    (["train", "toy-ring", "--fail-on", "worst"], "--fail-on"),
    (["train", "--model", "gan"], "such as --model.latent 16"),
    (["train", "toy-ring", "--model", "auto"], "leave one of them out"),
    (["train", "--model", "auto", "--data.source", "digits"], "auto-table chooses among models of tables"),
    (["train", "nowhere/recipe.yaml"], "no recipe file"),
    (["train", "toy-ring", "--data.source", "nowhere/at/all"], "no such file or folder"),
    (["train", "toy-ring", "--training.batch_size", "100000", "--run", "new"], "batch"),
    (["train", "toy-ring", "--training.device", "abacus", "--run", "new"], "abacus"),
    (["resume"], "RUN"),
    (["resume", "nowhere"], "not a run"),
    (["resume", "nowhere", "--steps", "many"], "--steps"),
    (["sample", "nowhere"], "not a run"),
    (["sample", "nowhere", "-n", "0"], "-n must be at least 1"),
    (["sample", "nowhere", "--step", "last"], "newest, best or the number"),
    (["sample", "nowhere", "--step", "²"], "newest, best or the number"),
    (["report", "nowhere"], "not a run"),
    (["recipes", "show"], "NAME"),
    (["recipes", "show", "toy-rig"], 'Did you mean "toy-ring"?'),
    (["recipes", "list", "toy-ring"], "recipes show"),
    (["recipes", "toy-rig"], 'Did you mean "toy-ring"?'),
    (["recipes", "shwo", "toy-ring"], "neither list nor show"),
    (["data"], "name a source"),
    (["data", "digts"], 'Did you mean "digits"?'),
    (["data", "digits", "--modez", "3"], 'Did you mean "--data.modes"?'),
    (["data", "digits", "--batch-size", "0"], "--batch-size"),
    (["data", "digits", "--out", "x.jpg"], ".png"),
    (["data", "nowhere/at/all"], "no such file or folder"),
]


@pytest.mark.parametrize(("argv", "said"), MISTAKES, ids=[" ".join(argv) for argv, _ in MISTAKES])
def test_a_mistake_is_one_sentence_and_leaves_nothing(
    argv: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(argv) == 2
    error = capsys.readouterr().err
    assert error.startswith("saddlepoint: ") or "\nsaddlepoint: " in error
    assert said in error
    assert "Traceback" not in error
    assert not any(path.is_file() for path in tmp_path.rglob("*"))
    assert not (tmp_path / "new").exists()


def raising(error: BaseException) -> object:
    class Command:
        @staticmethod
        def run(argv: list[str]) -> int:
            raise error

    return Command


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (PermissionError(13, "Permission denied", "there/file"), 2, "there/file: Permission denied"),
        (OSError(28, "No space left on device"), 2, "No space left on device"),
        (OSError(40, "Too many levels of symbolic links", "a\x1b[31m"), 2, r"a\x1b[31m: Too many levels"),
        (MemoryError(), 2, "memory of this machine does not suffice"),
        (
            RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4 bytes"),
            2,
            "memory of this",
        ),
        (RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"), 2, "memory of this machine"),
    ],
)
def test_user_errors_have_no_traceback(
    error: BaseException, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(front, "import_module", lambda name: raising(error))
    assert main(["report"]) == code
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "error",
    [ZeroDivisionError(), RuntimeError("shapes differ"), FileNotFoundError(2, "No such file", "x"), AssertionError()],
)
def test_our_own_mistakes_keep_their_traceback(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "import_module", lambda name: raising(error))
    with pytest.raises(type(error)):
        main(["report"])


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_there(command: str) -> None:
    assert callable(import_module(COMMANDS[command][0]).run)


@pytest.mark.slow
def test_a_reader_that_leaves_is_no_error() -> None:
    """`saddlepoint train toy-ring --help | head -1`"""
    with subprocess.Popen(
        [*SADDLEPOINT, "train", "toy-ring", "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.slow
def test_the_exit_code_is_the_process_s() -> None:
    done = subprocess.run([*SADDLEPOINT, "recipes", "show", "toy-rig"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1


def test_a_name_that_no_file_can_have_is_shortened(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "x" * 5_000]) == 2
    err = capsys.readouterr().err
    assert err.startswith("saddlepoint: ")
    assert len(err) < 1_000


def test_too_little_memory_to_map_a_file_is_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def map_file(arguments: list[str]) -> int:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    monkeypatch.setattr(front, "_dispatch", map_file)
    assert main(["data", "x"]) == 2
    assert capsys.readouterr().err == f"saddlepoint: {front.OUT_OF_MEMORY}\n"


@pytest.mark.parametrize(
    ("options", "hints"),
    [
        (["--model.r1=1"], ["--model.r1 is now called --model.penalties.r1.weight."]),
        (["--model.packing", "2"], ["--model.packing is now called --model.discriminator.packing."]),
        (["--model.r1=0"], ["--model.r1 is no longer needed."]),
        (
            ["--model.r1=1", "--model.r2=1", "--model.penalty-half-life=9"],
            [
                "--model.r1 is now called --model.penalties.r1.weight.",
                "--model.r2 is now called --model.penalties.r2.weight.",
                "--model.penalty_half_life is now called --model.penalties.r1.half_life and --model.penalties.r2.half_life.",
            ],
        ),
        (["--model.penalties.r1=1"], []),
    ],
)
def test_an_option_with_an_earlier_name_is_told_its_new_one(
    options: list[str], hints: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "toy-gaussian-1", *options, "--help"]) == 0
    said = capsys.readouterr()
    assert said.err.splitlines() == [f"saddlepoint: {hint}" for hint in hints]
    assert "is now called" not in said.out
