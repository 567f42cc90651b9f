"""What a run writes and what others read: records, findings, the folder. Free of torch and of the rest of ours."""

from saddlepoint.records.arrays import read_arrays
from saddlepoint.records.commands import retrain_command, shell_command
from saddlepoint.records.fields import Fields
from saddlepoint.records.files import parse_json, read_bytes, read_json, replaced, write_json
from saddlepoint.records.findings import active_findings
from saddlepoint.records.folder import RunFolder
from saddlepoint.records.leftovers import find_run, writing
from saddlepoint.records.lock import locked
from saddlepoint.records.overrides import argument, change, explained, options
from saddlepoint.records.result import RESULT_LEVELS, Aspect, Result, ResultLevel
from saddlepoint.records.schema import SEVERITIES, Finding, Record, Severity, State
from saddlepoint.records.series import Series, series_of
from saddlepoint.records.store import JsonLines, read_lines

__all__ = [
    "RESULT_LEVELS",
    "SEVERITIES",
    "Aspect",
    "Fields",
    "Finding",
    "JsonLines",
    "Record",
    "Result",
    "ResultLevel",
    "RunFolder",
    "Series",
    "Severity",
    "State",
    "active_findings",
    "argument",
    "change",
    "explained",
    "find_run",
    "locked",
    "options",
    "parse_json",
    "read_arrays",
    "read_bytes",
    "read_json",
    "read_lines",
    "replaced",
    "retrain_command",
    "series_of",
    "shell_command",
    "write_json",
    "writing",
]
