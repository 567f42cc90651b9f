"""The codec of a table as a file of a run, so that rows can be drawn without the source."""

from __future__ import annotations

import json
from pathlib import Path

from saddlepoint.data.tabular.codec import TableCodec
from saddlepoint.errors import DataError
from saddlepoint.records import parse_json, replaced


def write_codec(codec: TableCodec, path: Path) -> None:
    """Write a fitted codec as JSON, completely or not at all."""
    with replaced(path) as file:
        json.dump(codec.to_json(), file, ensure_ascii=False, allow_nan=False)


def read_codec(path: Path) -> TableCodec:
    """The codec in a file that `write_codec` wrote; raises DataError where it is damaged."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read as the encoding of a table ({error}); train again.") from None
    return TableCodec.from_json(parse_json(text, str(path)))
