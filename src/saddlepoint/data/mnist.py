"""MNIST and two sets of its format, by name: from $SADDLEPOINT_DATA/NAME, else from the cache, else downloaded.

- `mnist`: "The MNIST database of handwritten digits", Y. LeCun, C. Cortes, C. J. C. Burges, 1998,
  http://yann.lecun.com/exdb/mnist/
- `fashion-mnist`: "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms", H. Xiao, K. Rasul,
  R. Vollgraf, 2017, https://arxiv.org/abs/1708.07747
- `kmnist`: "Deep Learning for Classical Japanese Literature", T. Clanuwat, M. Bober-Irizar, A. Kitamoto, A. Lamb,
  K. Yamamoto, D. Ha, 2018, https://arxiv.org/abs/1812.01718
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from saddlepoint.data.cache import cache_folder
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.download import download
from saddlepoint.data.idx import pair, unpacked
from saddlepoint.data.settings import DataSettings
from saddlepoint.errors import DataError

TRAIN_IMAGES = "train-images-idx3-ubyte"
FILES = (TRAIN_IMAGES, "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


LARGEST = 100_000_000  # bytes of one file, unpacked; the sets have at most 47 million


@dataclass(frozen=True)
class NamedSet:
    """Where four files come from, and the hex SHA-256 of their bytes in the order of `FILES`.

    Attributes:
        packed: whether the digests are of the files as they are served rather than of their unpacked bytes. Mirrors
            pack MNIST differently; the two others are served from one place, and only digests of the packed files are
            published.
    """

    urls: tuple[str, ...]
    digests: tuple[str, str, str, str]
    packed: bool
    class_names: tuple[str, ...]


SETS: Mapping[str, NamedSet] = {
    "mnist": NamedSet(
        urls=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        digests=(
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
        packed=False,
        class_names=tuple(map(str, range(10))),
    ),
    "fashion-mnist": NamedSet(
        urls=("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
        digests=(
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        ),
        packed=True,
        class_names=(
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
    ),
    "kmnist": NamedSet(
        urls=("http://codh.rois.ac.jp/kmnist/dataset/kmnist/",),
        digests=(
            "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
            "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
            "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
            "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
        ),
        packed=True,
        class_names=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
    ),
}


def load(settings: DataSettings) -> Dataset:
    """(N, 1, 28, 28) uint8 with values 0 (background) to 255, labels 0 to 9; the official test part is held out."""
    name = settings.source
    folder = locate(name, settings)
    images = next(p for p in (folder / TRAIN_IMAGES, folder / f"{TRAIN_IMAGES}.gz") if p.is_file())
    return pair(name, images, settings, SETS[name].class_names)


def find(name: str, settings: DataSettings) -> Path | None:
    """The folder that holds all four files of `name`, without downloading any; None if there is none."""
    own = os.environ.get("SADDLEPOINT_DATA")
    for place in ([Path(own).expanduser() / name] if own else []) + [cache_folder(settings) / name]:
        if all((place / file).is_file() or (place / f"{file}.gz").is_file() for file in FILES):
            return place
    return None


def locate(name: str, settings: DataSettings) -> Path:
    """The folder that holds all four files of `name`, downloading what is missing to the cache."""
    if (found := find(name, settings)) is not None:
        return found
    folder = cache_folder(settings) / name
    for file, digest in zip(FILES, SETS[name].digests, strict=True):
        if not (folder / f"{file}.gz").is_file() and not (folder / file).is_file():
            _fetch(SETS[name], file, digest, folder / f"{file}.gz")
    return folder


def _fetch(source: NamedSet, file: str, digest: str, target: Path) -> None:
    def check(path: Path) -> None:
        got = hashlib.sha256(path.read_bytes() if source.packed else unpacked(path, LARGEST)).hexdigest()
        if got != digest:
            raise DataError(
                f"{url}: what came is not the published file (SHA-256 {got[:16]}..., expected {digest[:16]}...); "
                f"try again later, or put the file into {target.parent} yourself."
            )

    failures = []
    for address in source.urls:
        url = f"{address}{file}.gz"
        try:
            return download(url, target, check, most=LARGEST)
        except DataError as error:
            failures.append(str(error))
    raise DataError(
        f"{' '.join(failures)} Or put the four files of {target.parent.name} into $SADDLEPOINT_DATA/{target.parent.name}/."
    )
