"""The evaluation of a run on a table: its rows against the training and held-out rows, in the columns and units of the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saddlepoint.data.tabular.reading import PARQUET, read_frame
from saddlepoint.data.tabular.schema import Schema
from saddlepoint.data.tabular.source import split_frame
from saddlepoint.data.tabular.storage import read_codec
from saddlepoint.errors import DataError, RunError
from saddlepoint.evaluation.tables.card import TableCard
from saddlepoint.evaluation.tables.compare import compare_tables
from saddlepoint.evaluation.tables.pictures import picture_columns, strongest_pairs
from saddlepoint.experiment.loading import checkpoint_of, load
from saddlepoint.experiment.rows import draw_rows
from saddlepoint.experiment.run_evaluation import WAIT, Evaluation
from saddlepoint.progress import Report
from saddlepoint.records import writing
from saddlepoint.report.tables import write_table_page

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 20_000  # drawn, if the user names no number
LEAST_HELD_OUT = 8


@dataclass(frozen=True)
class TableEvaluation:
    """The evaluation of the rows of a run on a table.

    Attributes:
        evaluation: of the run's vectors: which checkpoint, data and seeds.
        rows: how many to draw; None draws as many as the run was trained on, at most 20,000.
        target: column that classifiers predict; None takes the run's label, if the model draws it.
    """

    evaluation: Evaluation
    rows: int | None = None
    target: str | None = None

    @property
    def applies(self) -> bool:
        """Whether the run was trained on a table."""
        return self.evaluation.run.folder.table.exists() and self.evaluation.dataset.table is not None

    def stored(self) -> TableCard | None:
        """The stored card, if it answers the same question: same checkpoint, settings and data."""
        file = self.evaluation.run.folder.table_card
        try:
            card = TableCard.load(file) if file.is_file() and self.evaluation.run.folder.table_page.is_file() else None
        except RunError:
            return None
        return card if card is not None and card.asked == self._asked() else None

    def measure(self, progress: Report | None = None) -> TableCard:
        """Draw rows, score them, and write the card and its page into the run's folder.

        Args:
            progress: called with the name of the current work and the share that is done.

        Raises:
            RunError: another process is writing to the run, or there is no such checkpoint.
            DataError: the tables have too few rows.
        """
        run, seed = self.evaluation.run, self.evaluation.settings.seed
        train, held_out, schema = self._frames()
        generated = self._draw(len(train), seed)
        schema, note = _without_missing(schema, generated)
        if progress is not None:
            progress("rows of the table", 0.0)
        test = held_out if held_out is not None and len(held_out) >= LEAST_HELD_OUT else None
        names = (str(run.folder.path), self.evaluation.dataset.name)
        card = compare_tables(
            train, test, generated, schema, target=self.target, seed=seed, names=names, progress=progress
        )
        card = replace(card, asked=self._asked(), notes=(*note, *card.notes))
        columns = picture_columns(train if test is None else test, generated, schema, seed)
        with writing(run.folder, wait=WAIT):
            card.save(run.folder.table_card)
            write_table_page(card, columns, strongest_pairs(columns), run.folder.table_page)
        return card

    def _draw(self, n: int, seed: int) -> pd.DataFrame:
        import pandas as pd

        run = self.evaluation.run
        path = checkpoint_of(run.folder, self.evaluation.step)
        step = int(path.name.rpartition("-")[2])
        model = load(run.folder.path, step=step, device=self.evaluation.device, modules=run.modules, trust=run.trust)
        count = min(n, MOST_ROWS) if self.rows is None else self.rows
        frames = draw_rows(model, read_codec(run.folder.table), count, seed=seed)
        return pd.concat(list(frames), ignore_index=True)

    def _frames(self) -> tuple[pd.DataFrame, pd.DataFrame | None, Schema]:
        """Training and held-out rows, and the schema: read from their file, or decoded from the vectors where there is none."""
        codec = read_codec(self.evaluation.run.folder.table)
        settings = self.evaluation.data_settings()
        source = Path(settings.source).expanduser()
        if source.suffix != ".npz" and source.is_file():
            frame = read_frame(source, codec.schema if source.suffix.lower() not in PARQUET else None)
            train, rest = split_frame(frame, settings)
            return train, rest if len(rest) else None, codec.schema
        dataset = self.evaluation.dataset
        parts = [dataset, dataset.held_out]
        frames = [
            None if part is None else codec.decode(part.x.numpy(), labels=None if part.y is None else part.y.numpy())
            for part in parts
        ]
        if frames[0] is None:
            raise DataError(
                f"{dataset.name}: the rows that the run was trained on are not there; name them with --data."
            )
        return frames[0], frames[1], codec.schema

    def _asked(self) -> Mapping[str, Any]:
        from importlib.metadata import version

        path = checkpoint_of(self.evaluation.run.folder, self.evaluation.step)
        asked = self.evaluation.asked(path)
        kept: dict[str, Any] = {name: asked[name] for name in ("seed", "data", "checkpoint")}
        return {
            **kept,
            "rows": self.rows,
            "target": self.target,
            "data_fingerprint": self.evaluation.dataset.fingerprint,
            "version": version("saddlepoint"),
        }


def _without_missing(schema: Schema, generated: pd.DataFrame) -> tuple[Schema, tuple[str, ...]]:
    """The schema without columns that the model does not draw, such as the label of a model that is not conditional."""
    left = [column.name for column in schema.learnt if column.name not in generated.columns]
    if not left:
        return schema, ()
    columns = tuple(column for column in schema.columns if column.name not in left)
    target = None if schema.target in left else schema.target
    note = (
        f"The model does not draw {', '.join(left)}, its label, because it is not conditional (--model.conditional true); the column is not "
        "compared."
    )
    return schema.model_copy(update={"columns": columns, "target": target}), (note,)
