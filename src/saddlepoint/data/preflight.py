"""Checks before training: findings about the data alone, or about data and model together.

- DATA401 failure: in the model's units the data reach more than 5 % of the output's width beyond what the model can
  make; warning: they fill less than a quarter of it.
- DATA402 failure: fewer examples than a batch; warning: the model has more than 10 parameters a number in the data and
  more than 1,000 an example, or more than 10,000 an example (the numbers of an image are not independent), so it can learn
  the data by heart.
- DATA403 warning: examples that are all the same, more than 1 % exact duplicates, or held-out examples that are in the
  training part too; info: columns or channels that never vary, fewer duplicates. Data of few distinct values by nature (a
  single column) and encoded rows of tables are not searched for duplicates.
- DATA404 warning: a class without examples, or with fewer than a tenth of an equal share.
- DATA405 warning: more than 1 % of the examples are empty, or of the sounds clipped (see `kind_checks`).

Ranges and duplicates are searched in at most `CHECKED` evenly spread examples (and `NUMBERS` numbers), and findings refer to
those.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Scaling, ScalingKind
from saddlepoint.data.kind_checks import check_kind
from saddlepoint.data.missing_labels import MISSING
from saddlepoint.records import Finding

CHECKED, NUMBERS = 50_000, 1 << 27
BEYOND, FILLED = 0.05, 0.25
PARAMETERS_A_NUMBER, PARAMETERS_AN_EXAMPLE, MOST_AN_EXAMPLE = 10, 1_000, 10_000
DUPLICATES = 0.01
RARE = 0.1
NAMED = 5
# The scaling that brings data of a known range to an output's.
MADE_BY: dict[tuple[float, float], ScalingKind] = {
    (0.0, 1.0): "unit",
    (0.0, math.inf): "unit",
    (-1.0, 1.0): "symmetric",
}
Propose = Callable[..., Mapping[str, Any] | None]


def propose_nothing(name: str, **given: Any) -> None:
    """Return no changes of settings, whatever the remedy."""


def preflight(
    dataset: Dataset,
    batch_size: int,
    output_range: tuple[float, float] | None = None,
    parameters: int = 0,
    scaling: Scaling | None = None,
    propose: Propose = propose_nothing,
) -> list[Finding]:
    """The findings before training on `dataset`.

    Args:
        dataset: the training and held-out examples.
        batch_size: examples in a batch.
        output_range: lowest and highest value the model can make, in its own units, an end without bound being
            infinite; None where it has no bounds.
        parameters: trainable numbers of the model in all; 0 where there is no model yet.
        scaling: to the model's units; None keeps the data's own.
        propose: from the name of a remedy and its new values to changes of settings (`saddlepoint.diagnosis.remedies`);
            by default findings have advice only.
    """
    x = _spread(dataset.x)
    findings = [
        _range(dataset, x, output_range, scaling, propose),
        _too_few(dataset, batch_size, propose),
        _too_large(dataset, parameters),
        _constant(dataset, x),
        *_duplicates(dataset, x),
        *_classes(dataset),
        *check_kind(dataset, x),
    ]
    return [finding for finding in findings if finding is not None]


def _range(
    dataset: Dataset, x: Tensor, output_range: tuple[float, float] | None, scaling: Scaling | None, propose: Propose
) -> Finding | None:
    if output_range is None:
        return None
    ends = torch.stack([x.amin(0), x.amax(0)])
    ends = ends.float() if scaling is None else scaling.to_model(ends)
    low, high = ends.min().item(), ends.max().item()
    bottom, top = output_range
    width = top - bottom
    scale = width if math.isfinite(width) else high - low
    evidence = {"data_low": low, "data_high": high, "output_low": bottom, "output_high": top}
    wanted = MADE_BY.get((bottom, top))
    if wanted is not None and _is_in_force(dataset, scaling, wanted):
        wanted = None
    remedy = propose("scale_to_output", scaling=wanted)
    if low < bottom - BEYOND * scale or high > top + BEYOND * scale:
        return Finding(
            "DATA401",
            "failure",
            0,
            f"The data lie in [{low:.3g}, {high:.3g}], but the model can only make values in [{bottom:.3g}, {top:.3g}].",
            evidence,
            "Let the network end without the activation that bounds it (a decoder under Bernoulli returns logits), or scale "
            "the data to the output's range.",
            remedy,
        )
    if math.isfinite(width) and high - low < FILLED * width:
        return Finding(
            "DATA401",
            "warning",
            0,
            f"The data fill only [{low:.3g}, {high:.3g}] of the model's output range [{bottom:.3g}, {top:.3g}].",
            evidence,
            "Check the data's range: values of 0 to 1 kept as if they were 0 to 255 look like this.",
            remedy,
        )
    return None


def _is_in_force(dataset: Dataset, scaling: Scaling | None, kind: ScalingKind) -> bool:
    """Whether the data are scaled so already, as by the setting "auto"."""
    if scaling is None:
        return False
    wanted = dataset.event.scaling(kind)
    return (wanted.scale, wanted.offset) == (scaling.scale, scaling.offset)


def _too_few(dataset: Dataset, batch_size: int, propose: Propose) -> Finding | None:
    n = len(dataset)
    if n >= batch_size:
        return None
    smaller = 2 ** int(math.log2(n))
    return Finding(
        "DATA402",
        "failure",
        0,
        f"{n:,} training examples are fewer than one batch of {batch_size:,}.",
        {"examples": n, "batch_size": batch_size},
        f"Take a smaller batch (--training.batch_size {smaller}), or give more data.",
        propose("smaller_batch", batch_size=smaller),
    )


def _too_large(dataset: Dataset, parameters: int) -> Finding | None:
    n, numbers = len(dataset), len(dataset) * dataset.event.size
    many = parameters > PARAMETERS_A_NUMBER * numbers and parameters > PARAMETERS_AN_EXAMPLE * n
    if not many and parameters <= MOST_AN_EXAMPLE * n:
        return None
    return Finding(
        "DATA402",
        "warning",
        0,
        f"The model has {parameters:,} parameters for {n:,} examples of {dataset.event.size:,} numbers; it can learn "
        "them by heart.",
        {"examples": n, "numbers": numbers, "parameters": parameters},
        "Take a smaller model or give more data, and watch for copies of training examples.",
    )


def _constant(dataset: Dataset, x: Tensor) -> Finding | None:
    if len(x) < 2:
        return None
    still = (x == x[:1]).all(0)
    event = dataset.event
    known = {position for position, _ in event.constants}
    several = event.shape[event.channel_axis] > 1
    if known and several and not still.all():
        count, noun = event.shape[event.channel_axis], "columns" if event.kind == "vector" else "channels"
        return Finding(
            "DATA403",
            "info",
            0,
            f"{len(known):,} of {count:,} {noun} never vary: {_first_few(sorted(known))} (counted from 1).",
            {f"constant_{noun}": len(known), noun: count},
            "Samples have exactly this value there and scores leave it out: check that it is meant, or leave it out of the data.",
        )
    if event.kind != "vector":
        if not still.all():
            return None
        return Finding(
            "DATA403",
            "warning",
            0,
            f"All {len(x):,} examples checked are the same in every number.",
            {"examples": len(x)},
            "Check that the right data were given.",
        )
    columns = still.nonzero().flatten().tolist()
    if not columns:
        return None
    return Finding(
        "DATA403",
        "warning",
        0,
        f"{len(columns):,} of {dataset.event.size:,} columns never vary: {_first_few(columns)} (counted from 1).",
        {"constant_columns": len(columns), "columns": dataset.event.size},
        "Leave them out: there is nothing to learn in them, and they make the density infinite.",
    )


def _first_few(positions: list[int]) -> str:
    """Positions from 0 as a reader counts them, from 1."""
    return ", ".join(f"{position + 1}" for position in positions[:NAMED]) + (", ..." if len(positions) > NAMED else "")


def _duplicates(dataset: Dataset, x: Tensor) -> list[Finding]:
    # Encoded rows of a table say nothing of it: levels make rows equal that are not, and noise makes equal ones differ.
    if dataset.event.size < 2 or len(x) < 2 or dataset.table is not None:
        return []
    hashes = _hashes(x)
    known = set(hashes)
    findings = []
    doubled = len(hashes) - len(known)
    if doubled:
        share = doubled / len(hashes)
        findings.append(
            Finding(
                "DATA403",
                "warning" if share > DUPLICATES else "info",
                0,
                f"{doubled:,} of {len(hashes):,} training examples checked are exact copies of another ({share:.1%}).",
                {"duplicates": doubled, "checked": len(hashes)},
                "Remove the copies, unless they are meant: a model learns what is often there first.",
            )
        )
    if dataset.held_out is not None:
        held_out = _hashes(_spread(dataset.held_out.x))
        leaked = sum(h in known for h in held_out)
        if leaked:
            findings.append(
                Finding(
                    "DATA403",
                    "warning",
                    0,
                    f"{leaked:,} of {len(held_out):,} held-out examples checked are in the training part too.",
                    {"leaked": leaked, "checked": len(held_out)},
                    "Remove the copies: scores on held-out examples will look better than they are.",
                )
            )
    return findings


def _classes(dataset: Dataset) -> list[Finding]:
    names = dataset.event.class_names
    if dataset.y is None or names is None:
        return []
    known = dataset.y[dataset.y != MISSING]
    counts = torch.bincount(known, minlength=len(names)).tolist()
    fair = len(known) / len(names)
    missing = [name for name, count in zip(names, counts, strict=True) if count == 0]
    rare = [name for name, count in zip(names, counts, strict=True) if 0 < count < RARE * fair]
    findings = []
    for what, classes, advice in (
        ("have no training examples", missing, "Give examples of them, or leave these classes out."),
        ("have less than a tenth of an equal share of the examples", rare, "Give more examples of them."),
    ):
        if classes:
            named = ", ".join(classes[:NAMED]) + (", ..." if len(classes) > NAMED else "")
            evidence = {"classes": len(classes), "of": len(names), "fewest": min(counts), "equal_share": fair}
            title = f"{len(classes):,} of {len(names):,} classes {what}: {named}."
            findings.append(Finding("DATA404", "warning", 0, title, evidence, advice))
    return findings


def _spread(x: Tensor) -> Tensor:
    """(M, ...) at most so many examples, evenly spread."""
    return x[:: max(1, math.ceil(len(x) / CHECKED), math.ceil(x.numel() / NUMBERS))]


def _hashes(x: Tensor) -> list[bytes]:
    """128 bits of each example's bytes."""
    rows = x.reshape(len(x), -1).contiguous().numpy()
    return [hashlib.blake2b(row.data, digest_size=16).digest() for row in rows]
