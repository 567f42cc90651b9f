"""Read what is to be clustered, a run or data, with the positions of the examples in their source."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from saddlepoint import data as data_package
from saddlepoint.applications.cluster.points import Labels
from saddlepoint.applications.cluster.settings import Part
from saddlepoint.applications.cluster.subject import Subject
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.split import shuffled_order, split_positions, training_count
from saddlepoint.data.tabular.reading import is_table
from saddlepoint.data.tabular.source import load_table
from saddlepoint.errors import DataError, RunError, SettingError
from saddlepoint.experiment import examples as examples_file
from saddlepoint.experiment.examples import DATA_FILE
from saddlepoint.records import find_run

if TYPE_CHECKING:
    from saddlepoint.data.event import Event

LEAST = 2  # examples


@dataclass(frozen=True, eq=False)
class Source:
    """Data to train on and to cluster.

    Attributes:
        dataset: with its held-out part, if it has one.
        settings: by which it was read; None for data in memory.
        index: positions of its training examples in the source, then those of the held-out ones.
        files: names of all examples of the source, in its order; empty where they have none.
    """

    dataset: Dataset
    settings: DataSettings | None
    index: Labels
    files: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Of the data, for messages."""
        return self.dataset.name

    def subject(self, model: Any, part: Part, limit: int, seed: int) -> Subject:
        """The examples that are clustered, and their model.

        Args:
            model: it `Encodes`.
            part: which examples: "all", "training" or "held-out".
            limit: the most; more are reduced to a random subset.
            seed: of the subset.

        Raises:
            DataError: there are fewer than two examples, a number is not finite, or all are equal.
        """
        dataset, held_out = self.dataset, self.dataset.held_out
        some = [dataset] if held_out is None else [dataset, held_out]
        where = np.array(
            [name for name, one in zip(("training", "held-out"), some, strict=False) for _ in range(len(one))]
        )
        chosen = np.flatnonzero(where == part) if part != "all" else np.arange(len(where))
        if len(chosen) > limit:
            chosen = np.sort(np.random.default_rng([seed, 5]).permutation(chosen)[:limit])
        if len(chosen) < LEAST:
            count = {0: "no example", 1: "one example"}[len(chosen)]
            raise DataError(
                f"cluster: {self.name} has {count}{'' if part == 'all' else f' in its {part} part'}; clusters need at least {LEAST}."
            )
        y = _labels(some)
        return Subject(
            model,
            dataset.event,
            _checked(torch.cat([one.x for one in some])[torch.from_numpy(chosen)], self.name, self.index[chosen]),
            None if y is None else y[chosen],
            self.index[chosen],
            tuple(self._name(n) for n in self.index[chosen].tolist()),
            tuple(where[chosen].tolist()),
            dataset.table,
        )

    def _name(self, index: int) -> str:
        if self.files:
            return self.files[index]
        return f"row {index + 1}" if self.dataset.table is not None else f"{self.dataset.event.kind} {index}"


def is_run(source: Any) -> bool:
    """Whether a source is the folder of a run."""
    if not isinstance(source, str | Path) or not Path(source).is_dir():
        return False
    try:
        find_run(source)
    except RunError:
        return False
    return True


def read_data(source: Any, settings: DataSettings) -> Source:
    """Read data that have no model yet.

    Args:
        source: a built-in name or a path, a table in memory, arrays or a pair (x, y) of arrays, or a Dataset.
        settings: all but the source.

    Raises:
        DataError: it cannot be read.
        SettingError: a setting does not fit the source.
    """
    if isinstance(source, Dataset):
        return Source(source, None, natural_order(source))
    if isinstance(source, str | Path):
        named = settings.model_copy(update={"source": str(source)})
        dataset = data_package.load(named)
        _check_target(dataset, named)
        return _of_settings(dataset, named)
    if is_table(source) or isinstance(source, dict):
        dataset = load_table(source, settings, "table")
        training, held_out = split_positions(len(source) if is_table(source) else _rows(dataset), settings)
        return Source(dataset, None, torch.cat([training, held_out]).numpy())
    x, y = source if isinstance(source, tuple) and len(source) == 2 else (source, None)
    dataset = data_package.from_array(x, y, settings=settings)
    _check_target(dataset, settings)
    training, held_out = split_positions(_rows(dataset), settings)
    return Source(dataset, None, torch.cat([training, held_out]).numpy())


def read_run_data(settings: DataSettings, event: Event) -> Source:
    """Read the data that a run was trained on.

    Args:
        settings: of the run's data.
        event: of its model.

    Raises:
        DataError: they cannot be read, or are no longer those of the run.
    """
    dataset = examples_file.load_as(settings, event)
    if (dataset.event.shape, dataset.event.dtype) != (event.shape, event.dtype):
        raise DataError(
            f"cluster: {settings.source} has examples of shape {dataset.event.shape} {dataset.event.dtype}, and the run was trained on "
            f"{event.shape} {event.dtype}: the data have changed since; restore them or train again."
        )
    return _of_settings(dataset, settings)


