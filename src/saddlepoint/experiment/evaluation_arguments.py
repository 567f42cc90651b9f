"""Check and convert the arguments of an evaluation: data, features and settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from saddlepoint import data as data_package
from saddlepoint.arguments import shown
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.settings import DataSettings
from saddlepoint.errors import DataError, SettingError
from saddlepoint.evaluation.features import FEATURES, Features
from saddlepoint.evaluation.settings import AssessmentSettings
from saddlepoint.experiment import examples
from saddlepoint.settings import refusal

Wanted = str | Features | Callable[[Any], Any]
"""A feature's name, an import path, a function of examples, or `Features`."""
Data = Any
"""A source's name or path, DataSettings, a Dataset, an array (N, ...), or a pair of examples and labels."""


def dataset_of(data: Data) -> Dataset:
    """Return the user's data as a dataset.

    Args:
        data: in any of the forms of `Data`.

    Raises:
        DataError: they cannot be read, or are not examples.
    """
    if isinstance(data, Dataset):
        return data
    if isinstance(data, str | Path | DataSettings):
        return data_package.load(data)
    arrays = examples.arrays_of(data)
    if "x" not in arrays:
        raise DataError(
            f"data of type {type(data).__name__} hold no examples; give an array (N, ...), or a source's name."
        )
    return data_package.from_array(arrays["x"], arrays.get("y"))


def checked_settings(**values: Any) -> dict[str, Any]:
    """Check settings of an assessment, and return them unchanged.

    Args:
        **values: settings of `AssessmentSettings` by name.

    Raises:
        SettingError: a setting is invalid.
    """
    from pydantic import ValidationError

    try:
        AssessmentSettings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        raise SettingError(f"evaluate: {refusal(str(first['loc'][0]), first, shown(first['input']))}.") from None
    return values


def feature_list(features: Wanted | Sequence[Wanted] | None) -> list[Wanted]:
    """Return features as a list; empty for None.

    Raises:
        SettingError: they are neither one feature nor a list of features.
    """
    if features is None:
        return []
    if isinstance(features, str | Features) or callable(features):
        return [features]
    if not isinstance(features, list | tuple):
        raise SettingError(
            f"evaluate: features is {shown(features)}; give a name ({', '.join(FEATURES)}), an import path, a function, or a "
            "list of them."
        )
    return list(features)
