"""IDX files that are damaged, have false headers, or unpack to more than they declare."""

from __future__ import annotations

import gzip
import random
import struct
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from .attempt import Attempt, Box, Kind, nothing, saddlepoint

IMAGES, LABELS, TEST = "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte"
SIZES = {0x08: 1, 0x09: 1, 0x0B: 2, 0x0C: 4, 0x0D: 4, 0x0E: 8}
N = 20
DESCRIBE = saddlepoint("data", IMAGES)
TRY = saddlepoint("train", "gan-digits", "--data.source", IMAGES, "--dry-run")


def idx(kind: int, shape: tuple[int, ...], content: bytes | None = None) -> bytes:
    """The bytes of an IDX file; without `content`, zeros of the right number."""
    if content is None:
        count = SIZES.get(kind, 1)
        for length in shape:
            count *= length
        content = bytes(count)
    return bytes([0, 0, kind, len(shape)]) + b"".join(struct.pack(">I", length) for length in shape) + content


def bomb(shape: tuple[int, ...], megabytes: int) -> bytes:
    """An IDX file of zeros, compressed a thousandfold: a gzip file may have many parts, and these are all alike."""
    return gzip.compress(idx(8, shape, b""), mtime=0) + gzip.compress(bytes(1_000_000), mtime=0) * megabytes


def _write(box: Box, **files: bytes) -> None:
    names = {"images": IMAGES, "labels": LABELS, "test": TEST, "packed": f"{IMAGES}.gz"}
    for name, content in files.items():
        (box.work / names[name]).write_bytes(content)


def _linked(box: Box, target: str) -> None:
    (box.work / IMAGES).symlink_to(target)


def _folder(box: Box) -> None:
    (box.work / IMAGES).mkdir()


def _unreadable(box: Box, content: bytes) -> None:
    _write(box, images=content)
    (box.work / IMAGES).chmod(0)


def _bomb(box: Box, shape: tuple[int, ...], megabytes: int, name: str = "images") -> None:
    _write(box, **{name: bomb(shape, megabytes)})


def _labelled_by_a_bomb(box: Box, images: bytes) -> None:
    _write(box, images=images, labels=bomb((3_000_000_000,), 3_000))


def attempts(shared: Path, rng: random.Random) -> Iterator[Attempt]:
    """All attempts."""
    sound = idx(8, (N, 8, 8), rng.randbytes(N * 64))
    packed = gzip.compress(sound, mtime=0)
    labels = idx(8, (N,), bytes(n % 5 for n in range(N)))
    yield _attempt("sound", images=sound, labels=labels)
    yield _attempt("sound and packed", images=packed, labels=gzip.compress(labels, mtime=0))
    for axes in (1, 2, 5, 8, 9, 33, 65, 100, 255):
        yield _attempt(f"{axes} axes", images=idx(8, (1,) * axes))
    for kind in (*SIZES, 0x00, 0x07, 0x0A, 0xFF):
        yield _attempt(f"type {kind:#04x}", images=idx(kind, (N, 8, 8)))
    for shape in (
        (0, 8, 8),
        (N, 0, 8),
        (N, 8, 0),
        (0,),
        (2**32 - 1, 2**32 - 1, 2**32 - 1),
        (2**31, 1, 1),
        (1, 8, 8),
        (2, 8, 8),
    ):
        yield _attempt(f"shape {shape}", images=idx(8, shape, None if max(shape) < 99 else b"few"))
    for cut in (0, 1, 3, 4, 5, 15, 16, 17, len(sound) - 1):
        yield _attempt(f"cut after {cut}", images=sound[:cut])
        yield _attempt(f"packed, cut after {cut}", images=packed[:cut])
    for number in range(6):
        damaged = bytearray(packed)
        for _ in range(3):
            damaged[rng.randrange(len(packed))] = rng.randrange(256)
        yield _attempt(f"packed, damaged {number}", images=bytes(damaged))
    yield _attempt("longer than it says", images=sound + b"more")
    yield _attempt("packed twice", images=gzip.compress(packed, mtime=0))
    yield _attempt("two packed parts", images=packed + packed)
    yield _attempt("random bytes", images=rng.randbytes(5_000))
    yield _attempt("a web page", images=b"<html>404</html>")
    for name, content in (
        ("fewer", idx(8, (N - 1,))), ("of 2 axes", idx(8, (N, 1))), ("empty", b""), ("damaged", b"\0\0\x08"),
        ("floats", idx(0x0D, (N,))), ("negative", idx(0x09, (N,), bytes([255] * N))),
        ("of int32 up to 2e9", idx(0x0C, (N,), struct.pack(">i", 2_000_000_000) * N)),
        ("all different up to 2e9", idx(0x0C, (N,), b"".join(struct.pack(">i", 10**8 * n) for n in range(N)))),
        ("with 100 axes", idx(8, (1,) * 100)), ("none", idx(8, (0,), b"")), ("promising 4e9", idx(8, (2**32 - 1,), b"")),
    ):  # fmt: skip
        yield _attempt(f"labels {name}", images=sound, labels=content)
    for name, content in (
        ("of another shape", idx(8, (N, 9, 9))), ("of another type", idx(0x0D, (N, 8, 8))), ("empty", b""),
        ("without images", idx(8, (0, 8, 8))), ("cut", sound[:50]),
    ):  # fmt: skip
        yield _attempt(f"test part {name}", images=sound, test=content)
    for name, value in (("NaN", b"\x7f\xc0\0\0"), ("infinity", b"\x7f\x80\0\0")):
        yield _attempt(f"floats with {name}", images=idx(0x0D, (N, 2, 2), value * N * 4))
    yield _attempt("doubles beyond float32", images=idx(0x0E, (N, 2, 2), struct.pack(">d", 1e300) * N * 4))
    yield _made("gzip bomb within its header", partial(_bomb, shape=(3_000, 1_000, 1_000), megabytes=3_000))
    yield _made("gzip bomb beyond its header", partial(_bomb, shape=(N, 8, 8), megabytes=3_000))
    yield _made("gzip bomb without a header", partial(_bomb, shape=(1,) * 255, megabytes=1_000))
    yield _made("gzip bomb of labels", partial(_labelled_by_a_bomb, images=sound))
    yield _made("a link in a circle", partial(_linked, target=IMAGES))
    yield _made("a link to nowhere", partial(_linked, target="nowhere"))
    yield _made("a link to zeros without end", partial(_linked, target="/dev/zero"))
    yield _made("a folder", _folder)
    yield _made("not readable", partial(_unreadable, content=sound))
    yield Attempt("missing", nothing, (DESCRIBE, TRY))


def _attempt(name: str, **files: bytes) -> Attempt:
    return _made(name, partial(_write, **files))


def _made(name: str, prepare: Callable[[Box], None]) -> Attempt:
    return Attempt(name, prepare, (DESCRIBE,))


KIND = Kind("idx", attempts)
