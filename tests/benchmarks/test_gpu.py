"""The program for a GPU: its forms of a step train alike, its tables hold every row, and without a GPU it says so."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
import torch

CPU = torch.device("cpu")
TIMES = [0.01, 0.02, 0.03]


@pytest.fixture
def gpu() -> ModuleType:
    import gpu

    return gpu  # type: ignore[no-any-return]


@pytest.fixture
def forms() -> ModuleType:
    from sides import dcgan64

    return dcgan64  # type: ignore[no-any-return]


def pictures(seed: int, device: torch.device = CPU) -> torch.Tensor:
    return (torch.rand(4, 3, 64, 64, generator=torch.Generator().manual_seed(seed)) * 2 - 1).to(device)


def losses(game: Any, steps: int = 2) -> list[dict[str, float]]:
    """The losses of each of the steps, all on other pictures."""
    device = next(game.g.parameters()).device
    return [{player: loss.item() for player, loss in game.step(pictures(i, device)).items()} for i in range(steps)]


def make(forms: Any, kind: str, device: torch.device = CPU, generator: torch.Generator | None = None) -> Any:
    torch.manual_seed(0)
    arguments = (forms.task(2, 4), "fp32", device)
    return getattr(forms, kind)(*arguments) if generator is None else getattr(forms, kind)(*arguments, generator)


def test_both_losses_as_functions_train_what_the_step_as_it_is_trains(forms: Any) -> None:
    expected = losses(make(forms, "DCGAN64", CPU, torch.Generator().manual_seed(1)))
    found = losses(make(forms, "TwoLosses", CPU, torch.Generator().manual_seed(1)))
    for one, other in zip(expected, found, strict=True):
        assert one == pytest.approx(other, rel=1e-4)


def test_our_loop_trains_the_networks_of_the_step_by_hand(forms: Any, tmp_path: Any) -> None:
    from saddlepoint.data.batches import epoch_order
    from saddlepoint.training.state import derived_seed
    from sides.hand import Hand
    from sides.ours import Ours

    task, images = forms.task(2, 4), forms.images(40)
    ours = Ours(task, images, tmp_path, 1, "fp32")
    noise = torch.Generator().manual_seed(derived_seed(task.training.seed, "noise"))
    hand = Hand(
        forms.NAME,
        task,
        ours.dataset.x,
        "fp32",
        order=lambda epoch: epoch_order(len(ours.dataset), task.training.seed, epoch),
        game=forms.DCGAN64(task, "fp32", CPU, noise),
    )
    assert hand.parameters() == ours.parameters()
    with torch.no_grad():
        for player, network in hand.game.players.items():
            for copy, original in zip(network.parameters(), ours.model.players[player].parameters(), strict=True):
                copy.copy_(original)
    for _ in range(3):
        assert hand.losses(1) == pytest.approx(ours.losses(1), rel=1e-3)
    ours.close()


@pytest.mark.cuda
def test_a_captured_step_trains_what_the_step_as_it_is_trains(forms: Any) -> None:
    device = torch.device("cuda")
    found = []
    for kind in ("DCGAN64", "Captured"):
        game = make(forms, kind, device)
        for _ in range(forms.BEFORE_CAPTURE if kind == "DCGAN64" else 0):  # the other takes them before it captures
            game.step(pictures(0, device))
        found.append(losses(game, 4))
    for one, other in zip(*found, strict=True):
        assert one == pytest.approx(other, rel=0.05)
    assert len({loss["d"] for loss in found[1]}) == 4  # other pictures, other noise


def test_without_a_gpu_one_sentence_and_exit_code_2(
    gpu: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu.main([]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert re.fullmatch(r"gpu: torch \S+ finds no NVIDIA GPU, .* --quick .*\.\n", said.err)


def test_all_benchmarks_together_skip_it_without_a_gpu(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import run

    started: list[str] = []

    def start(command: list[Any], check: bool) -> Any:
        started.append(command[1].stem)
        return type("Done", (), {"returncode": 0})

    monkeypatch.setattr(run.subprocess, "run", start)
    monkeypatch.setattr(run, "finds_gpu", lambda: False)
    assert run.main([]) == 0
    assert "gpu" not in started
    assert "== gpu\nskipped: it needs an NVIDIA GPU" in capsys.readouterr().out
    assert run.main(["gpu"]) == 0
    monkeypatch.setattr(run, "finds_gpu", lambda: True)
    assert run.main([]) == 0
    assert started.count("gpu") == 2


def test_all_parts_together_take_less_than_ten_minutes(gpu: Any) -> None:
    assert sum(gpu.LIMITS.values()) <= 550  # each part is stopped at its limit; the rest is starting and writing


def test_a_part_that_takes_too_long_or_fails_is_a_sentence(gpu: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    assert gpu.run([sys.executable, "-c", waiting], 1.0, sys.stderr) == "stopped after 1 s"
    assert gpu.run([sys.executable, "-c", "raise SystemExit(3)"], 60.0, sys.stderr).endswith("ended with 3")
    assert gpu.run([sys.executable, "-c", ""], 60.0, sys.stderr) == ""

    def fail(*arguments: Any) -> Iterator[dict[str, Any]]:
        yield {"precision": "bf16"}
        raise RuntimeError("no memory")

    monkeypatch.setattr(gpu.gpu_parts, "loops", fail)
    first, last = gpu.measure("loops bf16", CPU, gpu.QUICK, 60.0)
    assert first == {"precision": "bf16"}
    assert last == {"precision": "bf16", "problem": "not measured: RuntimeError: no memory"}


def test_an_attempt_that_fails_does_not_stop_the_others(gpu: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from sides import gpu_parts
    from sides.dcgan64 import DCGAN64, EAGER, Attempt

    class Failing(DCGAN64):
        def step(self, x: torch.Tensor) -> Any:
            raise RuntimeError("out of memory | tried to\n allocate")

    monkeypatch.setattr(gpu_parts, "ATTEMPTS", (Attempt("a", Failing, True), EAGER))
    rows = list(gpu.measure("attempts fp32", CPU, gpu.QUICK, 60.0))
    assert rows[0]["problem"] == "not measured: RuntimeError: out of memory / tried to allocate"
    assert len(rows[1]["attempt"]) == len(rows[1]["eager"]) == gpu.QUICK.rounds


def test_every_row_is_in_a_table_and_a_problem_is_in_its_row(gpu: Any) -> None:
    row = {"precision": "bf16", "title": "form", "eager": TIMES, "prepared": 1.0, "skipped": 2}
    rows = {
        "loops bf16": [{"precision": "bf16", "ours": TIMES, "by hand": [0.02] * 3, "repeatable": TIMES}],
        "loops fp32": [gpu.unfinished("loops fp32", "no memory")],
        "attempts bf16": [row | {"attempt": [time / 2 for time in TIMES]}, gpu.unfinished("attempts bf16", "stopped")],
        "attempts fp32": [{"precision": "fp32", "title": "other", "problem": "no compiler"}],
        "lanes": [
            {"size": 4_096, "compiled": False, "ms": 2.0, "built": 1.0, "first": 3.0},
            {"size": 4_096, "compiled": True, "problem": "no triton"},
            gpu.unfinished("lanes", "stopped after 9 s"),
        ],
        "tests": [{"passed": 3, "failed": 1, "errors": 0, "skipped": 0, "broken": ["FAILED a.py::b"]}],
    }
    text = gpu.body("A GPU.", gpu.Effort(), rows)
    assert re.search(
        r"\| bf16 +\| 6,400 +\| 6,400 +\| 6,400 +\| 1.000 \(0.750 to 1.250\) \| goal at most 1.05: met", text
    )
    assert re.search(r"\| bf16 +\| form +\| 12,800 +\| 2.000 \(2.000 to 2.000\) +\| 1.0 ", text)
    assert re.search(r"\| 4,096 +\| as it is +\| 2 +\| 2,048,000 ", text)
    for pattern in (
        r"fp32 +\| no memory",
        r"bf16 +\| +\| stopped ",
        r"other +\| no compiler",
        r"compiled +\| no triton",
    ):
        assert re.search(rf"\| {pattern}", text), pattern
    assert "form, bf16: the compiler left out 2 CUDA graphs." in text
    assert "`pytest -m cuda`: 3 passed, 1 failed, 0 errors, 0 skipped.\n\n- FAILED a.py::b" in text
    stopped = gpu.gpu_tables.tests(rows["tests"][0] | {"stopped": "not finished: stopped after 9 s"})
    assert stopped.startswith(
        "`pytest -m cuda`: 3 passed, 1 failed, 0 errors, 0 skipped; not finished: stopped after 9 s."
    )
    assert not re.search(r"^##? ", text, re.MULTILINE)


def test_counts_and_failed_tests_are_read_from_pytest(gpu: Any) -> None:
    said = "..F\nFAILED tests/a.py::b - AssertionError\n1 failed, 1 passed, 12 deselected, 2 errors in 3.00s\n"
    row = gpu.read_tests(said)
    assert (row["passed"], row["failed"], row["errors"], row["skipped"]) == (1, 1, 2, 0)
    assert row["broken"] == ["FAILED tests/a.py::b - AssertionError"]
    stopped = "tests/a.py::b[c d] PASSED   [  1%]\ntests/a.py::e FAILED [  2%]\ntests/a.py::f "
    row = gpu.read_tests(stopped)
    assert (row["passed"], row["failed"], row["errors"], row["skipped"]) == (1, 1, 0, 0)
    assert row["broken"] == ["FAILED tests/a.py::e"]
    assert gpu.read_tests("no tests ran\n") == {}


@pytest.mark.slow
def test_a_quick_run_gives_all_tables_on_any_device(
    gpu: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # The tests for a GPU would start pytest again.
    row = {"passed": 0, "failed": 0, "errors": 0, "skipped": 2, "broken": []}
    monkeypatch.setattr(gpu, "run_tests", lambda seconds: row)
    monkeypatch.setattr(gpu.results, "write", lambda *_, **__: pytest.fail("--quick must not write results"))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu.main(["--quick"]) == 0
    text = capsys.readouterr().out
    for precision in ("bf16", "fp32"):
        assert re.search(rf"\| {precision} +\| [\d,]+ +\| [\d,]+ +\| [\d,]+ +\| \d+\.\d+ \(", text)
        assert re.search(rf"\| {precision} +\| eager +\| [\d,]+ +\| \d+\.\d+ \(", text)
    assert text.count("needs CUDA") == 2 * 4 + 1
    assert re.search(r"\| 2 +\| as it is +\| [\d.]+ +\| [\d,]+ ", text)
    assert "not measured" not in text
