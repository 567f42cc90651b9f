"""Examples of one length from files of any length: sounds and time series.

Each file is a stream (T, C). An example is a whole file, cut or padded, and then files are split at random; or files are cut into
windows, and then the end of each file is held out, or whole files where the ends are too short.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from saddlepoint.data.capacity import require_memory
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.split import Part, shuffled_order, training_count
from saddlepoint.data.windows import count_windows, cut_windows, split_stream
from saddlepoint.errors import DataError

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Streams:
    """Files that were read, by their part of the split.

    Attributes:
        name: of the data.
        parts: streams (T, C) float32 with their labels, under "train" and, where the source has it, "test".
        class_names: of the labels; None without.
        plural: what the files are called.
        notes: about the data.
    """

    name: str
    parts: dict[str, list[tuple[Array, int]]]
    class_names: tuple[str, ...] | None
    plural: str
    notes: tuple[str, ...] = ()

    @property
    def lengths(self) -> list[int]:
        """The lengths of all streams."""
        return [len(stream) for part in self.parts.values() for stream, _ in part]

    def part_of(self, examples: list[Array], labels: list[int]) -> Part:
        """Examples (n, length, C) of several files, and their labels, as one part."""
        x = torch.from_numpy(np.concatenate(examples)) if examples else torch.empty(0)
        return Part(x, None if self.class_names is None else torch.tensor(labels, dtype=torch.int64))


def whole_files(streams: Streams, length: int) -> tuple[Part, Part | None, tuple[str, ...]]:
    """One example a file: both parts, the second None where the source has no test part, and a note on what was cut."""
    lengths = streams.lengths
    channels = streams.parts["train"][0][0].shape[1]
    require_memory(
        8 * len(lengths) * length * channels,
        f"{streams.name}: {len(lengths):,} {streams.plural} of {length:,} samples",
        "take a smaller data.length",
    )
    made = {}
    for name, part in streams.parts.items():
        x = np.zeros((len(part), length, channels), np.float32)
        for row, (stream, _) in zip(x, part, strict=True):
            row[: min(length, len(stream))] = stream[:length]
        made[name] = streams.part_of([x], [label for _, label in part])
    cut, padded = sum(n > length for n in lengths), sum(n < length for n in lengths)
    changes = [f"{cut:,} were cut"] * bool(cut) + [f"{padded:,} were padded with zeros"] * bool(padded)
    note = f"Of {len(lengths):,} {streams.plural}, {' and '.join(changes)} to {length:,} samples." if changes else ""
    return made["train"], made.get("test"), (note,) if note else ()


def cut_files(streams: Streams, length: int, stride: int, settings: DataSettings) -> tuple[Part, Part, tuple[str, ...]]:
    """Windows of each file: a training part, a held-out part, and a note on files that are too short.

    Raises:
        DataError: no file is as long as a window.
    """
    train, test = streams.parts["train"], streams.parts.get("test", [])
    if not test:
        train, test = _split(train, length, settings)
    short = sum(len(stream) < length for stream, _ in train)
    if short == len(train):
        raise DataError(
            f"{streams.name}: no file has {length:,} steps to train on, the length of an example; take a smaller data.length "
            f"(the longest has {max(len(stream) for stream, _ in train):,})."
        )
    parts = []
    for part in (train, test):
        count = sum(count_windows(len(stream), length, stride) for stream, _ in part)
        channels = train[0][0].shape[1]
        require_memory(8 * count * length * channels, f"{streams.name}: {count:,} windows", "take a larger data.stride")
        windows = [cut_windows(stream, length, stride) for stream, _ in part]
        labels = [label for own, (_, label) in zip(windows, part, strict=True) for _ in own]
        parts.append(streams.part_of(windows, labels))
    note = f"{short:,} of {len(train):,} {streams.plural} are shorter than an example of {length:,} steps and are left out."
    return parts[0], parts[1], (note,) if short else ()


def _split(
    files: list[tuple[Array, int]], length: int, settings: DataSettings
) -> tuple[list[tuple[Array, int]], list[tuple[Array, int]]]:
    """Hold out the end of each file; of several files whose ends are too short for an example, some whole files."""
    ends = [(*split_stream(stream, settings), label) for stream, label in files]
    if len(files) == 1 or any(len(rest) >= length for _, rest, _ in ends):
        return [(first, label) for first, _, label in ends], [(rest, label) for _, rest, label in ends]
    order = shuffled_order(len(files), settings.split_seed).tolist()
    count = training_count(len(files), settings)
    return [files[n] for n in order[:count]], [files[n] for n in order[count:]]
