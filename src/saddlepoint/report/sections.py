"""The page's parts in words: verdict, what was trained on what, findings, settings, versions. Pictures are elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from saddlepoint.diagnosis import process_of
from saddlepoint.markup import Markup, html, joined
from saddlepoint.records import RESULT_LEVELS, SEVERITIES, Finding, RunFolder, explained, options, shell_command
from saddlepoint.report.facts import Facts
from saddlepoint.report.sparkline import sparklines
from saddlepoint.report.verdict import NOT_RECORDED, recorded_process, recorded_verdict
from saddlepoint.report.words import (
    best_in_words,
    command,
    count,
    definitions,
    duration,
    flattened,
    number,
    session_in_words,
    table,
)

_TONES = dict(zip(RESULT_LEVELS, ("failure", "warning", "good", "good"), strict=True))
PLURALS = {"failure": "failures", "warning": "warnings", "info": "notes"}


def section(identifier: str, title: str, body: Markup) -> Markup:
    """A titled part that the page's own links lead to."""
    return html('<section id="{}"><h2>{}</h2>\n{}\n</section>', identifier, title, body)


def absent(words: str) -> Markup:
    """The sentence that stands where a part has nothing to show yet."""
    return html('<p class="quiet">{}</p>', words)


def none_of(facts: Facts, what: str) -> Markup:
    """That there is no `what`: yet, as long as the run may still write one."""
    yet = "" if facts.summary.get("state") == "finished" else " yet"
    return absent(f"This run has no {what}{yet}.")


def verdict(facts: Facts) -> str:
    """How it went, in one sentence."""
    spoken = recorded_verdict(RunFolder(facts.path), facts.summary, facts.findings)
    if spoken:
        return spoken
    if not facts.last_step:
        return "This run has not recorded anything yet."
    found = [finding for finding, _ in grouped(facts.findings) if finding.state == "open"]
    tally = [
        f"{n} {severity if n == 1 and severity != 'info' else PLURALS[severity]}"
        for severity in reversed(SEVERITIES)
        if (n := sum(finding.severity == severity for finding in found))
    ]
    process = process_of(facts.findings, ended=False)
    return f"At step {facts.last_step:,}, still under way or cut short, {process}: {', '.join(tally) or 'no findings so far'}."


def head(facts: Facts) -> Markup:
    """Name, state and verdict."""
    state = str(facts.summary.get("state", "under way"))
    tone = {"finished": "good", "failed": "failure", "interrupted": "warning"}.get(state, "info")
    badges = [html('<span class="badge {}">{}</span>', tone, state)]
    process = recorded_process(RunFolder(facts.path), facts.summary, facts.findings)
    if facts.summary and process != state:
        tone = {"no failure found": "good", "at risk": "warning", None: "info"}.get(process, "failure")
        badges.append(html('<span class="badge {}">{}</span>', tone, process or NOT_RECORDED))
    level = _mapping(facts.summary.get("result")).get("level")
    if level in _TONES:
        badges.append(html('<span class="badge {}">{}</span>', _TONES[level], level))
    # The first sentence says how it went; all of it in large type would fill a phone.
    first, stop, rest = verdict(facts).partition(". ")
    return html(
        '<header><p class="run">Saddlepoint run <b>{}</b> {}</p><h1>{}</h1>{}</header>',
        facts.name,
        joined(badges, " "),
        first + stop.rstrip(),
        html('<p class="verdict">{}</p>', rest) if rest else "",
    )


def trained(facts: Facts) -> Markup:
    """What was trained on what, how long, and where."""
    summary = facts.summary
    data = _mapping(summary.get("data"))
    players = _mapping(summary.get("players"))
    best = _mapping(summary.get("best"))
    classes = data.get("classes")
    number_of_classes = len(classes) if isinstance(classes, Sequence) and not isinstance(classes, str) else classes
    shape = data.get("shape")
    form = " × ".join(map(str, shape)) if isinstance(shape, list | tuple) else shape
    examples = f"{count(data['examples'])} to train on" if data.get("examples") is not None else ""
    held_out = f"{count(data['held_out'])} held out" if data.get("held_out") else ""
    seconds = summary.get("seconds")
    step = summary.get("step", facts.last_step or None)
    how = [
        f"{count(step)} steps" if step is not None else "",
        duration(float(seconds)) if isinstance(seconds, int | float) else "",
        f"on {summary['device']}" if summary.get("device") else "",
        f"in {summary['precision']}" if summary.get("precision") else "",
    ]
    body = definitions(
        [
            ("Model", _model(_mapping(summary.get("model")))),
            ("Data", str(data.get("name") or "")),
            ("Examples", ", ".join(filter(None, [examples, held_out]))),
            ("One example", f"{data.get('kind') or ''} {form or ''}".strip()),
            ("Classes", _classes(classes, number_of_classes)),
            *((f"Player: {role}", f"{count(parameters)} parameters") for role, parameters in players.items()),
            ("Training", ", ".join(filter(None, how))),
            ("Time of the last session", session_in_words(summary)),
            (
                "Best",
                best_in_words(best, int(step or 0)) if best else "",
            ),
        ]
    )
    if not summary:
        body = joined((body, absent("The summary (data, players, device) is written when a session of training ends.")))
    return section("trained", "What was trained on what", body)


