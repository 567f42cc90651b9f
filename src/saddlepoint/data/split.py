"""Build a `Dataset` from loaded examples: split, statistics and fingerprint, in the same way for every source.

The split depends on `split_seed` alone, never on the seed of training, so that runs with different seeds hold out the same
examples. Statistics come from the training part only: a model learns nothing about held-out examples, not even their mean.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset, Truth
from saddlepoint.data.event import Event
from saddlepoint.data.settings import DataSettings
from saddlepoint.errors import DataError

CHUNK = 1 << 22  # numbers processed together, which limits memory
SMALLEST = 1e-36  # standard deviation in float32, whose normal numbers begin at 1.2e-38


@dataclass(frozen=True)
class Part:
    """Examples x (N, *event) and their labels y (N,) int64, or None."""

    x: Tensor
    y: Tensor | None = None


def shuffled_order(n: int, split_seed: int) -> Tensor:
    """(n,) int64: the fixed order in which examples are split and limited."""
    return torch.randperm(n, generator=torch.Generator().manual_seed(split_seed))


def training_count(n: int, settings: DataSettings) -> int:
    """How many of `n` examples are trained on when the rest is held out (before `limit`)."""
    return n - min(round(n * settings.held_out), n - 1)


def assemble(
    name: str,
    event: Event,
    part: Part,
    settings: DataSettings,
    *,
    test: Part | None = None,
    truth: Truth | None = None,
    notes: tuple[str, ...] = (),
) -> Dataset:
    """Split `part` (unless the source brings its own `test`), limit it, and measure what is trained on.

    Raises:
        DataError: there are no examples, or a class of images has a single one.
    """
    check_counts(name, event, len(part.x), part.y)
    if test is None:
        index, rest = split_positions(len(part.x), settings)
        test = _select(part, rest) if len(rest) else None
        part = _select(part, index)
    elif settings.limit is not None and settings.limit < len(part.x):
        part = _select(part, shuffled_order(len(part.x), settings.split_seed)[: settings.limit])
    return describe_parts(name, event, part, test, truth=truth, notes=notes)


def split_positions(n: int, settings: DataSettings) -> tuple[Tensor, Tensor]:
    """Which of `n` examples are trained on (at most `limit`) and which are held out: two int64 vectors of positions."""
    order = shuffled_order(n, settings.split_seed)
    count = training_count(n, settings)
    return order[:count][: settings.limit], order[count:]


def describe_parts(
    name: str,
    event: Event,
    part: Part,
    test: Part | None = None,
    *,
    truth: Truth | None = None,
    notes: tuple[str, ...] = (),
) -> Dataset:
    """The dataset of a training part and a held-out part, with the training part's statistics in its event."""
    if event.kind != "text":  # whose positions are no columns
        event = replace(event, constants=constants(part.x, event))
    if per_channel(event):
        # Rounding could give a constant a tiny deviation, and dividing by it would be wrong.
        exact = dict(event.constants)
        mean, std = statistics(_channels_last(part.x, event), per_column=True)
        mean = tuple(exact.get(n, value) for n, value in enumerate(mean))
        std = tuple(0.0 if n in exact else value for n, value in enumerate(std))
    else:
        mean, std = statistics(part.x)
    _check_spread(name, std)
    event = replace(event, mean=mean, std=std, class_shares=class_shares(part.y, event))
    held_out = None
    if test is not None and len(test.x):
        held_out = Dataset(f"{name} (held out)", test.x, event, test.y, truth=truth, fingerprint=content_digest(test))
    return Dataset(name, part.x, event, part.y, held_out, truth, digest_of_parts(part, held_out), notes)


def _check_spread(name: str, std: tuple[float, ...]) -> None:
    """Raise DataError for deviations so small that dividing by them overflows in float32."""
    small = next((n for n, value in enumerate(std) if 0 < value < SMALLEST), None)
    if small is not None:
        where = f"column or channel {small + 1} varies" if len(std) > 1 else "the numbers vary"
        raise DataError(
            f"{name}: {where} by only {std[small]:.2g}, which is too little for float32; multiply the data by a constant."
        )


