"""How a run went, in one sentence and in summary.json."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from saddlepoint.data.dataset import Dataset
from saddlepoint.models.base import Model
from saddlepoint.models.settings import ModelSettings
from saddlepoint.recipe import Recipe
from saddlepoint.records import Finding, RunFolder, replaced
from saddlepoint.report.words import duration

LEARNT = 0.5  # the share of the way to held-out data below which a model has not learnt them yet
_PACKAGES = ("saddlepoint", "torch", "numpy", "lightning-fabric")
_OBJECTIVES = ("objective", "likelihood", "reconstruction")  # the setting by which each family names what it minimises


def verdict(
    recipe: Recipe,
    state: str,
    step: int,
    seconds: float,
    findings: Sequence[Finding],
    quality: Mapping[str, float | None],
    saved: int | None = None,
) -> str:
    """One line for a person: what happened, whether it failed, how far samples are from held-out data.

    state: "finished", "interrupted" or "failed". quality: energy distances under "last", "first" (untrained) and
    "floor" (real data against real data), each None where it was not measured. saved: the step of the newest checkpoint.
    """
    done = f"{recipe.name}: {step:,} steps in {duration(seconds)}"
    failures = [finding for finding in findings if finding.severity == "failure"]
    if state == "interrupted":
        written = "there is no checkpoint yet" if saved is None else f"the newest checkpoint is of step {saved:,}"
        written = "a checkpoint was written" if saved == step else written
        return f"{done} of {recipe.training.steps:,}, interrupted; {written}."
    if failures:
        return f"{done}; FAILED. {failures[0].code}: {failures[0].title}"
    warnings = [finding.code for finding in findings if finding.severity == "warning"]
    # Says no more than was checked: the data, and that numbers are finite.
    finite = math.isfinite(quality.get("last") or 0.0)
    health = f"warnings: {', '.join(warnings)}" if warnings else f"{'numbers stayed finite, ' * finite}no finding"
    return f"{done}; {health}.{_quality_sentence(quality)}"


def _quality_sentence(quality: Mapping[str, float | None]) -> str:
    last, first, floor = quality.get("last"), quality.get("first"), quality.get("floor")
    if last is None:
        return ""
    # The estimate is unbiased, so between like samples it may fall a little below 0; a distance does not.
    shown = f"energy distance {max(last, 0.0):.4f}" if last == last else "energy distance not a number"
    beside = [f"untrained {first:.4f}"] if first is not None else []
    beside += [f"real data among themselves {max(floor, 0.0):.4f}"] if floor is not None else []
    said = "; ".join([f"{shown}, 0 is best", *beside])
    if first is None or not first > max(floor or 0.0, 0.0) or last != last:
        return f" Samples against held-out data: {said}."
    way = min(1.0, (first - last) / (first - max(floor or 0.0, 0.0)))
    if way < 0:
        return (
            f" Samples are further from held-out data than the untrained model's: it has not learnt the data ({said})."
        )
    if way < LEARNT:
        return (
            f" Samples came only {way:.1%} of the way from an untrained model's to held-out data: it has not learnt the "
            f"data yet ({said})."
        )
    return f" Samples came {way:.1%} of the way from an untrained model's to held-out data ({said})."


def _model(settings: ModelSettings) -> dict[str, Any]:
    """What kind of model it is: family, size of the code, what it minimises, and the network of every role."""
    content = settings.model_dump()
    told = {name: content[name] for name in ("family", "latent", *_OBJECTIVES) if name in content}
    return told | {"networks": {role: value["network"] for role, value in content.items() if _is_network(value)}}


def _is_network(value: Any) -> bool:
    return isinstance(value, Mapping) and "network" in value


def write_summary(
    folder: RunFolder,
    recipe: Recipe,
    dataset: Dataset,
    model: Model,
    *,
    sentence: str,
    state: str,
    step: int,
    seconds: float,
    device: str,
    precision: str,
    best: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Write summary.json and return what it holds: the facts a report needs and no other file of the run has."""
    event = dataset.event
    summary = {
        "verdict": sentence,
        "state": state,
        "step": step,
        "seconds": seconds,
        "device": device,
        "precision": precision,
        "data": {
            "name": dataset.name,
            "examples": len(dataset),
            "held_out": len(dataset.held_out) if dataset.held_out is not None else 0,
            "shape": list(event.shape),
            "kind": event.kind,
            "classes": list(event.class_names) if event.class_names else None,
            "fingerprint": dataset.fingerprint,
        },
        "model": _model(recipe.model),
        "players": model.parameter_counts(),
        "best": best,
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
    }
    with replaced(folder.summary) as file:
        json.dump(summary, file, indent=2)
    return summary
