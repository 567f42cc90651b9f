"""The folder of a study: its settings, the results of every group, and the tables and pictures made from them.

studies/NAME/
  study.yaml      all settings resolved: this file is enough to repeat the study
  cells/KEY.json  one file per finished group; written atomically
  failed/KEY.txt  why a group could not be trained, with the traceback; removed when the study runs again
  results.csv     one row per run (and results.parquet if pyarrow is installed)
  series.csv      one row per run and scheduled step, if the study asks for it
  summary.json    shares, medians and means with their intervals, for every point
  pictures/       the pictures that the study asks for; older ones are removed
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from saddlepoint.errors import RunError
from saddlepoint.records import locked, replaced
from saddlepoint.records.schema import number_to_json
from saddlepoint.studies.group import GroupResult, RunResult
from saddlepoint.yaml_text import LARGEST_TEXT, read_yaml

FORMAT = 1
PICTURE_NAMES = ("survival", "heat-map-", "power-law-")  # beginnings of the names of a study's pictures


class StudyFolder:
    """The layout of `studies/NAME/`. Use `opened` to write to it.

    Args:
        path: the folder.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    @property
    def study(self) -> Path:
        """The study's settings."""
        return self.path / "study.yaml"

    @property
    def groups(self) -> Path:
        """The folder of finished groups."""
        return self.path / "cells"

    @property
    def failures(self) -> Path:
        """The folder of the reasons why groups failed."""
        return self.path / "failed"

    @property
    def results(self) -> Path:
        """The table of all runs."""
        return self.path / "results.csv"

    @property
    def series(self) -> Path:
        """The table of all measured series."""
        return self.path / "series.csv"

    @property
    def summary(self) -> Path:
        """The summary of all points, with intervals."""
        return self.path / "summary.json"

    @property
    def pictures(self) -> Path:
        """The folder of pictures."""
        return self.path / "pictures"

    @contextlib.contextmanager
    def opened(self, text: str, *, overwrite: bool = False) -> Iterator[None]:
        """Lock the folder and write the study's YAML to it.

        Args:
            text: the YAML.
            overwrite: replace another study; its results stay in cells/.

        Raises:
            RunError: the folder holds something else or another study (another name or base recipe), is in use by
                another process, or cannot be written.
        """
        try:
            if self.path.exists() and not self.study.is_file() and any(self.path.iterdir()):
                raise RunError(
                    f"{self.path} exists and is no study, so it is left alone: name another folder with --dir."
                )
            self.groups.mkdir(parents=True, exist_ok=True)
        except (PermissionError, NotADirectoryError, FileExistsError) as error:
            raise RunError(
                f"A study cannot be written to {self.path}: {error.strerror}. Name another folder."
            ) from error
        with locked(self.path):
            if not overwrite:
                self._check_same(text)
            with replaced(self.study) as file:
                file.write(text)
            yield

    def _check_same(self, text: str) -> None:
        """Check that the folder's study has the same name and base recipe as the study in this YAML.

        Seeds, axes, overrides and measures may differ. The runs that differ are trained again.

        Args:
            text: the YAML of the new study.

        Raises:
            RunError: the name or the base recipe differs.
        """
        if not self.study.is_file():
            return
        with self.study.open(encoding="utf-8", errors="replace") as file:
            theirs, ours = _content(file.read(LARGEST_TEXT + 1)), _content(text)
        differs = [name for name in ("name", "base") if theirs.get(name) != ours.get(name)]
        if theirs and differs:
            said = f'"{theirs.get("name")}"' + ("" if "name" in differs else " with another base recipe")
            raise RunError(
                f"{self.path} holds the study {said}: name another folder with --dir, or have its tables and pictures "
                "replaced with --overwrite (what it trained stays in cells/)."
            )

    def save(self, result: GroupResult) -> None:
        """Write the results of a finished group."""
        with replaced(self.groups / f"{result.key}.json") as file:
            json.dump({"format": FORMAT} | number_to_json(result.to_json()), file, allow_nan=False)

    def save_failure(self, key: str, text: str) -> None:
        """Write why a group could not be trained.

        Args:
            key: the group's key.
            text: the reason, with the traceback of an unexpected error.
        """
        self.failures.mkdir(exist_ok=True)
        with replaced(self.failures / f"{key}.txt") as file:
            file.write(text)

    def remove_failures(self) -> None:
        """Remove all recorded failures before these groups are trained again."""
        for path in self.failures.glob("*.txt"):
            path.unlink()
        with contextlib.suppress(OSError):  # there is no such folder, or it holds files that are not ours
            self.failures.rmdir()

    def remove_outdated(self, written: Collection[Path]) -> None:
        """Remove tables and pictures that an earlier call wrote and this one did not.

        Args:
            written: the files of this call, which are kept.
        """
        tables = [path.with_suffix(end) for path in (self.results, self.series) for end in (".csv", ".parquet")]
        pictures = [path for path in self.pictures.glob("*.png") if path.name.startswith(PICTURE_NAMES)]
        for path in {*tables, *pictures} - set(written):
            path.unlink(missing_ok=True)

    def load_results(self) -> tuple[dict[str, RunResult], list[str]]:
        """Load the results of all finished groups.

        Returns:
            The results by key of the run, and one sentence for each damaged file. The runs of a damaged file are
            trained again.
        """
        found: dict[str, RunResult] = {}
        damaged: list[str] = []
        for path in sorted(self.groups.glob("*.json")):
            try:
                content: Any = json.loads(path.read_text("utf-8"))
                if content["format"] != FORMAT:
                    raise ValueError(f"format {content['format']}")
                result = GroupResult.from_json(content)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                damaged.append(f"{path} is damaged ({type(error).__name__}: {error}): its runs are trained again.")
                continue
            found |= {run.key: run for run in result.runs}
        return found, damaged


def _content(text: str) -> dict[str, Any]:
    """The content of a study's YAML; empty if it is damaged."""
    try:
        content = read_yaml(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
