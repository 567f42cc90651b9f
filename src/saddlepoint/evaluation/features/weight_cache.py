"""A cache of learned weights: a network that was trained once for some data is not trained again.

The name of a file is a hash of everything that determines the weights, so an existing file is the right one. A file appears
by rename, and one that cannot be read is replaced.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from saddlepoint.data.cache import cache_folder
from saddlepoint.data.settings import DataSettings
from saddlepoint.evaluation.features.extractor import fingerprint
from saddlepoint.records import replaced

Weights = dict[str, Tensor]
Learned = tuple[Weights, dict[str, Any]]


def load_or_learn(kind: str, settings: Mapping[str, Any], learn: Callable[[], Learned]) -> Learned:
    """Weights and measurements from the cache; where they are not there, from `learn()`.

    A cache that cannot be written is not an error: the next call learns again.

    Args:
        kind: of the network, part of the file's name.
        settings: everything else that determines the weights; the hash covers it, `kind` and the version of torch.
        learn: returns weights, and measurements that JSON can hold.
    """
    key = fingerprint(kind, **settings, torch=torch.__version__)
    file = cache_folder(DataSettings()) / "features" / f"{kind}-{key}.safetensors"
    found = _read(file)
    if found is None:
        found = learn()
        _write(file, found)
    return found


def _read(file: Path) -> Learned | None:
    from safetensors import SafetensorError, safe_open

    if not file.is_file():
        return None
    try:
        with safe_open(file, framework="pt") as content:
            weights = {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118
            return weights, json.loads(content.metadata()["measured"])
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RecursionError):
        return None


def _write(file: Path, learned: Learned) -> None:
    from safetensors.torch import save

    weights, measured = learned
    content = save({name: value.contiguous() for name, value in weights.items()}, {"measured": json.dumps(measured)})
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with replaced(file, "wb") as part:
            part.write(content)
