"""Show findings while somebody else's loop runs: one line each, which other output does not overwrite."""

from __future__ import annotations

import logging

from saddlepoint.errors import printable
from saddlepoint.experiment.display import LoggedNotes
from saddlepoint.records import Finding


class LoggedFindings(LoggedNotes):
    """A listener that logs findings and notes by the logger "saddlepoint": warnings and failures as warnings, others as info."""

    def finding(self, finding: Finding) -> None:
        level = logging.INFO if finding.severity == "info" and finding.state == "open" else logging.WARNING
        logging.getLogger("saddlepoint").log(level, "%s", printable(str(finding)))
