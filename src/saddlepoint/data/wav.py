"""WAV files: read and written by SciPy; a damaged file is refused in one sentence."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from saddlepoint.errors import DataError, RunError
from saddlepoint.records.files import read_bytes

MOST_BYTES = 1 << 30
MOST_CHANNELS = 64
UNKNOWN_RATE = 16_000.0  # samples a second at which sounds are written whose rate is not known
# By the type of stored numbers, what stands for silence and what for full scale. 24 bits come as 32.
SCALES: dict[str, tuple[float, float]] = {
    "uint8": (128, 128),
    "int16": (0, 1 << 15),
    "int32": (0, 1 << 31),
    "float32": (0, 1),
    "float64": (0, 1),
}
Array = npt.NDArray[Any]


def read_wav(path: Path) -> tuple[Array, int]:
    """The samples (C, T) float32 of a file, PCM divided by its largest value, and how many there are in a second.

    Raises:
        DataError: it is no WAV file, is cut short, or is coded in a way that is not read.
    """
    from scipy.io import wavfile  # takes a moment to import

    try:
        raw = read_bytes(path, most=MOST_BYTES)
    except RunError as error:
        raise DataError(str(error)) from None
    if raw[:4] != b"RIFF" or raw[8:12] != b"WAVE":
        raise DataError(
            f"{path}: is no WAV file (it does not begin with RIFF ... WAVE); convert it to WAV, or remove it."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)  # chunks of other programs are passed over
            warnings.filterwarnings("error", "Reached EOF", wavfile.WavFileWarning)
            rate, stored = wavfile.read(io.BytesIO(raw))
    except Exception as error:  # damaged headers make SciPy raise anything, UnboundLocalError among others
        reason = " ".join(str(error).split())[:100].rstrip(".")
        raise DataError(
            f"{path}: is damaged, cut short or coded in another way than PCM of 8, 16, 24 or 32 bits or floats ({reason}); write the "
            "file again."
        ) from None
    samples: Array = stored[:, None] if stored.ndim == 1 else stored
    if stored.dtype.name not in SCALES or samples.shape[1] > MOST_CHANNELS or rate < 1:
        raise DataError(
            f"{path}: {samples.shape[1]} channels of {stored.dtype.name} at {rate} samples a second are not read; convert it to PCM or "
            "floats."
        )
    if not samples.size:
        raise DataError(f"{path}: holds 0 samples; remove it.")
    silence, full = SCALES[stored.dtype.name]
    sound = ((samples.astype(np.float64) - silence) / full).astype(np.float32)
    if not np.isfinite(sound).all():
        raise DataError(f"{path}: holds samples that are not finite; write the file again.")
    return np.ascontiguousarray(sound.T), int(rate)


def wav_bytes(sound: Array, rate: float, *, code: Literal["pcm", "float"] = "float") -> bytes:
    """A WAV file of a sound.

    Args:
        sound: (C, T) floats; full scale is 1.
        rate: samples a second, rounded to a whole number.
        code: "float" for 32 bits, which lose nothing; "pcm" for 16 bits, half the size, clipped at full scale. Values that are
            not finite become silence in the latter.
    """
    from scipy.io import wavfile

    values = np.asarray(sound, dtype=np.float32).T
    if code == "pcm":
        whole = np.nan_to_num(values.astype(np.float64), posinf=0.0, neginf=0.0) * 32_768
        values = np.round(np.clip(whole, -32_768, 32_767)).astype(np.int16)
    file = io.BytesIO()
    wavfile.write(file, max(1, round(rate)), values)
    return file.getvalue()
