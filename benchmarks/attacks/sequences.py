"""Folders of arrays, as volumes and as time series, and tables: wrong ranks, mixed shapes, objects, gaps, false headers."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from .arrays import Injected, headed, npy, promising
from .attempt import Attempt, Box, Kind, saddlepoint
from .expected import Check, is_read, is_refused

KINDS = {"volume": (6, 6, 6), "series": (200, 2)}
N = 12


def _folder(box: Box, files: Mapping[str, bytes]) -> None:
    (box.work / "arrays").mkdir()
    for name, content in files.items():
        path = box.work / "arrays" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _table(box: Box, content: bytes) -> None:
    (box.work / "x.csv").write_bytes(content)


def attempts(shared: Path, rng: random.Random) -> Iterator[Attempt]:
    """All attempts."""
    numbers = np.random.default_rng(rng.randrange(2**32))
    for kind, shape in KINDS.items():
        yield from _arrays(kind, shape, numbers, rng)
    rows = "".join(f"{n},{n % 7}\n" for n in range(400))
    for name, content, check in (
        ("sound", rows.encode(), is_read), ("with names", f"time,value\n{rows}".encode(), is_read), ("with a mark", b"\xef\xbb\xbf" + rows.encode(), is_read),
        ("with Windows' line ends", rows.replace("\n", "\r\n").encode(), is_read), ("empty", b"", is_refused), ("of one newline", b"\n", is_refused), ("of names alone", b"a,b\n", is_refused),
        ("of one row", b"1,2\n", is_refused), ("with a row too long", rows.encode() + b"1,2,3\n", is_refused), ("with a row too short", b"1,2\n3\n" * 200, is_refused),
        ("with words", b"1,bread\n" * 300, is_refused), ("with gaps", b"1,\n,2\n" * 200, is_refused), ("with NaN", b"1,nan\n" * 300, is_refused), ("with infinity", b"1,inf\n" * 300, is_refused),
        ("beyond float32", b"1,1e300\n" * 300, is_refused), ("beyond any float", b"1,1e999\n" * 300, is_refused), ("with formulas", b"=1+1,=cmd|' /C calc'!A0\n" * 300, is_refused),
        ("of semicolons", rows.replace(",", ";").encode(), None), ("with quotes", b'"1","2"\n' * 300, None), ("with an open quote", b'"1,2\n' * 300, None), ("with decimal commas", b"1;2,5\n" * 300, None),
        ("with NUL", b"1,2\n\0,3\n" * 200, is_refused), ("of bytes", rng.randbytes(4_000), is_refused), ("in UTF-16", rows.encode("utf-16"), None), ("of a line of 5 MB", b"1," * 2_500_000, None),
        ("of 100,000 columns", b",".join([b"1"] * 100_000) + b"\n", None), ("with escape sequences", b"1,\x1b[31m2\n" * 300, is_refused), ("with hexadecimal numbers", b"0x10,0b1\n" * 300, is_refused),
        ("with underscores", b"1_000,2\n" * 300, None), ("with other digits", "\u0661,\u0662\n".encode() * 300, None), ("of one column", b"1\n2\n" * 300, is_read),
    ):  # fmt: skip
        settings = ("--kind", "series", "--length", "20")
        yield Attempt(
            f"table {name}", partial(_table, content=content), (saddlepoint("data", "x.csv", *settings),), check
        )


def _arrays(kind: str, shape: tuple[int, ...], numbers: np.random.Generator, rng: random.Random) -> Iterator[Attempt]:
    """Folders of arrays of this kind."""

    def example(*own: int) -> np.ndarray:
        return numbers.random(own or shape).astype(np.float32)

    sound = {f"{n:02d}.npy": npy(example()) for n in range(N)}
    whole = npy(example())
    gap, infinite = example(), example()
    gap[(3,) * (len(shape) - 1) + (1,)], infinite[(0,) * len(shape)] = np.nan, np.inf
    for name, content, check in (
        ("sound", whole, is_read), ("of no axes", npy(np.float32(3)), is_refused), ("of five axes", npy(example(2, 2, 2, 2, 2)), is_refused), ("of nine axes", npy(example(*[2] * 9)), is_refused),
        ("of 0 numbers", npy(example(*shape)[:0]), is_refused), ("of another size", npy(example(*(n + 1 for n in shape))), is_refused), ("of one number more in an axis", npy(example(shape[0] + 1, *shape[1:])), None),
        ("of objects", npy(np.array([Injected()], dtype=object), allow_pickle=True), is_refused), ("of objects in the shape", npy(np.full(shape, None, dtype=object), allow_pickle=True), is_refused),
        ("with NaN", npy(gap), is_refused), ("with infinity", npy(infinite), is_refused), ("beyond float32", npy(np.full(shape, 1e300)), is_refused), ("complex", npy(np.zeros(shape, complex)), is_refused),
        ("of texts", npy(np.full(shape, "a")), is_refused), ("of moments", npy(np.zeros(shape, "datetime64[s]")), is_refused), ("of records", npy(np.zeros(shape, [("a", "<f4")])), is_refused),
        ("of booleans", npy(example() > 0.5), None), ("of bytes", npy((255 * example()).astype(np.uint8)), None), ("of doubles", npy(example().astype(np.float64)), is_read), ("of halves", npy(example().astype(np.float16)), is_read),
        ("of huge whole numbers", npy(np.full(shape, 2**63 - 1)), None), ("in Fortran's order", npy(np.asfortranarray(example())), is_read), ("of the other byte order", npy(example().astype(">f4")), is_read),
        ("empty", b"", is_refused), ("cut in the header", whole[:60], is_refused), ("cut in the numbers", whole[:-5], is_refused), ("longer than it says", whole + bytes(100), None), ("random bytes", rng.randbytes(900), is_refused),
        ("of a lying header", headed(promising("(1000000, 1000000, 1000)"), bytes(100)), is_refused), ("of a negative axis", headed(promising("(-1, 6, 6)"), bytes(900)), is_refused),
        ("of a header that computes", headed(b"__import__('os').system('touch $CAMPAIGN_CANARY')\n"), is_refused), ("a text", b"hello\n" * 50, is_refused),
    ):  # fmt: skip
        yield _of(f"{kind} {name}, among sound ones", {**sound, "05.npy": content}, kind, check)
        same = check is is_refused and name not in ("of another size",)
        yield _of(f"{kind} {name}, all", dict.fromkeys(sound, content), kind, is_refused if same else None)
    for name, files, check in (
        ("of nothing", {}, is_refused), ("of one", {"a.npy": whole}, None), ("of two", {"a.npy": whole, "b.npy": whole}, None), ("of the same one", dict.fromkeys(sound, whole), None),
        ("of constants", {f"{n}.npy": npy(np.full(shape, 3.0)) for n in range(N)}, None), ("of classes", {f"{'ab'[n % 2]}/{n}.npy": npy(example()) for n in range(N)}, is_read),
        ("of classes, one of which is empty", {**{f"a/{n}.npy": npy(example()) for n in range(N)}, "b/note.txt": b"none"}, None), ("with other files", {**sound, "notes.txt": b"hello", "a.json": b"{}"}, is_read),
        ("with an archive", {**sound, "x.npz": b"PK"}, None), ("with a hidden array", {**sound, ".hidden.npy": b""}, is_read), ("of names that steer", {**sound, "\x1b[31m.npy": b""}, is_refused),
        ("with links of paths", {**sound, "..npy": whole}, None),
    ):  # fmt: skip
        yield _of(f"folder {name} for {kind}", files, kind, check)
        yield _of(
            f"folder {name} for {kind}, undecided",
            files,
            "auto",
            is_refused if check is is_refused and not files else None,
        )
    for other in ("image", "vector", "text", "sound"):
        yield _of(f"{kind} as {other}", sound, other, None)
    for settings in (
        ("--length", "1"),
        ("--length", "100000000"),
        ("--length", "20", "--stride", "1"),
        ("--layout", "channels-first"),
        ("--layout", "channels-last"),
        ("--limit", "1"),
        ("--held_out", "0.99"),
    ):
        yield _of(f"{kind} with {' '.join(settings)}", sound, kind, None, *settings)


def _of(name: str, files: Mapping[str, bytes], kind: str, check: Check | None, *settings: str) -> Attempt:
    command = saddlepoint("data", "arrays", "--kind", kind, *settings)
    return Attempt(name, partial(_folder, files=files), (command,), check)


KIND = Kind("sequences", attempts)
