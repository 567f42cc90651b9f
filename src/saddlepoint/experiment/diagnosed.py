"""The result of a diagnosis: findings, verdict, and which codes could be evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from saddlepoint.diagnosis import Process, cause_in_words, headline
from saddlepoint.diagnosis.headlines import EXAMPLES
from saddlepoint.diagnosis.logs.answer import Answer
from saddlepoint.experiment.summary import result_in_words
from saddlepoint.markup import Markup, html, joined
from saddlepoint.records import Finding, Result
from saddlepoint.records.schema import number_to_json

NOTHING_ACTIVE = "No finding is active."
NO_WARNING = "No failure and no warning is active."


@dataclass(frozen=True)
class Diagnosed:
    """The findings of the rules for a run or log.

    Attributes:
        source: path of the run or log.
        objectives: names of the family and the objective that was trained, as in rules.
        process: how training went; None for a log without active findings for which fewer than half of the codes could be
            evaluated.
        findings: the findings that are active at the end, the most severe first.
        log: every finding that opened, became more severe or closed, in order.
        asked: codes of which at least one rule could be evaluated, because its series were recorded.
        unasked: the other codes, with the series that they need.
        not_meant: codes whose rules apply to other objectives, or to parts that the run's recipe does not have.
        steps: the last recorded step.
        result: how close samples are to the data, from the run's summary; None for a log, and before a run has ended.
        examples: the training examples in words: "1,617 images".
        ended: whether training has ended.
        columns: for a log, the series as which each column was read: {column: series}.
        columns_left: for a log, columns that were not read.
        answer: for a log, the answer for a human; None for a run.
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
    answer: Answer | None = None

    @property
    def headline(self) -> str:
        """The verdict in at most twelve words, such as "At risk: the discriminator memorises its 1,617 images"."""
        if self.answer is not None:
            return self.answer.headline
        assert self.process is not None  # of a run, which is always judged
        under_way = "" if self.ended else f"step {self.steps:,} is the last one recorded"
        return headline(self.process, self.findings, self.result, examples=self.examples, under_way=under_way)

    @property
    def verdict(self) -> str:
        """Cause and result in words; for a log, what is most likely, and what would help where it was not judged."""
        if self.answer is not None:
            return " ".join((self.answer.most_likely, *map(str, self.answer.possibilities), *self.answer.help))
        cause = cause_in_words(self.findings) or NO_WARNING
        return cause if self.result is None else f"{cause} {result_in_words(self.result)}"

    def to_json(self) -> dict[str, Any]:
        """Return one JSON object."""
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
                "answer": None if self.answer is None else self.answer.to_json(),
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
