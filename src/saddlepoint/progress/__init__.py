"""How far long work is: who works reports it, who talks to a person shows it.

Work reports to a `Progress`: `start`, `advance`, `note`, `finish`. The base class ignores everything; a `Display` shows a live
bar on a terminal, one rewritten line in a notebook, and a plain line every few seconds elsewhere. Work deep in the library
calls `task`, which shows something only inside a `visible()` block: a library does not write to its user's terminal by default.
"""

from __future__ import annotations

from saddlepoint.progress.display import Display, in_notebook, terminal_or_notebook
from saddlepoint.progress.fit_width import ESSENTIAL, USEFUL, fit_width
from saddlepoint.progress.protocol import Progress, Report, Tally
from saddlepoint.progress.tasks import report_for, task, visible
from saddlepoint.progress.time_left import Speed, TimeLeft, clock

__all__ = [
    "ESSENTIAL",
    "USEFUL",
    "Display",
    "Progress",
    "Report",
    "Speed",
    "Tally",
    "TimeLeft",
    "clock",
    "fit_width",
    "in_notebook",
    "report_for",
    "task",
    "terminal_or_notebook",
    "visible",
]
