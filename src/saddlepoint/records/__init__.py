"""What a run writes and what others read: records, findings, the folder. Free of torch and of the rest of ours."""

from saddlepoint.records.findings import standing
from saddlepoint.records.folder import RunFolder, replaced
from saddlepoint.records.lock import locked
from saddlepoint.records.overrides import argument, change, explained, options
from saddlepoint.records.schema import SEVERITIES, Finding, Record, Severity, State
from saddlepoint.records.series import Series, series_of
from saddlepoint.records.store import JsonLines, read_lines

__all__ = [
    "SEVERITIES",
    "Finding",
    "JsonLines",
    "Record",
    "RunFolder",
    "Series",
    "Severity",
    "State",
    "argument",
    "change",
    "explained",
    "locked",
    "options",
    "read_lines",
    "replaced",
    "series_of",
    "standing",
]
