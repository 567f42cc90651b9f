"""Texts that are empty, endless lines, no text at all, in other encodings, or that steer terminals."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from .attempt import Attempt, Box, Kind, saddlepoint
from .expected import Check, is_read, is_refused

PROSE = "The quick brown fox jumps over the lazy dog, and the dog does not mind. " * 60
LINES = ["one line of a text", "another one", "and a third"] * 200


def _write(box: Box, content: bytes, name: str = "x.txt") -> None:
    path = box.work / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def _folder(box: Box, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = box.work / "texts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (box.work / "texts").mkdir(exist_ok=True)


def _special(box: Box, what: str) -> None:
    path = box.work / "x.txt"
    if what == "pipe":
        os.mkfifo(path)
    elif what == "sparse file":
        with path.open("wb") as file:
            file.truncate(200_000_000_000)
    else:
        path.symlink_to(what)


def attempts(shared: Path, rng: random.Random) -> Iterator[Attempt]:
    """All attempts."""
    prose, words = PROSE.encode(), PROSE.split()
    for name, content in (
        ("empty", b""), ("one character", b"a"), ("one newline", b"\n"), ("a mark alone", b"\xef\xbb\xbf"), ("a mark of UTF-16 alone", b"\xff\xfe"),
        ("127 characters", prose[:127]), ("one character, again and again", b"a" * 5_000), ("newlines alone", b"\n" * 5_000),
        ("NUL alone", bytes(5_000)), ("a NUL in the middle", prose[:2_000] + b"\0" + prose[2_000:]), ("a byte that is no UTF-8", prose[:2_000] + b"\xff" + prose[2_000:]),
        ("cut in a character", prose + "é".encode()[:1]), ("Latin-1", ("caf\xe9 " * 900).encode("latin1")), ("surrogates", b"\xed\xa0\x80" * 2_000),
        ("overlong characters", b"\xc0\xaf" * 2_000), ("beyond Unicode", b"\xf5\x80\x80\x80" * 1_000), ("UTF-16 without a mark", PROSE.encode("utf-16-le")),
        ("UTF-16 cut in a character", PROSE.encode("utf-16")[:-1]), ("UTF-32", PROSE.encode("utf-32")), ("random bytes", rng.randbytes(8_000)),
        ("more than 256 characters", "".join(map(chr, range(0x4E00, 0x5200))).encode() * 4), ("all of Unicode", "".join(map(chr, (*range(1, 0xD800), *range(0xE000, 0x11000)))).encode()),
        ("a table of numbers", b"1 2 3\n" * 900), ("a gzip file", b"\x1f\x8b\x08" + rng.randbytes(4_000)), ("a program", b"\x7fELF" + bytes(4_000)),
    ):  # fmt: skip
        yield _of(name, content, is_refused)
        # As bytes anything can be read that is long enough and has two different ones.
        readable = len(content) >= 200 and len(set(content)) > 1
        yield _of(
            f"{name}, as bytes", content, is_read if readable else is_refused, "--level", "byte", "--kind", "text"
        )
    for name, content in (
        ("prose", prose), ("mixed line ends", "".join(line + rng.choice(("\n", "\r\n", "\r")) for line in LINES).encode()), ("UTF-8 with a mark", b"\xef\xbb\xbf" + prose),
        ("UTF-16", PROSE.encode("utf-16")), ("one line of 20 MB", b"abc " * 5_000_000), ("20 million lines", b"a\n" * 10_000_000),
        ("a word of 1 MB", b"ab" * 500_000), ("escape sequences", b"\x1b[31mred\x1b[0m \x07\x08 " * 300), ("control characters", bytes(range(1, 32)) * 200),
        ("two characters", b"ab" * 5_000), ("pictures of faces", "\U0001f600\U0001f622 ok ".encode() * 300), ("from right to left", "\u202etxet \u202c\u200f\u2066 ".encode() * 300),
        ("combining marks", ("e" + "\u0301" * 30).encode() * 100), ("private characters", "\ue000\uf8ff\ufdd0\uffff".encode() * 300),
        ("separators", "\u2028\u2029\x85\x0b\x0c\x1c ".encode() * 300), ("markup", b"<script>alert(1)</script>&amp;\n" * 200),
        ("the end of other symbols", prose + "äöü".encode() * 300), ("templates", b"{{7*7}} ${HOME} %s %n {0} $(touch $CAMPAIGN_CANARY)\n" * 100),
    ):  # fmt: skip
        yield _of(name, content, is_read)
        yield _of(f"{name}, drawn", content, is_read, "--out", "x.png")
    for settings in (
        ("--length", "1"),
        ("--length", "100000000"),
        ("--length", "4000"),
        ("--stride", "1"),
        ("--stride", "100000000"),
        ("--held_out", "0"),
        ("--held_out", "0.99"),
    ):
        yield _of(f"with {' '.join(settings)}", prose, None, *settings)
    yield _of("prose as an image", prose, None, "--kind", "image")
    yield _of("prose as a sound", prose, None, "--kind", "sound")
    for name, content, check in (
        ("x.py", prose, is_refused),
        ("x.jsonl", b'{"a": 1}\n' * 900, is_refused),
        ("x", prose, is_refused),
        ("x.md", prose, is_read),
        ("x.TXT", prose, is_read),
    ):
        yield Attempt(
            f"named {name}", partial(_write, content=content, name=name), (saddlepoint("data", f"./{name}"),), check
        )
        yield Attempt(
            f"named {name}, as a text",
            partial(_write, content=content, name=name),
            (saddlepoint("data", f"./{name}", "--kind", "text"),),
            is_read,
        )
    for name, files, check in (
        ("empty", {}, is_refused), ("of one empty text", {"a.txt": b""}, is_refused), ("of empty texts", {f"{n}.txt": b"" for n in range(300)}, None),
        ("of prose and an empty text", {"a.txt": prose, "b.txt": b""}, is_read), ("of prose and bytes", {"a.txt": prose, "b.txt": b"\xff\xfe\xff"}, is_refused),
        ("of encodings", {"a.txt": prose, "b.txt": PROSE.encode("utf-16"), "c.txt": b"\xef\xbb\xbf" + prose}, is_read),
        ("of 3,000 words", {f"{n}.txt": words[n % len(words)].encode() for n in range(3_000)}, is_read), ("in folders", {f"{n}/{n}.txt": prose for n in range(5)}, is_read),
        ("with hidden ones", {".hidden.txt": b"\xff", "a.txt": prose, ".git/b.txt": b"\0"}, is_read), ("of names that steer", {"\x1b[31m.txt": b"\xff", "a.txt": prose}, is_refused),
        ("with pictures", {"a.txt": prose, "b.png": b"no picture"}, None),
    ):  # fmt: skip
        yield Attempt(f"folder {name}", partial(_folder, files=files), (saddlepoint("data", "texts"),), check)
    for what in ("pipe", "sparse file", "x.txt", "nowhere", "/dev/zero", "/proc/self/mem", "/dev/stdin"):
        yield Attempt(
            f"a {what.replace('/', ' ')}", partial(_special, what=what), (saddlepoint("data", "x.txt"),), is_refused
        )
    train = ("--training.steps", "2", "--evaluation.every", "1000000", "--no-pictures", "--quiet", "--run", "run")
    for recipe in ("markov-sentences", "lstm-sentences"):
        for name, content in (
            ("mixed line ends", "\r\n".join(LINES).encode()),
            ("escape sequences", b"\x1b[31mred\x1b[0m \x07\x08 " * 300),
            ("two characters", b"ab" * 5_000),
        ):
            commands = (
                saddlepoint("train", recipe, "--data.source", "x.txt", *train),
                saddlepoint("sample", "run", "-n", "3"),
            )
            yield Attempt(f"{recipe} on {name}", partial(_write, content=content), commands, is_read, seconds=120.0)


def _of(name: str, content: bytes, check: Check | None, *settings: str) -> Attempt:
    return Attempt(name, partial(_write, content=content), (saddlepoint("data", "x.txt", *settings),), check)


KIND = Kind("texts", attempts)
