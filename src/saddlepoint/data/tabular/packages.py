"""The optional packages that tables need: pandas, pyarrow and narwhals."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from saddlepoint.errors import MissingExtraError


def import_package(name: str, needed_for: str = "A table with named columns") -> Any:
    """The module of an optional package; raises MissingExtraError where it is not installed.

    Args:
        name: of the module, such as "pandas" or "pyarrow.parquet".
        needed_for: what needs it, as the beginning of the message.
    """
    package = name.split(".")[0]
    try:
        return import_module(name)
    except ImportError as error:
        if error.name is None or error.name.split(".")[0] != package:
            raise
        raise MissingExtraError(package, "tables", needed_for) from None
