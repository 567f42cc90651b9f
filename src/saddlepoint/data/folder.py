"""The examples of a folder, one file each, with their classes and their parts of a split.

The listing is kept by directory, because 100,000 files are listed at every start and work per file would be slow.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from saddlepoint.data.decoding import SUFFIXES
from saddlepoint.errors import DataError, printable

TRAIN_NAMES = ("train", "training")
TEST_NAMES = ("test", "testing", "val", "valid", "validation")  # the first that is there is held out
IGNORED = ("__MACOSX",)
# Folders and files that are no examples: beyond so many, at least this share of all must be examples.
MOST_OTHERS, OTHERS_SHARE = 50_000, 0.1

# Name, size in bytes, and in nanoseconds the time its content changed and the time anything of it changed.
FileFacts = tuple[str, int, int, int]


@dataclass(frozen=True)
class Wanted:
    """The files that are examples: what they are called, "images", and how their names end, in lower case."""

    noun: str
    suffixes: frozenset[str]

    @property
    def singular(self) -> str:
        """What one of them is called."""
        return self.noun if self.noun == "series" else self.noun.removesuffix("s")


IMAGES = Wanted("images", SUFFIXES)


@dataclass(frozen=True)
class Directory:
    """The examples right in one directory.

    Attributes:
        path: from the root, with slashes; empty for the root itself.
        others: names of files that are no examples.
    """

    path: str
    examples: list[FileFacts]
    others: list[str]

    def class_below(self, prefix: str) -> str:
        """The directory right below `prefix` that this one is or lies in; empty for `prefix` itself."""
        return self.path[len(prefix) :].lstrip("/").partition("/")[0]


@dataclass(frozen=True)
class Part:
    """One part of the split, "train" or "test": its directories by path, and the label of each."""

    name: str
    directories: list[Directory]
    labels: list[int]

    def files(self) -> list[tuple[str, int]]:
        """(path from the root, label) of every example, in the order of their paths."""
        return [
            (os.path.join(directory.path, name), label)  # noqa: PTH118
            for directory, label in zip(self.directories, self.labels, strict=True)
            for name, *_ in directory.examples
        ]


@dataclass(frozen=True)
class Listing:
    """What lies in a folder of examples; class_names is None without labels."""

    parts: list[Part]
    class_names: list[str] | None
    notes: list[str]


def list_images(root: Path) -> Listing:
    """All images below `root` (see `list_files`)."""
    return list_files(root, IMAGES)


def list_files(root: Path, wanted: Wanted) -> Listing:
    """All examples below `root`. Raises DataError where there are none, or the layout is neither of the known ones."""
    walked = _check_directories(root, _walk(root, wanted.suffixes), wanted.noun)
    found = sorted(walked, key=lambda directory: directory.path)
    directories = [directory for directory in found if directory.examples]
    others = [os.path.join(d.path, name) for d in found for name in d.others]  # noqa: PTH118
    if not directories:
        raise DataError(_nothing(root, others, wanted))
    notes = []
    if others:
        one = f"One file that is no {wanted.singular} was left aside: {others[0]}."
        many = f"{len(others):,} files that are no {wanted.noun} were left aside, such as {min(others)}."
        notes.append(one if len(others) == 1 else many)
    tops = {directory.class_below("") for directory in directories}
    train, tests = _named(tops, TRAIN_NAMES), _named(tops, TEST_NAMES)
    prefixes = {"train": ""}
    if train and tops == {*train, *tests}:
        prefixes = {"train": train[0]} | ({"test": tests[0]} if tests else {})
        for name in train[1:] + tests[1:]:
            notes.append(f"The {wanted.noun} in {name} were left aside: {', '.join(prefixes.values())} are used.")
    below = {
        part: [d for d in directories if not prefix or d.path == prefix or d.path.startswith(f"{prefix}/")]
        for part, prefix in prefixes.items()
    }
    classes = _classes(root, below, prefixes, wanted.noun)
    parts = [
        Part(part, members, [classes.index(d.class_below(prefixes[part])) if classes else 0 for d in members])
        for part, members in below.items()
    ]
    return Listing(parts, classes and [printable(name) for name in classes], [printable(note) for note in notes])


def _walk(root: Path, suffixes: frozenset[str]) -> Iterator[Directory]:
    """Every directory from `root` down; hidden files and directories are passed over, links are followed.

    An example whose link leads nowhere, or in a circle, is listed as if it were there: reading it says what is wrong.
    """
    seen = set()
    waiting = [(str(root), "")]
    while waiting:
        path, relative = waiting.pop()
        directory = Directory(relative, [], [])
        try:
            status = os.stat(path)  # noqa: PTH116
            if (status.st_dev, status.st_ino) in seen:
                continue  # a link to a parent directory
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(path) as entries:
                for entry in entries:
                    name = entry.name
                    if name[0] == "." or name in IGNORED:
                        continue
                    is_example = name[name.rfind(".") :].lower() in suffixes
                    if _is_directory(entry):
                        waiting.append((entry.path, f"{relative}/{name}" if relative else name))
                    elif is_example and (facts := _facts(entry)) is not None:
                        directory.examples.append(facts)
                    else:
                        directory.others.append(name)
        except OSError as error:
            if not relative:
                raise DataError(f"{root}: cannot be read ({error.strerror}).") from error
            directory.others.append(f"(directory: {error.strerror})")
        directory.examples.sort()
        yield directory


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle
        return False


def _facts(entry: os.DirEntry[str]) -> FileFacts | None:
    """Size and times of a file; zeros for a broken link; None for something else, such as a socket."""
    try:
        if not entry.is_file():
            return (entry.name, 0, 0, 0) if entry.is_symlink() else None
        facts = entry.stat()
    except OSError:
        return entry.name, 0, 0, 0
    return entry.name, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns


def _check_directories(root: Path, directories: Iterator[Directory], noun: str) -> Iterator[Directory]:
    """The same directories. Raises DataError once it is clear that this is no folder of examples but of everything."""
    examples = others = 0
    for number, directory in enumerate(directories, 1):
        examples, others = examples + len(directory.examples), others + len(directory.others)
        if number + others > MOST_OTHERS and examples < OTHERS_SHARE * (number + others):
            raise DataError(
                f"{root}: is not a folder of {noun}: of the first {examples + others:,} files in {number:,} folders {examples:,} are "
                f"{noun}. Give the folder that holds them."
            )
        yield directory


def _classes(root: Path, below: dict[str, list[Directory]], prefixes: dict[str, str], noun: str) -> list[str] | None:
    """The names of the classes in all parts, sorted; None where there are none, or one alone, which says nothing."""
    names = {d.class_below(prefixes[part]) for part, members in below.items() for d in members}
    if "" in names and len(names) > 1:
        loose = next(d for part, members in below.items() for d in members if not d.class_below(prefixes[part]))
        raise DataError(
            f"{root}: holds {noun} both in class folders ({', '.join(sorted(names - {''})[:3])}) and beside them "
            f"({loose.examples[0][0]}); move the loose ones into a class folder, or all {noun} into one folder."
        )
    return sorted(names) if len(names) > 1 else None


def _named(tops: set[str], names: tuple[str, ...]) -> list[str]:
    """The folders that have one of these names, whatever their case, in the order of the names."""
    return [top for name in names for top in sorted(tops) if top.lower() == name]


def _nothing(root: Path, others: list[str], wanted: Wanted) -> str:
    kinds = ", ".join(sorted(wanted.suffixes))
    if not others:
        return f"{root}: the folder is empty; put {wanted.noun} into it ({kinds})."
    return f"{root}: holds {len(others):,} files but no {wanted.noun} ({kinds}), only such as {min(others)}."
