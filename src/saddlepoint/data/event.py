"""What one example is, and the map between its own units and those of a model.

Examples keep the user's units (bytes of an image, centimetres of a table). A `Scaling` converts each batch to the units of the
model, and samples back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from saddlepoint.arguments import shown
from saddlepoint.data.channels import along_axis, with_channels, without_channels
from saddlepoint.data.groups import Groups, check_groups, exactly_one_hot
from saddlepoint.errors import DataError

Kind = Literal["vector", "series", "image", "sound", "volume", "video", "text"]
AXES: dict[Kind, tuple[int, str]] = {
    "series": (2, "(T, C)"),
    "image": (3, "(C, H, W)"),
    "sound": (2, "(C, T)"),
    "volume": (4, "(C, D, H, W)"),
    "video": (4, "(C, T, H, W)"),
    "text": (1, "(T,)"),
}
ScalingKind = Literal["none", "unit", "symmetric", "standard"]


@dataclass(frozen=True)
class Event:
    """What one example is, without the batch axis.

    Attributes:
        shape: of one example; channels first: `(C, H, W)` for an image, `(C, T)` for sound, `(C, D, H, W)` for a
            volume, `(C, T, H, W)` for a video of T frames, `(D,)` for a vector, `(T,)` for a text of T symbols. A series of T steps has its channels last,
            `(T, C)`, as tables of measurements do.
        kind: what it is, which decides how it is shown and which networks suit it.
        dtype: "uint8" or "float32", the type of the stored data and of samples.
        low, high: the range of the data's values in its own units, for bounded data such as images (0 and 255); None
            for unbounded values.
        mean, std: of the training examples in their own units; one number in all, or one for each channel (of a vector:
            for each column).
        class_names: names of the labels 0, 1, ...; None without labels.
        class_shares: of each class among the training examples; None without labels, or where they were not counted.
        constants: (position, value) of each channel or column that never varies among the training examples. Samples of
            a model have exactly this value there.
        alphabet: of a text, the symbols (characters, or bytes as "\\x0a") that the values 0, 1, ... stand for; None for other
            data.
        rate: of a sound, samples a second; None where it is not known, and for other data.
        cells: (position, low, high) of disjoint regions of columns whose numbers all stand for one value of a table, such as a
            category. Events that differ in nothing else are equal.
        groups: (start, stop) of adjacent columns that are the one-hot code of one value, with noise; in ascending order.
    """

    shape: tuple[int, ...]
    kind: Kind
    dtype: Literal["uint8", "float32"] = "float32"
    low: float | None = None
    high: float | None = None
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    class_names: tuple[str, ...] | None = None
    constants: tuple[tuple[int, float], ...] = ()
    class_shares: tuple[float, ...] | None = None
    alphabet: tuple[str, ...] | None = None
    rate: float | None = None
    cells: tuple[tuple[int, float, float], ...] = field(default=(), compare=False)
    groups: Groups = ()

    def __post_init__(self) -> None:
        whole = isinstance(self.shape, tuple) and all(isinstance(side, int) and side > 0 for side in self.shape)
        if not whole or not self.shape:
            raise DataError(
                f"Event: shape is {shown(self.shape)}; give whole numbers of at least 1, such as (1, 28, 28)."
            )
        for name, value, known in (("kind", self.kind, get_args(Kind)), ("dtype", self.dtype, ("uint8", "float32"))):
            if value not in known:
                raise DataError(f"Event: {name} is {shown(value)}; it must be one of {', '.join(known)}.")
        axes, form = AXES.get(self.kind, (len(self.shape), ""))
        if len(self.shape) != axes:
            raise DataError(f"Event: the shape of one {self.kind} is {form}; got {shown(self.shape)}.")
        if self.kind == "text" and len(self.alphabet or ()) != self.levels:
            raise DataError(
                f"Event: a text has bytes from 0 to {(self.levels or 0) - 1} and an alphabet of {len(self.alphabet or ())} symbols; "
                "give dtype uint8, low 0, high one less than the number of symbols, and every symbol."
            )
        if self.rate is not None and not (self.kind == "sound" and 0 < self.rate < math.inf):
            raise DataError(
                f"Event: rate is {shown(self.rate)} for a {self.kind}; give samples a second, above 0, and for sounds alone."
            )
        if self.groups:
            check_groups(self.groups, self.shape)

    def __repr__(self) -> str:
        shape = "x".join(map(str, self.shape))
        within = f", {self.low:g} to {self.high:g}" if self.low is not None and self.high is not None else ""
        return f"Event({self.kind} of {shape} {self.dtype}{within}{describe_classes(self)})"

    @property
    def size(self) -> int:
        """Numbers in one example."""
        return math.prod(self.shape)

    @property
    def plural(self) -> str:
        """The plural of `kind`: "images", "series"."""
        return self.kind if self.kind == "series" else f"{self.kind}s"

    @property
    def shares(self) -> tuple[float, ...]:
        """The share of each class among the training examples; equal shares where they were not counted."""
        names = self.class_names or ()
        return self.class_shares or (1 / max(len(names), 1),) * len(names)

    @property
    def levels(self) -> int | None:
        """Number of values that each number of an example can have: 256 for bytes; None for real numbers."""
        if self.dtype != "uint8":
            return None
        return 256 if self.low is None or self.high is None else int(self.high - self.low) + 1

    @property
    def channel_axis(self) -> int:
        """Which axis of one example holds its channels: the last of a series, the first of everything else."""
        return len(self.shape) - 1 if self.kind == "series" else 0

    @property
    def has_columns(self) -> bool:
        """Whether each number of an example has a meaning and units of its own, as the columns of a table have."""
        return self.kind in ("vector", "series")

    @property
    def has_neighbours(self) -> bool:
        """Whether numbers beside each other along the last axes belong together, as in images, sounds, volumes and videos."""
        return self.kind in ("image", "sound", "volume", "video")

    @property
    def bounded(self) -> bool:
        """Whether the data's values have a known range."""
        return self.low is not None and self.high is not None

    @property
    def torch_dtype(self) -> torch.dtype:
        """The type of the tensors that hold examples."""
        return torch.uint8 if self.dtype == "uint8" else torch.float32

    def scaling(self, kind: ScalingKind) -> Scaling:
        """The affine map to the units of a model: "unit" is [0, 1], "symmetric" is [-1, 1] (both by the known range,
        else by mean and four standard deviations each way), "standard" is mean 0 and standard deviation 1."""
        if kind == "none":
            return Scaling(self, (1.0,), (0.0,))
        if kind == "standard":
            scale = tuple(1.0 / std if std > 0 else 1.0 for std in self.std)
            return Scaling(self, scale, tuple(-mean * s for mean, s in zip(self.mean, scale, strict=True)))
        lows: tuple[float, ...]
        highs: tuple[float, ...]
        if self.low is not None and self.high is not None:
            lows, highs = (self.low,), (self.high,)
        else:
            # A constant is mapped to the middle of the range, which every output can reach.
            constant = {position for position, _ in self.constants}
            halves = [0.5 if n in constant else 4 * std for n, std in enumerate(self.std)]
            lows = tuple(m - half for m, half in zip(self.mean, halves, strict=True))
            highs = tuple(m + half for m, half in zip(self.mean, halves, strict=True))
        widths = tuple(high - low if high > low else 1.0 for low, high in zip(lows, highs, strict=True))
        span, start = (1.0, 0.0) if kind == "unit" else (2.0, -1.0)
        return Scaling(
            self,
            tuple(span / width for width in widths),
            tuple(start - low * span / width for low, width in zip(lows, widths, strict=True)),
        )

    def standardised(self, x: Tensor) -> Tensor:
        """Examples as rows of comparable numbers, in which distances do not depend on the units of the columns.

        Args:
            x: (N, *shape), in the data's own units.

        Returns:
            (N, K) float32: every channel or column with the mean 0 and the standard deviation 1 of the training
            examples. Constant ones are left out, so that K may be less than `size`, and 0.
        """
        return self.without_constants(self.scaling("standard").to_model(x)).flatten(1)

    def along_channels(self, values: Sequence[float], like: Tensor) -> Tensor:
        """One value for each channel, in a shape that broadcasts to an example, with the device and type of `like`."""
        return along_axis(values, len(self.shape), self.channel_axis, like)

    def with_constants(self, x: Tensor, values: Sequence[float] | None = None) -> Tensor:
        """x (B, *shape) with its constant channels or columns set to `values`, by default those of the data."""
        if not self.constants:
            return x
        places = [position for position, _ in self.constants]
        given = [value for _, value in self.constants] if values is None else values
        return with_channels(x, dict(zip(places, given, strict=True)), self.channel_axis + 1)

    def without_constants(self, x: Tensor) -> Tensor:
        """x (B, *shape) without its constant channels or columns; x itself where there are none."""
        if not self.constants:
            return x
        return without_channels(x, [position for position, _ in self.constants], self.channel_axis + 1)

    def to_json(self) -> dict[str, Any]:
        """All fields as values that JSON can hold; cells and groups only where there are any."""
        return {name: value for name, value in asdict(self).items() if value or name not in ("cells", "groups")}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Event:
        """Undo `to_json`; what an earlier version did not write has its default."""
        entries: dict[str, Any] = {n: tuple(e) if isinstance(e, list) else e for n, e in value.items()}
        entries["constants"] = tuple((int(n), float(constant)) for n, constant in entries.get("constants", ()))
        entries["cells"] = tuple((int(n), float(low), float(high)) for n, low, high in entries.get("cells", ()))
        entries["groups"] = tuple((int(start), int(stop)) for start, stop in entries.get("groups", ()))
        return cls(**entries)


