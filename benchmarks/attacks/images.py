"""Folders of images that are damaged, endless, or bombs; links in circles; damaged caches; servers that never end."""

from __future__ import annotations

import os
import random
import shutil
import socket
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from .attempt import Attempt, Box, Command, Kind, Outcome, saddlepoint
from .expected import is_refused

DESCRIBE = saddlepoint("data", "photos")
SKIP = saddlepoint("data", "photos", "--on_bad", "skip", "--size", "8")
FORMATS = ("png", "jpg", "gif", "bmp", "webp")
N = 6


def _fill(box: Box, suffix: str = "png", folder: str = "photos", n: int = N) -> list[Path]:
    """Write n valid images."""
    from PIL import Image

    place = box.work / folder
    place.mkdir(parents=True, exist_ok=True)
    paths = [place / f"{number:02d}.{suffix}" for number in range(n)]
    for number, path in enumerate(paths):
        Image.new("RGB", (9, 8), (number * 20, 90, 200)).save(path)
    return paths


def _with(box: Box, name: str, content: bytes) -> None:
    """A file of this name and content among valid images."""
    _fill(box)
    (box.work / "photos" / name).write_bytes(content)


def _changed(box: Box, suffix: str, how: str, seed: int) -> None:
    """The first image truncated, or with bytes changed."""
    path = _fill(box, suffix)[0]
    content, rng = bytearray(path.read_bytes()), random.Random(seed)
    if how == "cut":
        content = content[: rng.randrange(len(content))]
    else:
        for _ in range(1 + seed % 8):
            content[rng.randrange(len(content))] = rng.randrange(256)
    path.write_bytes(bytes(content))


def _linked(box: Box, name: str, target: str) -> None:
    _fill(box)
    (box.work / "photos" / name).symlink_to(target)


def _special(box: Box, what: str) -> None:
    """Entries that are no regular files."""
    _fill(box)
    path = box.work / "photos" / "special.png"
    if what == "pipe":
        os.mkfifo(path)
    elif what == "socket":
        with socket.socket(socket.AF_UNIX) as place:
            here = Path.cwd()
            os.chdir(path.parent)
            place.bind(path.name)
            os.chdir(here)
    elif what == "folder":
        path.mkdir()
    elif what == "sparse":
        with path.open("wb") as file:
            file.truncate(200_000_000_000)
    elif what == "unreadable":
        path.write_bytes(b"x")
        path.chmod(0)
    elif what == "unreadable folder":
        (box.work / "photos" / "inner").mkdir()
        (box.work / "photos" / "inner").chmod(0)


