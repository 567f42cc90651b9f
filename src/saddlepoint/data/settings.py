"""The `data` section of a recipe: what to train on (torch-free)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from saddlepoint.settings import Public, Settings

LARGEST_SIDE = 16_384  # pixels
LONGEST = 100_000_000  # symbols, steps or samples of an example
ScalingName = Literal["auto", "none", "unit", "symmetric", "standard"]  # units that a model's networks see


class DataSettings(Settings, metaclass=Public):
    """Where the examples come from and how they are brought to one shape."""

    source: str = Field(
        "digits",
        description="A built-in name (saddlepoint data --list), or a path: folder of images, sounds, volumes, videos, series or texts; WAV, text, .npy, .npz, IDX, .csv, .tsv or .parquet file.",
    )
    limit: int | None = Field(
        None, ge=1, description="Use only the first so many training examples, after a fixed shuffle."
    )
    held_out: float = Field(
        0.1, ge=0.0, lt=1.0, description="Share held out of training, where the source has no test part of its own."
    )
    split_seed: int = Field(0, ge=0, le=2**63 - 1, description="Seed of the split into training and held-out examples.")

    size: tuple[int, ...] | None = Field(
        None, description="Image height and width in pixels; one number makes a square. None keeps the files' size."
    )
    fit: Literal["crop", "pad", "stretch"] = Field(
        "crop", description="How an image of another aspect ratio meets the size."
    )
    channels: Literal["auto", "grey", "rgb", "rgba"] = Field(
        "auto", description="Colour channels; auto takes what the files have."
    )
    on_bad: Literal["fail", "skip"] = Field(
        "fail", description="What to do with a file that cannot be read: stop, or leave it out and say so."
    )
    cache: str | None = Field(
        None, description="Folder for decoded and downloaded data. None: $SADDLEPOINT_CACHE, else ~/.cache/saddlepoint."
    )

    points: int | None = Field(
        None,
        ge=1,
        description="Mixtures, shapes, stacked-mnist, moving digits: how many training points are drawn; None takes the source's own, 10,000, 128,000 and 2,000.",
    )
    modes: int | None = Field(
        None, ge=1, le=10_000, description="gaussian and ring: how many modes; None takes the source's own, 1 and 8."
    )
    scale: float | None = Field(
        None,
        ge=1e-6,
        le=1e6,
        description="Mixtures: standard deviation of a mode, in the data's units; None takes the source's own.",
    )
    radius: float = Field(1.0, ge=1e-6, le=1e6, description="ring: radius, in the data's units.")
    key: str | None = Field(
        None, description=".npz: name of the array of examples; None takes 'x', else the only array."
    )
    kind: Literal["auto", "image", "vector", "series", "sound", "volume", "video", "text"] = Field(
        "auto",
        description="What an example is; auto decides by a file's content, and of arrays by their shape and values.",
    )
    layout: Literal["auto", "channels-first", "channels-last"] = Field(
        "auto", description="Arrays: which axis holds the channels (bands, columns); auto decides by the shape."
    )
    level: Literal["character", "byte"] = Field(
        "character", description="Text: what its symbols are, at most 256 different ones."
    )
    length: int | None = Field(
        None,
        ge=1,
        le=LONGEST,
        description="Text, time series, sound, video: symbols, steps, samples or frames of an example. None takes 128, the longest sound, and 20 frames.",
    )
    stride: int | None = Field(
        None,
        ge=1,
        le=LONGEST,
        description="Text, time series, sound, video: from the start of an example to that of the next. None takes data.length, and one "
        "example a sound file, cut or padded with silence.",
    )
    rate: int | None = Field(
        None,
        ge=1,
        le=1_000_000,
        description="WAV files: samples a second to resample to; None keeps the files' own, which must then be one.",
    )
    schema: str | None = Field(  # type: ignore[assignment]  # a deprecated method of pydantic has this name
        None,
        description="Tables: YAML file that says what each column is (saddlepoint data FILE --out schema.yaml writes it). None infers it.",
    )
    target: str | None = Field(
        None, description="Tables: name of the column that is the label, which conditional models take."
    )
    encoding: Literal["scores", "copula", "levels"] = Field(
        "scores",
        description="Tables: rows as vectors: normal scores and one-hot categories; one normal score a column (a Gaussian is then a "
        "Gaussian copula); or one of 256 levels a column.",
    )

    @field_validator("size", mode="before")
    @classmethod
    def _number(cls, size: Any) -> Any:
        """Accept one number for a list of one."""
        return (size,) if isinstance(size, int | float) and not isinstance(size, bool) else size

    @field_validator("size")
    @classmethod
    def _square(cls, size: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if size is None:
            return None
        if len(size) not in (1, 2) or min(size) < 1 or max(size) > LARGEST_SIDE:
            raise ValueError(
                f"size is one number, or height and width, of 1 to {LARGEST_SIDE:,} pixels each; got {size}"
            )
        return size * 2 if len(size) == 1 else size
