"""How a run went, in one sentence and in summary.json."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from saddlepoint.data.dataset import Dataset
from saddlepoint.diagnosis import Process, cause_in_words, process_of
from saddlepoint.errors import RunError
from saddlepoint.models.base import Model
from saddlepoint.models.settings import ModelSettings
from saddlepoint.recipe import Recipe
from saddlepoint.records import Finding, Result, RunFolder, replaced, shell_command, standing
from saddlepoint.records.schema import number_to_json
from saddlepoint.report.verdict import recorded_process
from saddlepoint.report.words import duration

_PACKAGES = ("saddlepoint", "torch", "numpy", "lightning-fabric")
_OBJECTIVES = ("objective", "likelihood", "reconstruction")  # the setting by which each family names what it minimises


def verdict(
    recipe: Recipe,
    state: str,
    step: int,
    seconds: float,
    findings: Sequence[Finding],
    result: Result | None,
    saved: int | None = None,
    cures: Sequence[str] = (),
) -> str:
    """How a run went, for a person: what happened, whether training failed and why, how close its samples are to the data.

    Args:
        state: "finished", "interrupted" or "failed".
        findings: the run's log of findings.
        result: how close samples are; None where it was not asked.
        saved: the step of the newest checkpoint.
        cures: the codes of the failures that were treated, one for each attempt.
    """
    done = f"{recipe.name}: {step:,} step{'' if step == 1 else 's'} in {duration(seconds)}"
    samples = "" if result is None else f" {result_in_words(result)}"
    if state == "interrupted":
        written = "there is no checkpoint yet" if saved is None else f"the newest checkpoint is of step {saved:,}"
        written = "a checkpoint was written" if saved == step else written
        return f"{done} of {recipe.training.steps:,}, interrupted; {written}.{samples}"
    process = process_of(findings, ended=True)
    found = "FAILED" if process == "failed" else process
    cause = cause_in_words(findings) or f"{_quiet(findings, cures)}."
    return f"{done}; {found}{_after(cures)}. {cause}{samples}"


def result_in_words(result: Result) -> str:
    """One sentence: "Its samples are close to the data (worst of 8 measurements: recall 0.61, real examples 0.91)."."""
    if result.level is None:
        return f"How close its samples are to the data was not measured: {result.reason}."
    return f"Its samples are {result}."


def result_of(folder: RunFolder) -> Result | None:
    """The result that summary.json holds; None where there is none.

    Raises:
        RunError: it cannot be read.
    """
    content = folder.read_summary().get("result")
    if content is None:
        return None
    try:
        return Result.from_json(content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RunError(
            f"{folder.summary}: result: it cannot be read ({error!r}). To measure it again: "
            f"{shell_command('evaluate', folder.path, '--again')}"
        ) from None


def update_result(folder: RunFolder, recipe: Recipe, result: Result) -> dict[str, Any]:
    """Put another result into summary.json, in a sentence too; return what the file then holds.

    Everything else stays as the session wrote it. The caller holds the run's lock.

    Args:
        folder: the run's.
        recipe: the run's.
        result: as an evaluation measured it.
    """
    summary = folder.read_summary()
    findings, saved = list(folder.read_findings()), summary.get("step")
    codes = [str(cure["code"]) for cure in summary.get("cures") or ()]
    state, step, seconds = (
        str(summary.get("state", "finished")),
        int(summary["step"]),
        float(summary.get("seconds") or 0.0),
    )
    changed = {
        "verdict": verdict(recipe, state, step, seconds, findings, result, saved, codes),
        "process": recorded_process(folder, summary, findings),
        "result": result.to_json(),
    }
    kept = {name: value for name, value in summary.items() if name != "health"}
    summary = {**changed, **{name: value for name, value in kept.items() if name not in changed}}
    with replaced(folder.summary) as file:
        json.dump(summary, file, indent=2)
    return summary


def _after(cures: Sequence[str]) -> str:
    """What was treated, and how often."""
    if not cures:
        return ""
    return f" after {len(cures)} {'cure' if len(cures) == 1 else 'cures'} ({', '.join(dict.fromkeys(cures))})"


def _quiet(findings: Sequence[Finding], cures: Sequence[str]) -> str:
    """What it means that no failure and no warning is active."""
    notes = dict.fromkeys(finding.code for finding in standing(findings))
    over = [code for code in dict.fromkeys(finding.code for finding in findings) if code not in notes]
    if not notes and not over:
        return f"None of the rules for such a model found anything{' since' if cures else ''}"
    more = [f"{', '.join(over)} {'is' if len(over) == 1 else 'are'} over"] if over else []
    more += [f"worth knowing: {', '.join(notes)}"] if notes else []
    return f"No failure and no warning is active ({'; '.join(more)})"


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
    process: Process,
    result: Result | None,
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
        "process": process,
        "result": None if result is None else result.to_json(),
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


def note_pictures(
    folder: RunFolder, summary: Mapping[str, Any], seconds: Mapping[str, float], *, drawn: bool
) -> dict[str, Any]:
    """Add to summary.json whether the last pictures were drawn, and what the session's parts took; return what it holds now.

    Args:
        seconds: wall-clock time of the session by part: "training" with all that is measured, drawn and saved meanwhile,
            "steps", the part of it that steps took, and "pictures", the last ones and the film.
    """
    summary = {**summary, "pictures": drawn, "session_seconds": dict(seconds)}
    with replaced(folder.summary) as file:
        json.dump(summary, file, indent=2)
    return summary
