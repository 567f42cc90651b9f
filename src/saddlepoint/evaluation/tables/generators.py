"""Simple generators of rows, the baselines of a model.

Training rows drawn again and SMOTE look real and are copies; a Gaussian copula copies nobody, and has the distribution of each column and their correlations only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saddlepoint.data.tabular.codec import TableCodec
from saddlepoint.data.tabular.schema import Schema
from saddlepoint.evaluation.tables.cells import column_values
from saddlepoint.evaluation.tables.oversample import smote

if TYPE_CHECKING:
    import pandas as pd


def duplicate_rows(train: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """n training rows, drawn with replacement."""
    return train.iloc[rng.integers(len(train), size=n)].reset_index(drop=True)


def smote_rows(
    train: pd.DataFrame, schema: Schema, target: str | None, n: int, rng: np.random.Generator
) -> pd.DataFrame:
    """n rows by SMOTE, with the classes of the target in their shares; without a target all rows are one class."""
    if target is None or not schema.column(target).has_categories:
        return smote(train, schema, None, n, rng)
    column = schema.column(target)
    codes = column_values(train, column)
    counts = np.bincount(codes[~np.isnan(codes)].astype(np.int64), minlength=len(column.categories))
    if not counts.sum():
        return smote(train, schema, None, n, rng)
    drawn = rng.multinomial(n, counts / counts.sum())
    return smote(train, schema, target, {label: int(k) for label, k in zip(column.categories, drawn, strict=True)}, rng)


def copula_rows(train: pd.DataFrame, schema: Schema, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """n rows of a Gaussian copula: each column as in the training rows, normal scores with their correlations."""
    codec = TableCodec(schema.model_copy(update={"target": None}), "copula").fit(train)
    scores = codec.encode(train, rng).astype(np.float64)
    covariance = np.atleast_2d(np.cov(scores, rowvar=False)) if len(scores) > 1 else np.zeros((codec.width,) * 2)
    # Roots by eigenvalues, since columns that follow from others make the covariance singular.
    values, vectors = np.linalg.eigh(covariance)
    noise = rng.standard_normal((n, codec.width))
    drawn = scores.mean(0) + noise * np.sqrt(np.maximum(values, 0)) @ vectors.T
    return codec.decode(drawn, rng)
