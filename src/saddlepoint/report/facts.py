"""Reads a run folder for its report; what is missing or damaged becomes a note, never an error.

Reports are written while a run is young, after it failed, and from incomplete folders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from numpy.typing import NDArray

from saddlepoint.errors import SaddlepointError
from saddlepoint.evaluation.scorecard.scorecard import Scorecard
from saddlepoint.records import Fields, Finding, RunFolder, Series, read_arrays, read_bytes, read_json, series_of
from saddlepoint.records.fields import is_text
from saddlepoint.records.lock import is_locked
from saddlepoint.records.summary import check_summary

T = TypeVar("T")
UNREADABLE = (SaddlepointError, OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError)
NO_TEXTS: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())


@dataclass(frozen=True)
class Latent:
    """Codes for the scatter plot of the latent space.

    Attributes:
        codes: (N, D).
        labels: (N,), or None.
        class_names: of the labels, or None.
    """

    codes: NDArray[Any]
    labels: NDArray[Any] | None
    class_names: tuple[str, ...] | None


@dataclass(frozen=True)
class Facts:
    """Everything that the page shows, as values.

    Attributes:
        name: of the folder.
        path: of the folder, absolute, so that commands work wherever they are pasted.
        summary: what summary.json holds, without damaged fields.
        is_written: whether a process works on the run now.
        recipe: the text of recipe.yaml; None where it is missing.
        series: see `records.series_of`.
        last_step: the last recorded one; 0 before any.
        findings: the log of findings.
        frames: (step, file) of the sample pictures, oldest first.
        pictures: (file, caption) of the other pictures.
        heard: files of sounds: samples, and real examples.
        texts: samples, and real examples.
        latent: codes for a scatter plot.
        scorecard: of the last evaluation.
        scorecard_trouble: why scorecard.json could not be read; empty where it could, or where there is none.
        notes: sentences on what else could not be read.
        contest: a sentence on how a contest chose the recipe; empty for a run whose recipe was named.
    """

    name: str
    path: Path
    summary: Mapping[str, Any]
    is_written: bool
    recipe: str | None
    series: Series
    last_step: int
    findings: tuple[Finding, ...]
    frames: tuple[tuple[int, Path], ...]
    pictures: tuple[tuple[Path, str], ...]
    heard: tuple[tuple[Path, ...], tuple[Path, ...]]
    texts: tuple[tuple[str, ...], tuple[str, ...]]
    latent: Latent | None
    scorecard: Scorecard | None
    scorecard_trouble: str
    notes: tuple[str, ...] = field(default=())
    contest: str = ""

    @property
    def state(self) -> str:
        """How the run ended: "finished", "interrupted" or "failed" by its summary; without one "under way" while a process
        works on it, else "cut short".
        """
        return str(self.summary.get("state", "under way" if self.is_written else "cut short"))

    @property
    def is_watched(self) -> bool:
        """Whether the training loop was the user's own, so that no command can train, sample or evaluate the run."""
        model = self.summary.get("model")
        return isinstance(model, Mapping) and model.get("family") == "watched"

    @property
    def can_resume(self) -> bool:
        """Whether the run stopped before its end and has a checkpoint to continue from."""
        return self.state in ("interrupted", "cut short") and any(RunFolder(self.path).checkpoints.glob("step-*"))


def read_facts(folder: RunFolder, *, holds_lock: bool = False) -> Facts:
    """Read everything readable in the folder; `notes` names what is damaged.

    Args:
        folder: the run's.
        holds_lock: whether the caller has locked the folder, so that no other process works on the run.
    """
    notes: list[str] = []

    def attempt(path: Path, read: Callable[[], T], otherwise: T) -> T:
        try:
            return read()
        except UNREADABLE as error:
            words = str(error) or type(error).__name__
            notes.append(f"{path.relative_to(folder.path)} could not be read and is left out ({words}).")
            return otherwise

    def lines(path: Path, read: Iterator[T]) -> list[T]:
        """All entries up to the first damaged one."""
        entries: list[T] = []
        try:
            for entry in read:
                entries.append(entry)
        except UNREADABLE as error:
            notes.append(f"{path.name} is damaged after entry {len(entries)}; the rest is left out ({error}).")
        return entries

    scorecard, trouble = _scorecard(folder.scorecard)
    captions, texts = folder.figures / "captions.json", folder.figures / "texts.json"
    points = folder.figures / "latent.npz"
    records = lines(folder.records, folder.read_records())
    return Facts(
        name=folder.path.resolve().name,
        path=folder.path.resolve(),
        summary=attempt(folder.summary, lambda: _summary(folder.summary, notes), {}),
        is_written=not holds_lock and is_locked(folder.path),
        recipe=attempt(
            folder.recipe, lambda: read_bytes(folder.recipe).decode() if folder.recipe.is_file() else None, None
        ),
        series=series_of(records),
        last_step=max((record.step for record in records), default=0),
        findings=tuple(lines(folder.findings, folder.read_findings())),
        frames=_frames(folder.samples),
        pictures=_pictures(folder.figures, attempt(captions, lambda: _object(captions), {})),
        heard=(_sounds(folder.figures, "sample"), _sounds(folder.figures, "example")),
        texts=attempt(texts, lambda: _texts(texts), NO_TEXTS),
        latent=attempt(points, lambda: _latent(points), None),
        scorecard=scorecard,
        scorecard_trouble=trouble,
        contest=attempt(folder.contest, lambda: str(_object(folder.contest).get("sentence", "")), ""),
        notes=tuple(notes),
    )


