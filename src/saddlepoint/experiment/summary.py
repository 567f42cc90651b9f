"""The verdict on a run, in words and in summary.json."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from saddlepoint.data.dataset import Dataset
from saddlepoint.diagnosis import Process, cause_in_words, examples_in_words, headline, what_to_do
from saddlepoint.errors import RunError
from saddlepoint.experiment.best_step import step_to_take
from saddlepoint.models.base import Model
from saddlepoint.models.settings import IMPROVEMENT, ModelSettings
from saddlepoint.recipe import Recipe
from saddlepoint.records import Finding, Result, RunFolder, active_findings, replaced, shell_command
from saddlepoint.records.schema import number_to_json
from saddlepoint.report.verdict import recorded_process
from saddlepoint.report.words import duration

_PACKAGES = ("saddlepoint", "torch", "numpy")
_OBJECTIVES = ("objective", "likelihood", "reconstruction")  # each family's setting that names what it minimises


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
    """Return the verdict below the headline: how long training took, the findings, how close samples are to the data.

    Args:
        recipe: the run's.
        state: "finished", "interrupted" or "failed".
        step: the last step.
        seconds: training time.
        findings: the run's log of findings.
        result: how close samples are to the data; None if it was not measured.
        saved: the step of the newest checkpoint.
        cures: the codes of the failures that had an intervention, one for each intervention.
    """
    done = f"{recipe.name}: {step:,} step{'' if step == 1 else 's'} in {duration(seconds)}"
    samples = "" if result is None else f" {result_in_words(result)}"
    if state == "interrupted" and recipe.model.own_loop:
        planned = "" if recipe.model.is_open_ended else f" of {recipe.training.steps:,}"
        cause = cause_in_words(findings)
        return f"{done}{planned}, interrupted.{f' {cause}' if cause else ''}{samples}"
    if state == "interrupted":
        written = "there is no checkpoint yet" if saved is None else f"the newest checkpoint is of step {saved:,}"
        written = "a checkpoint was written" if saved == step else written
        return f"{done} of {recipe.training.steps:,}, interrupted; {written}.{samples}"
    cause = cause_in_words(findings) or f"{_quiet(findings, cures)}."
    return f"{done}{_after(cures)}. {cause}{samples}"


def verdict_fields(
    process: Process | None,
    findings: Sequence[Finding],
    result: Result | None,
    data: Mapping[str, Any],
    *,
    under_way: str = "",
    best_step: int | None = None,
    improvement: str = IMPROVEMENT,
) -> dict[str, str]:
    """Return the fields of summary.json that accompany the verdict: the headline, and what to do.

    Args:
        process: how training went.
        findings: the run's log of findings.
        result: how close samples are to the data; None if it was not measured.
        data: the field "data" of the summary.
        under_way: see `saddlepoint.diagnosis.headline`.
        best_step: see `saddlepoint.diagnosis.what_to_do`.
        improvement: see `saddlepoint.diagnosis.what_to_do`.
    """
    said = headline(process, findings, result, examples=examples_in_words(data), under_way=under_way)
    advice = what_to_do(process, findings, result, best_step=best_step, under_way=under_way, improvement=improvement)
    return {"headline": said, "advice": advice}


def _verdict_of(
    recipe: Recipe,
    state: str,
    step: int,
    process: Process | None,
    findings: Sequence[Finding],
    result: Result | None,
    data: Mapping[str, Any],
    best_step: int | None,
    sentence: str,
) -> dict[str, Any]:
    """The fields of summary.json that hold the verdict: headline, advice, the sentence of `verdict`, and both parts."""
    improvement, own_loop = recipe.model.improvement, recipe.model.own_loop
    said = verdict_fields(
        process,
        findings,
        result,
        data,
        under_way=stopped(state, step, recipe.training.steps),
        best_step=best_step,
        improvement=improvement,
    )
    if own_loop:  # nothing to resume, and no checkpoint to take
        said["advice"] = what_to_do(process, findings, result, improvement=improvement)
    return {**said, "verdict": sentence, "process": process, "result": None if result is None else result.to_json()}


def stopped(state: str, step: int, steps: int) -> str:
    """Return where an interrupted run stopped, "stopped at step 300 of 2,000"; empty for other runs."""
    planned = f" of {steps:,}" if steps > step else ""
    return f"stopped at step {step:,}{planned}" if state == "interrupted" else ""


def result_in_words(result: Result) -> str:
    """Describe a result in one sentence: "Samples are close to the data (worst of 8 measurements: recall 0.61, goal 0.91 as for real
    examples)."."""
    if result.level is None:
        return f"How close samples are to the data was not measured: {result.reason}."
    return f"Samples are {result}."


