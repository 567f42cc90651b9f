"""The rules asked of a run: while it trains, and afterwards of its folder or of somebody else's log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saddlepoint.arguments import check_mapping, check_path
from saddlepoint.diagnosis import Diagnosis, Facts, Process, cause_in_words, examples_in_words, headline, process_of
from saddlepoint.diagnosis.headlines import EXAMPLES
from saddlepoint.diagnosis.logs.foreign import read_log
from saddlepoint.diagnosis.rules import RULES
from saddlepoint.diagnosis.traits import known_names
from saddlepoint.diagnosis.verdict import NOT_JUDGED
from saddlepoint.errors import RunError, SettingError
from saddlepoint.experiment.live_diagnosis import start_diagnosis
from saddlepoint.experiment.summary import result_in_words, result_of
from saddlepoint.markup import Markup, html, joined
from saddlepoint.models.settings import FAMILIES
from saddlepoint.recipe import Recipe
from saddlepoint.records import Finding, Record, Result, RunFolder, standing
from saddlepoint.records.leftovers import restore_run
from saddlepoint.records.schema import number_to_json

if TYPE_CHECKING:
    from saddlepoint.experiment.run import Run

# Of the codes that speak about such a model: where fewer could be asked of a log, their silence says little.
LEAST = 0.5
NOTHING_ACTIVE = "No finding is active."
NO_WARNING = "No failure and no warning is active."


@dataclass(frozen=True)
class Diagnosed:
    """What the rules say of a run.

    findings: those that stand at its end, the gravest first. log: all that opened, grew graver or closed, in order.
    asked: codes of which at least one rule could be asked. unasked: others, with the series that they would need.
    not_meant: codes whose rules speak about other objectives than this run's. steps: the last one recorded.
    process: None where nothing is active in a log of which fewer than half of the codes could be asked: it was not judged.
    result: how close samples are to the data, as the run's summary has it; None of a log, and before a run has ended.
    examples: what was trained on, in words: "1,617 images". ended: whether training has ended.
    columns: of a log, {column: the series it was taken for}; columns_left: those that stand for none.
    """

    source: str
    objectives: tuple[str, ...]
    process: Process | None
    findings: tuple[Finding, ...]
    log: tuple[Finding, ...]
    asked: tuple[str, ...]
    unasked: Mapping[str, tuple[str, ...]]
    not_meant: tuple[str, ...]
    steps: int
    result: Result | None = None
    examples: str = EXAMPLES
    ended: bool = True
    columns: Mapping[str, str] = field(default_factory=dict)
    columns_left: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        """The verdict in at most twelve words, such as "At risk: the discriminator memorises its 1,617 images"."""
        if self.process is None:
            return f"{NOT_JUDGED}: too few of the recorded series are known"
        under_way = "" if self.ended else f"step {self.steps:,} is the last one recorded"
        return headline(self.process, self.findings, self.result, examples=self.examples, under_way=under_way)

    @property
    def verdict(self) -> str:
        """Cause and result in words; where the process was not judged, why, and what would help."""
        if self.process is not None:
            cause = cause_in_words(self.findings) or NO_WARNING
            return cause if self.result is None else f"{cause} {result_in_words(self.result)}"
        asked = (
            f"{len(self.asked)} of the {len(self.asked) + len(self.unasked)} codes about such a model could be asked"
        )
        ways = ["name more columns (--map; what each code wants is below)"]
        if set(self.objectives) <= {"gan"}:  # what else is an objective's name is known by its series
            ways.insert(0, "say what was trained (--objective non-saturating)")
        return f"It was not judged: {asked}. To help, {', or '.join(ways)}."

    def to_json(self) -> dict[str, Any]:
        """One JSON object."""
        document: dict[str, Any] = number_to_json(
            {
                "source": self.source,
                "objectives": list(self.objectives),
                "headline": self.headline,
                "process": self.process,
                "result": None if self.result is None else self.result.to_json(),
                "steps": self.steps,
                "findings": [finding.to_json() for finding in self.findings],
                "log": [finding.to_json() for finding in self.log],
                "asked": list(self.asked),
                "unasked": {code: list(series) for code, series in self.unasked.items()},
                "not_meant": list(self.not_meant),
                "columns": dict(self.columns),
                "columns_left": list(self.columns_left),
            }
        )
        return document

    def __str__(self) -> str:
        return "\n".join((f"{self.source}: {self.headline}", self.verdict, *map(str, self.findings)))

    def __repr__(self) -> str:
        return f"<Diagnosed {self.source}: {self.headline}>"

    def _repr_html_(self) -> Markup:
        found = joined(finding._repr_html_() for finding in self.findings) or html("<p>{}</p>", NOTHING_ACTIVE)
        return html("<p><b>{}</b></p><p>{}: {}</p>{}", self.headline, self.source, self.verdict, found)


def diagnose(
    source: str | Path | Run, *, objective: str | Iterable[str] | None = None, columns: Mapping[str, str] | None = None
) -> Diagnosed:
    """What the rules say of a run, or of somebody else's log, by the numbers that were recorded.

    source: a run, its folder, a CSV file with a row a step, or a folder of TensorBoard's events.
    objective: of a log, what was trained: "non-saturating", "minimax", "vae", ...; several where a model has several names.
        Without it only rules that hold for the whole family are asked. A run knows its own.
    columns: of a log, {series: column}, as {"d/loss": "loss_D", "step": "epoch"}; names that are in wide use need none.

    Raises:
        RunError: there is no run or log, or nothing in it is a series. SettingError: an objective or a series no rule knows.
    """
    path = check_path("diagnose", "the run or log", getattr(getattr(source, "folder", None), "path", source))
    if columns is not None:
        check_mapping("diagnose", "columns", columns, '{"d/loss": "loss_D"}')
    folder = RunFolder(path)
    if not path.exists():
        restore_run(path)
    if folder.exists():
        return _of_run(folder)
    if not path.exists():
        raise RunError(f"{path}: there is no such run or log.")
    log = read_log(path, columns)
    named = {objective} if isinstance(objective, str) else set(objective or ())
    watch = _log_watch(log.records, named)
    found = _asked(str(path), watch, log.records, [])
    enough = len(found.asked) >= LEAST * (len(found.asked) + len(found.unasked))
    known = found.process if enough or found.process != "no failure found" else None
    # Their settings are not ours: advice in words is what there is for them.
    stands, said = (tuple(replace(f, remedy=None) for f in findings) for findings in (found.findings, found.log))
    return replace(found, findings=stands, log=said, process=known, columns=log.taken, columns_left=log.left)


def _of_run(folder: RunFolder) -> Diagnosed:
    watch = start_diagnosis(Recipe.load(folder.recipe), folder.read_summary().get("precision"))
    # What was said of data and model before the first step is not in the records.
    rules = {rule.code for rule in watch.rules}
    before = [f for f in folder.read_findings() if f.step == 0 and (f.code not in rules or "preflight" in f.evidence)]
    summary = folder.read_summary()
    ended = summary.get("state") in ("finished", "failed")
    found = _asked(str(folder.path), watch, list(folder.read_records()), before, ended=ended)
    return replace(found, result=result_of(folder), examples=examples_in_words(summary.get("data") or {}), ended=ended)


def _log_watch(records: Iterable[Record], named: set[str]) -> Diagnosis:
    known = known_names()
    if unknown := sorted(named.difference(known)):
        raise SettingError(f"diagnose: unknown objective {', '.join(unknown)}. Known: {', '.join(sorted(known))}.")
    players = {name.partition("/")[0] for record in records for name in record.values}
    families = {name for name, family in FAMILIES.items() if players.intersection(family.settings.players)}
    steps = max((record.step for record in records), default=0)
    return Diagnosis(named | families, RULES, Facts(steps=steps))


def _asked(
    source: str,
    watch: Diagnosis,
    records: Iterable[Record],
    before: list[Finding],
    *,
    ended: bool = True,
) -> Diagnosed:
    log, steps = list(before), 0
    for record in records:
        log += watch.watch(record)
        steps = record.step
    names = {series.parameter: name for name, series in watch.history.series.items()}
    unasked = {
        code: tuple(n if "/" in n else names.get(n, n.replace("_", "/", 1)) for n in missing)
        for code, missing in watch.unasked().items()
    }
    meant = {rule.code for rule in watch.rules}
    return Diagnosed(
        source=source,
        objectives=tuple(sorted(watch.facts.objectives)),
        process=process_of(log, ended=ended),
        findings=tuple(standing(log)),
        log=tuple(log),
        asked=tuple(sorted(meant - unasked.keys())),
        unasked=unasked,
        not_meant=tuple(sorted({rule.code for rule in RULES} - meant)),
        steps=steps,
    )
