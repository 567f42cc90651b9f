"""The display of a run: on a terminal, without one, quietly, and its proposal at the end."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from saddlepoint.cli.console import Output
from saddlepoint.cli.next_commands import next_commands
from saddlepoint.cli.run_display import RunDisplay
from saddlepoint.experiment.display import rate
from saddlepoint.experiment.listener import Outline
from saddlepoint.recipe import Recipe
from saddlepoint.records import Finding, Record, RunFolder
from saddlepoint.report.words import session_in_words

OUTLINE = Outline(
    "toy", "runs/toy [1]", "Dataset('ring' [x])", {"generator": 1234, "discriminator": 5}, 0, 1_000, "cpu", "fp32"
)
ENDED: Mapping[str, Any] = {
    "headline": "No failure [found]",
    "verdict": "toy: all well [really].",
    "state": "finished",
    "step": 1_000,
}
MODE_COLLAPSE = Finding(
    "GAN103", "failure", 40, "All alike [/x].", {}, "Do this.", {"model.discriminator.hidden": (64, 64)}
)


def record(step: int) -> Record:
    values = {"d/loss": 1.25, "g/loss": float("nan"), "quality/energy_distance": 0.5, "time/steps_per_second": 10.0}
    return Record(step, step / 10, values)


def render(terminal: bool, quiet: bool = False, ticks: int = 10, **console: Any) -> str:
    output = Output(file=io.StringIO(), force_terminal=terminal, width=100, **console)
    with RunDisplay(output, quiet=quiet) as listener:
        listener.started(OUTLINE)
        listener.note("One file was left out [a.png].")
        listener.record(record(0))
        for tick in range(1, ticks + 1):
            listener.record(record(tick * 1_000 // ticks))
        listener.finding(MODE_COLLAPSE)
        listener.finished(ENDED)
    text = output.file.getvalue()  # type: ignore[attr-defined]
    assert isinstance(text, str)
    return text


@pytest.mark.parametrize("terminal", [False, True])
def test_everything_is_shown_unchanged(terminal: bool) -> None:
    text = render(terminal, no_color=True)
    for part in (
        "1,234 parameters", "runs/toy [1]", "Dataset('ring' [x])", "[a.png]", "GAN103 (failure, step 40): All alike [/x].",
        "Do this.", "toy: all well [really].", "report.html", "resume 'runs/toy [1]' --steps 2000",
    ):  # fmt: skip
        assert part in text, part


def test_without_a_terminal_there_are_plain_lines_only() -> None:
    text = render(terminal=False)
    assert "\x1b" not in text
    assert "\r" not in text
    assert "loss d 1.25 g nan" in text


def test_a_run_is_described_once_regardless_of_its_interventions() -> None:
    output = Output(file=io.StringIO(), width=300)
    with RunDisplay(output) as listener:
        for start in (0, 500, 0):
            listener.started(dataclasses.replace(OUTLINE, start=start))
    text = output.file.getvalue()  # type: ignore[attr-defined]
    assert text.count("1,234 parameters") == 1
    assert "resumed" not in text


def test_a_terminal_gets_a_live_line_that_is_taken_away_again() -> None:
    text = render(terminal=True)
    assert "\x1b[?25l" in text  # the cursor is hidden
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")  # and shown again
    assert text.index("GAN103") < text.index("all well")


@pytest.mark.parametrize("terminal", [False, True])
def test_quiet_leaves_findings_and_the_verdict(terminal: bool) -> None:
    text = render(terminal, quiet=True)
    assert "GAN103" in text
    assert text.index("No failure [found]") < text.index("all well")
    assert "parameters" not in text
    assert "energy" not in text
    assert "left out" not in text


def test_plain_lines_are_few_and_the_last_is_never_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand ticks, one a second: a line every ten seconds, and the last."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    record_tick = RunDisplay.record

    def record_a_second_later(display: RunDisplay, record: Record) -> None:
        now[0] += 1.0
        record_tick(display, record)

    monkeypatch.setattr(RunDisplay, "record", record_a_second_later)
    lines = [line for line in render(terminal=False, ticks=1_000).splitlines() if line.startswith("step ")]
    assert 20 <= len(lines) <= 101
    assert lines[-1].startswith("step 1,000/1,000")


def test_the_speed_is_that_of_training_steps_and_parts_are_summarised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten steps a second while training; the clock also counts measurements."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    output = Output(file=io.StringIO(), width=200)
    with RunDisplay(output) as listener:
        listener.started(OUTLINE)
        for step in (0, 100, 1_000):
            now[0] += 1_000.0
            values = {**record(step).values, "g/label_use": step / 2_000}
            listener.record(dataclasses.replace(record(step), values=values))
        listener.finished(ENDED)
    text = output.file.getvalue()  # type: ignore[attr-defined]
    assert "10 steps/s" in text
    assert "use of labels: 0.5 (0 is chance" in text


def test_an_error_gives_the_terminal_back() -> None:
    output = Output(file=io.StringIO(), force_terminal=True, width=100)

    def broken() -> None:
        with RunDisplay(output) as listener:
            listener.started(OUTLINE)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    text = output.file.getvalue()  # type: ignore[attr-defined]
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")


def test_a_reader_that_leaves_does_not_stop_the_training() -> None:
    """`saddlepoint train ... | head -3`: the remaining output is dropped, and nothing is raised."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as file:
        output = Output(file=file)
        output.say("seen")
        assert os.read(reading, 100) == b"seen\n"
        os.close(reading)
        for _ in range(3):
            output.say("unseen")


