"""Diagnose a run after training, or the log of another program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from saddlepoint.arguments import check_mapping, check_path
from saddlepoint.diagnosis import Diagnosis, Facts, examples_in_words, process_of
from saddlepoint.diagnosis.logs.answer import answer_of
from saddlepoint.diagnosis.logs.findings import findings_of, process_of_log
from saddlepoint.diagnosis.logs.foreign import read_log
from saddlepoint.diagnosis.logs.judging import LOG, judge_log
from saddlepoint.diagnosis.logs.source import STANDARD_INPUT
from saddlepoint.diagnosis.rules import RULES
from saddlepoint.diagnosis.settings import CODES
from saddlepoint.diagnosis.traits import OBJECTIVES, traits_of
from saddlepoint.errors import RunError, SettingError
from saddlepoint.experiment.diagnosed import Diagnosed
from saddlepoint.experiment.live_diagnosis import start_diagnosis
from saddlepoint.experiment.summary import recorded_classes, result_of
from saddlepoint.models.settings import FAMILIES, WATCHED
from saddlepoint.recipe import Recipe
from saddlepoint.records import Finding, Record, RunFolder, active_findings
from saddlepoint.records.leftovers import restore_run

if TYPE_CHECKING:
    from saddlepoint.experiment.run import Run

ENOUGH = 0.5  # share of the applicable codes that a log must allow to judge, for "nothing found" to mean something


def diagnose(
    source: str | Path | Run, *, objective: str | Iterable[str] | None = None, columns: Mapping[str, str] | None = None
) -> Diagnosed:
    """Evaluate the rules on the records of a run, or on the log of another program.

    To find remedies that fit a run, the losses and other parts that its recipe names by import path are imported, provided that
    they are trusted (see `saddlepoint.recipe.trust`); networks are not.

    Args:
        source: a run, its folder, or a log of another program: CSV, JSON lines, Hugging Face's trainer_state.json, a Keras history,
            printed lines, a folder of TensorBoard's events, or "-" for standard input.
        objective: for a log, the objective that was trained: "non-saturating", "minimax", "vae", or several names. Without it, every
            objective that the losses allow is judged. For a run, it is read from the recipe.
        columns: for a log, {series: column}, such as {"d/loss": "loss_D", "step": "epoch"}; other columns are guessed from their names.

    Returns:
        The findings and the verdict; for a log also the `answer`.

    Raises:
        RunError: there is no run or log, or it contains no series.
        SettingError: an objective or a series is unknown.
    """
    path = check_path("diagnose", "the run or log", getattr(getattr(source, "folder", None), "path", source))
    is_input = str(source) == STANDARD_INPUT
    if columns is not None:
        check_mapping("diagnose", "columns", columns, '{"d/loss": "loss_D"}')
    folder = RunFolder(path)
    if not path.exists() and not is_input:
        restore_run(path)
    if folder.exists():
        return _diagnose_run(folder)
    if not path.exists() and not is_input:
        raise RunError(f"{path}: there is no such run or log.")
    return _diagnose_log(path, {objective} if isinstance(objective, str) else set(objective or ()), columns)


def _diagnose_log(path: Path, named: set[str], columns: Mapping[str, str] | None) -> Diagnosed:
    """Apply the rules for whole logs, and those for runs to the series that a log has in common with runs."""
    if unknown := sorted(named - {*FAMILIES, *OBJECTIVES}):
        known = ", ".join(sorted({*FAMILIES, *OBJECTIVES}))
        raise SettingError(f"diagnose: unknown objective {', '.join(unknown)}. Known: {known}.")
    log = read_log(path, columns, named & FAMILIES.keys() or ({"gan"} if named & OBJECTIVES.keys() else set()))
    players = {name.partition("/")[0] for record in log.records for name in record.values}
    families = {name for name, family in FAMILIES.items() if players.intersection(family.settings.players)}
    judgement = judge_log(log, named, families)
    decided = {candidate.objective for candidate in judgement.candidates if len(judgement.candidates) == 1}
    steps = max((record.step for record in log.records), default=0)
    diagnosis = Diagnosis(named | families | decided | {LOG}, RULES, Facts(steps=steps))
    diagnosed = _ask_rules("standard input" if str(path) == STANDARD_INPUT else str(path), diagnosis, log.records, [])
    findings = findings_of(judgement, diagnosed.findings)
    enough = len(diagnosed.asked) >= ENOUGH * (len(diagnosed.asked) + len(diagnosed.unasked))
    process, codes = process_of_log(findings, enough), {finding.code for finding in findings}
    possible = {candidate.objective for candidate in judgement.candidates}
    return replace(
        diagnosed,
        objectives=tuple(sorted(named | families | decided)),
        findings=tuple(findings),
        # Another program has other settings, so the advice in words is all that applies.
        log=(*(replace(finding, remedy=None) for finding in diagnosed.log if finding.code not in codes), *findings),
        asked=tuple(sorted({*diagnosed.asked, *judgement.asked})),
        unasked={code: series for code, series in diagnosed.unasked.items() if code not in judgement.asked},
        process=process,
        columns=log.taken,
        columns_left=log.left,
        answer=answer_of(log, judgement, findings, process, traits_of(named | families | possible), named),
    )


def _diagnose_run(folder: RunFolder) -> Diagnosed:
    """Evaluate the rules on a run's records, and add the findings from before its first step."""
    summary = folder.read_summary()
    diagnosis = start_diagnosis(Recipe.load(folder.recipe), summary.get("precision"), recorded_classes(summary))
    # Findings on data, model and the user's own loop, before the first step or in the first steps, do not come from records.
    rules = {rule.code for rule in diagnosis.rules}
    before = [f for f in folder.read_findings() if (f.step == 0 and f.code not in rules) or "preflight" in f.evidence]
    ended = summary.get("state") in ("finished", "failed")
    diagnosed = _ask_rules(str(folder.path), diagnosis, list(folder.read_records()), before, ended=ended)
    return replace(
        diagnosed, result=result_of(folder), examples=examples_in_words(summary.get("data") or {}), ended=ended
    )


def _ask_rules(
    source: str,
    diagnosis: Diagnosis,
    records: Iterable[Record],
    before: list[Finding],
    *,
    ended: bool = True,
) -> Diagnosed:
    """Evaluate the rules on records; `before` are findings from before the first step."""
    log, steps = list(before), 0
    for record in records:
        log += diagnosis.watch(record)
        steps = record.step
    names = {series.parameter: name for name, series in diagnosis.history.series.items()}
    unasked = {
        code: tuple(n if "/" in n else names.get(n, n.replace("_", "/", 1)) for n in missing)
        for code, missing in diagnosis.not_evaluated().items()
    }
    settings = diagnosis.facts.settings  # empty for a log
    absent = {code for code in unasked if settings and code in CODES and not CODES[code].applies_to(settings)}
    applicable = {rule.code for rule in diagnosis.rules} - absent
    return Diagnosed(
        source=source,
        objectives=tuple(sorted(diagnosis.facts.objectives - {WATCHED})),
        process=process_of(log, ended=ended),
        findings=tuple(active_findings(log)),
        log=tuple(log),
        asked=tuple(sorted(applicable - unasked.keys())),
        unasked={code: series for code, series in unasked.items() if code in applicable},
        not_meant=tuple(sorted({rule.code for rule in RULES} - applicable)),
        steps=steps,
    )
