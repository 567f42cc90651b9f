"""Learned weights kept between runs: a network that was trained once for some data is not trained again.

The file is named by a hash of all that decides the weights, so a file that is there is the right one. It appears by
rename, and what cannot be read is made anew.
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


def kept(kind: str, settings: Mapping[str, Any], learn: Callable[[], Learned]) -> Learned:
    """What `learn()` gives, weights and measurements (anything JSON can hold), from the cache where it is there.

    The hash covers `kind`, `settings` and the version of torch. A cache that cannot be written is no
    reason to fail: the next call learns again.
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
