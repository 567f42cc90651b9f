"""The first screen of the page: headline, newest samples, what was measured, and what to do."""

from __future__ import annotations

from saddlepoint.diagnosis import causes_first, headline, process_of
from saddlepoint.diagnosis.verdict import FAILING, NO_FAILURE_FOUND
from saddlepoint.markup import Markup, html, joined, with_code
from saddlepoint.records import RESULT_LEVELS, SEVERITIES, RunFolder, explained, options, shell_command
from saddlepoint.report.facts import Facts
from saddlepoint.report.findings import PLURALS, grouped
from saddlepoint.report.layout import mapping
from saddlepoint.report.verdict import recorded_advice, recorded_headline, recorded_process, recorded_verdict
from saddlepoint.report.words import command, count, duration, parts_in_words

NOTHING_RECORDED = "Nothing has been recorded yet"
LEVEL_TONES = dict(zip(RESULT_LEVELS, ("failure", "warning", "good", "good"), strict=True))
PROCESS_TONES = {"at risk": "warning", "failing": "failure", "failed": "failure"}
MARKS = {"good": "✓", "warning": "!", "failure": "✕", "info": "·"}  # so that colour is not the only sign of a tone


def headline_of(facts: Facts) -> str:
    """The page's headline, also of a run that has not ended."""
    said = recorded_headline(RunFolder(facts.path), facts.summary, facts.findings)
    if said is not None:
        return said
    if not facts.last_step and not facts.findings:
        return NOTHING_RECORDED
    process = process_of(facts.findings, ended=False)
    last = f"step {facts.last_step:,} is the last one recorded"
    return headline(process, facts.findings, under_way=last if facts.is_written else f"cut short, {last}")


def measurement_text(facts: Facts) -> str:
    """What was measured, in sentences."""
    said = recorded_verdict(RunFolder(facts.path), facts.summary, facts.findings)
    if said:
        return said
    if not facts.last_step:
        return "This run has not recorded anything yet."
    found = [finding for finding, _ in grouped(facts.findings) if finding.state == "open"]
    tally = [
        f"{n} {severity if n == 1 and severity != 'info' else PLURALS[severity]}"
        for severity in reversed(SEVERITIES)
        if (n := sum(finding.severity == severity for finding in found))
    ]
    process = process_of(facts.findings, ended=False)
    said = f"At step {facts.last_step:,}, {facts.state}, {process}: {', '.join(tally) or 'no findings so far'}."
    return said if facts.is_written else f"{said} No process works on this run, and it has no summary of its end."


def tone_of(facts: Facts) -> str:
    """The colour of the headline: "good", "warning", "failure", or "info" where nothing was judged."""
    process = recorded_process(RunFolder(facts.path), facts.summary, facts.findings)
    if process is None and not facts.summary and facts.last_step:
        process = process_of(facts.findings, ended=False)
    if process != NO_FAILURE_FOUND:
        return PROCESS_TONES.get(process or "", "info")
    level = mapping(facts.summary.get("result")).get("level")
    # A run without findings whose samples are poor is no success, and no failure of training either.
    return "info" if level not in LEVEL_TONES else "good" if LEVEL_TONES[level] == "good" else "warning"


def first_screen(facts: Facts, stage: Markup) -> Markup:
    """The page's header.

    Args:
        facts: of the run.
        stage: markup of the newest samples; empty where there are none.
    """
    tone = tone_of(facts)
    state = facts.state
    level = mapping(facts.summary.get("result")).get("level")
    # The headline of a failed run says so.
    badges = [] if state == "failed" else [html('<span class="badge plain">{}</span>', state)]
    if level in LEVEL_TONES:
        badges.append(html('<span class="badge {}">samples {}</span>', LEVEL_TONES[level], level))
    return html(
        '<header class="first {tone}"><p class="run"><span class="brand">Saddlepoint</span> run <b>{name}</b> {badges}</p>\n'
        '<h1><span class="mark" aria-hidden="true">{mark}</span><span>{headline}</span></h1>\n'
        '<div class="{split}">{stage}<div class="verdict"><h2>What was measured</h2><p>{measured}</p>{to_do}</div></div>\n'
        "{tiles}</header>",
        tone=tone,
        name=facts.name,
        badges=joined(badges, " "),
        mark=MARKS[tone],
        headline=headline_of(facts),
        split="split" if stage else "alone",
        stage=stage,
        measured=measurement_text(facts),
        to_do=_to_do(facts),
        tiles=_tiles(facts),
    )


def _to_do(facts: Facts) -> Markup:
    """How to continue a run that stopped; advice, and the command that changes the settings; empty where there is none."""
    advice = recorded_advice(RunFolder(facts.path), facts.summary, facts.findings)
    process = recorded_process(RunFolder(facts.path), facts.summary, facts.findings)
    resume = Markup()
    if facts.can_resume and process != FAILING:
        resume = html("<p>To continue this run:</p>{}", command(shell_command("resume", facts.path)))
    active = [finding for finding in causes_first(facts.findings) if finding.severity != "info"]
    remedy: object = ""
    if process != NO_FAILURE_FOUND and active and active[0].remedy:
        changes = active[0].remedy
        line = shell_command("train", facts.path, options(changes))
        said = html('<p class="quiet">Change the settings{}:</p>', explained(changes))
        remedy = joined((said, command(line)))
    measurable = facts.summary and not facts.is_watched
    if measurable and process == NO_FAILURE_FOUND and not mapping(facts.summary.get("result")).get("level"):
        said = html("<p>{} Measure how close its samples are to the data:</p>", with_code(advice))
        return html("<h2>What to do</h2>{}{}{}", resume, said, command(shell_command("evaluate", facts.path)))
    if not advice and not remedy and not resume:
        return Markup()
    words = html("<p>{}</p>", with_code(advice)) if advice else ""
    return html("<h2>What to do</h2>{}{}{}", resume, words, remedy)


def _tiles(facts: Facts) -> Markup:
    """The numbers that a reader asks for first."""
    summary = facts.summary
    data, result, best = (mapping(summary.get(name)) for name in ("data", "result", "best"))
    step, seconds = summary.get("step", facts.last_step or None), summary.get("seconds")
    score = result.get("score")
    last = {name: values[-1] for name, (_, values) in facts.series.items() if values}
    facts_of_run = [
        ("Steps", count(step) if step is not None else ""),
        ("Training time", duration(float(seconds)) if isinstance(seconds, int | float) else ""),
        ("Training examples", count(data["examples"]) if data.get("examples") is not None else ""),
        ("Best step", count(best["step"]) if best.get("step") is not None else ""),
        (
            "Score of the samples",
            f"{score:.2f} of 1" if isinstance(score, int | float) and result.get("level") is not None else "",
        ),
        *parts_in_words(last),
    ]
    tiles = joined(html("<div><dt>{}</dt><dd>{}</dd></div>", name, words) for name, words in facts_of_run if words)
    return html('<dl class="tiles">{}</dl>', tiles) if tiles else Markup()
