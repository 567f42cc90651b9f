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
    warnings = [finding for finding in findings if finding.severity == "warning"]
    # Says no more than was checked: the data, and that numbers are finite.
    checked = "the data or the numbers" if math.isfinite(quality.get("last") or 0.0) else "the data"
    health = f"no problem was found in {checked}."
    if warnings:
        more = f" (and {len(warnings) - 1} more)" if len(warnings) > 1 else ""
        health = f"WARNING {warnings[0].code}: {warnings[0].title}{more}"
    return f"{done}; {health}{_quality_sentence(quality)}"


def _quality_sentence(quality: Mapping[str, float | None]) -> str:
    """How near samples came to real examples, in words a reader needs no background for; the numbers in brackets."""
    last, first, floor = quality.get("last"), quality.get("first"), quality.get("floor")
    if last is None:
        return ""
    # The estimate is unbiased, so between like samples it may fall a little below 0; a distance does not.
    told = [f"now {max(last, 0.0):.4f}" if last == last else "now not a number"]
    told += [f"untrained {first:.4f}"] if first is not None else []
    told += [f"real against real {max(floor, 0.0):.4f}"] if floor is not None else []
    numbers = f"(energy distance, 0 where two sets are alike: {', '.join(told)})"
    if first is None or not first > max(floor or 0.0, 0.0) or last != last:
        return f" Its samples against real examples that were held out {numbers}."
    way = min(1.0, (first - last) / (first - max(floor or 0.0, 0.0)))
    if way < 0:
        return f" It has not learnt the data: its samples are further from real ones than before training {numbers}."
    if way < LEARNT:
        return (
            f" It has not learnt the data yet: its samples came only {way:.1%} of the way from where they were before "
            f"training to real ones {numbers}."
        )
    near = (
        "as near to real ones as other real ones are"
        if way == 1.0
        else f"{way:.1%} of the way from where they were before training to real ones"
    )
    return f" Its samples are {near} {numbers}."


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
        "cures": folder.read_cures(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
    }
    with replaced(folder.summary) as file:
        json.dump(summary, file, indent=2)
    return summary