def result_of(folder: RunFolder) -> Result | None:
    """Return the result in summary.json; None if there is none.

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
    """Replace the result and the verdict in summary.json; other fields are unchanged.

    The caller must hold the run's lock.

    Args:
        folder: the run's.
        recipe: the run's.
        result: the result of an evaluation.

    Returns:
        The new content of the file.
    """
    summary = folder.read_summary()
    findings, saved = list(folder.read_findings()), summary.get("step")
    codes = [str(cure["code"]) for cure in summary.get("cures") or ()]
    state, step, seconds = (
        str(summary.get("state", "finished")),
        int(summary["step"]),
        float(summary.get("seconds") or 0.0),
    )
    process, quality = recorded_process(folder, summary, findings), summary.get("quality") or {}
    best_step = step_to_take(summary.get("best"), step, quality, recipe)
    sentence = verdict(recipe, state, step, seconds, findings, result, saved, codes)
    data = summary.get("data") or {}
    changed = _verdict_of(recipe, state, step, process, findings, result, data, best_step, sentence)
    kept = {name: value for name, value in summary.items() if name != "health"}
    summary = {**changed, **{name: value for name, value in kept.items() if name not in changed}}
    with replaced(folder.summary) as file:
        json.dump(summary, file, indent=2)
    return summary


def _after(cures: Sequence[str]) -> str:
    """Describe how many remedies were applied during training, and for which findings."""
    if not cures:
        return ""
    return (
        f", with {len(cures)} {'remedy' if len(cures) == 1 else 'remedies'} applied ({', '.join(dict.fromkeys(cures))})"
    )


def _quiet(findings: Sequence[Finding], cures: Sequence[str]) -> str:
    """State that no failure and no warning is active, and mention earlier findings and notes."""
    notes = dict.fromkeys(finding.code for finding in active_findings(findings))
    over = [code for code in dict.fromkeys(finding.code for finding in findings) if code not in notes]
    if not notes and not over:
        return f"No rule found a problem{' since' if cures else ''}"
    more = [f"{', '.join(over)} {'is' if len(over) == 1 else 'are'} over"] if over else []
    more += [f"worth knowing: {', '.join(notes)}"] if notes else []
    return f"No failure and no warning is active ({'; '.join(more)})"


def _model(settings: ModelSettings) -> dict[str, Any]:
    """The model's family, size of the code, objective, and the network of every role."""
    content = settings.model_dump()
    facts = {name: content[name] for name in ("family", "latent", *_OBJECTIVES) if name in content}
    absent = set(settings.roles) - set(settings.active_roles)
    networks = {role: value["network"] for role, value in content.items() if _is_network(value) and role not in absent}
    return facts | {"networks": networks}


def _is_network(value: Any) -> bool:
    return isinstance(value, Mapping) and "network" in value


def write_summary(
    folder: RunFolder,
    recipe: Recipe,
    dataset: Dataset,
    model: Model,
    *,
    findings: Sequence[Finding],
    saved: int | None,
    process: Process,
    result: Result | None,
    quality: Mapping[str, float | None],
    state: str,
    step: int,
    seconds: float,
    device: str,
    precision: str,
    best: Mapping[str, Any] | None,
    remark: str = "",
) -> dict[str, Any]:
    """Write summary.json: the verdict, and facts that are in no other file of the run.

    Args:
        folder: the run's.
        recipe: the run's.
        dataset: the training examples.
        model: the trained model.
        findings: the log of findings.
        saved: the step of the newest checkpoint.
        process: how training went.
        result: how close samples are to the data; None if it was not measured.
        quality: energy distances of the untrained model, of the newest model and of real data, and the newest precision.
        state: "finished", "interrupted" or "failed".
        step: the last step.
        seconds: training time, including earlier sessions.
        device: of the training.
        precision: of the training, such as "fp32".
        best: the best step with its value.
        remark: sentences that end the verdict.

    Returns:
        The content of the file.
    """
    event = dataset.event
    cures = folder.read_cures()
    data = {
        "name": dataset.name,
        "examples": len(dataset),
        "held_out": len(dataset.held_out) if dataset.held_out is not None else 0,
        "shape": list(event.shape),
        "kind": event.kind,
        "classes": list(event.class_names) if event.class_names else None,
        "fingerprint": dataset.fingerprint,
    }
    best_step = step_to_take(best, step, quality, recipe)
    treated = [str(cure["code"]) for cure in cures]
    sentence = f"{verdict(recipe, state, step, seconds, findings, result, saved, treated)} {remark}".strip()
    summary = {
        **_verdict_of(recipe, state, step, process, findings, result, data, best_step, sentence),
        "quality": number_to_json(quality),
        "state": state,
        "step": step,
        "seconds": seconds,
        "device": device,
        "precision": precision,
        "data": data,
        "model": _model(recipe.model),
        "players": model.parameter_counts(),
        "best": best,
        "cures": cures,
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
    }
    with replaced(folder.summary) as file:
        json.dump(summary, file, indent=2)
    return summary


def note_pictures(
    folder: RunFolder, summary: Mapping[str, Any], seconds: Mapping[str, float], *, drawn: bool
) -> dict[str, Any]:
    """Add to summary.json whether the last pictures were drawn, and the time that the parts of the session took.

    Args:
        folder: the run's.
        summary: the content of summary.json so far.
        seconds: wall-clock time of the session by part: "training", including measurements, pictures and checkpoints during
            training; "steps", the part of it that the training steps took; and "pictures", the last pictures and the time-lapse.
        drawn: whether the last pictures were drawn.

    Returns:
        The new content of the file.
    """
    summary = {**summary, "pictures": drawn, "session_seconds": dict(seconds)}
    with replaced(folder.summary) as file:
        json.dump(summary, file, indent=2)
    return summary


def recorded_classes(summary: Mapping[str, Any]) -> int | None:
    """Return the number of classes in a run's data from its summary, 0 without labels; None if it is not recorded."""
    data = summary.get("data") or {}
    return len(data["classes"] or ()) if "classes" in data else None
