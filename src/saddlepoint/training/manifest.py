"""A checkpoint's manifest: what the checkpoint is and which bytes it is made of, sealed by its own SHA-256."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any, get_args

from saddlepoint.data.dataset import Kind
from saddlepoint.errors import RunError
from saddlepoint.records import Fields, parse_json, read_bytes
from saddlepoint.records.fields import is_number, is_text

FORMAT = 1
MOST_VALUES = 2**28  # of one example
MOST_THREADS = 4_096
Manifest = dict[str, Any]


def sealed(manifest: Manifest) -> bytes:
    """The manifest as JSON, its own SHA-256 included."""
    return _json(manifest | {"sha256": digest(_json(manifest))})


def unsealed(path: Path) -> Manifest:
    """The manifest that `sealed` wrote at `path`; RunError where a byte differs, or where the format is a later one."""
    data = read_bytes(path)
    manifest: Manifest = parse_json(data, str(path))
    seal = manifest.pop("sha256", None)
    if seal != digest(_json(manifest)) or data != sealed(manifest):
        raise RunError(f"{path} does not have the SHA-256 that it names itself.")
    if manifest.get("format") != FORMAT:
        raise RunError(
            f"{path} has format {str(manifest.get('format'))[:20]}; this version of saddlepoint reads {FORMAT}: update it."
        )
    _check(Fields(manifest, str(path)))
    return manifest


def _check(fields: Fields) -> None:
    """Check the types of the fields; the digest only shows that they were written so.

    Raises:
        RunError: a field has another type than it is written with.
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
    event.sequence("class_names", None, is_text)
    event.sequence("constants", (), lambda pair: _is_constant(pair, channels))


def _is_constant(pair: Any, channels: int) -> bool:
    """Whether this is the position of a channel and a value."""
    return (
        isinstance(pair, list)
        and len(pair) == 2
        and type(pair[0]) is int
        and 0 <= pair[0] < channels
        and is_number(pair[1])
    )


def _check_extra(extra: Fields) -> None:
    """What a session adds; a checkpoint that was saved without one has none of it."""
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
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _json(value: Manifest) -> bytes:
    try:
        return json.dumps(value, indent=1, allow_nan=False).encode()
    except UnicodeEncodeError:  # lone surrogates, which no manifest of ours has
        return b""
