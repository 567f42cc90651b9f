"""The library writes nothing by default."""

import pytest

from saddlepoint.progress import task, tasks, visible


def work() -> None:
    with task("Counting", 4) as advance:
        advance(1)


def test_silent_by_default(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "PLAIN_EVERY", -1.0)
    work()
    assert capsys.readouterr() == ("", "")
    with visible():
        work()
    assert capsys.readouterr() == ("", " 25%  Counting\n")
    work()
    assert capsys.readouterr() == ("", "")