def chunk(kind: bytes, content: bytes) -> bytes:
    """One chunk of a PNG file."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, depth: int, colour: int, rows: bytes | None, *extra: bytes) -> bytes:
    """A PNG file whose pixels unpack to `rows` (None: zeros of the right length, at most 500 MB)."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colour, 1)
    size = height * (1 + (width * channels * depth + 7) // 8)
    packer = zlib.compressobj(9)
    if rows is None:
        blocks = [packer.compress(bytes(1_000_000)) for _ in range(min(size, 500_000_000) // 1_000_000)]
        data = b"".join(blocks) + packer.compress(bytes(min(size, 500_000_000) % 1_000_000)) + packer.flush()
    else:
        data = zlib.compress(rows)
    header = struct.pack(">IIBBBBB", width & 0xFFFFFFFF, height & 0xFFFFFFFF, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(extra) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _bomb(box: Box, width: int, height: int) -> None:
    _with(box, "bomb.png", png(width, height, 1, 0, None))


def _deep(box: Box, depth: int) -> None:
    """Nested folders, deeper than a path may be long."""
    _fill(box)
    here = Path.cwd()
    try:
        os.chdir(box.work / "photos")
        for _ in range(depth):
            Path("d" * 200).mkdir()
            os.chdir("d" * 200)
    finally:
        os.chdir(here)


def _names(box: Box, names: Sequence[bytes], *, folders: bool) -> None:
    """Classes or files of these names, which may not be valid text."""
    source = _fill(box, folder="sound")[:2]
    for name in names:
        place = os.fsencode(box.work / "photos")
        if folders:
            place = os.path.join(place, name)  # noqa: PTH118
        os.makedirs(place, exist_ok=True)  # noqa: PTH103
        for number, path in enumerate(source):
            target = b"%d.png" % number if folders else b"%d%s.png" % (number, name)
            shutil.copyfile(path, os.path.join(place, target))  # noqa: PTH118
    shutil.rmtree(box.work / "sound")


def _many(box: Box, others: int) -> None:
    """Many files that are no images, and a few images."""
    _fill(box)
    for number in range(others):
        (box.work / "photos" / f"{number}.txt").touch()


def _damage_cache(box: Box, name: str, how: str) -> None:
    """Change a file of the cache that the first command made; called in the process of the second."""
    cache = box.work.parent / "cache" / "images"
    (folder,) = cache.iterdir()
    path = folder / name
    if how == "removed":
        path.unlink()
    elif how == "emptied":
        path.write_bytes(b"")
    elif how == "cut":
        path.write_bytes(path.read_bytes()[:-7])
    elif how == "replaced by {}":
        path.write_bytes(b"{}")
    elif how == "of random bytes":
        path.write_bytes(random.Random(name).randbytes(500))
    elif how == "a folder":
        path.unlink()
        path.mkdir()
    elif how == "a link in a circle":
        path.unlink()
        path.symlink_to(path.name)
    elif how == "of other numbers":
        import numpy as np

        np.save(path, np.full((3, 2), 99))


def _is_described(box: Box, outcomes: Sequence[Outcome]) -> str | None:
    """The law of damaged caches: they are made again, and the answer is the same."""
    first, second = outcomes[0], outcomes[-1]
    if first.code != 0 or second.code != 0:
        return f"exit codes {first.code} and {second.code}"
    return None if first.stdout == second.stdout else "the second answer is another one"


def attempts(shared: Path, rng: random.Random) -> Iterator[Attempt]:
    """All attempts."""
    for suffix in FORMATS:
        yield _made(f"sound {suffix}", partial(_fill, suffix=suffix))
        for how in ("cut", "changed"):
            for number in range(6):
                prepare = partial(_changed, suffix=suffix, how=how, seed=rng.randrange(10**6))
                yield _made(f"{suffix} {how} {number}", prepare)
    for name, content in (
        ("empty.png", b""), ("text.png", b"hello"), ("html.jpg", b"<html></html>"), ("random.png", rng.randbytes(900)),
        ("svg.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>"), ("no pixels.png", png(0, 5, 8, 0, b"")),
        ("no rows.png", png(9, 8, 8, 2, b"")), ("more rows.png", png(2, 2, 8, 0, bytes(500_000))),
        ("negative.png", png(-1, -1, 8, 0, b"")), ("type 5.png", png(9, 8, 8, 5, b"")), ("depth 3.png", png(9, 8, 3, 0, b"")),
        ("no palette.png", png(9, 8, 8, 3, bytes(80))), ("short palette.png", png(9, 8, 8, 3, b"\0\xff" * 40, chunk(b"PLTE", b"abc"))),
        ("text bomb.png", png(9, 8, 8, 0, bytes(80), chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(200_000_000), 9)))),
        ("profile bomb.png", png(9, 8, 8, 0, bytes(80), chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(200_000_000), 9)))),
        ("exif.png", png(9, 8, 8, 0, bytes(80), chunk(b"eXIf", b"MM\0*" + b"\0\0\0\x08" * 400))),
        ("many chunks.png", png(9, 8, 8, 0, bytes(80), chunk(b"tEXt", b"a\0b") * 20_000)),
        ("bmp.bmp", b"BM" + struct.pack("<IIIIiiHHIIiiII", 54, 0, 54, 40, 2**31 - 1, -(2**31) + 1, 1, 24, 0, 0, 0, 0, 0, 0)),
        ("gif.gif", b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0, 0, 0) + b",\0\0\0\0\xff\xff\xff\xff\0\x02\0;"),
        ("exif.jpg", b"\xff\xd8\xff\xe1\xff\xffExif\0\0II*\0" + bytes(60_000)), ("end.jpg", b"\xff\xd8\xff\xd9"),
        ("webp.webp", b"RIFF\xff\xff\xff\xffWEBPVP8 \xff\xff\xff\xff"),
    ):  # fmt: skip
        yield _made(name, partial(_with, name=name, content=content))
    for width, height in ((30_000, 30_000), (60_000, 1_400), (1, 80_000_000), (2**31 - 1, 2**31 - 1), (9_000, 9_000)):
        yield _made(f"bomb of {width}x{height}", partial(_bomb, width=width, height=height))
    for name, target in (
        ("circle.png", "circle.png"), ("nowhere.png", "nowhere"), ("up", ".."), ("root", "/"), ("self", "."), ("zero.png", "/dev/zero"),
        ("memory.png", "/proc/self/mem"), ("circle", "circle"), ("etc.png", "/etc/passwd"), ("long.png", "x" * 250),
    ):  # fmt: skip
        yield _made(f"a link {name}", partial(_linked, name=name, target=target))
    for what in ("pipe", "socket", "folder", "sparse", "unreadable", "unreadable folder"):
        yield _made(f"a {what} among them", partial(_special, what=what))
    yield _made("folders deeper than a path", partial(_deep, depth=30))
    for names in (
        (b"\x1b[31m", b"b"),
        (b"\xff\xfe", b"b"),
        (b"a\nb", b"c"),
        (b"<script>", b"b"),
        (b"x" * 250, b"b"),
        (b" ", b"b"),
        (b"\xc2\x9b", b"b"),
    ):
        for folders in (True, False):
            what = "classes" if folders else "files"
            yield _made(f"{what} named {names[0][:12]!r}", partial(_names, names=names, folders=folders))
    yield _made("among many others", partial(_many, others=3_000))
    for source in ("/", "/proc", "/sys", "/dev", "/usr"):
        yield Attempt(
            f"all of {source.replace('/', ' ')}", lambda box: None, (saddlepoint("data", source),), is_refused
        )
    hows = (
        "removed",
        "emptied",
        "cut",
        "replaced by {}",
        "of random bytes",
        "a folder",
        "a link in a circle",
        "of other numbers",
    )
    for name in ("meta.json", "train/pixels.npy", "train/labels.npy", "train/sums.npy"):
        for how in hows:
            yield _cached(f"cache: {name.replace('/', ' ')} {how}", name, how)
    for size in ("100000", "16384", "3000"):
        command = saddlepoint("data", "photos", "--size", size, "--limit", "2")
        yield Attempt(f"size {size}", partial(_fill, n=400), (command,), seconds=120.0)


def _cached(name: str, file: str, how: str) -> Attempt:
    def prepare(box: Box) -> None:
        _fill(box)

    def before() -> None:
        work = Path.cwd()
        _damage_cache(Box(work, work.parent / "outside", work, work), file, how)

    second = Command(DESCRIBE.arguments, before=before)
    return Attempt(name, prepare, (DESCRIBE, second), _is_described)


def _made(name: str, prepare: Callable[[Box], object]) -> Attempt:
    def prepared(box: Box) -> None:
        prepare(box)

    return Attempt(name, prepared, (DESCRIBE, SKIP))


KIND = Kind("images", attempts)
