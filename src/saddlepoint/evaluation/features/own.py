"""The user's own features: any function or module that returns one row of numbers for each example."""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from saddlepoint.data.dataset import Dataset
from saddlepoint.errors import DataError, SettingError
from saddlepoint.evaluation.features.extractor import Features, fingerprint, module_weights

Own = Callable[[Tensor], Any]


def own_features(function: Own, dataset: Dataset) -> Features:
    """The features "own: NAME" of a user's function or module.

    The fingerprint covers the class and weights of a module, or the name of a function, but no code.

    Args:
        function: from examples (n, *event), float32 in the data's own units, to (n, d), or to (n, ...), which is flattened.
            A module is put into evaluation mode and called on the device of its weights.
        dataset: the data; two training examples are tried.

    Raises:
        DataError: it fails on two training examples, or does not return a row of finite numbers for each.
    """
    where = getattr(function, "__module__", type(function).__module__)
    name = getattr(function, "__qualname__", type(function).__qualname__)
    weights = module_weights(function)
    device = next(iter(weights.values())).device if weights else torch.device("cpu")

    def rows(x: Tensor) -> Tensor:
        if isinstance(function, nn.Module):
            function.eval()
        result = function(x.to(device, torch.float32))
        if not isinstance(result, Tensor):
            result = torch.as_tensor(result)
        return result.flatten(1) if result.ndim >= 1 else result

    trial = dataset.x[:2]
    try:
        with torch.no_grad():
            result = rows(trial)
    except Exception as error:
        raise DataError(
            f"own features {where}.{name}: fails on a batch of shape {tuple(trial.shape)}, float32 in the data's own units: "
            f"{type(error).__name__}: {error}."
        ) from error
    if result.ndim != 2 or len(result) != len(trial) or result.shape[1] == 0:
        raise DataError(
            f"own features {where}.{name}: turns {len(trial)} examples into {tuple(result.shape)}; return one row of "
            f"features an example, ({len(trial)}, d)."
        )
    dimension = result.shape[1]
    covers = "the module's class and weights, not its code" if weights else "the function's name, not its code"
    return Features(
        name=f"own: {name}",
        fingerprint=fingerprint("own", weights, path=f"{where}.{name}", dimension=dimension),
        dimension=dimension,
        function=rows,
        notes=(f"own features {where}.{name}: their fingerprint covers {covers}",),
        shape=dataset.event.shape,
    )


def import_function(path: str) -> Own:
    """The function at the import path `package.module:name`; the current directory is searched, too.

    A class is instantiated.

    Raises:
        SettingError: there is nothing of that name, or it cannot be called.
    """
    folder = str(Path.cwd())
    sys.path.append(folder)
    try:
        found = pkgutil.resolve_name(path)
        if isinstance(found, type):
            found = found()
    except Exception as error:
        raise SettingError(
            f'features "{path}": importing it failed ({type(error).__name__}: {error}); give package.module:function, from '
            f"the Python path or {folder}."
        ) from error
    finally:
        sys.path.remove(folder)
    if not callable(found):
        raise SettingError(f'features "{path}": a function or a torch.nn.Module is needed, got {type(found).__name__}.')
    own: Own = found
    return own