def _summary(path: Path, notes: list[str]) -> dict[str, Any]:
    """What summary.json holds, without its damaged fields."""
    kept: dict[str, Any] = {}
    for name, value in _object(path).items():
        try:
            check_summary(Fields({name: value}, path.name))
        except SaddlepointError as error:
            notes.append(f"A field is left out: {error}")
        else:
            kept[name] = value
    return kept


def _scorecard(path: Path) -> tuple[Scorecard | None, str]:
    if not path.is_file():
        return None, ""
    try:
        return Scorecard.load(path), ""
    except UNREADABLE as error:
        return None, str(error) or type(error).__name__


def _object(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    return read_json(path)


def _frames(samples: Path) -> tuple[tuple[int, Path], ...]:
    found: list[tuple[int, Path]] = []
    for path in samples.glob("step-*.png") if samples.is_dir() else ():
        digits = path.stem.removeprefix("step-")
        if digits.isdecimal() and len(digits) < 19:
            found.append((int(digits), path))
    return tuple(sorted(found))


# In the order in which they are shown, with default captions.
KNOWN_PICTURES = {
    "data": "Examples of the data.",
    "density": "Generated points against the data.",
    "reconstruction": "Held-out examples above, their reconstructions below.",
    "interpolation": "From one code to another along the great circle between them.",
    "traversal": "One dimension of the code changes along each row.",
    "latent": "Codes of examples, coloured by class.",
    "head": "The encoder's mean and log-variance of each latent unit.",
    "nearest": "Samples nearest to a training example.",
    "farthest": "Samples farthest from any example.",
}


def _pictures(figures: Path, captions: Mapping[str, Any]) -> tuple[tuple[Path, str], ...]:
    def rank(path: Path) -> tuple[int, str]:
        kinds = list(KNOWN_PICTURES)
        place = next((i for i, kind in enumerate(kinds) if path.stem.startswith(kind)), len(kinds))
        return place, path.name

    found = sorted(figures.glob("*.png"), key=rank) if figures.is_dir() else []
    described = [(path, str(captions.get(path.name, "")) or _caption(path)) for path in found]
    # The page draws the curves itself, from the records.
    return tuple((path, words) for path, words in described if path.stem not in ("curves", "losses"))


def _caption(path: Path) -> str:
    for kind, words in KNOWN_PICTURES.items():
        if path.stem.startswith(kind):
            return words
    title = path.stem.replace("-", " ").replace("_", " ")
    return f"{title[:1].upper()}{title[1:]}."


def _sounds(figures: Path, name: str) -> tuple[Path, ...]:
    return tuple(sorted(figures.glob(f"{name}-[0-9][0-9].wav"))) if figures.is_dir() else ()


def _texts(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    fields = Fields(_object(path), path.name)
    samples, examples = (fields.sequence(name, [], is_text) for name in ("samples", "examples"))
    return tuple(samples), tuple(examples)


def _latent(path: Path) -> Latent | None:
    if not path.is_file():
        return None
    arrays = read_arrays(path)
    codes, labels = arrays["codes"], arrays.get("labels")
    names = tuple(map(str, arrays["class_names"].ravel().tolist())) if "class_names" in arrays else ()
    if codes.dtype.kind not in "fiu":
        raise ValueError(f"codes are of type {codes.dtype}, not numbers")
    if codes.ndim != 2 or not codes.size:
        return None
    if labels is not None and (labels.shape != codes.shape[:1] or labels.dtype.kind not in "iu"):
        labels = None
    return Latent(codes, labels, names or None)
