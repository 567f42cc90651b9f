"""The evaluation of a run: its scorecard in the run's folder, and whether a stored scorecard can be reused."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.settings import DataSettings
from saddlepoint.errors import RunError
from saddlepoint.evaluation.features import FEATURES
from saddlepoint.evaluation.features.extractor import dataset_digest
from saddlepoint.evaluation.scorecard.assess import assess
from saddlepoint.evaluation.scorecard.extremes import Extremes
from saddlepoint.evaluation.scorecard.scorecard import Scorecard
from saddlepoint.evaluation.settings import AssessmentSettings
from saddlepoint.experiment import examples
from saddlepoint.experiment.evaluation_arguments import Data, Wanted, dataset_of, feature_list
from saddlepoint.experiment.loading import Which, checkpoint_of, event_of, load
from saddlepoint.experiment.nearest_pairs import draw_pairs
from saddlepoint.experiment.run import Run
from saddlepoint.experiment.summary import update_result
from saddlepoint.models.base import Model
from saddlepoint.progress import Report
from saddlepoint.records import RunFolder, read_bytes, writing
from saddlepoint.records.lock import is_locked
from saddlepoint.report import write_report
from saddlepoint.training import checkpoint

WAIT = 10.0  # seconds for another command that writes a file into the run


@dataclass(frozen=True)
class Evaluation:
    """The evaluation of a run with certain settings.

    Attributes:
        run: the run to measure.
        settings: of the measurement.
        data: the data to compare with; None for the run's own data.
        features: see `saddlepoint.experiment.evaluation.evaluate`.
        step: which checkpoint, as in `load`.
        device: as in `load`.
    """

    run: Run
    settings: AssessmentSettings
    data: Data = None
    features: Wanted | Sequence[Wanted] | None = None
    step: Which = "newest"
    device: str = "cpu"

    def stored(self) -> tuple[Scorecard | None, str]:
        """Return the run's stored scorecard, if it can be reused.

        It can be reused if it was measured at this checkpoint with unchanged weights, on the same data, with these settings and
        by this version.

        Returns:
            The scorecard, or None; and the reason why it must be measured again, empty if there is no scorecard yet.
        """
        file = self.run.folder.scorecard
        if not file.is_file():
            return None, ""
        if not self._has_names():
            return None, "what is asked has no name that a scorecard could be recognised by"
        try:
            card = (found := Scorecard.load(file)).card
        except RunError:
            return None, "its scorecard cannot be read"
        path = checkpoint_of(self.run.folder, self.step)
        asked, ours = self.asked(path), version("saddlepoint")
        if card.versions.get("saddlepoint") != ours:
            return None, f"its scorecard is by version {card.versions.get('saddlepoint')}, this is {ours}"
        if card.asked != asked:
            names = [name for name in asked if card.asked.get(name) != asked[name]]
            return None, f"its scorecard was measured with other settings ({', '.join(names)})"
        if not _has_weights_of_manifest(path):
            return None, f"the weights of {path.name} are not those that were measured"
        if card.data_fingerprint != dataset_digest(self.dataset):
            return None, f"its scorecard is of other data: {card.data} has changed since"
        return found, ""

    def measure(self, progress: Report | None = None) -> Scorecard:
        """Measure, and write the scorecard into the run's folder.

        Pictures of the samples nearest to and farthest from real examples are also drawn. The result replaces the result from
        the end of training.

        Args:
            progress: called with the name of the current work and the share that is done.

        Raises:
            RunError: another process is writing to the run, or there is no such checkpoint.
        """
        folder, recipe = self.run.folder, self.run.recipe
        if is_locked(folder.path):  # refused before minutes are spent
            raise RunError(f"{folder.path} is being worked on by another process: wait for it, or stop it.")
        path = checkpoint_of(self.run.folder, self.step)
        step = int(checkpoint.read_manifest(path)["step"])
        model = load(folder.path, step=step, device=self.device, modules=self.run.modules, trust=self.run.trust)
        dataset, extremes = self.dataset, list[Extremes]()
        scorecard = assess(model, dataset, self.settings, self.features, progress, extremes.append)
        card = replace(
            scorecard.card,
            model=str(folder.path),
            step=step,
            ema=_averages(model, recipe.training.ema),
            asked=self.asked(path),
        )
        scorecard = replace(scorecard, card=card)
        with writing(folder, wait=WAIT):
            scorecard.save(folder.scorecard)
            # The run's result is that of its last step, on its own data.
            if self.data is None and scorecard.result is not None and step == _last_step(folder):
                update_result(folder, recipe, scorecard.result)
            for found in extremes:
                draw_pairs(found, dataset, folder)
            if folder.report.is_file():
                write_report(folder)
        return scorecard

    @cached_property
    def dataset(self) -> Dataset:
        """The data to compare with; loaded once."""
        if self.data is not None and not isinstance(self.data, str | Path):
            return dataset_of(self.data)
        if self.data is not None:
            return examples.load(self.data_settings())
        return examples.load_as(self.data_settings(), event_of(checkpoint_of(self.run.folder, self.step)))

    def data_settings(self) -> DataSettings:
        """Return the settings of the data: those of the run, with the requested source."""
        settings = self.run.recipe.data
        own = self.run.folder.path / examples.DATA_FILE
        if isinstance(self.data, str | Path):
            return settings.model_copy(update={"source": str(self.data)})
        if own.exists():  # the path in the recipe is wrong after the run was moved
            return settings.model_copy(update={"source": str(own.resolve())})
        return settings

    def _has_names(self) -> bool:
        """Whether names identify the evaluation. The user's own features do not: their code may change under the same name."""
        names = feature_list(self.features)
        return all(isinstance(name, str) and name in FEATURES for name in names) and self._by_name

    @property
    def _by_name(self) -> bool:
        return self.data is None or isinstance(self.data, str | Path)

    def asked(self, checkpoint_path: Path) -> dict[str, Any]:
        """What identifies a measurement: its settings, data and features, and the checkpoint's manifest."""
        seal = hashlib.sha256(read_bytes(checkpoint_path / "manifest.json")).hexdigest()
        return {
            **self.settings.model_dump(mode="json"),
            "features": [name if isinstance(name, str) else "own" for name in feature_list(self.features)],
            "data": self.data_settings().model_dump(mode="json") if self._by_name else "own",
            "checkpoint": seal,
        }


def _last_step(folder: RunFolder) -> int | None:
    """Return the last step of a run; None if its summary does not contain it."""
    try:
        step: int | None = folder.read_summary().get("step")
    except RunError:
        return None
    return step


def _has_weights_of_manifest(path: Path) -> bool:
    """Return whether a checkpoint's weights match the digest in its manifest."""
    file = path / checkpoint.WEIGHTS
    named = checkpoint.read_manifest(path)["files"][checkpoint.WEIGHTS]["sha256"]
    return file.is_file() and hashlib.sha256(read_bytes(file, most=None)).hexdigest() == named


def _averages(model: Model, decay: float | None) -> bool:
    """Return whether samples come from a moving average of the weights."""
    return bool(decay) and bool(model.averaged)
