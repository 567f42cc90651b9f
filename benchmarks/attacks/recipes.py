"""Recipes, studies and settings that are hostile, absurd or damaged."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from .attempt import Attempt, Box, Command, Kind, Outcome, nothing, saddlepoint

FILE = "r.yaml"
SHOW = saddlepoint("recipes", "show", FILE)
TRY = saddlepoint("train", FILE, "--dry-run")
STUDY = saddlepoint("study", FILE, "--dry-run")
GAN = "data: {source: digits}\nmodel: {family: gan}\n"

# Texts that every reader of YAML must refuse.
BROKEN: dict[str, str | bytes] = {
    "deep flow": "[" * 2_000 + "]" * 2_000,
    "deep flow, far too deep": "[ " * 190_000,
    "deep maps": "{a: " * 500 + "1" + "}" * 500,
    "deep blocks": "\n".join(" " * n + "a:" for n in range(500)),
    "deep dashes": "- " * 5_000 + "x",
    "deep keys": "? " * 3_000 + "x",
    "endless alias": "&a [*a]",
    "endless alias in a section": "name: &a {a: *a}",
    "python object": "name: !!python/object/apply:os.system ['touch $CAMPAIGN_CANARY']",
    "python name": "name: !!python/name:os.system",
    "python module": "data: !!python/module:antigravity",
    "python tuple": "name: !!python/tuple [1, 2]",
    "text tag": "name: !!str 5",
    "binary tag": "name: !!binary aGVsbG8=",
    "set tag": "name: !!set {a, b}",
    "ordered map tag": "name: !!omap [a: 1]",
    "own tag": "name: !own x",
    "tag of nothing": "name: ! x",
    "tag with an address": "name: !<tag:yaml.org,2002:str> x",
    "repeated key": "name: a\ndata: {source: digits}\nname: b",
    "repeated key inside": "training: {steps: 5, steps: 6}",
    "NUL": "name: a\0b",
    "NUL escaped": 'name: "a\\0b"',
    "escape sequence": 'name: "\\e[31mred"',
    "escape in a key": '"\\e[2J": 1',
    "surrogate": 'name: "\\ud800"',
    "8-bit control": 'name: "\\x9b31m"',
    "not UTF-8": b"name: \xff\xfe\xfa",
    "UTF-16": "name: x".encode("utf-16"),
    "random bytes": bytes(range(256)) * 20,
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "a million characters": "# " + "x" * 1_000_000,
    "ten million spaces": " " * 10_000_000,
    "many documents": "---\na: 1\n" * 1_000,
    "date that is none": "name: 2020-13-45",
    "number of 5,000 figures": "training: {steps: " + "9" * 5_000 + "}",
    "number with colons": "training: {steps: 1" + ":59" * 1_000 + ".5}",
    "infinite steps": "training: {steps: .inf}",
    "not a number": "training: {optimiser: {learning_rate: .nan}}",
    "beyond floats": "training: {optimiser: {learning_rate: 1e999}}",
    "cut": "data: {source: dig",
    "tabs": "data:\n\tsource: digits",
    "key that is a list": "[a, b]: 1",
    "key that is a map": "{a: b}: 1",
    "only a text": "hello",
    "only a number": "5",
    "a list": "- a\n- b",
    "nothing": "",
    "null": "null",
    "directive": "%YAML 9.9\n---\nname: x",
    "unknown anchor": "name: *nobody",
    "merge of a number": "<<: 5",
    "merge of itself": "a: &a\n  <<: *a\n  b: 1",
}

# Sections of other types than they have.
TYPES = ("5", "x", "[1]", "{}", "null", "true", "1e400", "[[]]", '""')
SECTIONS = ("name", "description", "data", "model", "training", "evaluation")

# Settings that cannot be: name and value as typed.
REFUSED = [
    ("training.steps", value) for value in ("0", "-1", "1e20", "1e400", "99999999999999999999", "nan", "x", "", "5.5", "[1]")
] + [
    ("training.threads", value) for value in ("0", "-1", "100000", "1e9", "99999999999999999999")
] + [
    ("training.seed", value) for value in ("-1", "9223372036854775808", "1e30")
] + [
    ("training.batch_size", value) for value in ("0", "-5", "1e12", "1e15", "99999999999999999999")
] + [
    ("model.latent", value) for value in ("0", "-1", "1e9", "1e10", "1e30")
] + [
    ("model.generator.hidden", value)
    for value in ("0", "-5,5", "1e9,1e9", "1e12", ",".join(["8"] * 5_000), "100000,100000,100000", "nan", "a,b")
] + [
    ("model.generator.network", value)
    for value in (
        "nowhere:Net", "os:system", "torch.nn:Linear", "a:b:c", ":", "::", "../x:y", "", "mlp ", "torch.hub:load", "x" * 5_000,
    )
] + [
    ("data.source", value)
    for value in (
        "/", "/proc", "/dev/zero", "/dev/random", "/etc/passwd", ".", "..", "", " ", "\n", "x" * 5_000, "a/" * 2_000, "~nobody/x",
        "http://localhost:1/x", "file:///etc/passwd", "\x1b[31m", "nowhere.npy", "nowhere/", "con", "$HOME", "*",
    )
] + [
    ("data.size", value) for value in ("0", "-1", "1e9", "1,2,3", "99999999999999999999", "nan")
] + [
    ("evaluation.samples", value) for value in ("0", "1e15", "-3")
] + [
    ("training.device", value) for value in ("gpu9", "", "cuda:99", "\x1b[31m", "cpu:5:6", "../cpu")
] + [
    ("training.optimiser.learning_rate", value) for value in ("0", "-1", "1e300", "inf", "nan", "x")
] + [
    ("training.optimiser.betas", value) for value in ("1,1", "0.5", "a,b", "0.5,0.9,0.9", "nan,nan", "-1,0")
] + [
    ("training.stop_on", value) for value in ("GAN999", "\x1b[31m", "x" * 3_000)
] + [
    ("name", value) for value in ("\x1b[31m", "a\nb", "x" * 20_000)
] + [
    ("model.discriminator.minibatch_kernels", "1e9"), ("model.discriminator.width", "-1"), ("model.family", "x"), ("model.family", ""),
    ("model.discriminator.packing", "0"), ("training.samples", "1e9"), ("model.nothing", "1"), ("training", "1"), ("a.b.c.d.e.f", "1"),
]  # fmt: skip

STUDIES = {
    "no base": "axes: {training.steps: [1, 2]}",
    "base of nowhere": "base: nowhere",
    "base that is a list": "base: [1]",
    "base within base": "base: {base: {base: {}}}",
    "axes that are a list": "base: toy-ring\naxes: [1]",
    "axis without values": "base: toy-ring\naxes: {training.steps: []}",
    "axis of nothing": "base: toy-ring\naxes: {nothing: [1]}",
    "too many runs": "base: toy-ring\naxes: {training.steps: [1, 2], training.seed: [3]}\nseeds: {count: 1000000000}",
    "names as paths": "base: toy-ring\nname: ../../x",
    "absolute name": "base: toy-ring\nname: /tmp/x",
    "name with NUL": 'base: toy-ring\nname: "a\\0b"',
    "seeds as text": "base: toy-ring\nseeds: many",
    "negative seeds": "base: toy-ring\nseeds: {count: -1}",
    "picture of nothing": "base: toy-ring\npictures: [{kind: nothing}]",
    "huge value": "base: toy-ring\naxes: {training.steps: [1e20]}",
    "axes of axes": "base: toy-ring\naxes: {a: {settings: {training.steps: {a: 1}}}}",
    "variants that are numbers": "base: toy-ring\naxes: {a: {variants: {x: 5}}}",
    "widths of no network": "base: toy-ring\naxes: {w: {widths: {model.nothing: [1]}}}",
    "path as base": "base: /etc/passwd",
    "own file as base": f"base: {FILE}",
}


def _write(box: Box, content: str | bytes, name: str = FILE) -> None:
    (box.work / name).write_bytes(content.encode() if isinstance(content, str) else content)


def _bomb(box: Box, width: int, depth: int) -> None:
    """Aliases of aliases: width to the power of depth entries from a few hundred bytes."""
    lines = ["a0: &a0 [" + ",".join(["x"] * width) + "]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * width)}]" for n in range(1, depth)]
    _write(box, "\n".join(lines))


def _link(box: Box, target: str) -> None:
    (box.work / FILE).symlink_to(target)


def _folder(box: Box) -> None:
    (box.work / FILE).mkdir()


def _unreadable(box: Box) -> None:
    _write(box, GAN)
    (box.work / FILE).chmod(0)


def is_refused(box: Box, outcomes: Sequence[Outcome]) -> str | None:
    """The law of impossible recipes: every command refuses them."""
    codes = [outcome.code for outcome in outcomes]
    return None if all(code == 2 for code in codes) else f"it was not refused (exit codes {codes})"


def attempts(shared: Path, rng: random.Random) -> Iterator[Attempt]:
    """All attempts."""
    for name, content in BROKEN.items():
        yield _refused(name, partial(_write, content=content), (SHOW, TRY, STUDY))
    for width, depth in ((9, 9), (2, 40), (100, 6), (3, 4)):
        yield _refused(f"bomb of {width} to the {depth}", partial(_bomb, width=width, depth=depth), (SHOW, TRY, STUDY))
    for section in SECTIONS:
        for value in TYPES:
            yield Attempt(f"{section} is {value}", partial(_write, content=f"{section}: {value}"), (SHOW,))
    for number in range(20):
        text = bytearray(GAN.encode())
        for _ in range(1 + number % 4):
            text[rng.randrange(len(text))] = rng.choice(b"[]{}:,&*!|>'\"%@`#-\n\t x0")
        yield Attempt(f"characters changed {number}", partial(_write, content=bytes(text)), (SHOW, STUDY))
    for number, (setting, value) in enumerate(REFUSED):
        shown = ascii(value)[1:20]
        command = saddlepoint("train", "gan-digits", f"--{setting}={value}", "--dry-run")
        yield _refused(f"{number}: --{setting} {shown}", nothing, (command,))
    for name, content in STUDIES.items():
        yield _refused(f"study: {name}", partial(_write, content=content), (STUDY,))
    yield _refused("a link in a circle", partial(_link, target=FILE), (SHOW, TRY, STUDY))
    yield _refused("a link to zeros without end", partial(_link, target="/dev/zero"), (SHOW, TRY, STUDY))
    yield _refused("a link to memory", partial(_link, target="/proc/self/mem"), (SHOW, TRY, STUDY))
    yield _refused("an empty folder", _folder, (SHOW, TRY, STUDY))
    yield (
        _refused("not readable", _unreadable, (SHOW, TRY, STUDY))
        if not _is_root()
        else Attempt("readable by root", _unreadable, (SHOW,))
    )
    for arguments in (
        ("train",), ("train", ""), ("train", "\x1b[31m"), ("train", "x" * 5_000), ("train", "../" * 500), ("train", "/"),
        ("train", "gan-digits", "--run", ""), ("train", "gan-digits", "--run", "/proc/x"), ("train", "gan-digits", "--nothing"),
        ("train", "gan-digits", "--training.steps"), ("train", "gan-digits", "extra"), ("recipes", "show", "\udcff"),
        ("recipes", "show", "/dev/null"), ("nothing",), ("\x1b[31m",), ("study", "\udcff.yaml"), ("data", "\udcff"),
        ("train", "gan-digits", "--name", "\udcff", "--dry-run"), ("train", "gan-digits", "--data.source", "\udcff", "--dry-run"),
        ("study", "--list", "x", "y"), ("report", ""), ("report", "/"), ("sample", "/dev/null"), ("diagnose", "/"),
    ):  # fmt: skip
        yield _refused(f"arguments {ascii(arguments)[:60]}", nothing, (saddlepoint(*arguments),))


def _refused(name: str, prepare: Callable[[Box], None], commands: tuple[Command, ...]) -> Attempt:
    return Attempt(name, prepare, commands, is_refused)


def _is_root() -> bool:
    import os

    return os.geteuid() == 0


KIND = Kind("recipes", attempts)