def class_shares(y: Tensor | None, event: Event) -> tuple[float, ...] | None:
    """The share of each class among labels y (N,), of which -1 is a missing one; None without names or any label."""
    if y is None or event.class_names is None or not bool((y >= 0).any()):
        return None
    counts = torch.bincount(y[y >= 0], minlength=len(event.class_names)).double()
    return tuple((counts / counts.sum()).tolist())


def check_counts(name: str, event: Event, n: int, y: Tensor | None) -> None:
    """Raise DataError for data without examples, and for a class of images that has only one."""
    if n == 0:
        raise DataError(f"{name} holds no examples; give data with at least one.")
    if y is None or event.class_names is None or event.kind != "image":
        return
    counts = torch.bincount(y[y >= 0], minlength=len(event.class_names))
    single = [label for label, count in zip(event.class_names, counts.tolist(), strict=True) if count == 1]
    if single:
        raise DataError(
            f"{name}: the class {single[0]!r} has only one image"
            + (f" (so have {len(single) - 1} more classes)" if len(single) > 1 else "")
            + "; a class needs at least two, one of them to hold out. Add images to it or remove it."
        )


def per_channel(event: Event) -> bool:
    """Whether channels have statistics of their own: columns do, and channels of images in units of their own."""
    return event.has_columns or (event.kind in ("image", "volume", "video") and not event.bounded)


def constants(x: Tensor, event: Event) -> tuple[tuple[int, float], ...]:
    """(position, value) of each channel or column that has one value in all of x (N, *event), two examples or more."""
    if len(x) < 2:
        return ()
    first = x.reshape(-1)[0]
    if event.shape[event.channel_axis] == 1 and any(bool((x[n] != first).any()) for n in (0, 1, len(x) - 1)):
        return ()  # the usual case of grey images, without reading all of them
    lows, highs = [], []
    for rows in torch.split(x, max(1, CHUNK // event.size)):
        table = _channels_last(rows, event)
        lows.append(table.amin(0))
        highs.append(table.amax(0))
    low, high = torch.stack(lows).amin(0), torch.stack(highs).amax(0)
    return tuple((n, float(low[n])) for n in (low == high).nonzero().flatten().tolist())


def _channels_last(x: Tensor, event: Event) -> Tensor:
    """(N, *event) -> (M, C), one column a channel; a view where that is possible."""
    return x.movedim(event.channel_axis + 1, -1).reshape(-1, event.shape[event.channel_axis])


def statistics(x: Tensor, *, per_column: bool = False) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of x (N, ...) over all numbers, or (N, D) of each column, as float64 would give."""
    if x.dtype == torch.uint8 and not per_column:
        counts = torch.zeros(256, dtype=torch.int64)
        for chunk in torch.split(x.reshape(-1), CHUNK):
            counts += torch.bincount(chunk, minlength=256)
        values, weights = torch.arange(256, dtype=torch.float64), counts.double() / counts.sum()
        mean = (values * weights).sum()
        return (mean.item(),), (((values - mean).square() * weights).sum().sqrt().item(),)
    table = x if per_column else x.reshape(-1, 1)
    rows = torch.split(table, max(1, CHUNK // table.shape[1]))
    means = sum((r.double().sum(0) for r in rows), torch.zeros(table.shape[1], dtype=torch.float64)) / len(table)
    squares = sum(((r.double() - means).square().sum(0) for r in rows), torch.zeros_like(means))
    return tuple(means.tolist()), tuple((squares / len(table)).sqrt().tolist())


def content_digest(part: Part) -> str:
    """Hex SHA-256 of the examples' shape, type and bytes, and of the labels."""
    digest = hashlib.sha256(f"{tuple(part.x.shape)} {part.x.dtype}".encode())
    for chunk in torch.split(part.x, max(1, CHUNK // max(1, part.x[0].numel()))):
        digest.update(chunk.contiguous().numpy().data)
    if part.y is not None:
        digest.update(part.y.contiguous().numpy().data)
    return digest.hexdigest()


def digest_of_parts(part: Part, held_out: Dataset | None) -> str:
    """Hex SHA-256 of a training part and, if there is one, of the held-out part: the fingerprint of a dataset."""
    digest = content_digest(part)
    return digest if held_out is None else hashlib.sha256((digest + held_out.fingerprint).encode()).hexdigest()


def _select(part: Part, index: Tensor) -> Part:
    return Part(part.x[index], None if part.y is None else part.y[index])
