"""Hugging Face's `trainer_state.json`: a document with one object a logged step under `log_history`."""

from __future__ import annotations

from collections.abc import Mapping

from saddlepoint.diagnosis.logs.json_lines import flat, parsed
from saddlepoint.diagnosis.logs.source import Source
from saddlepoint.diagnosis.logs.table import Table

SUMMARY = "train_runtime"  # a key of the last entry, which holds totals of the whole training


def read(source: Source) -> Table | None:
    """Read a trainer's state.

    Args:
        source: of the log.

    Returns:
        The numbers of its history; None if it is no such document.
    """
    if source.is_folder or '"log_history"' not in source.text:
        return None
    document = parsed(source.text)
    history = document.get("log_history") if isinstance(document, Mapping) else None
    if not isinstance(history, list):
        return None
    rows = [flat(entry) for entry in history if isinstance(entry, Mapping) and SUMMARY not in entry]
    return Table("Hugging Face trainer state", tuple(rows))
