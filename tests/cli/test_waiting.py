"""The bar of an evaluation: it ends full."""

from __future__ import annotations

import io

from saddlepoint.cli.console import Output
from saddlepoint.cli.waiting import Waiting


def test_what_is_done_is_done_to_a_hundred_per_cent_without_time_left() -> None:
    output = Output(file=io.StringIO(), force_terminal=True, width=100, no_color=True)
    with Waiting(output, "runs/a") as waiting:
        waiting.tell("Building features", 0.5)
        waiting.tell("Done", 1.0)
    text = output.file.getvalue()  # type: ignore[attr-defined]
    last = text[text.rindex("%") - 3 :]
    assert last.startswith("100%")
    assert "Done" in last
    assert "left" not in last
