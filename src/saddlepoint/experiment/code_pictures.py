"""Pictures of the categorical and continuous codes of an InfoGAN: what each value, and each number, changes in a sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from saddlepoint.data.event import Event
from saddlepoint.figures import grids, style
from saddlepoint.models.capabilities import HasNamedCodes

COLUMNS = 10  # samples of each categorical value
VALUES = np.linspace(-1.0, 1.0, 9)  # of a continuous code: the range that it is trained with
_BASES = 3  # samples that each continuous code is changed in
_MOST_CODES = 6  # continuous codes that are shown


def draw_named_codes(
    model: HasNamedCodes, event: Event, seed: int
) -> Iterator[tuple[str, str, Callable[[], style.Picture]]]:
    """Yield file name, caption, and what draws each picture.

    Args:
        model: generates images.
        event: what one image is.
        seed: of the noise.
    """
    named = model.named_codes
    assert named is not None, "the caller has checked the capability"
    if named.categories:
        yield (
            "codes-categorical.png",
            "One row for each value of the first categorical code, the same noise in every row.",
            lambda: draw_categories(model, event, seed),
        )
    if named.continuous:
        yield (
            "codes-continuous.png",
            "One continuous code changed at a time (its value above), in samples of the first values of the categorical code.",
            lambda: draw_traversals(model, event, seed),
        )


def draw_categories(model: HasNamedCodes, event: Event, seed: int) -> style.Picture:
    """Draw one row for each value of the first categorical code, at most `MOST_CLASSES` of them.

    Args:
        model: generates images.
        event: what one image is.
        seed: of the noise.
    """
    named = model.named_codes
    assert named is not None
    z = _noise(model, COLUMNS, seed)
    values = range(min(named.categories[0], grids.MOST_CLASSES))
    images = torch.cat([model.decode(named.with_category(z, 0, value)).cpu() for value in values])
    labels = np.repeat(np.arange(len(values)), COLUMNS)
    left_out = f" (the first {len(values)} of {named.categories[0]})" if len(values) < named.categories[0] else ""
    return grids.class_grid(
        images.numpy(),
        labels,
        [f"value {value}" for value in values],
        low=event.low,
        high=event.high,
        columns=COLUMNS,
        title=f"Values of the first categorical code{left_out}",
    )


def draw_traversals(model: HasNamedCodes, event: Event, seed: int) -> style.Picture:
    """Draw traversals of each continuous code, from samples with the first values of the first categorical code.

    Args:
        model: generates images.
        event: what one image is.
        seed: of the noise.
    """
    named = model.named_codes
    assert named is not None
    bases = min(_BASES, named.categories[0]) if named.categories else _BASES
    z = _noise(model, bases, seed)
    if named.categories:
        z = torch.cat([named.with_category(z[i : i + 1], 0, i) for i in range(bases)])
    # All other continuous codes are in the middle of their range.
    for which in range(named.continuous):
        z = named.with_number(z, which, z.new_zeros(len(z)))
    steps = torch.as_tensor(VALUES, dtype=z.dtype, device=z.device)
    rows, names = [], []
    for which in range(min(named.continuous, _MOST_CODES)):
        for base in range(bases):
            codes = named.with_number(z[base].expand(len(steps), -1), which, steps)
            rows.append(model.decode(codes).cpu())
            names.append(f"code {which + 1}" + (f", value {base}" if named.categories else ""))
    return grids.traversal_grid(
        torch.stack(rows).numpy(),
        list(VALUES),
        low=event.low,
        high=event.high,
        dimensions=names,
        title="Continuous codes, each from -1 to 1 in one sample",
    )


def _noise(model: HasNamedCodes, n: int, seed: int) -> Tensor:
    return model.fixed_noise(n, torch.Generator(getattr(model, "device", "cpu")).manual_seed(seed))