def findings(facts: Facts) -> Markup:
    """A card a finding, the gravest first, those that are over last; one that was raised again says so."""
    cards = [_card(finding, steps, facts) for finding, steps in grouped(facts.findings)]
    return section("findings", "Findings", joined((_treated(facts), *(cards or [absent(_nothing_found(facts))]))))


def grouped(found: Sequence[Finding]) -> list[tuple[Finding, list[int]]]:
    """The last finding of every code with all the steps it was raised at; those that stand first, failures before others,
    then by first step."""
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


def settings(facts: Facts) -> Markup:
    """The resolved recipe, folded."""
    if facts.recipe is None:
        return section("settings", "Settings", absent("There is no recipe.yaml in this folder."))
    lines = facts.recipe.count("\n") + 1
    return section(
        "settings",
        "Settings",
        html(
            "<details><summary>recipe.yaml, every setting resolved ({} lines)</summary><pre>{}</pre></details>",
            lines,
            facts.recipe,
        ),
    )


def repeat(facts: Facts) -> Markup:
    """Versions, and the command that does it again."""
    summary = facts.summary
    told, recipe = "recipe.yaml alone repeats the run", "recipe.yaml"
    # After cures recipe.yaml has the settings of after the last; some steps were made with others.
    if summary.get("cures"):
        told, recipe = "The recipe that it began with repeats the run and its cures", "attempts/1/recipe.yaml"
    parts = [
        html("<p>{}; on the same machine with the same versions, bit for bit:</p>", told),
        command(shell_command("train", facts.path / recipe)),
    ]
    fingerprint = _mapping(summary.get("data")).get("fingerprint")
    if fingerprint:
        parts.append(html("<p>Fingerprint of the data: <code>{}</code></p>", fingerprint))
    parts.append(table((str(package), str(version)) for package, version in _mapping(summary.get("versions")).items()))
    return section("repeat", "Versions and how to repeat", joined(parts))


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
    advice = html("<p>{}</p>", finding.advice) if finding.advice else ""
    remedy: object = ""
    if finding.remedy:
        line = shell_command("train", facts.path, options(finding.remedy))
        remedy = html('<p class="quiet">Try{}:</p>{}', explained(finding.remedy), command(line))
    return html(
        '<article class="card finding {severity}"><div class="top"><span class="badge">{severity}</span> <code>{code}</code>'
        '<span class="quiet">step {step:,}{again}</span><h3>{title}</h3></div>{}{}{}{}</article>',
        advice,
        sparklines(finding.evidence, facts.series),
        evidence,
        remedy,
        severity=finding.severity,
        code=finding.code,
        step=finding.step,
        again=again,
        title=finding.title,
    )


def _treated(facts: Facts) -> Markup:
    """The failures that the run went back behind: their findings went with them."""
    tried = facts.summary.get("cures")
    lines = [line for line in tried if isinstance(line, Mapping)] if isinstance(tried, Sequence) else []
    told = dict.fromkeys((str(line.get("code")), str(line.get("title") or "")) for line in lines)
    rows = joined(html("<li><code>{}</code> {}</li>", code, title) for code, title in told)
    if not rows:
        return Markup()
    return html('<p>Found and treated while it trained (<a href="#cures">cures</a>):</p><ul>{}</ul>', rows)


def _nothing_found(facts: Facts) -> str:
    """What the silence covers: it is no word on how good the samples are."""
    if not facts.last_step:
        return "Nothing has been recorded that could be checked yet."
    since = " since the last cure" if facts.summary.get("cures") else ""
    return (
        f"No findings{since}. Checked were the data, before training, and the recorded numbers, by every rule that speaks about such a "
        "model (docs/diagnosis.md). How good the samples are is another question: see the samples, the curves and the scores."
    )


def _model(model: Mapping[str, Any]) -> str:
    """{"family": "gan", "latent": 64, "objective": ..., "networks": {role: name}} -> one line."""
    facts = {name: value for name, value in model.items() if name not in ("family", "networks")}
    spoken = [str(model.get("family") or ""), *(f"{name} {number(value)}" for name, value in facts.items())]
    networks = _mapping(model.get("networks")).items()
    return ", ".join(filter(None, [*spoken, *(f"{role} {network}" for role, network in networks)]))


def _classes(classes: Any, n: Any) -> str:
    if not classes:
        return ""
    if isinstance(classes, Sequence) and not isinstance(classes, str):
        shown = ", ".join(map(str, classes[:12]))
        return f"{n}: {shown}" + (", ..." if len(classes) > 12 else "")
    return count(classes)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
