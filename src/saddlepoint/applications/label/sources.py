"""Read examples and their labels, of which some may be missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from saddlepoint.applications.label.enough_labels import too_few_labels
from saddlepoint.applications.label.examples import Examples
from saddlepoint.applications.label.known_labels import as_text, number_labels, read_labels
from saddlepoint.data import SOURCES
from saddlepoint.data.missing_labels import MISSING, labelled_part
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.tabular.reading import is_table_source, read_frame
from saddlepoint.errors import DataError, SettingError, shortened, suggestion

if TYPE_CHECKING:
    from saddlepoint.data.dataset import Dataset
    from saddlepoint.data.tabular.schema import Schema


def read_examples(
    source: Any,
    labels: Any = None,
    *,
    classes: Sequence[str] | None = None,
    schema: Schema | None = None,
    size: int | None = None,
) -> Examples:
    """The examples of a source with their labels.

    Args:
        source: a table (path, data frame, record array, dictionary of columns); a folder of images; an `.npy` or `.npz` file, an array or
            tensor, or a pair of examples and labels; a Dataset; or a built-in name.
        labels: the name of a table's column; the path of a file; or (N,) labels. A label is missing where it is empty, None or NaN, and
            outside of tables where it is -1. None takes the labels of the source.
        classes: names of all classes, each of which has labels; None takes those that occur, or those of the source.
        schema: of a table; None infers it.
        size: height and width of images; None keeps them.

    Raises:
        SettingError: an argument does not suit the source.
        DataError: source or labels cannot be read, or do not belong together.
    """
    if classes is not None and ("" in classes or len(set(classes)) < len(classes)):
        raise SettingError(
            f"label: --classes {','.join(classes)}: a name is empty or given twice; name each class once, with commas between."
        )
    if is_table_source(source):
        if size is not None:
            raise SettingError("label: --size is the height and width of images, and this is a table; leave it out.")
        return _table(source, labels, classes, schema)
    if schema is not None:
        raise SettingError("label: --schema is for tables (CSV, TSV or Parquet), and this is none; leave it out.")
    settings = DataSettings(source="digits", held_out=0.0, size=None if size is None else (size,))
    if isinstance(source, tuple) and len(source) == 2 and labels is None:
        source, labels = source
    return _arrays(source, labels, classes, settings)


def _table(source: Any, labels: Any, classes: Sequence[str] | None, schema: Schema | None) -> Examples:
    from saddlepoint.applications.label.rows import rows_of

    frame = read_frame(source, schema)
    name = str(source) if isinstance(source, str | Path) else "the table"
    if labels is None and schema is not None:
        labels = schema.target
    if labels is None:
        raise SettingError(
            f"label: a table needs --labels, the column of classes (labels= in Python); columns are {shortened(', '.join(frame.columns))}."
        )
    if not isinstance(labels, str | Path | int):
        raise SettingError(
            "label: labels of a table are the name of its column, with empty cells where they are missing."
        )
    target = str(labels)
    if target not in frame.columns:
        raise SettingError(
            f"label: --labels: {name} has no column {target!r}.{suggestion(target, list(frame.columns))} Columns are "
            f"{shortened(', '.join(frame.columns))}."
        )
    examples = rows_of(frame, target, schema, name)
    if classes is None:
        return examples
    if unknown := sorted(set(examples.names) - set(classes)):
        raise DataError(
            f"label: {name} has the label {unknown[0]!r}, which is not among --classes {', '.join(classes)}.{suggestion(unknown[0], classes)}"
        )
    if without := [name for name in classes if name not in examples.names]:
        raise too_few_labels(without[0], 0)
    return examples


def _arrays(source: Any, labels: Any, classes: Sequence[str] | None, settings: DataSettings) -> Examples:
    dataset, own, identities = _load(source, settings)
    n = len(dataset.x)
    names = dataset.event.class_names
    if labels is None:
        if own is None:
            raise SettingError(
                f"label: {dataset.name} comes without labels; give --labels FILE (labels= in Python), with empty entries where they are missing."
            )
        texts, where = own, dataset.name
    elif isinstance(labels, str | Path):
        path = Path(labels).expanduser()
        if not path.is_file():
            raise DataError(
                f"label: --labels {labels}: there is no such file; columns are for tables (CSV, TSV, Parquet), and {dataset.name} is none."
            )
        texts, where = read_labels(path, identities), str(labels)
    else:
        texts, where = _texts(labels), "labels"
    known = names if labels is None or (isinstance(source, str) and source in SOURCES) else None
    codes, found = number_labels(texts, n, where, classes or known)
    test = None
    if dataset.held_out is not None and dataset.held_out.y is not None and found == names:
        tested = labelled_part(dataset.held_out)
        assert tested.y is not None
        test = (tested.x, tested.y.numpy()) if len(tested) else None
    elif dataset.held_out is not None:
        raise DataError(
            f"label: {dataset.name} has a held-out part with other classes or without labels; give all examples in one part."
        )
    # The shares of classes would tell methods of labels that are hidden.
    event = replace(dataset.event, class_names=None, class_shares=None)
    return Examples(dataset.x, event, codes, found, dataset.name, identities, test, notes=dataset.notes)


def _texts(labels: Any) -> list[str]:
    if isinstance(labels, Tensor):
        labels = labels.cpu().numpy()
    if isinstance(labels, np.ma.MaskedArray):
        return [
            "" if gap else as_text(value)
            for value, gap in zip(labels.tolist(), np.ma.getmaskarray(labels), strict=True)
        ]
    if not hasattr(labels, "__iter__") or isinstance(labels, dict):
        raise DataError(f"label: labels are a {type(labels).__name__}; give (N,) labels, an array or a list.")
    values = labels.tolist() if hasattr(labels, "tolist") else list(labels)
    if any(isinstance(value, list | tuple) for value in values):
        raise DataError("label: labels have several columns; give one label for each example, shape (N,).")
    return [as_text(value) for value in values]


def _load(source: Any, settings: DataSettings) -> tuple[Dataset, list[str] | None, tuple[str, ...] | None]:
    """The examples in their own order, the labels of the source as text, and the names of the examples, where there are any."""
    from saddlepoint import data
    from saddlepoint.data.dataset import Dataset

    if isinstance(source, Dataset):
        return source, _own_labels(source), None
    if not isinstance(source, str | Path):
        return _in_order(data.from_array(source, settings=settings), settings), None, None
    settings = settings.model_copy(update={"source": str(source)})
    path = Path(str(source)).expanduser()
    if str(source) not in SOURCES and path.is_file() and path.suffix.lower() in (".npz", ".npy"):
        return _array_file(path, settings)
    dataset = data.load(settings)
    own = _own_labels(dataset)
    if path.is_dir() and str(source) not in SOURCES:
        return _folder(path, dataset, settings)
    if dataset.held_out is not None:  # a test part of its own, so that the training part was not permuted
        return dataset, own, None
    ordered = _in_order(dataset, settings)
    return ordered, _own_labels(ordered), None


def _own_labels(dataset: Dataset) -> list[str] | None:
    names = dataset.event.class_names
    if dataset.y is None or names is None:
        return None
    return ["" if code == MISSING else names[code] for code in dataset.y.tolist()]


def _array_file(path: Path, settings: DataSettings) -> tuple[Dataset, list[str] | None, None]:
    from saddlepoint import data
    from saddlepoint.data.arrays import LABEL_KEYS
    from saddlepoint.data.npy import MAGIC, Archive

    with path.open("rb") as file:
        is_archive = file.read(len(MAGIC)) != MAGIC
    if not is_archive:
        return _in_order(data.load(settings), settings), None, None
    archive = Archive(path)
    examples = [key for key in archive.keys if key not in LABEL_KEYS]
    key = "x" if "x" in examples else examples[0] if len(examples) == 1 else None
    if key is None:
        raise DataError(
            f"label: {path}: which array holds the examples? It has {', '.join(archive.keys) or 'none'}; call it x."
        )
    dataset = _in_order(data.from_array(archive.read(key), settings=settings, name=path.name), settings)
    label_key = next((k for k in LABEL_KEYS if k in archive.keys), None)
    return dataset, None if label_key is None else _texts(archive.read(label_key)), None


def _folder(path: Path, dataset: Dataset, settings: DataSettings) -> tuple[Dataset, list[str] | None, tuple[str, ...]]:
    """The images of a folder in the order of their paths, which are their names; a test part is joined to the others."""
    from saddlepoint.data.folder import list_images

    listing = list_images(path)
    if dataset.held_out is not None:
        raise DataError(
            f"label: {path} has folders for training and testing; give the folder of one of them, or labels for images in one folder."
        )
    names = tuple(name for part in listing.parts for name, _ in part.files())
    if dataset.event.class_names is not None:  # folders may be of anything where labels come from a file
        dataset = replace(dataset, y=None, event=replace(dataset.event, class_names=None, class_shares=None))
    return _in_order(dataset, settings), None, names


def _in_order(dataset: Dataset, settings: DataSettings) -> Dataset:
    """A dataset of one part in the order of its source, which loading permutes."""
    from saddlepoint.data.split import shuffled_order

    place = torch.argsort(shuffled_order(len(dataset.x), settings.split_seed))
    return replace(dataset, x=dataset.x[place], y=None if dataset.y is None else dataset.y[place])
