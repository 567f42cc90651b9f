"""The manifest of a checkpoint: its origin, the size and SHA-256 of its files, and the SHA-256 of the manifest itself."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any, get_args

from saddlepoint.data.event import Kind
from saddlepoint.errors import RunError
from saddlepoint.records import Fields, parse_json, read_bytes
from saddlepoint.records.fields import is_number, is_text

FORMAT = 1
MOST_VALUES = 2**28  # in one example
MOST_THREADS = 4_096
SIGNATURE = len(',\n "sha256": ""\n}') + 64
Manifest = dict[str, Any]


def encode_manifest(manifest: Manifest) -> bytes:
    """Return the manifest as JSON that includes its own SHA-256."""
    # Once: to encode a manifest takes as long as to write a small model's weights.
    return _signed(json.dumps(manifest, indent=1, allow_nan=False).encode())


def _signed(body: bytes) -> bytes:
    """Append the SHA-256 of a JSON object to it as its last entry, of `SIGNATURE` bytes."""
    return body[:-2] + f',\n "sha256": "{digest(body)}"\n}}'.encode()


def load_manifest(path: Path) -> Manifest:
    """Read and verify a file that `encode_manifest` encoded.

    Raises:
        RunError: the file is damaged, or has another format.
    """
    data = read_bytes(path)
    manifest: Manifest = parse_json(data, str(path))
    manifest.pop("sha256", None)
    if data != _signed(data[:-SIGNATURE] + b"\n}"):
        raise RunError(f"{path} is damaged: its SHA-256 differs from the one that it contains.")
    if manifest.get("format") != FORMAT:
        raise RunError(
            f"{path} has format {str(manifest.get('format'))[:20]}; this version of saddlepoint reads format {FORMAT}: "
            "update saddlepoint."
        )
    _check(Fields(manifest, str(path)))
    return manifest


def _check(fields: Fields) -> None:
    """Check the types of the fields, which a correct digest does not guarantee.

    Raises:
        RunError: a field does not have its type.
    """
    fields.integer("step")
    for name in ("seconds", "tick_seconds"):
        fields.number(name)
    fields.text("family")
    fields.mapping("optimisers", each=is_text)
    fields.mapping("versions", {}, is_text)
    files = fields.section("files")
    for name in files.value:
        file = files.section(name)
        file.integer("bytes")
        file.text("sha256")
    _check_event(fields.section("event"))
    _check_extra(fields.section("extra"))


def _check_event(event: Fields) -> None:
    shape = event.sequence("shape", each=lambda size: type(size) is int and 0 < size <= MOST_VALUES)
    if not shape or math.prod(shape) > MOST_VALUES:
        raise event.refuse("shape", f"the shape of an example of at most {MOST_VALUES:,} values")
    kind = event.choice("kind", get_args(Kind))
    event.choice("dtype", ("uint8", "float32"), "float32")
    for name in ("low", "high"):
        event.number(name, None)
    channels = shape[-1] if kind == "series" else shape[0]
    for name in ("mean", "std"):
        if len(event.sequence(name, (0.0,), is_number)) not in (1, channels):
            raise event.refuse(name, f"one number, or one for each of {channels:,} channels")
    names = event.sequence("class_names", None, is_text)
    shares = event.sequence("class_shares", None, lambda share: is_number(share) and 0 <= share <= 1)
    if shares is not None and (names is None or len(shares) != len(names) or not sum(shares) > 0):
        raise event.refuse("class_shares", "one share for each class, or null")
    alphabet = event.sequence("alphabet", None, is_text)
    if (kind == "text") != (alphabet is not None):
        raise event.refuse("alphabet", "the symbols of a text, and null for other data")
    rate = event.number("rate", None)
    if rate is not None and not (kind == "sound" and is_number(rate) and 0 < rate < math.inf):
        raise event.refuse("rate", "samples a second of a sound, or null")
    event.sequence("constants", (), lambda pair: _is_constant(pair, channels))
    event.sequence("cells", (), lambda cell: _is_cell(cell, channels))


def _is_constant(pair: Any, channels: int) -> bool:
    """Whether `pair` is a list of a channel's index and a number."""
    return (
        isinstance(pair, list)
        and len(pair) == 2
        and type(pair[0]) is int
        and 0 <= pair[0] < channels
        and is_number(pair[1])
    )


def _is_cell(cell: Any, channels: int) -> bool:
    """Whether `cell` is a list of a channel's index and two ascending numbers."""
    return (
        isinstance(cell, list)
        and len(cell) == 3
        and _is_constant(cell[:2], channels)
        and is_number(cell[2])
        and cell[1] < cell[2]
    )


def _check_extra(extra: Fields) -> None:
    """Check the fields that a session adds; a checkpoint saved without a session has none of them."""
    positions = extra.section("positions", None)
    if positions is not None:
        positions.integer("records")
        positions.integer("findings")
    arithmetic = extra.section("arithmetic", None)
    if arithmetic is not None:
        arithmetic.text("device")
        arithmetic.choice("precision", ("fp32", "bf16", "fp16"))
        arithmetic.integer("threads", low=1, high=MOST_THREADS)
    measured = extra.section("measured", None)
    if measured is not None:
        best = measured.section("best", None)
        if best is not None:
            best.integer("step")
            best.text("series")
            best.number("value")
        for name in ("first_quality", "last_quality", "last_precision"):
            measured.number(name, None)
        for name in ("best_shares", "last_shares"):
            measured.sequence(name, None, is_number)
        measured.mapping("untrained", {}, is_number)
    extra.integer("previous", None)
    extra.integer("cures", None)
    extra.text("fingerprint", None)
    extra.sequence("standing", None, is_text)


def digest(data: bytes) -> str:
    """Return the SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
