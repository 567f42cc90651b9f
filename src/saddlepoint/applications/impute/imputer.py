"""A scikit-learn transformer that fills in missing cells of arrays and of frames with columns of any kind."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from saddlepoint.applications.impute.completing import seeded_generators
from saddlepoint.applications.impute.fitting import check_request, fit_method
from saddlepoint.applications.impute.frames import FrameMatrix
from saddlepoint.applications.impute.libraries import float_type, mark_missing, to_library, to_pandas
from saddlepoint.applications.impute.method import Mask
from saddlepoint.applications.impute.output_columns import OutputColumns
from saddlepoint.errors import shortened
from saddlepoint.progress.protocol import Report

if TYPE_CHECKING:
    import pandas as pd

    from saddlepoint.data.tabular.schema import Schema


class TableImputer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Fill in missing cells; `fit` once, then `transform` those rows or new ones.

    An array of numbers gives an array of numbers. A frame (of pandas, or of polars and others through narwhals) gives a frame of the
    same library with the same types, whatever its columns hold. Observed cells are never changed.

    A column without any observed value stays as it is, and a warning names it (`keep_empty_features=False` drops it, as
    scikit-learn does). Identifiers and free text in frames are not filled; a warning names those with missing cells.

    Args:
        method: name of a method, or "auto" to choose one on held-out cells.
        aim: "prediction" for the best guess, "inference" for a proper draw.
        draws: number of tables that `impute` returns.
        missing_values: what stands in missing cells of arrays; NaN, None and pandas.NA are always missing in frames.
        add_indicator: append a column a column that had missing cells when fitted, 1 where a cell was missing.
        keep_empty_features: keep columns without any observed value.
        random_state: seed of everything random; `transform` of the same rows always gives the same values.
        options: arguments of the method.
        schema: of a frame; None infers it.

    Attributes:
        n_features_in_: number of columns.
        feature_names_in_: names of a frame's columns.
        method_: name of the method.
        contest_: of the methods, if "auto" held one.
        note_: a sentence on the choice of the method.
        schema_: of the frame, or None for arrays.
    """

    def __init__(
        self,
        method: str = "auto",
        *,
        aim: str = "prediction",
        draws: int = 1,
        missing_values: Any = np.nan,
        add_indicator: bool = False,
        keep_empty_features: bool = True,
        random_state: Any = None,
        options: Mapping[str, Any] | None = None,
        schema: Schema | None = None,
    ) -> None:
        self.method = method
        self.aim = aim
        self.draws = draws
        self.missing_values = missing_values
        self.add_indicator = add_indicator
        self.keep_empty_features = keep_empty_features
        self.random_state = random_state
        self.options = options
        self.schema = schema

    def fit(self, X: Any, y: Any = None, *, targets: Any = None, report: Report | None = None) -> TableImputer:  # noqa: N803
        """Learn from the observed cells.

        Args:
            X: (N, D) array, or a frame.
            y: ignored.
            targets: names of columns (indices of an array) of which new rows may lack values, beyond those with missing cells;
                None for all columns.
            report: receives the progress.

        Raises:
            SettingError: a setting is not possible.
            DataError: the table cannot be used.
        """
        check_request(self.method, self.aim, self.draws)
        seeds = check_random_state(self.random_state)
        self._seed = int(seeds.randint(2**31 - 1))
        frame = to_pandas(X)
        self._is_frame = frame is not None
        if frame is not None:
            from saddlepoint.data.tabular.infer import infer_schema

            validate_data(self, frame, reset=True, skip_check_array=True)
            self.schema_: Schema | None = self.schema if self.schema is not None else infer_schema(frame)
            self._columns = FrameMatrix.of(frame, self.schema_)
            matrix, kinds = self._columns.matrix(frame), self._columns.kinds
            lacking = frame.isna().to_numpy(dtype=bool)
        else:
            self.schema_ = None
            numbers = self._numbers(X, reset=True)
            lacking = np.isnan(numbers)
            self._used = ~lacking.all(0)
            matrix, kinds = numbers[:, self._used], (0,) * int(self._used.sum())
        self._empty: Mask = np.asarray(lacking.all(0))
        self._indicated = np.flatnonzero(lacking.any(0))
        self._warn_of_empty()
        wanted = None if targets is None else self._wanted(targets)
        self._fitted = None
        self.method_, self.contest_, self.note_ = "none", None, "no column could be learnt."
        if matrix.shape[1]:
            rng = seeded_generators(self._seed)[0]
            found = fit_method(
                matrix,
                kinds,
                self.method,
                self.aim,  # type: ignore[arg-type]
                self.draws,
                rng,
                targets=wanted,
                options=self.options,
                report=report,
            )
            self._fitted, self.method_, self.contest_, self.note_ = found.method, found.name, found.contest, found.note
        return self

    def transform(self, X: Any) -> Any:  # noqa: N803
        """Fill in the missing cells: with the best guess for prediction, with one draw for inference.

        Args:
            X: (N, D) the fitted rows or new ones, with the same columns.

        Returns:
            What X was: an array or a frame.
        """
        return self._complete(X, 1)[0]

    def impute(self, X: Any, draws: int | None = None) -> list[Any]:  # noqa: N803
        """Fill in the missing cells several times.

        Args:
            X: (N, D) the fitted rows or new ones.
            draws: number of tables; None for the setting `draws`.

        Returns:
            The completed tables, which differ in missing cells only.

        Raises:
            SettingError: the method gives best guesses, and several tables are asked for.
        """
        check_is_fitted(self)
        wanted = self.draws if draws is None else draws
        check_request(self.method_ if self._fitted is not None else "auto", "prediction", wanted)
        return self._complete(X, wanted)

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[Any]:
        """Names of the columns that `transform` returns.

        Args:
            input_features: names of an array's columns; None calls them x0, x1, ...
        """
        names = super().get_feature_names_out(input_features)
        return self._output().names(names)

    def left(self, X: Any) -> dict[str, str]:  # noqa: N803
        """Why cells of the completed frame X are still missing, by the names of their columns."""
        return self._columns.left(self._frame(X)) if self._is_frame else {}

    def _complete(self, X: Any, draws: int) -> list[Any]:  # noqa: N803
        check_is_fitted(self)
        rng = seeded_generators(self._seed)[1]
        if not self._is_frame:
            numbers = self._numbers(X, reset=False)
            tables = []
            for one in self._draws(numbers[:, self._used], draws, rng):
                table = numbers.copy()
                table[:, self._used] = one
                finished = self._output().of_array(table, np.isnan(numbers))
                tables.append(finished.astype(float_type(X), copy=False))
            return tables
        frame = self._frame(X)
        matrix, left = self._columns.matrix(frame), self._columns.left(frame)
        unfilled = [name for name in left if name not in self._columns.empty]
        if unfilled:
            warnings.warn(
                f"impute: identifiers and free text are not filled; cells stay missing in {shortened(', '.join(unfilled))}.",
                UserWarning,
                stacklevel=4,
            )
        lacking = frame.isna().to_numpy(dtype=bool)
        filled = (self._columns.filled(frame, one) for one in self._draws(matrix, draws, rng))
        return [to_library(X, self._output().of_frame(table, lacking)) for table in filled]

    def _frame(self, X: Any) -> pd.DataFrame:  # noqa: N803
        """A frame with the columns that the imputer was fitted to; an array gets their names."""
        import pandas as pd

        found = to_pandas(X)
        frame: pd.DataFrame = found if found is not None else pd.DataFrame(np.asarray(X))
        validate_data(self, frame, reset=False, skip_check_array=True)
        return frame if found is not None else frame.set_axis(self.feature_names_in_, axis=1)

    def _draws(self, matrix: Any, draws: int, rng: np.random.Generator) -> Any:
        if self._fitted is None:
            return [matrix] * draws
        if draws == 1 and self.aim == "prediction":
            return [self._fitted.guess(matrix, rng)]
        return self._fitted.complete(matrix, rng, draws)

    def _output(self) -> OutputColumns:
        return OutputColumns(self._empty, self._indicated, self.keep_empty_features, self.add_indicator)

    def _numbers(self, X: Any, *, reset: bool) -> npt.NDArray[np.float64]:  # noqa: N803
        """An array (N, D) as float64 with NaN in missing cells."""
        given = validate_data(
            self, X, reset=reset, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan", copy=False
        )
        return mark_missing(np.array(given, dtype=np.float64), self.missing_values)

    def _wanted(self, targets: Any) -> npt.NDArray[np.bool_]:
        if self._is_frame:
            return np.array([column.name in set(targets) for column in self._columns.used])
        mask = np.zeros(self.n_features_in_, dtype=bool)
        mask[list(targets)] = True
        return mask[self._used]

    def _warn_of_empty(self) -> None:
        if not self._empty.any():
            return
        names = self.feature_names_in_ if self._is_frame else np.arange(self.n_features_in_)
        what = "stay missing" if self.keep_empty_features else "are dropped"
        listed = shortened(", ".join(map(str, np.asarray(names, dtype=object)[self._empty])))
        warnings.warn(f"impute: columns without any observed value {what}: {listed}.", UserWarning, stacklevel=3)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
