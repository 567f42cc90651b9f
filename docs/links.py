"""Checks of the links in the Markdown pages: files exist, anchors name a heading, web addresses are well formed.

Nothing is looked up on the network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "docs/*.md", "benchmarks/*.md", "examples/*.md")

FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:\A|(?<=\n\n))(?: {4}.*\n?|\n(?= {4}))+")
CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
LINK = re.compile(r"(?<!\\)!?\[(?:[^\[\]]|\[[^\[\]]*\])*\]\(\s*<?([^)\s>]*)>?(?:\s+\"[^\"]*\")?\s*\)")
AUTOMATIC = re.compile(r"<(https?://[^>\s]*)>")
BARE = re.compile(r"(?<![(<\w])https?://[^\s<>()\]]+")
HEADING = re.compile(r"^#{1,6} +(.*?)(?: +#+)?$", re.MULTILINE)
ANCHOR = re.compile(r"<a\s+(?:id|name)=\"([^\"]+)\"")
HOST = re.compile(r"^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$|^localhost$|^127\.0\.0\.1$", re.IGNORECASE)


def pages(checkout: Path) -> list[Path]:
    """All pages that are checked, those that exist."""
    return [path for pattern in PAGES for path in sorted(checkout.glob(pattern))]


def broken(checkout: Path) -> list[str]:
    """One line for each link that leads nowhere, with its page and line.

    Args:
        checkout: the folder that holds README.md and docs/.
    """
    found = []
    for page in pages(checkout):
        text = page.read_text("utf-8")
        name = page.relative_to(checkout).as_posix()
        for line, target in links(text):
            if problem := _problem(page, target, checkout):
                found.append(f"{name}:{line}: {target}: {problem}")
    return found


def links(text: str) -> Iterator[tuple[int, str]]:
    """The targets of all links in a Markdown text, with their lines; code is left out."""
    bare = _without_code(text)
    seen = set()
    for pattern in (LINK, AUTOMATIC, BARE):
        for match in pattern.finditer(bare):
            target = match[match.lastindex or 0]
            if pattern is BARE:
                target = target.rstrip(".,;:!?'\"|*")
            place = match.start(match.lastindex or 0)
            if place not in seen:
                seen.add(place)
                yield text.count("\n", 0, match.start()) + 1, target


def anchors(text: str) -> set[str]:
    """The names by which headings of a Markdown text can be linked to, as GitHub makes them."""
    found: dict[str, int] = {}
    names = set(ANCHOR.findall(text))
    for heading in HEADING.findall(FENCE.sub(_blank, text)):
        shown = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", shown.strip().lower()).replace(" ", "-")
        count = found.get(name, 0)
        found[name] = count + 1
        names.add(name if count == 0 else f"{name}-{count}")
    return names


def _problem(page: Path, target: str, checkout: Path) -> str:
    """What is wrong with a link; empty where nothing is."""
    if target.startswith("mailto:"):
        return "" if "@" in target else "no address of mail"
    if re.match(r"[a-z]+://", target):
        return _web(target)
    path, _, anchor = target.partition("#")
    file = (page.parent / unquote(path)).resolve() if path else page
    if not file.is_relative_to(checkout.resolve()):
        return "outside of the checkout"
    if not file.exists():
        return "no such file"
    if anchor and file.suffix == ".md" and anchor not in anchors(file.read_text("utf-8")):
        return "no such heading"
    return ""


def _web(target: str) -> str:
    try:
        parts = urlsplit(target)
        port = parts.port
    except ValueError:
        return "no address"
    if parts.scheme not in ("https", "http"):
        return f"{parts.scheme} is no scheme of the web"
    if not HOST.match(parts.hostname or "") or port == 0:
        return "no host"
    return ""


def _without_code(text: str) -> str:
    """The text with blanks in place of code, so that positions and lines stay."""
    return CODE.sub(_blank, INDENTED.sub(_blank, FENCE.sub(_blank, text)))


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])