def source_order(dataset: Dataset, settings: DataSettings, files: tuple[int, ...] = ()) -> Labels:
    """Return the positions of examples in their source, of the training part and then of the held-out part.

    A source without a test part of its own is shuffled before it is split. Reading it once more without holding anything out shows whether
    it was. The files of each part of a folder of images are shuffled. Everything else keeps its order, and test examples follow the others.

    Args:
        dataset: as loaded.
        settings: by which it was loaded.
        files: of a folder of images, the number in each part.
    """
    if _is_stored_dataset(settings):
        return natural_order(dataset)
    held = 0 if dataset.held_out is None else len(dataset.held_out)
    if len(files) > 1:
        training, test = (shuffled_order(count, settings.split_seed) for count in files[:2])
        return torch.cat([training[: len(dataset)], files[0] + test[:held]]).numpy()
    whole = examples_file.load(settings.model_copy(update={"held_out": 0.0, "limit": None}))
    count = training_count(len(whole), settings)
    trained = min(count, settings.limit or count)
    is_split = whole.held_out is None and (len(dataset), held) == (trained, len(whole) - count)
    if is_split or (whole.held_out is not None and len(dataset) < len(whole)):
        order = shuffled_order(len(whole), settings.split_seed)
        rest = order[count:] if is_split else len(whole) + torch.arange(held)
        return torch.cat([order[: len(dataset)], rest]).numpy()
    return natural_order(dataset)


def _is_stored_dataset(settings: DataSettings) -> bool:
    """Whether the source is the file in which a run keeps a Dataset, which is not shuffled when it is read."""
    path = Path(settings.source)
    if path.name != DATA_FILE or not path.is_file():
        return False
    with np.load(path, allow_pickle=False) as arrays:
        return "dataset" in arrays


def natural_order(dataset: Dataset) -> Labels:
    """Positions from 0: the training part, then the held-out one."""
    return np.arange(_rows(dataset))


def _rows(dataset: Dataset) -> int:
    return len(dataset) + (0 if dataset.held_out is None else len(dataset.held_out))


def _labels(parts: list[Dataset]) -> Labels | None:
    """(N,) classes of the parts, -1 for a missing one; None without labels or with a single class."""
    if parts[0].event.class_names is None or any(part.y is None for part in parts):
        return None
    y = torch.cat([part.y for part in parts if part.y is not None]).numpy().astype(np.int64)
    table = parts[0].table
    if table is not None and table.target is not None:
        y = np.where(y >= len(table.target.categories), -1, y)  # the label of missing cells
    return y if len(np.unique(y[y >= 0])) > 1 else None


def _checked(x: torch.Tensor, name: str, index: Labels) -> torch.Tensor:
    """Return examples x (N, *event) that are finite and not all equal."""
    if x.is_floating_point():
        bad = ~torch.isfinite(x).flatten(1).all(1)
        if bad.any():
            first = int(index[int(bad.int().argmax())])
            raise DataError(
                f"cluster: {name} has a number that is not finite in example {first:,} (and {int(bad.sum()) - 1:,} more); remove or "
                "complete such examples."
            )
    if not (x != x[:1]).any():
        raise DataError(f"cluster: all {len(x):,} examples of {name} are equal, so there is nothing to cluster.")
    return x


def _check_target(dataset: Dataset, settings: DataSettings) -> None:
    if settings.target is not None and dataset.table is None:
        raise SettingError(
            f"cluster: --target names a column of a table, and {dataset.name} is no table (CSV, TSV or Parquet); leave it out."
        )


def _files(settings: DataSettings, dataset: Dataset) -> list[list[str]]:
    """Paths of the images of each part of a folder, in the order of the source; empty for other sources and where files were left out."""
    from saddlepoint.data.folder import list_images

    root = Path(settings.source).expanduser()
    if settings.source in data_package.SOURCES or not root.is_dir() or dataset.event.kind != "image":
        return []
    try:
        parts = [[path for path, _ in part.files()] for part in list_images(root).parts]
    except DataError:  # a folder of arrays
        return []
    whole = settings.limit is not None or sum(map(len, parts)) == _rows(dataset)
    return parts if whole and settings.on_bad == "fail" else []


def _of_settings(dataset: Dataset, settings: DataSettings) -> Source:
    files = _files(settings, dataset)
    order = source_order(dataset, settings, tuple(map(len, files)))
    return Source(dataset, settings, order, tuple(path for part in files for path in part))
