"""Tables with columns of any kind: a typed schema, and codecs between rows and vectors of numbers.

A `Schema` describes a table alone, without the data. Importing this package imports neither torch nor pandas.
"""

from __future__ import annotations

from saddlepoint.data.tabular.schema import Column, Schema

__all__ = ["Column", "Schema"]
