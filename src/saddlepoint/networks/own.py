"""The user's own networks: imported by path, and tried on a small batch before training."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from saddlepoint.errors import SettingError, suggestion
from saddlepoint.networks.evaluating import evaluating


def import_object(path: str, where: str) -> Callable[..., Any]:
    """Import the object that `package.module:Name` names; the current directory is searched too.

    Raises:
        SettingError: the module cannot be imported or has no such name.
    """
    module_name, _, name = path.partition(":")
    folder = str(Path.cwd())
    sys.path.append(folder)
    try:
        # While weights are counted on torch's meta device, tensors of the module must still have values: it is imported once.
        with torch.device("cpu"):
            module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and (module_name + ".").startswith(error.name + "."):
            raise SettingError(
                f'{where}: there is no module "{error.name}" to import "{path}" from; searched along the Python path and '
                f"in {folder}. Install it, or start from the folder that holds it."
            ) from error
        raise SettingError(f'{where}: importing "{module_name}" failed: {error}.') from error
    except (Exception, SystemExit) as error:  # a script without a guard for its main part may exit
        raise SettingError(f'{where}: importing "{module_name}" failed: {type(error).__name__}: {error}.') from error
    finally:
        sys.path.remove(folder)
    if not hasattr(module, name):
        raise SettingError(f'{where}: the module "{module_name}" has no "{name}".{suggestion(name, vars(module))}')
    found: Callable[..., Any] = getattr(module, name)
    return found


def network_at(path: str, where: str) -> nn.Module:
    """The network that `package.module:Name` is, or that it returns when it is called without arguments.

    Raises:
        SettingError: it cannot be imported, the call fails, or the result is not a `torch.nn.Module`.
    """
    found: object = import_object(path, where)
    if isinstance(found, nn.Module):
        return found
    if not callable(found):
        raise SettingError(f"{where}: {path} is of type {type(found).__name__}; a torch.nn.Module is needed.")
    try:
        module = found()
    except Exception as error:
        raise SettingError(
            f"{where}: {path}() failed: {type(error).__name__}: {error}. Name a function without arguments that returns "
            "the network."
        ) from error
    if not isinstance(module, nn.Module):
        raise SettingError(f"{where}: {path}() returns {type(module).__name__}; a torch.nn.Module is needed.")
    return module


def build_own(
    path: str, inputs: Sequence[int], outputs: Sequence[int] | None, arguments: Mapping[str, Any], where: str
) -> nn.Module:
    """The user's class or function `path`, called as `Name(inputs=..., outputs=..., **arguments)`, and tried.

    Raises:
        SettingError: the call fails or gives something else than a module that fits (see `check_network`).
    """
    maker = import_object(path, where)
    try:
        module = maker(inputs=tuple(inputs), outputs=None if outputs is None else tuple(outputs), **arguments)
    except Exception as error:
        raise SettingError(
            f"{where}: {path}(inputs={tuple(inputs)}, outputs={outputs}"
            f"{''.join(f', {name}={value!r}' for name, value in arguments.items())}) failed: "
            f"{type(error).__name__}: {error}."
        ) from error
    return check_network(module, inputs, outputs, where)


def check_network(module: object, inputs: Sequence[int], outputs: Sequence[int] | None, where: str) -> nn.Module:
    """`module` itself, if a batch of two examples of shape `inputs` comes out as two of shape `outputs`.

    Args:
        outputs: `()` wants one number an example, as (2,), (2, 1) or (2, 1, 1, 1); None takes any features.

    Raises:
        SettingError: it is no `torch.nn.Module`, fails, or gives another shape.
    """
    if not isinstance(module, nn.Module):
        raise SettingError(f"{where}: a torch.nn.Module is needed, got {type(module).__name__}.")
    like = next(module.parameters(), torch.empty(0))
    trial = torch.zeros(2, *inputs, device=like.device, dtype=like.dtype)
    try:
        with evaluating(module):
            result = module(trial)
    except Exception as error:
        raise SettingError(
            f"{where}: {type(module).__name__} fails on a batch of shape {tuple(trial.shape)}, {_meaning(where)}: "
            f"{type(error).__name__}: {error}. Let its first layer take that shape."
        ) from error
    got = tuple(result.shape) if isinstance(result, Tensor) else f"a {type(result).__name__}"
    if not isinstance(result, Tensor):
        fits = False
    elif outputs is None:
        fits = result.ndim >= 2 and result.shape[0] == 2
    elif len(outputs) == 0:
        fits = result.ndim >= 1 and result.shape[0] == 2 and result.numel() == 2
    else:
        fits = got == (2, *outputs)
    if not fits:
        wanted = "a tensor of features, (2, F)," if outputs is None else str((2, *outputs))
        wanted += (
            " (a VAE puts heads for mean and log-variance on them)" if outputs is None and got == "a tuple" else ""
        )
        raise SettingError(
            f"{where}: {type(module).__name__} turns a batch of shape {tuple(trial.shape)} into {got}, but {wanted} is "
            "needed: change its last layer."
        )
    return module


def _meaning(where: str) -> str:
    """The input of the network of this role, in words."""
    return (
        "which is (N, model.latent)"
        if any(role in where for role in ("generator", "decoder"))
        else "examples of the data"
    )
