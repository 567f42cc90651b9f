"""Words forbidden in committed files, and the maximum length of a source file.

The forbidden words are put together from pieces here, so that this file itself passes.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.architecture.imports import modules

CHECKOUT = Path(__file__).parents[2]
BINARY = {".png", ".jpg", ".gif", ".webp", ".mp4", ".gz", ".npz", ".npy", ".safetensors", ".woff2", ".ico", ".pdf"}
LONGEST_SOURCE = 400  # lines

SLASH = "/"
FORBIDDEN = {
    "somebody's home folder": re.compile(rf"(?<![\w.]){SLASH}(home|Users){SLASH}\w+|(?<![\w.]){SLASH}root{SLASH}"),
    "a path of one machine": re.compile(rf"(?<![\w.]){SLASH}(work|tmp{SLASH}venv|mnt|opt){SLASH}"),
    "a package registry's host": re.compile(
        r"\b(" + "|".join(["py" + r"pi\.org", "python" + r"hosted\.org", "download" + r"\.pytorch", "anaconda" + r"\.org"])
        + r"|registry" + r"\.npm\w*)"
    ),
    "a merge conflict": re.compile("^" + "(<" + "{7}|>" + "{7}) ", re.MULTILINE),
    "a private key": re.compile("-{5}BEGIN" + " [A-Z ]*PRIVATE KEY"),
}  # fmt: skip

SAMPLES = {
    "somebody's home folder": [f"{SLASH}home{SLASH}ada/runs", f"cd {SLASH}root{SLASH}x"],
    "a path of one machine": [f"'{SLASH}work{SLASH}main'", f"{SLASH}opt{SLASH}wheels"],
    "a package registry's host": ["https://py" + "pi.org/simple", "download" + ".pytorch.org/whl/cpu"],
    "a merge conflict": ["a\n" + "<" * 7 + " HEAD\n"],
    "a private key": ["-----BEGIN" + " RSA PRIVATE KEY-----"],
}


def committed() -> list[Path]:
    """The files that git knows; without git (an unpacked archive), all but hidden folders."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True, check=True)
        names = [name for name in listed.stdout.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        found = (path.relative_to(CHECKOUT) for path in CHECKOUT.rglob("*"))
        names = [str(path) for path in found if not any(part.startswith(".") for part in path.parts)]
    return [path for path in map(CHECKOUT.joinpath, names) if path.is_file() and path.suffix not in BINARY]


@pytest.mark.parametrize("kind", FORBIDDEN)
def test_no_committed_file_says(kind: str) -> None:
    found = []
    for path in committed():
        text = path.read_text("utf-8")
        found += [
            f"{path.relative_to(CHECKOUT)}:{text.count(chr(10), 0, match.start()) + 1}: {match.group()!r}"
            for match in FORBIDDEN[kind].finditer(text)
        ]
    assert not found, "\n".join([f"{kind}:", *found])


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in SAMPLES.items() for text in texts])
def test_the_patterns_find_what_they_name(kind: str, text: str) -> None:
    assert FORBIDDEN[kind].search(text)


@pytest.mark.parametrize(
    "text", ["../shared/data", "/".join(("a", "work", "of")), "https://arxiv.org/abs/1406.2661", "~/.cache/x"]
)
def test_the_patterns_leave_others_alone(text: str) -> None:
    assert not any(pattern.search(text) for pattern in FORBIDDEN.values())


def test_no_source_file_is_too_long() -> None:
    lengths = {name: len(path.read_text("utf-8").splitlines()) for name, path in modules().items()}
    too_long = {name: lines for name, lines in lengths.items() if lines > LONGEST_SOURCE}
    assert not too_long, f"more than {LONGEST_SOURCE} lines: split by idea: {too_long}"


def test_every_module_states_its_purpose() -> None:
    docstring = re.compile(r'(?:[ \t]*(?:#[^\n]*)?\n)*[rR]?"""\s*[^\s"]')  # parsing all files takes seconds
    assert not [name for name, path in modules().items() if not docstring.match(path.read_text("utf-8"))]


def test_no_module_is_a_drawer() -> None:
    drawers = {"utils", "util", "helpers", "helper", "misc", "common"}
    assert not [name for name in modules() if drawers & set(name.split("."))]


def test_every_exception_to_a_check_names_the_check() -> None:
    """`noqa` and `type: ignore` name their code, and no warning is silenced without naming which."""
    blanket = re.compile(
        r"#\s*noqa(?!:)|#\s*type:\s*ignore(?!\[)|(simplefilter|filterwarnings)\(\s*['\"]ignore['\"]\s*\)"
    )
    found = [
        f"{path.relative_to(CHECKOUT)}:{number}: {line.strip()}"
        for path in committed()
        if path.suffix == ".py" and path != Path(__file__)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if blanket.search(line)
    ]
    assert not found, "\n".join(found)