def test_an_interrupted_run_is_to_be_resumed_first() -> None:
    assert next_commands(Path("runs/a"), "interrupted", 10, [])[0] == "saddlepoint resume runs/a"


def test_a_finished_run_may_train_on() -> None:
    commands = next_commands(Path("my runs/a"), "finished", 500, [])
    assert "saddlepoint resume 'my runs/a' --steps 1000" in commands


def test_the_remedy_of_the_most_severe_finding_is_proposed_as_typed() -> None:
    remedy = "--model.discriminator.hidden 64,64"
    commands = next_commands(Path("runs/a"), "failed", 500, [remedy, "--model.discriminator.packing 2"])
    proposed = [command for command in commands if command.startswith("saddlepoint train")]
    assert proposed == ["saddlepoint train runs/a --model.discriminator.hidden 64,64"]
    # Where suggestions follow, they say it.
    assert next_commands(Path("runs/a"), "failed", 500, [remedy], suggests=True) == ["saddlepoint sample runs/a -n 64"]
    name, value = proposed[0].split()[-2:]
    assert Recipe().override({name.removeprefix("--"): value}).model.discriminator.hidden == (64, 64)  # type: ignore[union-attr]


@pytest.mark.parametrize("stands", [True, False])
def test_after_remedies_nothing_applied_or_resolved_is_proposed(stands: bool, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    remedy = {"model.discriminator.packing": 2}
    folder.recipe.write_text(Recipe.load("gan-digits").override(remedy).to_yaml(), encoding="utf-8")
    found = Finding("GAN103", "failure", 40, "All alike.", {}, "", remedy)
    folder.findings.write_text(f"{json.dumps(found.to_json())}\n" if stands else "", encoding="utf-8")
    cure = {"number": 1, "code": "GAN103", "title": "", "found": 40, "since": 20, "returned_to": 0, "rung": 0}
    folder.cures.write_text(json.dumps(cure | {"changes": {"model.discriminator.packing": [1, 2]}}), encoding="utf-8")
    output = Output(file=io.StringIO(), width=300)
    with RunDisplay(output) as listener:
        listener.started(dataclasses.replace(OUTLINE, folder=str(tmp_path)))
        listener.finding(found)  # in the session that the intervention ended
        listener.finished(ENDED)
    text = output.file.getvalue()  # type: ignore[attr-defined]
    assert "--model.discriminator.packing" not in text
    assert ("--model.objective" in text or "--model.penalties.r1.weight" in text) == stands
    assert ("--steps 2000" in text) != stands


def test_samples_are_proposed_of_the_best_step_where_it_is_not_the_last() -> None:
    assert "saddlepoint sample runs/a -n 64 --step best" in next_commands(Path("runs/a"), "finished", 500, [], 300)
    assert "saddlepoint sample runs/a -n 64" in next_commands(Path("runs/a"), "finished", 500, [], 500)


@pytest.mark.parametrize(("speed", "text"), [(0.512, "0.512"), (99.96, "100"), (999.7, "1,000"), (1_510.2, "1,510")])
def test_the_rate_has_no_exponent(speed: float, text: str) -> None:
    assert rate(speed) == text


@pytest.mark.parametrize("width", [60, 80])
def test_the_step_count_is_whole_on_a_narrow_terminal(width: int) -> None:
    output = Output(file=io.StringIO(), force_terminal=True, width=width, no_color=True)
    with RunDisplay(output) as listener:
        listener.started(OUTLINE)
        for step in (0, 500):
            listener.record(record(step))
    assert "500/1,000" in output.file.getvalue()  # type: ignore[attr-defined]


def test_a_recipe_that_fails_is_not_trained_further() -> None:
    for process in ("at risk", "failing", "failed"):
        for state in ("finished", "failed", "interrupted"):
            for remedies in ([], ["--model.discriminator.packing 2"]):
                for suggests in (False, True):
                    said = " ".join(
                        next_commands(Path("runs/a"), state, 500, remedies, None, suggests, process=process)
                    )
                    assert "--steps" not in said
                    assert "seed" not in said
                    assert ("saddlepoint resume" in said) == (state == "interrupted" and process == "at risk")
    assert next_commands(Path("runs/a"), "failed", 500, [], process="failed")[-1] == "saddlepoint diagnose runs/a"


@pytest.mark.parametrize("width", [80, 100, 140])
def test_the_important_parts_fit_on_a_terminal_of_usual_width(width: int) -> None:
    output = Output(file=io.StringIO(), force_terminal=True, width=width, no_color=True)
    values = {"quality/precision": 1.39, "quality/recall": 0.5, "quality/energy_distance_error": 7.8e-34}
    with RunDisplay(output) as listener:
        listener.started(dataclasses.replace(OUTLINE, steps=50_000))
        for step in (0, 12_500):
            listener.record(dataclasses.replace(record(step), values={**record(step).values, **values}))
    text = output.file.getvalue()  # type: ignore[attr-defined]
    assert "error" not in text
    assert "1.39" not in text
    for part in ("12,500/50,000", "left", "distance 0.5", "loss d 1.25 g nan"):
        assert part in text, part
    assert "…" not in text


def test_the_time_of_steps_measurements_and_pictures_is_reported() -> None:
    took = {"training": 21.0, "steps": 12.0, "pictures": 27.4}
    said = session_in_words({"session_seconds": took})
    assert said == "steps 12 s, measurements and checkpoints 9.0 s, pictures and report 27 s"
    assert session_in_words({"session_seconds": {"training": 12.0}}) == "training 12 s"
    assert session_in_words({}) == ""


def test_without_pictures_nothing_is_promised_that_is_not_there() -> None:
    output = Output(file=io.StringIO(), width=300)
    with RunDisplay(output) as listener:
        listener.started(dataclasses.replace(OUTLINE, pictures=False))
        listener.record(record(1_000))
        listener.finished(ENDED)
    text = output.file.getvalue()  # type: ignore[attr-defined]
    assert "report.html" not in text
    assert "Drawing" not in text
    assert "saddlepoint report 'runs/toy [1]' --pictures" in text


def test_a_finding_is_shown_once_until_it_closes() -> None:
    output = Output(file=io.StringIO(), width=300)
    with RunDisplay(output) as listener:
        listener.started(OUTLINE)
        for share in (58, 61):  # in two attempts, between which training went back
            listener.finding(Finding("GAN105", "failure", 40, f"The players circle: {share} % move."))
            listener.finding(Finding("NUM303", "warning", 40, "Units are dead."))
        listener.finding(Finding("NUM303", "warning", 60, "No longer so.", state="closed"))
        listener.finding(Finding("NUM303", "warning", 80, "Units are dead."))
        listener.finding(Finding("NUM303", "failure", 90, "Units are dead."))
    text = output.file.getvalue()  # type: ignore[attr-defined]
    assert text.count("The players circle") == 1
    assert text.count("Units are dead.") == 3