@dataclass(frozen=True)
class Scaling:
    """`model units = data units * scale + offset`, and back.

    `scale` and `offset` hold one number, or one for each channel of the event. `groups` of columns are made exactly one-hot.
    """

    event: Event
    scale: tuple[float, ...]
    offset: tuple[float, ...]
    groups: Groups = ()

    def to_model(self, x: Tensor) -> Tensor:
        """(B, *event) in the data's units and type -> (B, *event) float32 in the model's units."""
        given, x = x, x.to(torch.float32)
        if len(self.scale) > 1:
            along = self.event.along_channels
            x = torch.addcmul(along(self.offset, x), x, along(self.scale, x))
            return exactly_one_hot(self.event.with_constants(x, self.constants), self.groups)
        scale, offset = self.scale[0], self.offset[0]
        if scale != 1.0 or offset != 0.0:
            # In place only if the conversion above made a copy; never on the caller's tensor.
            x = x.mul(scale) if x is given else x.mul_(scale)
            x = x.add_(offset) if offset else x
        return self.event.with_constants(x, self.constants)

    def to_data(self, x: Tensor) -> Tensor:
        """(B, *event) in the model's units -> (B, *event) in the data's units, range and type.

        Values outside a known range are clamped to it; whole-number data are rounded. NaN in float data stays NaN.
        Constant channels and columns have exactly their value.
        """
        x = x.to(torch.float32)
        if len(self.scale) == 1:
            x = (x - self.offset[0]) / self.scale[0]
        else:
            x = (x - self.event.along_channels(self.offset, x)) / self.event.along_channels(self.scale, x)
        x = self.event.with_constants(x)
        if self.event.bounded:
            x = x.clamp(self.event.low, self.event.high)
        return x.round().to(torch.uint8) if self.event.dtype == "uint8" else x

    @property
    def log_abs_det(self) -> float:
        """log |d model units / d data units| of an event, in nats: add it to a log density in the model's units to get the log
        density in the data's. Both are densities of the channels or columns that vary: constant ones have none."""
        channels = self.event.shape[self.event.channel_axis]
        constant = {position for position, _ in self.event.constants}
        scale = self.scale * channels if len(self.scale) == 1 else self.scale
        varying = sum(math.log(s) for n, s in enumerate(scale) if n not in constant)
        return self.event.size / channels * varying

    @property
    def constants(self) -> tuple[float, ...]:
        """The event's constants in the model's units."""
        several = len(self.scale) > 1
        numbers = [(n if several else 0, value) for n, value in self.event.constants]
        return tuple(value * self.scale[n] + self.offset[n] for n, value in numbers)


def describe_classes(event: Event) -> str:
    """How many classes there are, as the rest of a sentence: ", 10 classes"; empty without any."""
    if not event.class_names:
        return ""
    return f", {len(event.class_names):,} class{'es' if len(event.class_names) > 1 else ''}"
