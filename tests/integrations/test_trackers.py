"""Findings reach the tracker in use, and a tracker that fails disturbs nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import saddlepoint as sp
from saddlepoint.integrations.trackers import TRACKERS, TrackerAlerts
from tests.experiment.watching.loops import GAN, RECORDS

Sent = list[tuple[str, str]]


def wandb(sent: Sent, active: bool) -> Any:
    def alert(*, title: str, text: str, level: str, wait_duration: float) -> None:
        assert len(title) < 64
        sent.append((title, text))

    return SimpleNamespace(run=SimpleNamespace(alert=alert) if active else None)


def mlflow(sent: Sent, active: bool) -> Any:
    def set_tag(key: str, value: str) -> None:
        sent.append((key, value))

    return SimpleNamespace(active_run=lambda: object() if active else None, set_tag=set_tag)


def trackio(sent: Sent, active: bool) -> Any:
    def alert(*, title: str, text: str, level: str) -> None:
        sent.append((title, text))

    run = SimpleNamespace(get=lambda: object() if active else None)
    levels = {name: name.lower() for name in ("INFO", "WARN", "ERROR")}
    return SimpleNamespace(context_vars=SimpleNamespace(current_run=run), alert=alert, AlertLevel=levels)


LIBRARIES = {"wandb": wandb, "mlflow": mlflow, "trackio": trackio}


@pytest.fixture
def without_trackers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in TRACKERS:
        monkeypatch.delitem(sys.modules, name, raising=False)


def train(folder: Path, listener: TrackerAlerts) -> Any:
    gan = GAN(detach=False, clear=False)
    quiet = {"settings": RECORDS, "pictures": False}
    with sp.watch(folder / "run", players=gan.players, objective="bce", listener=listener, steps=30, **quiet) as watch:
        gan.train(watch)
    return watch


def test_a_library_that_is_blocked_is_not_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in TRACKERS:
        monkeypatch.setitem(sys.modules, name, None)  # type: ignore[arg-type]
    listener, notes = TrackerAlerts(), list[str]()
    monkeypatch.setattr(listener, "note", notes.append)
    train(tmp_path, listener)
    assert not notes


def test_every_tracker_has_a_stand_in_here() -> None:
    assert LIBRARIES.keys() == TRACKERS.keys()


@pytest.mark.parametrize("library", TRACKERS)
@pytest.mark.usefixtures("without_trackers")
def test_findings_and_the_verdict_are_sent(library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: Sent = []
    monkeypatch.setitem(sys.modules, library, LIBRARIES[library](sent, active=True))
    watch = train(tmp_path, TrackerAlerts())
    codes = {finding.code for finding in watch.findings}
    assert codes
    assert all(any(code in title for title, _ in sent) for code in codes)
    assert sent[-1][1] == watch.verdict
    # Two findings of one code are both there.
    assert sum("of the generator were never cleared" in text for _, text in sent) == 1
    assert sum("of the discriminator were never cleared" in text for _, text in sent) >= 1


@pytest.mark.parametrize("library", TRACKERS)
@pytest.mark.usefixtures("without_trackers")
def test_a_library_without_a_run_gets_nothing(library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: Sent = []
    monkeypatch.setitem(sys.modules, library, LIBRARIES[library](sent, active=False))
    train(tmp_path, TrackerAlerts())
    assert not sent


@pytest.mark.usefixtures("without_trackers")
def test_a_tracker_that_fails_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(run=SimpleNamespace()))
    with caplog.at_level("INFO", logger="saddlepoint"):
        watch = train(tmp_path, TrackerAlerts())
    assert watch.findings
    assert sum("could not be sent to wandb" in message for message in caplog.messages) == 1
