"""Logs of other programs that are damaged, absurd or hostile: CSV files and TensorBoard's events."""

from __future__ import annotations

import gzip
import random
import struct
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from .attempt import Attempt, Box, Kind, saddlepoint

CSV = "log.csv"
EVENTS = "events.out.tfevents.1700000000.host"
HEADERS = (
    "step,d_loss,g_loss", "epoch,loss,vae_r_loss,vae_kl_loss", "step;d_loss;g_loss", "step\td_loss\tg_loss", "", "step", "step,step",
    "d_loss,g_loss", "step,d_loss,d_loss", '"step","d_loss"', "step,d_loss,", ",,,", "\ufeffstep,d_loss,g_loss", "STEP,D_LOSS,G_LOSS",
    "step,\x1b[31m,g_loss", "step,d_loss,<script>alert(1)</script>", "step," + "x" * 200_000, ",".join(f"c{n}" for n in range(20_000)),
)  # fmt: skip
VALUES = (
    "1,0.5,0.5", "x,y,z", "1", "1,2", "1,2,3,4,5", "nan,nan,nan", "inf,-inf,1e400", "1e308,1e308,-1e308", "-5,0,0", "1.5,0,0",
    "99999999999999999999999999,1,1", "0x10,1,1", "1_000,1,1", '"1","2","3"', '"1,2', "١,٢,٣", "1,\x1b[31m,2", "1,0,0\n" * 2_000,
)  # fmt: skip
OBJECTIVES = ("non-saturating", "vae", "wasserstein", "nothing", "", ",,,", "\x1b[31m")
MAPS = (
    "d/loss=d_loss",
    "d/loss=nothing",
    "nothing=d_loss",
    "=",
    "a=b=c",
    "d/loss=d_loss,d/loss=g_loss",
    "step=d_loss",
    "\x1b[31m=x",
)


def _write(box: Box, content: bytes, name: str = CSV) -> None:
    (box.work / name).write_bytes(content)


def _events(box: Box, content: bytes) -> None:
    (box.work / "tb").mkdir()
    (box.work / "tb" / EVENTS).write_bytes(content)


def _sound_events(box: Box, cut: int | None, damage: int) -> None:
    """TensorBoard events, then truncated or damaged."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from torch.utils.tensorboard import SummaryWriter
    folder = box.work / "tb"
    with SummaryWriter(str(folder)) as writer:
        for step in range(50):
            writer.add_scalar("d/loss", 1.0 + step % 3, step)
            writer.add_scalar("g/loss", 0.7, step)
    (file,) = folder.iterdir()
    content = bytearray(file.read_bytes())
    rng = random.Random(damage)
    for _ in range(damage):
        content[rng.randrange(len(content))] = rng.randrange(256)
    file.write_bytes(bytes(content[:cut]))


def _link(box: Box, target: str) -> None:
    (box.work / CSV).symlink_to(target)


def attempts(shared: Path, rng: random.Random) -> Iterator[Attempt]:
    """All attempts."""
    plain, json = saddlepoint("diagnose", CSV), saddlepoint("diagnose", CSV, "--json")
    rows = "\n".join(f"{step},{rng.random():.3f},{rng.random():.3f}" for step in range(0, 5_000, 50))
    sound = f"step,d_loss,g_loss\n{rows}\n".encode()
    yield Attempt("sound", partial(_write, content=sound), (plain, json))
    for number, header in enumerate(HEADERS):
        yield Attempt(f"header {number}", partial(_write, content=f"{header}\n{rows}\n".encode()), (plain, json))
    for number, value in enumerate(VALUES):
        for position in ("first", "last"):
            body = f"{value}\n{rows}\n" if position == "first" else f"{rows}\n{value}\n"
            content = f"step,d_loss,g_loss\n{body}".encode("utf-8", "surrogatepass")
            yield Attempt(f"value {number}, {position}", partial(_write, content=content), (plain,))
    for number in range(12):
        damaged = bytearray(sound)
        for _ in range(1 + number):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        yield Attempt(f"bytes changed {number}", partial(_write, content=bytes(damaged)), (plain,))
    for cut in (0, 1, 5, 18, 19, 25):
        yield Attempt(f"cut after {cut}", partial(_write, content=sound[:cut]), (plain,))
    for name, content in (
        ("NUL bytes", b"\0" * 1_000), ("not UTF-8", b"step,d_loss\n1,\xff\xfe"), ("UTF-16", "step,d_loss\n1,2".encode("utf-16")),
        ("a picture", b"\x89PNG\r\n\x1a\n" + rng.randbytes(500)), ("one line without end", b"1," * 2_000_000),
        ("a quote that never ends", b'step,d_loss\n"' + b"1,2\n" * 100_000), ("only line ends", b"\n" * 100_000),
        ("compressed", gzip.compress(sound)), ("compressed and cut", gzip.compress(sound)[:99]), ("no gzip at all", b"\x1f\x8b" + b"1,2\n" * 99),
        ("carriage returns", sound.replace(b"\n", b"\r")), ("mixed line ends", sound.replace(b"\n", b"\r\n", 20)),
    ):  # fmt: skip
        yield Attempt(name, partial(_write, content=content), (plain,))
    for objective in OBJECTIVES:
        command = saddlepoint("diagnose", CSV, "--objective", objective)
        yield Attempt(f"objective {objective!a}", partial(_write, content=sound), (command,))
    for columns in MAPS:
        command = saddlepoint("diagnose", CSV, "--map", columns)
        yield Attempt(f"map {columns!a}", partial(_write, content=sound), (command,))
    events = saddlepoint("diagnose", "tb")
    for cut in (None, 0, 1, 7, 11, 12, 100, 1_000):
        yield Attempt(f"events cut after {cut}", partial(_sound_events, cut=cut, damage=0), (events,))
    for damage in (1, 2, 3, 5, 8, 13, 50, 500):
        yield Attempt(f"events with {damage} bytes changed", partial(_sound_events, cut=None, damage=damage), (events,))
    for name, content in (
        ("promising 2 GB", struct.pack("<QI", 2**31, 0) + bytes(50)), ("promising everything", struct.pack("<QI", 2**64 - 1, 0)),
        ("of zeros", bytes(5_000)), ("of random bytes", rng.randbytes(5_000)), ("empty", b""),
    ):  # fmt: skip
        yield Attempt(f"events {name}", partial(_events, content=content), (events,))
    for target in (CSV, "nowhere", "/dev/zero", "/proc/self/mem"):
        yield Attempt(f"a link to {target.replace('/', ' ')}", partial(_link, target=target), (plain,))


KIND = Kind("logs", attempts)
