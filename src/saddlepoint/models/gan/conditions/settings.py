"""The conditions by name (torch-free): one line for each.

A recipe names a condition by its key here, or by the import path `module:Name` of the user's own.
"""

from __future__ import annotations

_HERE = "saddlepoint.models.gan.conditions"

CONDITIONS: dict[str, str] = {"concatenate": f"{_HERE}.concatenate:Concatenate"}
