"""Examples and where they come from.

`load(settings)` makes a `Dataset` from a built-in name or a path, `from_array` from what is already in memory;
`Batches` feeds it to training. Importing this package imports no torch.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saddlepoint.arguments import check_path
from saddlepoint.data.settings import DataSettings
from saddlepoint.errors import DataError, suggestion

if TYPE_CHECKING:
    from saddlepoint.data.arrays import from_array
    from saddlepoint.data.batches import Batches
    from saddlepoint.data.dataset import Dataset, Truth
    from saddlepoint.data.event import Event, Scaling

__all__ = [
    "SOURCES",
    "Batches",
    "DataSettings",
    "Dataset",
    "Event",
    "Scaling",
    "Truth",
    "describe_sources",
    "from_array",
    "load",
]

# Built-in names: the loader, a function of DataSettings given as "module:function", and what the data are.
SOURCES: dict[str, tuple[str, str]] = {
    "digits": ("saddlepoint.data.digits:load", "1,797 real handwritten digits, 8x8 grey; part of the installation"),
    "mnist": ("saddlepoint.data.mnist:load", "70,000 handwritten digits, 28x28 grey"),
    "fashion-mnist": ("saddlepoint.data.mnist:load", "70,000 pictures of clothes in 10 classes, 28x28 grey"),
    "kmnist": ("saddlepoint.data.mnist:load", "70,000 handwritten Japanese characters in 10 classes, 28x28 grey"),
    "stacked-mnist": ("saddlepoint.data.stacked:load", "MNIST digits in three channels, 28x28 colour: 1,000 modes"),
    "gaussian": ("saddlepoint.data.mixtures:gaussian", "1-D Gaussians: N(4, 0.5), or --data.modes of them"),
    "ring": ("saddlepoint.data.mixtures:ring", "8 (--data.modes) narrow Gaussians on a circle in the plane"),
    "grid": ("saddlepoint.data.mixtures:grid", "25 narrow Gaussians on a 5x5 grid in the plane"),
    "moons": ("saddlepoint.data.shapes:moons", "two interleaved half circles in the plane"),
    "spirals": ("saddlepoint.data.shapes:spirals", "two spiral arms in the plane"),
    "checkerboard": ("saddlepoint.data.shapes:checkerboard", "uniform on the dark squares of a 4x4 board"),
    "tones": (
        "saddlepoint.data.generated_sounds:tones",
        "sounds of a quarter of a second: notes, in 12 classes of pitch",
    ),
    "drums": ("saddlepoint.data.generated_sounds:drums", "sounds of a quarter of a second: kicks, snares and hats"),
    "solids": ("saddlepoint.data.solids:load", "volumes of 16^3 voxels: spheres, boxes and tori"),
    "waves": ("saddlepoint.data.waves:load", "time series of 64 steps: noisy oscillations in two channels"),
    "moving-digits": (
        "saddlepoint.data.moving_digits:digits",
        "videos of 20 frames of 32x32: two of the small digits, which move and bounce; nothing is downloaded",
    ),
    "moving-mnist": (
        "saddlepoint.data.moving_digits:mnist",
        "videos of 20 frames of 64x64: two MNIST digits that bounce",
    ),
    "sentences": ("saddlepoint.data.sentences:load", "text of a small grammar, whose entropy is known"),
    "swiss-roll": ("saddlepoint.data.shapes:swiss_roll", "a rolled-up line in the plane"),
}

_LAZY = {
    "Batches": "saddlepoint.data.batches",
    "Dataset": "saddlepoint.data.dataset",
    "Event": "saddlepoint.data.event",
    "Scaling": "saddlepoint.data.event",
    "Truth": "saddlepoint.data.dataset",
    "from_array": "saddlepoint.data.arrays",
}


# The sources in recipes for one's own data, and what has to be given for them.
OWN_DATA = {"images": "folder of pictures: --data.source FOLDER", "table": "table: --data.source FILE.csv"}


def load(settings: DataSettings | str | Path) -> Dataset:
    """Load the dataset that `settings.source` names: one of `SOURCES`, else a path.

    Args:
        settings: the settings, or only the source by its name or path, with defaults for the rest.

    Raises:
        DataError: there is no such source, or its data cannot be read.
    """
    if not isinstance(settings, DataSettings):
        settings = DataSettings(source=str(check_path("load_data", "the source", settings)))
    if settings.source in SOURCES:
        loader = SOURCES[settings.source][0]
    else:
        loader = _loader_of(Path(settings.source).expanduser(), settings.source, settings.kind)
    module, function = loader.split(":")
    dataset: Dataset = getattr(import_module(module), function)(settings)
    return dataset


def describe_sources() -> dict[str, str]:
    """Built-in names and one line on each."""
    return {name: description for name, (_, description) in SOURCES.items()}


def _loader_of(path: Path, source: str, kind: str) -> str:
    """Which loader reads the file or folder at `path`."""
    from saddlepoint.data.contents import loader_of_file, loader_of_folder

    if path.is_dir():
        return loader_of_folder(path, kind)
    if path.is_file():
        return loader_of_file(path, source, kind)
    if source in OWN_DATA:
        raise DataError(
            f"--data.source {source}: there is no such file or folder{_where(path)}; this needs your own {OWN_DATA[source]}."
        )
    if path.suffix or "/" in source or "\\" in source:
        raise DataError(f"{source}: there is no such file or folder{_where(path)}; check --data.source.")
    raise DataError(
        f"--data.source {source}: neither a built-in name nor a file or folder.{suggestion(source, SOURCES)} "
        f"Built-in are {', '.join(SOURCES)}."
    )


def _where(path: Path) -> str:
    """The directory in which a relative path was searched, for messages."""
    return "" if path.is_absolute() else f" (searched in {Path.cwd()})"


def __getattr__(name: str) -> Any:
    """Names that need torch are imported when they are first used."""
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
