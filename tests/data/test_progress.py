"""The library writes nothing unasked."""

import pytest

import saddlepoint.data.progress as module
from saddlepoint.data.progress import progress, shown


def work() -> None:
    with progress("Counting", 4) as advance:
        advance(1)


def test_silent_unless_asked(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PLAIN_EVERY", -1.0)
    work()
    assert capsys.readouterr() == ("", "")
    with shown():
        work()
    assert capsys.readouterr() == ("", "Counting: 25%, about 0 s left\n")
    work()
    assert capsys.readouterr() == ("", "")
