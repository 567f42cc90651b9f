"""A checkpoint's manifest: what the checkpoint is and which bytes it is made of, sealed by its own SHA-256."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from saddlepoint.errors import RunError

FORMAT = 1
Manifest = dict[str, Any]


def sealed(manifest: Manifest) -> bytes:
    """The manifest as JSON, its own SHA-256 included."""
    return _json(manifest | {"sha256": digest(_json(manifest))})


def unsealed(path: Path) -> Manifest:
    """The manifest that `sealed` wrote at `path`; RunError where a byte differs, or where the format is a later one."""
    data = contents_of(path)
    try:
        manifest: Manifest = json.loads(data)
        seal = manifest.pop("sha256")
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise RunError(f"{path} is not a checkpoint's manifest.") from error
    if seal != digest(_json(manifest)) or data != sealed(manifest):
        raise RunError(f"{path} does not have the SHA-256 that it names itself.")
    if manifest["format"] != FORMAT:
        raise RunError(
            f"{path} has format {manifest['format']}; this version of saddlepoint reads {FORMAT}: update it."
        )
    return manifest


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def contents_of(path: Path) -> bytes:
    """The bytes of a file; RunError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}.") from error


def _json(value: Manifest) -> bytes:
    return json.dumps(value, indent=1, allow_nan=False).encode()
