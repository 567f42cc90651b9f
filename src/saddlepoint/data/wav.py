"""WAV files: read and written here, because a damaged file must be told from a good one in one sentence.

A file is a RIFF container of chunks. "fmt " says how samples are coded (PCM of 8, 16, 24 or 32 bits, or floats of 32 or 64), "data"
holds them, channel by channel within each moment. Chunks of other names are passed over.

References:
    Multimedia Programming Interface and Data Specifications 1.0 (IBM and Microsoft, 1991),
        https://www.mmsp.ece.mcgill.ca/Documents/AudioFormats/WAVE/WAVE.html
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from saddlepoint.errors import DataError, RunError
from saddlepoint.records.files import read_bytes

MOST_BYTES = 1 << 30
MOST_CHANNELS = 64
UNKNOWN_RATE = 16_000.0  # samples a second at which sounds are written whose rate is not known
PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
# By code and bits: the type of stored numbers. Three bytes have no type of their own.
STORED: dict[tuple[int, int], str] = {
    (PCM, 8): "u1",
    (PCM, 16): "<i2",
    (PCM, 24): "u1",
    (PCM, 32): "<i4",
    (FLOAT, 32): "<f4",
    (FLOAT, 64): "<f8",
}

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Format:
    """How samples are coded: PCM or FLOAT, the number of channels, samples a second, and bits a sample."""

    code: int
    channels: int
    rate: int
    bits: int


def read_wav(path: Path) -> tuple[Array, int]:
    """The samples (C, T) float32 of a file, PCM divided by its largest value, and how many there are in a second.

    Raises:
        DataError: it is no WAV file, is cut short, or is coded in a way that is not read.
    """
    try:
        raw = read_bytes(path, most=MOST_BYTES)
    except RunError as error:
        raise DataError(str(error)) from None
    if raw[:4] != b"RIFF" or raw[8:12] != b"WAVE":
        raise DataError(
            f"{path}: is no WAV file (it does not begin with RIFF ... WAVE); convert it to WAV, or remove it."
        )
    form: Format | None = None
    place = 12
    while place + 8 <= len(raw):
        name, length = struct.unpack_from("<4sI", raw, place)
        place += 8
        if name == b"data":
            if form is None:
                raise DataError(f"{path}: its samples come before their format; write the file again.")
            if place + length > len(raw):
                raise DataError(
                    f"{path}: is cut short: its header promises {length:,} bytes of samples, and {len(raw) - place:,} are there; "
                    "write the file again."
                )
            return _decode(path, raw[place : place + length], form), form.rate
        if name == b"fmt ":
            form = _format(path, raw[place : place + length])
        place += length + length % 2
    raise DataError(f"{path}: holds no samples (there is no chunk of data); write the file again.")


def _format(path: Path, chunk: bytes) -> Format:
    if len(chunk) < 16:
        raise DataError(f"{path}: its format has {len(chunk)} bytes instead of 16 or more; write the file again.")
    code, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if code == EXTENSIBLE and len(chunk) >= 26:
        code = struct.unpack_from("<H", chunk, 24)[0]
    if (code, bits) not in STORED:
        raise DataError(
            f"{path}: samples of {bits} bits in format {code} are not read; convert it to PCM of 8, 16, 24 or 32 bits or to floats."
        )
    if not 1 <= channels <= MOST_CHANNELS or not rate:
        raise DataError(
            f"{path}: its header says {channels} channels and {rate} samples a second; write the file again."
        )
    return Format(code, channels, rate, bits)


def _decode(path: Path, data: bytes, form: Format) -> Array:
    """Samples (C, T) float32."""
    frame = form.channels * form.bits // 8
    if not data:
        raise DataError(f"{path}: holds 0 samples; remove it.")
    if len(data) % frame:
        raise DataError(f"{path}: {len(data):,} bytes are not whole frames of {frame}; write the file again.")
    stored: Array = np.frombuffer(data, STORED[form.code, form.bits])
    samples: Array
    if form.code == FLOAT:
        samples = stored.astype(np.float32)
        if not np.isfinite(samples).all():
            raise DataError(f"{path}: holds samples that are not finite; write the file again.")
    elif form.bits == 8:
        samples = (stored.astype(np.float32) - 128) / 128
    elif form.bits == 24:
        three = stored.reshape(-1, 3).astype(np.int32)
        whole = (three[:, 0] << 8 | three[:, 1] << 16 | three[:, 2] << 24) >> 8
        samples = whole.astype(np.float32) / (1 << 23)
    else:
        samples = (stored.astype(np.float64) / (1 << form.bits - 1)).astype(np.float32)
    return np.ascontiguousarray(samples.reshape(-1, form.channels).T)


def wav_bytes(sound: Array, rate: float, *, code: Literal["pcm", "float"] = "float") -> bytes:
    """A WAV file of a sound.

    Args:
        sound: (C, T) floats; full scale is 1.
        rate: samples a second, rounded to a whole number.
        code: "float" for 32 bits, which lose nothing; "pcm" for 16 bits, half the size, clipped at full scale. Values that are
            not finite become silence in the latter.
    """
    values = np.asarray(sound, dtype=np.float32)
    channels = len(values)
    if code == "float":
        body, number, bits = values.T.astype("<f4").tobytes(), FLOAT, 32
    else:
        whole = np.clip(np.nan_to_num(values.astype(np.float64), posinf=0.0, neginf=0.0) * 32768, -32768, 32767)
        body, number, bits = np.round(whole).T.astype("<i2").tobytes(), PCM, 16
    frame, rate = channels * bits // 8, max(1, round(rate))
    form = struct.pack("<HHIIHH", number, channels, rate, rate * frame, frame, bits)
    # Readers of floats expect the number of samples in a chunk of their own.
    count = struct.pack("<4sII", b"fact", 4, values.shape[1]) if number == FLOAT else b""
    file = io.BytesIO()
    file.write(struct.pack("<4sI4s", b"RIFF", 4 + 8 + len(form) + len(count) + 8 + len(body), b"WAVE"))
    file.write(struct.pack("<4sI", b"fmt ", len(form)) + form + count)
    file.write(struct.pack("<4sI", b"data", len(body)) + body)
    return file.getvalue()
