"""How a run went, in one sentence and in summary.json."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from saddlepoint.data.dataset import Dataset
from saddlepoint.diagnosis import Health, health_of
from saddlepoint.models.base import Model
from saddlepoint.models.settings import ModelSettings
from saddlepoint.recipe import Recipe
from saddlepoint.records import Finding, RunFolder, replaced, standing
from saddlepoint.records.schema import number_to_json
from saddlepoint.report.words import duration

LEARNT = 0.5  # the share of the way to held-out data below which a model has not learnt them yet
FEW = 0.1  # the share of samples among real examples, over what real ones reach, below which it has not either
SOME = 0.5  # the same share below which a healthy verdict says so: set and game decide how many of a good run's samples lie there
_NO_NUMBER = " Its samples could not be measured: their distance to real ones is not a number."
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
    cures: Sequence[str] = (),
) -> str:
    """One line for a person: what happened, whether it failed, how far samples are from held-out data.

    state: "finished", "interrupted" or "failed". quality: energy distances under "last", "first" (untrained) and
    "floor" (real data against real data), and "precision", each None or absent where it was not measured. saved: the step
    of the newest checkpoint. cures: the codes of the failures that were treated, a try each.
    """
    done = f"{recipe.name}: {step:,} steps in {duration(seconds)}"
    if state == "interrupted":
        written = "there is no checkpoint yet" if saved is None else f"the newest checkpoint is of step {saved:,}"
        written = "a checkpoint was written" if saved == step else written
        return f"{done} of {recipe.training.steps:,}, interrupted; {written}."
    found = health(findings, quality)
    stands, after = standing(findings), _after(cures)
    if found == "failed":
        return f"{done}; FAILED{after}. {stands[0].code}: {stands[0].title}"
    warnings = [finding for finding in stands if finding.severity == "warning"]
    held = reserve(found, quality)
    sentence = _quality_sentence(quality, held) if math.isfinite(quality.get("last") or 0.0) else _NO_NUMBER
    if not warnings:
        how = ", though" if found == "at risk" else f", with a reserve: {held};" if held else ":"
        return f"{done}; {found}{after}{how} {_silence(findings, cures)}.{sentence}"
    more = f" (and {len(warnings) - 1} more)" if len(warnings) > 1 else ""
    risk = f"at risk{after}" if found == "at risk" else f"healthy{after}, with a WARNING on the data"
    risk += f" and a reserve: {held}" if held else ""
    return f"{done}; {risk}. {warnings[0].code}: {warnings[0].title}{more}{sentence}"


def _after(cures: Sequence[str]) -> str:
    """What was treated, and how often."""
    if not cures:
        return ""
    return f" after {len(cures)} {'cure' if len(cures) == 1 else 'cures'} ({', '.join(dict.fromkeys(cures))})"


def _silence(findings: Sequence[Finding], cures: Sequence[str]) -> str:
    """What it means that no failure and no warning stands."""
    notes = dict.fromkeys(finding.code for finding in standing(findings))
    over = [code for code in dict.fromkeys(finding.code for finding in findings) if code not in notes]
    if not notes and not over:
        return f"none of the rules for such a model found anything{' since' if cures else ''}"
    told = [f"{', '.join(over)} {'is' if len(over) == 1 else 'are'} over"] if over else []
    told += [f"worth knowing: {', '.join(notes)}"] if notes else []
    return f"no failure and no warning stands ({'; '.join(told)})"


def health(findings: Sequence[Finding], quality: Mapping[str, float | None], *, ended: bool = True) -> Health:
    """The verdict over a run, in a word."""
    precision, way = quality.get("precision"), share_of_the_way(quality)
    learnt = None if way is None else way >= LEARNT and (precision is None or precision >= FEW)
    return health_of(findings, ended=ended, learnt=learnt)


def reserve(found: Health | None, quality: Mapping[str, float | None]) -> str:
    """What a healthy verdict has to say beside it: that few samples are like single real examples. Empty where enough are.

    No warning comes of it: in the failure zoo one healthy run in fifteen (6.6 % of 288, mixtures whose modes are narrow) has
    fewer than half of its samples among real examples.
    """
    precision = quality.get("precision")
    if found != "healthy" or precision is None or not precision < SOME:
        return ""
    return f"only {precision:.0%} of its samples lie among real examples, one by one (precision, 100% for real ones)"


def share_of_the_way(quality: Mapping[str, float | None]) -> float | None:
    """How far samples came from where they were before training to real examples: 1 all the way, below 0 away from them;
    None where that is not known."""
    last, first = quality.get("last"), quality.get("first")
    floor = max(quality.get("floor") or 0.0, 0.0)
    if last is None or first is None or not first > floor or last != last:
        return None
    return min(1.0, (first - last) / (first - floor))


def _quality_sentence(quality: Mapping[str, float | None], held: str) -> str:
    """How near samples came to real examples, in words a reader needs no background for; the numbers in brackets.

    held: what was said of the precision already.
    """
    last, first, floor = quality.get("last"), quality.get("first"), quality.get("floor")
    if last is None:
        return ""
    # The estimate is unbiased, so between like samples it may fall a little below 0; a distance does not.
    told = [f"now {max(last, 0.0):.4f}"]
    told += [f"untrained {first:.4f}"] if first is not None else []
    told += [f"real against real {max(floor, 0.0):.4f}"] if floor is not None else []
    numbers = f"(energy distance, 0 where two sets are alike: {', '.join(told)})"
    way, precision = share_of_the_way(quality), quality.get("precision")
    among = f"; one by one, {min(precision, 1.0):.0%} of them lie among real examples" if precision is not None else ""
    among = "" if held else among
    if way is None:
        return f" Its samples against real examples that were held out {numbers}{among}."
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
    # A distance between two sets may be small although no single sample is like a real one.
    if precision is not None and precision < FEW:
        return (
            f" It has not learnt the data yet: as a set its samples are {near} {numbers}, but only {precision:.1%} of them lie "
            "among real examples, one by one (precision, 100% for real ones)."
        )
    as_set = "" if precision is None else ", as a set,"
    return f" Its samples are{as_set} {near} {numbers}{among}."


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
    health: Health,
    quality: Mapping[str, float | None],
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
        "health": health,
        "quality": number_to_json(quality),
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
