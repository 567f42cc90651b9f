"""Which files of a folder are images, of which class, and of which part of a split."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from saddlepoint.data.decoding import SUFFIXES
from saddlepoint.errors import DataError

TRAIN_NAMES = ("train", "training")
TEST_NAMES = ("test", "testing", "val", "valid", "validation")  # the first that is there is held out
IGNORED = ("__MACOSX",)


class ImageFile(NamedTuple):
    """name: path from the root, with slashes. label: the position of its class, 0 without classes."""

    name: str
    size: int
    mtime_ns: int
    label: int


@dataclass(frozen=True)
class Part:
    """One part of the split, "train" or "test", its files sorted by name."""

    name: str
    files: list[ImageFile]


@dataclass(frozen=True)
class Listing:
    """What lies in a folder of images; class_names is None without labels."""

    parts: list[Part]
    class_names: list[str] | None
    notes: list[str]


class _Found(NamedTuple):
    """A file on disk, and whether its name is that of an image."""

    name: str
    size: int
    mtime_ns: int
    is_image: bool


def list_images(root: Path) -> Listing:
    """All images below `root`. Raises DataError where there are none, or the layout is neither of the known ones."""
    found = [_Found(*entry) for entry in _walk(root)]
    images = sorted(file for file in found if file.is_image)
    if not images:
        raise DataError(_nothing(root, found))
    notes = []
    if len(images) < len(found):
        other = next(file.name for file in found if not file.is_image)
        notes.append(f"{len(found) - len(images):,} files that are no images were left aside, such as {other}.")
    tops = {top for top, slash, _ in (file.name.partition("/") for file in images) if slash}
    train, tests = _one_of(tops, TRAIN_NAMES), [name for name in TEST_NAMES if name in {t.lower() for t in tops}]
    loose = any("/" not in file.name for file in images)
    prefixes = {"train": ""}
    if train is not None and not loose and all(top.lower() in TRAIN_NAMES + TEST_NAMES for top in tops):
        prefixes = {"train": f"{train}/"}
        if tests:
            prefixes["test"] = f"{_one_of(tops, TEST_NAMES)}/"
        if len(tests) > 1:
            notes.append(f"{', '.join(tests[1:])} was left aside: {tests[0]} is held out.")
    classes, labelled = _classes(root, images, prefixes)
    label = {name: position for position, name in enumerate(classes)}
    parts = [
        Part(
            part,
            [ImageFile(*f[:3], label[_class_of(f.name, prefix)] if labelled else 0) for f in _below(images, prefix)],
        )
        for part, prefix in prefixes.items()
    ]
    return Listing(parts, classes if labelled else None, notes)


def _walk(root: Path) -> Iterator[tuple[str, int, int, bool]]:
    """(path from root, size, mtime_ns, whether an image) of every file; hidden ones are passed over, links followed."""
    seen = set()
    waiting = [(str(root), "")]
    while waiting:
        path, prefix = waiting.pop()
        status = os.stat(path)  # noqa: PTH116 (os.scandir's paths are strings, and there may be 100,000 of them)
        if (status.st_dev, status.st_ino) in seen:
            continue  # a link back up
        seen.add((status.st_dev, status.st_ino))
        with os.scandir(path) as entries:
            for entry in entries:
                name = entry.name
                if name.startswith(".") or name in IGNORED:
                    continue
                if entry.is_dir():
                    waiting.append((entry.path, f"{prefix}{name}/"))
                elif entry.is_file():
                    stat = entry.stat()
                    is_image = os.path.splitext(name)[1].lower() in SUFFIXES  # noqa: PTH122
                    yield f"{prefix}{name}", stat.st_size, stat.st_mtime_ns, is_image


def _classes(root: Path, images: list[_Found], prefixes: dict[str, str]) -> tuple[list[str], bool]:
    """The names of the classes in all parts, and whether they label the images (one class alone says nothing)."""
    names: set[str] = set()
    unlabelled = 0
    for prefix in prefixes.values():
        for file in _below(images, prefix):
            name = _class_of(file.name, prefix)
            names.add(name)
            unlabelled += not name
    if unlabelled and len(names) > 1:
        loose = next(f.name for p in prefixes.values() for f in _below(images, p) if not _class_of(f.name, p))
        raise DataError(
            f"{root}: holds images both in class folders ({', '.join(sorted(names - {''})[:3])}, ...) and beside them "
            f"({loose}); move the loose ones into a class folder, or all images into one folder."
        )
    return sorted(names), len(names) > 1


def _below(images: list[_Found], prefix: str) -> list[_Found]:
    return [file for file in images if file.name.startswith(prefix)]


def _class_of(name: str, prefix: str) -> str:
    """The folder right below `prefix` that the file lies in; empty for a file that lies there itself."""
    head, slash, _ = name[len(prefix) :].partition("/")
    return head if slash else ""


def _one_of(tops: set[str], names: tuple[str, ...]) -> str | None:
    """The folder that has one of these names, whatever its case; the first of `names` wins."""
    return next((top for name in names for top in sorted(tops) if top.lower() == name), None)


def _nothing(root: Path, found: list[_Found]) -> str:
    kinds = ", ".join(sorted(SUFFIXES))
    if not found:
        return f"{root}: the folder is empty; put images into it ({kinds})."
    return f"{root}: holds {len(found):,} files but no images ({kinds}), only such as {found[0].name}."
