"""WAV files that are cut short, coded in every way, silent, of absurd rates and sizes, or no WAV files at all."""

from __future__ import annotations

import math
import os
import random
import struct
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from .attempt import Attempt, Box, Kind, saddlepoint
from .expected import Check, is_read, is_refused

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
RATE, SAMPLES = 8_000, 400
# What a few attempts train with.
TRAIN = ("--training.steps", "2", "--evaluation.every", "1000000", "--no-pictures", "--quiet")


def chunk(name: bytes, content: bytes, size: int | None = None) -> bytes:
    """One chunk of a WAV file; `size` in place of its true one."""
    return name + struct.pack("<I", len(content) if size is None else size) + content + b"\0" * (len(content) % 2)


def header(code: int = PCM, channels: int = 1, rate: int = RATE, bits: int = 16, **changes: int) -> bytes:
    """The chunk that says how samples are coded; `changes` to `second` (bytes a second) and `frame` (bytes of one moment)."""
    frame = changes.get("frame", channels * ((bits + 7) // 8) % 65_536)
    second = changes.get("second", rate * frame % 2**32)
    return chunk(b"fmt ", struct.pack("<HHIIHH", code, channels, rate, second, frame, bits))


def wav(*chunks: bytes, size: int | None = None, start: bytes = b"RIFF", kind: bytes = b"WAVE") -> bytes:
    """A file of these chunks."""
    body = kind + b"".join(chunks)
    return start + struct.pack("<I", len(body) if size is None else size) + body


def wave(bits: int = 16, channels: int = 1, samples: int = SAMPLES, loudness: float = 0.8) -> bytes:
    """A sine as PCM of 8, 16, 24 or 32 bits."""
    values = [loudness * math.sin(0.3 * n) for n in range(samples)]
    if bits == 8:
        return b"".join(bytes([round(127 * value) + 128]) * channels for value in values)
    whole = (round(value * (2 ** (bits - 1) - 1)) for value in values)
    return b"".join(value.to_bytes(bits // 8, "little", signed=True) * channels for value in whole)


def floats(*values: float, bits: int = 32) -> bytes:
    """Samples as floats."""
    return struct.pack(f"<{len(values)}{'f' if bits == 32 else 'd'}", *values)


SOUND = wav(header(), chunk(b"data", wave()))


def _among(box: Box, content: bytes, name: str = "hostile.wav") -> None:
    """A file of this content among sound ones."""
    folder = box.work / "sounds"
    folder.mkdir()
    for number in range(4):
        (folder / f"{number}.wav").write_bytes(SOUND)
    (folder / name).write_bytes(content)


def _alone(box: Box, content: bytes) -> None:
    (box.work / "x.wav").write_bytes(content)


def _all(box: Box, content: bytes) -> None:
    """A folder in which all files are of this content."""
    folder = box.work / "sounds"
    folder.mkdir()
    for number in range(12):
        (folder / f"{number}.wav").write_bytes(content)


def _linked(box: Box, target: str) -> None:
    _among(box, SOUND)
    (box.work / "sounds" / "hostile.wav").unlink()
    (box.work / "sounds" / "hostile.wav").symlink_to(target)


def _special(box: Box, what: str) -> None:
    _among(box, SOUND)
    path = box.work / "sounds" / "hostile.wav"
    path.unlink()
    if what == "pipe":
        os.mkfifo(path)
    elif what == "folder":
        path.mkdir()
    elif what == "sparse file":
        with path.open("wb") as file:
            file.write(SOUND[:44])
            file.truncate(200_000_000_000)


def attempts(shared: Path, rng: random.Random) -> Iterator[Attempt]:
    """All attempts."""
    for cut in (0, 1, 4, 11, 12, 19, 20, 35, 36, 43, 44, 45, 300, len(SOUND) - 1):
        # Behind a whole header, what is there may be read: programs that are stopped leave such files.
        yield from _both(f"cut after {cut}", SOUND[:cut], is_refused if cut <= 44 else None)
    for bits in (8, 16, 24, 32):
        for channels in (1, 2, 6):
            content = wav(header(channels=channels, bits=bits), chunk(b"data", wave(bits, channels)))
            yield _folder(f"PCM of {bits} bits, {channels} channels", content, is_read)
    for bits in (32, 64):
        sine = floats(*(math.sin(0.3 * n) for n in range(SAMPLES)), bits=bits)
        yield _folder(f"floats of {bits} bits", wav(header(FLOAT, bits=bits), chunk(b"data", sine)), is_read)
    for name, values in (("NaN", math.nan), ("infinity", math.inf), ("3e38", 3e38), ("1e-40", 1e-40)):
        content = wav(header(FLOAT, bits=32), chunk(b"data", floats(*([0.1, values] * 100))))
        yield from _both(f"floats with {name}", content, is_refused if name in ("NaN", "infinity") else None)
    yield _alone_attempt(
        "doubles beyond float32", wav(header(FLOAT, bits=64), chunk(b"data", floats(*[1e300] * 200, bits=64)))
    )
    for channels in (2, 6):
        content = wav(header(channels=channels), chunk(b"data", wave(channels=channels)))
        yield _among_attempt(f"{channels} channels among mono", content, is_refused)
    for name, data in (
        ("zero samples", b""),
        ("one sample", b"\1\2"),
        ("half a sample", b"\1"),
        ("half a frame more", wave() + b"\1"),
    ):
        content = wav(header(), chunk(b"data", data))
        yield from _both(name, content, is_refused if data == b"" else None)
    silent = wav(header(), chunk(b"data", bytes(2 * SAMPLES)))
    yield _among_attempt("silence among sounds", silent, is_read)
    yield _folder("silence alone", silent, is_read)
    clipped = wav(header(), chunk(b"data", struct.pack("<400h", *[32_767, -32_768] * 200)))
    yield _folder("full scale alone", clipped, is_read)
    for rate in (0, 1, 7, 44_100, 2**31 - 1, 2**31, 2**32 - 1):
        content = wav(header(rate=rate), chunk(b"data", wave()))
        yield from _both(f"{rate} samples a second", content, is_refused if rate == 0 else None)
        for wanted in ("1", "8000", "1000000"):
            yield _alone_attempt(f"{rate} samples a second, resampled to {wanted}", content, None, "--rate", wanted)
    for channels in (0, 3, 65, 65_535):
        yield from _both(f"{channels} channels", wav(header(channels=channels), chunk(b"data", wave())), None)
    for bits in (0, 1, 4, 7, 12, 20, 48, 64, 65_535):
        yield _alone_attempt(f"PCM of {bits} bits", wav(header(bits=bits), chunk(b"data", bytes(1_200))))
    for bits in (0, 8, 16, 24, 80):
        yield _alone_attempt(f"floats of {bits} bits", wav(header(FLOAT, bits=bits), chunk(b"data", bytes(1_200))))
    for frame in (0, 1, 3, 65_535):
        yield _alone_attempt(f"frames of {frame} bytes", wav(header(frame=frame), chunk(b"data", wave())))
    for code, name in (
        (0, "none"),
        (2, "ADPCM"),
        (6, "A-law"),
        (7, "mu-law"),
        (0x11, "IMA ADPCM"),
        (0x55, "MP3"),
        (0xFFFF, "unknown"),
    ):
        yield from _both(f"code {name}", wav(header(code, bits=8), chunk(b"data", wave(8))), is_refused)
    for number, guid in enumerate(
        (b"", bytes(16), rng.randbytes(16), struct.pack("<H", PCM) + bytes.fromhex("000000001000800000aa00389b71"))
    ):
        body = struct.pack("<HHIIHHHHI", EXTENSIBLE, 1, RATE, 2 * RATE, 2, 16, len(guid) + 6, 16, 4) + guid
        yield _alone_attempt(f"extensible {number}", wav(chunk(b"fmt ", body), chunk(b"data", wave())))
    note = chunk(b"LIST", b"INFOISFT" + struct.pack("<I", 6) + b"\x1b[31m\0")
    for name, content in (
        ("nothing but a start", b"RIFF\0\0\0\0WAVE"), ("a text", b"hello, I am no sound\n" * 40), ("a page", b"<html></html>"),
        ("a picture", b"\x89PNG\r\n\x1a\n" + bytes(80)), ("MP3", b"ID3\3\0\0\0\0\0\0" + bytes(400)), ("big-endian", wav(header(), chunk(b"data", wave()), start=b"RIFX")),
        ("RF64", wav(header(), chunk(b"data", wave()), start=b"RF64")), ("a film", wav(header(), chunk(b"data", wave()), kind=b"AVI ")),
        ("random bytes", rng.randbytes(3_000)), ("random bytes behind a start", b"RIFF\0\0\1\0WAVE" + rng.randbytes(3_000)),
        ("samples before their header", wav(chunk(b"data", wave()), header())), ("no header", wav(chunk(b"data", wave()))),
        ("no samples", wav(header())), ("a short header", wav(chunk(b"fmt ", b"\1\0\1\0"), chunk(b"data", wave()))),
        ("an empty header", wav(chunk(b"fmt ", b""), chunk(b"data", wave()))),
    ):  # fmt: skip
        yield from _both(name, content, is_refused if name != "RF64" else None)
    for name, content in (
        ("two headers", wav(header(), header(bits=8), chunk(b"data", wave()))), ("two data chunks", wav(header(), chunk(b"data", wave()), chunk(b"data", wave()))),
        ("20,000 chunks", wav(header(), chunk(b"junk", b"") * 20_000, chunk(b"data", wave()))), ("odd chunks", wav(header(), chunk(b"junk", b"abc"), chunk(b"data", wave()))),
        ("a note that steers", wav(header(), note, chunk(b"data", wave()))), ("a huge chunk", wav(header(), chunk(b"junk", b"ab", 2**32 - 1), chunk(b"data", wave()))),
        ("a huge data chunk", wav(header(), chunk(b"data", wave(), 2**32 - 1))), ("a data chunk of 0 bytes that has some", wav(header(), chunk(b"data", wave(), 0))),
        ("a size of 0", wav(header(), chunk(b"data", wave()), size=0)), ("a size of 4 GB", wav(header(), chunk(b"data", wave()), size=2**32 - 1)),
        ("more behind the end", SOUND + rng.randbytes(500)), ("a header of 60,000 bytes", wav(chunk(b"fmt ", header()[8:] + bytes(60_000)), chunk(b"data", wave()))),
    ):  # fmt: skip
        yield from _both(name, content, None)
    for number in range(20):
        damaged = bytearray(SOUND)
        for _ in range(1 + number % 4):
            damaged[rng.randrange(44 if number % 2 else len(SOUND))] = rng.randrange(256)
        yield from _both(f"damaged {number}", bytes(damaged), None)
    for target in ("hostile.wav", "nowhere", "/dev/zero", "/proc/self/mem", "0.wav"):
        yield Attempt(
            f"a link to {target.replace('/', ' ')}", partial(_linked, target=target), (saddlepoint("data", "sounds"),)
        )
    for what in ("pipe", "folder", "sparse file"):
        yield Attempt(f"a {what} among them", partial(_special, what=what), (saddlepoint("data", "sounds"),))
    for settings in (
        ("--length", "1"),
        ("--length", "100000000"),
        ("--length", "64", "--stride", "1000000"),
        ("--length", "4", "--stride", "1"),
        ("--rate", "1"),
    ):
        yield _folder(f"with {' '.join(settings)}", SOUND, None, *settings)
    yield _among_attempt("a damaged file that is skipped", SOUND[:30], is_read, "--on_bad", "skip")
    yield _folder("damaged files alone, skipped", SOUND[:30], is_refused, "--on_bad", "skip")
    for name, content, check in (
        ("sound", SOUND, is_read),
        ("silent", silent, None),
        ("of one sample", wav(header(), chunk(b"data", b"\1\2")), None),
    ):
        model = (
            "--model.network.layers",
            "2",
            "--model.network.width",
            "4",
            "--data.length",
            "none",
            "--data.rate",
            "none",
            "--training.batch_size",
            "4",
        )
        command = saddlepoint("train", "wavenet-tones", "--data.source", "sounds", "--run", "run", *model, *TRAIN)
        yield Attempt(
            f"training on files that are {name}", partial(_all, content=content), (command,), check, seconds=120.0
        )


def _both(name: str, content: bytes, check: Check | None) -> Iterator[Attempt]:
    yield _alone_attempt(name, content, check)
    # Beside others of one channel and rate, a file that can be read may differ from them.
    yield _among_attempt(name, content, check if check is is_refused else None)


def _alone_attempt(name: str, content: bytes, check: Check | None = None, *settings: str) -> Attempt:
    command = saddlepoint("data", "x.wav", "--length", "50", *settings)
    return Attempt(f"{name}, alone", partial(_alone, content=content), (command,), check)


def _among_attempt(name: str, content: bytes, check: Check | None, *settings: str) -> Attempt:
    return Attempt(
        f"{name}, in a folder", partial(_among, content=content), (saddlepoint("data", "sounds", *settings),), check
    )


def _folder(name: str, content: bytes, check: Check | None, *settings: str) -> Attempt:
    return Attempt(
        f"folder: {name}", partial(_all, content=content), (saddlepoint("data", "sounds", *settings),), check
    )


KIND = Kind("sounds", attempts)
