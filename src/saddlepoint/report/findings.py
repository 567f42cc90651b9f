"""The findings as cards: what is wrong, how bad, the evidence, and what to change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from saddlepoint.markup import Markup, html, joined, with_code
from saddlepoint.records import SEVERITIES, Finding, explained, options, shell_command
from saddlepoint.report.facts import Facts
from saddlepoint.report.layout import absent, section
from saddlepoint.report.sparkline import sparklines
from saddlepoint.report.words import command, flattened, table

PLURALS = {"failure": "failures", "warning": "warnings", "info": "notes"}


def findings(facts: Facts) -> Markup:
    """A card for each finding, the most severe first; those that are over are folded at the end."""
    found = grouped(facts.findings)
    cards = [_card(finding, steps, facts) for finding, steps in found if finding.state == "open"]
    over = [_card(finding, steps, facts) for finding, steps in found if finding.state == "closed"]
    body = [_treated(facts), *(cards or ([] if over else [absent(_nothing_found(facts))]))]
    if over:
        body.append(html("<details><summary>Over since ({})</summary>{}</details>", len(over), joined(over)))
    return section("findings", "Findings", joined(body))


def grouped(found: Sequence[Finding]) -> list[tuple[Finding, list[int]]]:
    """The last finding of every code, with all steps at which it was raised.

    Active findings come first, then by severity, then by first step.
    """
    steps: dict[str, list[int]] = {}
    last: dict[str, Finding] = {}
    for finding in found:
        if finding.state == "open":
            steps.setdefault(finding.code, []).append(finding.step)
        last[finding.code] = finding
    last = {code: finding for code, finding in last.items() if code in steps}

    def rank(code: str) -> tuple[bool, int, int, str]:
        over = last[code].state == "closed"
        return over, -SEVERITIES.index(last[code].severity), steps[code][0], code

    order = sorted(last, key=rank)
    return [(last[code], steps[code]) for code in order]


def _card(finding: Finding, steps: Sequence[int], facts: Facts) -> Markup:
    if finding.state == "closed":
        return html(
            '<article class="card finding info"><div class="top"><span class="badge">over</span> <code>{}</code>'
            '<span class="quiet">steps {:,} to {:,}</span><h3>{}</h3></div></article>',
            finding.code,
            steps[0],
            finding.step,
            finding.title,
        )
    again = f", raised {len(steps)} times since step {min(steps):,}" if len(steps) > 1 else ""
    evidence = table(flattened({n: v for n, v in finding.evidence.items() if n not in ("window", "series")}))
    if evidence:
        evidence = html("<details><summary>Evidence</summary>{}</details>", evidence)
    advice = html("<p>{}</p>", with_code(finding.advice)) if finding.advice else ""
    remedy: object = ""
    if finding.remedy:
        line = shell_command("train", facts.path, options(finding.remedy))
        remedy = html('<p class="quiet">Change the settings{}:</p>{}', explained(finding.remedy), command(line))
    return html(
        '<article class="card finding {severity}"><div class="top"><span class="badge">{severity}</span> <code>{code}</code>'
        '<span class="quiet">step {step:,}{again}</span><h3>{title}</h3></div>{}{}{}{}</article>',
        advice,
        remedy,
        sparklines(finding.evidence, facts.series),
        evidence,
        severity=finding.severity,
        code=finding.code,
        step=finding.step,
        again=again,
        title=finding.title,
    )


def _treated(facts: Facts) -> Markup:
    """The failures against which remedies were applied; their findings are in the attempts' own logs."""
    tried = facts.summary.get("cures")
    lines = [line for line in tried if isinstance(line, Mapping)] if isinstance(tried, Sequence) else []
    treated = dict.fromkeys((str(line.get("code")), str(line.get("title") or "")) for line in lines)
    rows = joined(html("<li><code>{}</code> {}</li>", code, title) for code, title in treated)
    if not rows:
        return Markup()
    return html('<p>Found and treated while it trained (<a href="#remedies">remedies</a>):</p><ul>{}</ul>', rows)


def _nothing_found(facts: Facts) -> str:
    """What was checked, and that this does not say how good the samples are."""
    if not facts.last_step:
        return "Nothing has been recorded that could be checked yet."
    since = " since the last remedy" if facts.summary.get("cures") else ""
    return (
        f"No findings{since}. The data were checked before training, and the recorded numbers by every rule for this kind of "
        "model (docs/diagnosis.md). How good the samples are is another question: see the samples, the curves and the scores."
    )
