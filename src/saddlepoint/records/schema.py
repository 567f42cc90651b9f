"""Records (the numbers of one tick) and findings (sentences with evidence) of a run.

Training writes them; diagnosis, reports and evaluation read them. This package therefore imports neither torch nor any other
package of ours. The names of series, the codes and the keys below are contracts: other programs read them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from saddlepoint.markup import Markup, html, joined, with_code
from saddlepoint.records.fields import Fields
from saddlepoint.records.overrides import explained, options

Severity = Literal["info", "warning", "failure"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "failure")
State = Literal["open", "closed"]

JSON = None | bool | int | float | str | list["JSON"] | dict[str, "JSON"]


@dataclass(frozen=True)
class Record:
    """The numbers of one tick.

    Attributes:
        step: steps done; one step plays every phase of the game once.
        seconds: time spent training so far, including earlier sessions of a resumed run.
        values: the mean over the tick of each series, by name (`player/quantity`); may be NaN or infinite.
    """

    step: int
    seconds: float
    values: Mapping[str, float]

    def to_json(self) -> dict[str, JSON]:
        """One flat JSON object; a non-finite number becomes the string "nan", "inf" or "-inf" (JSON has no other way)."""
        numbers = {name: number_to_json(value) for name, value in self.values.items()}
        return {"step": self.step, "seconds": self.seconds, **numbers}

    @classmethod
    def from_json(cls, line: Mapping[str, Any], where: str = "a record") -> Record:
        """Undo `to_json`.

        Args:
            line: the JSON object.
            where: its file and line, for messages.

        Raises:
            RunError: a field is missing or is not a number.
        """
        fields = Fields(line, where)
        step, seconds = fields.integer("step"), fields.number("seconds")
        return cls(step, seconds, {name: fields.number(name) for name in line if name not in ("step", "seconds")})


@dataclass(frozen=True)
class Finding:
    """A problem, or a fact worth knowing, in a sentence with evidence.

    Attributes:
        code: stable: GAN101, NUM301, DATA401, ...
        severity: "info", "warning" or "failure".
        step: at which it was found; 0 before training.
        title: what was found, in one sentence.
        evidence: the numbers behind it, by name.
        advice: what to do, in words.
        remedy: overrides of recipe settings by dotted name; None where there is no setting to change.
        state: "open", or "closed" once it no longer holds. A later open finding of the same code is more severe (see
            `saddlepoint.records.active_findings`).
    """

    code: str
    severity: Severity
    step: int
    title: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    advice: str = ""
    remedy: Mapping[str, Any] | None = None
    state: State = "open"

    def to_json(self) -> dict[str, JSON]:
        """One JSON object; a non-finite number in evidence or remedy becomes a string, and stays one when read back."""
        line: dict[str, JSON] = asdict(self)
        line["evidence"] = number_to_json(self.evidence)
        line["remedy"] = number_to_json(self.remedy)
        return line

    @classmethod
    def from_json(cls, line: Mapping[str, Any], where: str = "a finding") -> Finding:
        """Undo `to_json`; fields that this version does not know are left out.

        Args:
            line: the JSON object.
            where: its file and line, for messages.

        Raises:
            RunError: a field is missing or has another type.
        """
        fields = Fields(line, where)
        return cls(
            code=fields.text("code"),
            severity=fields.choice("severity", SEVERITIES),
            step=fields.integer("step"),
            title=fields.text("title"),
            evidence=fields.mapping("evidence", {}),
            advice=fields.text("advice", ""),
            remedy=fields.mapping("remedy", None),
            state=fields.choice("state", ("open", "closed"), "open"),
        )

    def __str__(self) -> str:
        if self.state == "closed":
            return f"{self.code} (over, step {self.step}): {self.title}"
        said = f"{self.code} ({self.severity}, step {self.step}): {self.title}"
        advice = f" {self.advice}" if self.advice else ""
        return said + advice + (f" Try: {options(self.remedy)}{explained(self.remedy)}" if self.remedy else "")

    def _repr_html_(self) -> Markup:
        rows = [*self.evidence.items(), *((f"remedy: {name}", value) for name, value in (self.remedy or {}).items())]
        cells = joined(html("<tr><td>{}</td><td>{}</td></tr>", name, value) for name, value in rows)
        severity = "over" if self.state == "closed" else self.severity
        said = html(
            "<p><b>{}</b> ({}, step {}): {} {}</p>", self.code, severity, self.step, self.title, with_code(self.advice)
        )
        return joined((said, html("<table>{}</table>", cells) if cells else ""))


def number_to_json(value: Any) -> Any:
    """The value with "nan", "inf" or "-inf" in place of floats that JSON cannot hold, at any depth."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(float(value))
    if isinstance(value, Mapping):
        return {name: number_to_json(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [number_to_json(part) for part in value]
    return value
