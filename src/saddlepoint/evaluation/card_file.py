"""The JSON file of an evaluation, of samples or of rows of a table: how it is written, and which format is read.

Free of torch and pandas.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from saddlepoint.errors import RunError
from saddlepoint.records import replaced


def write_card(content: Mapping[str, Any], path: Path) -> Path:
    """Write what an evaluation found as JSON, and return the path; the file appears whole or stays as it was.

    Args:
        content: as JSON can hold it.
        path: of the file.
    """
    with replaced(path) as file:
        json.dump(content, file, indent=1, ensure_ascii=False, allow_nan=False)
        file.write("\n")
    return path


def check_format(content: Mapping[str, Any], known: int, where: str) -> None:
    """Raise RunError where a file has another format than the known one; `where` names it in the message."""
    if content.get("format") != known:
        found = str(content.get("format"))[:20]
        raise RunError(f"{where}: format {found} is not the {known} that this version reads; evaluate again.")
