"""Access to a run: its trained model, findings, best step and pictures."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from saddlepoint.arguments import check_count, check_modules
from saddlepoint.data.tabular.conditions import Conditions
from saddlepoint.data.tabular.storage import read_codec
from saddlepoint.diagnosis import Process, causes_first
from saddlepoint.errors import SettingError
from saddlepoint.experiment.interventions import Intervention, read_interventions
from saddlepoint.experiment.live_diagnosis import resolved_settings
from saddlepoint.experiment.loading import load
from saddlepoint.experiment.rows import draw_rows
from saddlepoint.experiment.suggestion import Suggestion, suggest_remedy
from saddlepoint.experiment.summary import recorded_classes, result_of
from saddlepoint.markup import Markup, html, joined
from saddlepoint.models.base import Model
from saddlepoint.recipe import Recipe
from saddlepoint.records import Finding, Record, Result, find_run
from saddlepoint.report.verdict import recorded_headline, recorded_process, recorded_verdict

if TYPE_CHECKING:
    import pandas as pd

NOT_ENDED = "This run has not ended yet."


class Run:
    """A run in its folder; files are read when an attribute is used.

    Example:
        >>> run = Run("runs/dcgan-digits-1")  # doctest: +SKIP
        >>> run.model.sample(64), run.findings, run.best, run.records  # doctest: +SKIP
    """

    def __init__(
        self, folder: str | Path, *, modules: Mapping[str, nn.Module] | None = None, trust: bool = False
    ) -> None:
        """Open a run folder.

        Args:
            folder: of the run.
            modules: the user's own networks by role, if the run was trained with such objects.
            trust: whether code that the run names by import path may run, as in `load`.

        Raises:
            RunError: the folder is not a run.
        """
        check_modules("run", modules)
        self.folder = find_run(folder)
        self.modules, self.trust = modules, trust

    @property
    def recipe(self) -> Recipe:
        """The resolved recipe that repeats this run."""
        return Recipe.load(self.folder.recipe)

    @property
    def records(self) -> list[Record]:
        """Every record, in order."""
        return list(self.folder.read_records())

    @property
    def findings(self) -> list[Finding]:
        """Every finding that opened, became more severe or closed, in order."""
        return list(self.folder.read_findings())

    @property
    def cures(self) -> list[Intervention]:
        """The interventions during training (`training.cure: auto`), in order."""
        return read_interventions(self.folder)

    @property
    def suggestions(self) -> list[Suggestion]:
        """Suggested changes of settings for each active finding; likely causes come before their consequences."""
        recipe, earlier = self.recipe, self.cures
        active = [finding for finding in causes_first(self.findings) if finding.severity != "info"]
        summary = self.summary
        resolved, classes = resolved_settings(summary.get("precision")), recorded_classes(summary)
        suggestions = (
            suggest_remedy(
                recipe,
                finding,
                [intervention.rung for intervention in earlier if intervention.code == finding.code],
                resolved=resolved,
                classes=classes,
            )
            for finding in active
        )
        return [suggestion for suggestion in suggestions if suggestion is not None]

    @property
    def summary(self) -> dict[str, Any]:
        """The content of summary.json: headline, verdict, advice, state, step, seconds, data, players, best, versions."""
        return self.folder.read_summary()

    @property
    def headline(self) -> str:
        """The verdict in at most twelve words, such as "At risk: the discriminator memorises its 1,617 images"."""
        return recorded_headline(self.folder, self.summary) or NOT_ENDED

    @property
    def verdict(self) -> str:
        """The measurements in words: how long training took, the findings, how close samples are to the data."""
        return recorded_verdict(self.folder, self.summary) or NOT_ENDED

    @property
    def process(self) -> Process | None:
        """How training went: "no failure found", "at risk", "failing" or "failed".

        None before training has ended, and if it was not recorded.
        """
        return recorded_process(self.folder, self.summary)

    @property
    def result(self) -> Result | None:
        """How close samples are to the data, at the end of training or in the latest evaluation.

        None before training has ended, and for runs of version 0.1 that were not evaluated since.

        Raises:
            RunError: summary.json contains a result that cannot be read.
        """
        return result_of(self.folder)

    def rows(self, n: int, *, condition: str | None = None, seed: int = 0) -> pd.DataFrame:
        """Draw rows of the table that the run was trained on.

        Args:
            n: how many.
            condition: that all rows meet, such as "age>60,sex=F".
            seed: the same seed gives the same rows.

        Returns:
            A pandas frame with the columns, types and formats of the table, without columns of free text.

        Raises:
            SettingError: the run was not trained on a table, the condition cannot be met, or n is no count.
        """
        import pandas as pd

        check_count("rows", "n", n, 1)
        if not self.folder.table.exists():
            raise SettingError(f"rows: {self.folder.path} was not trained on a table; use model.sample.")
        codec = read_codec(self.folder.table)
        conditions = None if condition is None else Conditions.parse(condition, codec.schema)
        frames = draw_rows(self.model, codec, n, conditions=conditions, seed=seed)
        return pd.concat(list(frames), ignore_index=True)

    @property
    def best(self) -> Mapping[str, Any] | None:
        """The best step by the model's selection metric: {"step", "series", "value"}.

        For the quality series it also has "behind", the difference by which the last step is worse, and "behind_error", the
        standard error of this difference. None if no measured step was better than the untrained model.
        """
        return self.summary.get("best")

    @property
    def pictures(self) -> dict[str, Path]:
        """The run's pictures as PNG files by name: "samples" (the newest), "curves", "latent", ..."""
        frames = sorted(self.folder.samples.glob("step-*.png"))
        newest = {"samples": frames[-1]} if frames else {}
        return newest | {path.stem: path for path in sorted(self.folder.figures.glob("*.png"))}

    @cached_property
    def model(self) -> Model:
        """The model at the run's newest checkpoint."""
        return load(self.folder.path, modules=self.modules, trust=self.trust)

    def __repr__(self) -> str:
        return f"Run({str(self.folder.path)!r}): {self.headline}\n{self.verdict}"

    def _repr_html_(self) -> Markup:
        import base64

        from saddlepoint.records.files import read_bytes

        pictures = [path for name, path in self.pictures.items() if name == "samples"]
        images = joined(
            html('<img alt="samples" src="data:image/png;base64,{}">', base64.b64encode(read_bytes(path)).decode())
            for path in pictures
        )
        findings = joined(html("<li>{}</li>", finding) for finding in self.findings)
        return html(
            "<p><b>{}</b></p><p>{}</p><p>{}</p><ul>{}</ul>{}",
            self.headline,
            self.verdict,
            self.folder.path,
            findings,
            images,
        )
