"""Array files that are damaged, have false headers, hold objects, or unpack to more than they declare: .npy, .npz, tables."""

from __future__ import annotations

import io
import pickle
import random
import struct
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .attempt import Attempt, Box, Kind, saddlepoint

NPY, NPZ = "x.npy", "x.npz"


class Injected:
    """Unpickling it makes the canary."""

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, ("import os, pathlib; pathlib.Path(os.environ['CAMPAIGN_CANARY']).touch()",)


def npy(array: Any, **options: Any) -> bytes:
    """The bytes of an .npy file."""
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def headed(header: bytes, content: bytes = b"", version: int = 1, length: int | None = None) -> bytes:
    """An .npy file with this header, unchecked."""
    size = len(header) if length is None else length
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", size) + header + content


def promising(shape: str, descr: str = "'<f4'") -> bytes:
    """A header that declares an array of this shape."""
    return b"{'descr': %s, 'fortran_order': False, 'shape': %s, }\n" % (descr.encode(), shape.encode())


def npz(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The bytes of an .npz file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def _write(box: Box, content: bytes, name: str) -> None:
    (box.work / name).write_bytes(content)


def _bomb(box: Box, gigabytes: int, lie: bool) -> None:
    """Zeros compressed a thousandfold; with `lie`, an archive that declares few."""
    count = gigabytes * 250_000_000
    block = bytes(4_000_000)
    with (
        zipfile.ZipFile(box.work / NPZ, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("x.npy", "w", force_zip64=True) as file,
    ):
        file.write(headed(promising(f"({count // 100}, 100)")))
        for _ in range(count // 1_000_000):
            file.write(block)
    if lie:
        content = bytearray((box.work / NPZ).read_bytes())
        at = content.rfind(b"PK\x01\x02")
        content[at + 24 : at + 28] = struct.pack("<I", 5_000)
        (box.work / NPZ).write_bytes(bytes(content))


def _encrypted(box: Box, content: bytes) -> None:
    """An archive whose flag says that it is encrypted; nobody asks for the password."""
    made = bytearray(npz({"x.npy": content}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        made[made.find(mark) + offset] |= 1
    _write(box, bytes(made), NPZ)


def _link(box: Box, target: str) -> None:
    (box.work / NPY).symlink_to(target)


def attempts(shared: Path, rng: random.Random) -> Iterator[Attempt]:
    """All attempts."""
    x = np.frombuffer(rng.randbytes(50 * 64), np.uint8).reshape(50, 8, 8)
    sound, packed = npy(x), npz({"x.npy": npy(x), "y.npy": npy(np.arange(50) % 5)})
    yield _of(NPY, "sound", sound)
    yield _of(NPZ, "sound", packed)
    for shape in (
        "(1000000000000,)", "(99999, 99999, 99999)", "(-1, 4)", "(0, 8)", "(8, 0)", "()", "(2**70,)", "(4.5,)", "'x'", "5", "(True, 2)",
        "(9223372036854775807, 2)", "(1,) * 5", f"({', '.join(['1'] * 70)})", "(10**9, 10**9)", "[50, 8, 8]",
    ):  # fmt: skip
        yield _of(NPY, f"shape {shape[:30]}", headed(promising(shape), bytes(100)))
    for descr in (
        "'|O'", "'<U10'", "'|S0'", "'|V0'", "'<c8'", "'<M8[ns]'", "'x'", "[('a', '<f4'), ('b', '<f4')]", "None", "'<f16'", "'>f4'", "'<f2'",
        "('<f4', (1000000, 1000000))", "'<U999999999'", "[" * 60 + "]" * 60,
    ):  # fmt: skip
        yield _of(NPY, f"dtype {descr[:30]}", headed(promising("(50, 8)", descr), bytes(1_600)))
    for name, content in (
        ("version 2", headed(promising("(5, 8)"), bytes(160), version=2)), ("version 3", headed(promising("(5, 8)"), bytes(160), version=3)),
        ("version 9", headed(promising("(5, 8)"), bytes(160), version=9)),
        ("header of 4 GB", headed(promising("(5, 8)"), bytes(160), version=2, length=2**32 - 1)),
        ("header without a shape", headed(b"{'descr': '<f4', 'fortran_order': False}\n", bytes(100))),
        ("header that computes", headed(b"__import__('os').system('touch $CAMPAIGN_CANARY')\n")),
        ("header of brackets", headed(b"(" * 9_000)), ("header that is no text", headed(bytes(range(256)))),
        ("empty", b""), ("one byte", b"\x93"), ("magic alone", b"\x93NUMPY"), ("random bytes", rng.randbytes(5_000)),
        ("objects", npy(np.array([Injected()], dtype=object), allow_pickle=True)),
        ("a pickle", pickle.dumps(Injected())), ("NaN", npy(np.full((50, 8), np.nan))), ("infinity", npy(np.full((50, 8), np.inf))),
        ("beyond float32", npy(np.full((50, 8), 1e300))), ("complex", npy(np.zeros((50, 8), complex))), ("text", npy(np.array(["a", "b"]))),
        ("of one example", npy(x[:1])), ("of 9 axes", npy(np.zeros((4,) * 9, np.uint8))), ("a number", npy(np.float32(5))),
        ("whole numbers of 64 bits", npy(np.full((50, 8), 2**63 - 1))), ("Fortran's order", npy(np.asfortranarray(x))),
    ):  # fmt: skip
        yield _of(NPY, name, content)
    for cut in (5, 10, 60, 127, 128, 129, len(sound) - 1):
        yield _of(NPY, f"cut after {cut}", sound[:cut])
        yield _of(NPZ, f"cut after {cut}", packed[: min(cut * 3, len(packed) - 1)])
    for number in range(10):
        damaged = bytearray(packed)
        for _ in range(3):
            damaged[rng.randrange(len(packed))] = rng.randrange(256)
        yield _of(NPZ, f"damaged {number}", bytes(damaged))
    for name, files in (
        ("without arrays", {}), ("of other names", {"a.npy": npy(x), "b.npy": npy(x)}), ("of objects", {"x.npy": pickle.dumps(Injected())}),
        ("of texts", {"x.npy": b"hello"}), ("labels of objects", {"x.npy": npy(x), "y.npy": npy(np.array([Injected()] * 50), allow_pickle=True)}),
        ("too few labels", {"x.npy": npy(x), "y.npy": npy(np.arange(3))}), ("labels up to 2e9", {"x.npy": npy(x), "y.npy": npy(np.full(50, 2 * 10**9))}),
        ("labels as huge texts", {"x.npy": npy(x), "y.npy": headed(promising("(50,)", "'<U99999999'"))}),
        ("names that steer", {"\x1b[31m.npy": npy(x), "\x1b[32m.npy": npy(x)}), ("names as paths", {"../../x.npy": npy(x)}),
        ("a lying header", {"x.npy": headed(promising("(1000000, 1000000)"), bytes(100))}), ("labels of NaN", {"x.npy": npy(x), "y.npy": npy(np.full(50, np.nan))}),
    ):  # fmt: skip
        yield _of(NPZ, name, npz(files))
    for method, name in ((zipfile.ZIP_BZIP2, "bzip2"), (zipfile.ZIP_LZMA, "lzma"), (zipfile.ZIP_STORED, "nothing")):
        content = npz({"x.npy": npy(x)}, method)
        yield _of(NPZ, f"packed by {name}", content)
        yield _of(NPZ, f"packed by {name}, damaged", content[:200] + b"\xff" * 30 + content[230:])
    yield _made(NPZ, "bomb of 3 GB", partial(_bomb, gigabytes=3, lie=False))
    yield _made(NPZ, "bomb of 3 GB that says 5 kB", partial(_bomb, gigabytes=3, lie=True))
    yield _made(NPZ, "encrypted", partial(_encrypted, content=sound))
    for name, content in (
        ("x.csv", b"a,b\n1,2\n" * 50), ("x.csv", b"name,price\nbread,1\n"), ("x.tsv", b"1\t2\n"), ("x.txt", b"1 2\n"), ("x.parquet", b"PAR1"),
        ("x.xlsx", b"PK\x03\x04"), ("x.csv", b"\xff\xfe\0"), ("x.pkl", pickle.dumps(Injected())), ("x.pt", pickle.dumps(Injected())),
    ):  # fmt: skip
        yield Attempt(
            f"{name} of {content[:12]!r}", partial(_write, content=content, name=name), (saddlepoint("data", name),)
        )
    for target in (NPY, "nowhere", "/dev/zero", "/proc/self/mem"):
        yield _made(NPY, f"a link to {target.replace('/', ' ')}", partial(_link, target=target))


def _of(name: str, what: str, content: bytes) -> Attempt:
    return _made(name, what, partial(_write, content=content, name=name))


def _made(name: str, what: str, prepare: Callable[[Box], None]) -> Attempt:
    return Attempt(f"{name[2:]} {what}", prepare, (saddlepoint("data", name),))


KIND = Kind("arrays", attempts)
