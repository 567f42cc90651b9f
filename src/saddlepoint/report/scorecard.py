"""The scorecard's part of the page: scores between a bad generator and real data, classes, what was not measured, and how.

A scorecard.json that is missing, damaged, or of another program becomes a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from saddlepoint.evaluation.scorecard.protocol import ProtocolCard
from saddlepoint.evaluation.scorecard.score import ClassScores, Estimate, Score, Skipped
from saddlepoint.evaluation.scorecard.scorecard import Scorecard
from saddlepoint.markup import Markup, html, joined
from saddlepoint.records import shell_command
from saddlepoint.report.bars import class_bar, legend, score_bar
from saddlepoint.report.facts import UNREADABLE, Facts
from saddlepoint.report.layout import card_table, folded_section, section
from saddlepoint.report.words import command, definitions, duration, flattened, number, table

DIRECTIONS = {"lower": "lower is better", "higher": "higher is better", "none": "neither direction is better"}
MOST_CLASSES = 30  # more are folded


def scores(facts: Facts, pairs: Markup | None = None) -> Markup:
    """The last evaluation, or the command for one.

    Args:
        facts: of the run.
        pairs: markup of pairs of samples and examples, put after the scores.
    """
    body = _body(facts, pairs or Markup())
    if facts.scorecard is None or not facts.scorecard.scores:
        return section("scores", "Scores", body)
    return folded_section("scores", "Scores", f"{len(facts.scorecard.scores)} of the last evaluation", body)


def _body(facts: Facts, pairs: Markup) -> Markup:
    again = command(shell_command("evaluate", facts.path))
    trouble = facts.scorecard_trouble
    if facts.scorecard is not None:
        try:
            return _scorecard_body(facts.scorecard, facts.last_step, pairs)
        except UNREADABLE as error:  # JSON of the right form with contents of another kind
            trouble = str(error) or type(error).__name__
    if trouble:
        words = f"scorecard.json could not be read ({trouble.rstrip('.')}); this command measures the run again:"
        return html("<p>{}</p>{}{}", words, again, pairs)
    if facts.is_watched:
        return html(
            '<p class="quiet">{}</p>{}',
            "In the script of this run, sp.evaluate(watch.model, data) measures its samples.",
            pairs,
        )
    words = "This run has no scorecard yet; this command measures how good its samples are:"
    return html('<p class="quiet">{}</p>{}{}', words, again, pairs)


def _scorecard_body(scorecard: Scorecard, last_step: int, pairs: Markup) -> Markup:
    parts = [html("<p>{}</p>", _summary(scorecard.card))]
    step = scorecard.card.step
    doubts = list(scorecard.warnings)
    if step is not None and step < last_step:
        doubts.insert(0, f"This was measured at step {step:,}; the run has gone on to step {last_step:,} since.")
    parts += [
        html('<p class="card warning doubt"><span class="badge">warning</span> <span class="said">{}</span></p>', doubt)
        for doubt in doubts
    ]
    if scorecard.scores:
        parts += [legend(), _scores(scorecard.scores)]
    else:
        parts.append(html('<p class="quiet">Nothing could be measured.</p>'))
    parts += [html('<p class="quiet">{}</p>', note) for note in scorecard.notes]
    parts += [_skipped(scorecard.skipped), _classes(scorecard.classes), pairs, _protocol(scorecard.card)]
    return joined(filter(None, parts), "\n")


def _summary(card: ProtocolCard) -> str:
    step = "" if card.step is None else f" of step {card.step:,}"
    averaged = ", by averaged weights" if card.ema else ""
    seeds = f"for each of {len(card.seeds)} sampling seeds" if len(card.seeds) > 1 else "by one sampling seed"
    return f"{card.n_fake:,} samples{step}{averaged} {seeds}, against {card.n_real:,} {card.split} examples of {card.data}."


def _scores(scores: Sequence[Score]) -> Markup:
    names = ("Score", "Value", "95 % interval", "Bad generator", "", "Real data", "Sampling seeds")
    return card_table("scores", names, (_score(score) for score in scores))


def _score(score: Score) -> list[tuple[str, object]]:
    """(kind of cell, what it shows) a column."""
    sentences = (score.meaning, *score.notes) if score.meaning else score.notes
    notes = joined(html('<span class="note">{}</span>', sentence) for sentence in sentences)
    unit = f"{score.unit}, " if score.unit else ""
    direction = DIRECTIONS.get(score.better, str(score.better))
    return [
        ("title", html("<strong>{}</strong><span>{}</span>{}", score.title, unit + direction, notes)),
        ("value", html("<strong>{}</strong>", number(score.value))),
        ("interval", _interval(score.low, score.high) or "none"),
        ("bad", _bounds(score.worst_case)),
        ("drawn", score_bar(score)),
        ("real", _bounds(score.baseline)),
        ("seeds", _spread(score.repeats)),
    ]


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{number(low)} to {number(high)}"


def _bounds(bounds: Estimate | None) -> Markup:
    if bounds is None:
        return html("none")
    interval = _interval(bounds.low, bounds.high)
    note = html('<span class="note">{}</span>', interval) if interval else ""
    return html("{}{}", number(bounds.value), note)


def _spread(repeats: Sequence[float]) -> str:
    """The smallest and the largest value over sampling seeds."""
    if len(repeats) < 2:
        return "one"
    return f"{len(repeats)}: {_interval(min(repeats), max(repeats))}"


def _classes(classes: Sequence[ClassScores]) -> Markup:
    if not classes:
        return Markup()
    names = ("Class", "Samples", "95 % interval", "", "Real data", "Precision", "Recall", "Diversity", "Real diversity")
    rows = card_table("classes", names, (_class(one, classes) for one in classes))
    key = html(
        '<p class="quiet">Bar and dot: share of the samples, with its 95 % interval. Long tick: share of the real '
        "examples.</p>"
    )
    if len(classes) > MOST_CLASSES:
        missing = sum(one.share == 0 for one in classes)
        rows = html(
            "<details><summary>{:,} classes, {:,} of them in no sample</summary>{}</details>",
            len(classes),
            missing,
            rows,
        )
    return html("<h3>By class</h3>{}{}", key, rows)


def _class(one: ClassScores, classes: Sequence[ClassScores]) -> list[tuple[str, object]]:
    optional = (one.precision, one.recall, one.diversity, one.real_diversity)
    kinds = ("precision", "recall", "diversity", "real-diversity")
    return [
        ("title", html("<strong>{}</strong>", one.name)),
        ("value", html("<strong>{:.1%}</strong>", one.share)),
        ("interval", f"{one.low:.1%} to {one.high:.1%}"),
        ("drawn", class_bar(one, classes)),
        ("real", f"{one.real_share:.1%}"),
        *((kind, "too few" if value is None else number(value)) for kind, value in zip(kinds, optional, strict=True)),
    ]


def _skipped(skipped: Sequence[Skipped]) -> Markup:
    if not skipped:
        return Markup()
    reasons: dict[str, list[str]] = {}
    for one in skipped:
        reasons.setdefault(one.reason, []).append(one.title)
    rows = table((", ".join(titles), reason) for reason, titles in reasons.items())
    return html("<details><summary>Not measured ({}), and why</summary>{}</details>", len(skipped), rows)


def _protocol(card: ProtocolCard) -> Markup:
    """All that decides these numbers, folded."""
    averaged = {True: "averaged", False: "as trained", None: ""}[card.ema]
    facts = [
        ("Model", card.model),
        ("Step", "" if card.step is None else f"{card.step:,}"),
        ("Weights", averaged),
        ("Data", card.data),
        ("Fingerprint of the data", card.data_fingerprint),
        ("Split", card.split),
        ("Fingerprint of the split", card.split_fingerprint),
        ("Real examples", f"{card.n_real:,}"),
        ("Samples a seed", f"{card.n_fake:,}"),
        ("Sampling seeds", ", ".join(map(str, card.seeds))),
        ("Seed of the measurement", str(card.seed)),
        ("Preprocessing", card.preprocessing),
    ]
    for features in card.features:
        notes = "; ".join((f"{features.dimension:,} numbers an example", *features.notes))
        facts.append((f"Features: {features.name}", f"{notes}; fingerprint {features.fingerprint}"))
    facts += [(name[:1].upper() + name[1:], words) for name, words in _flat(card.settings)]
    facts += [(f"Version of {package}", version) for package, version in _flat(card.versions)]
    facts += [("Took", duration(card.seconds)), ("Finished", card.finished)]
    asked = html("<p>What was asked for:</p>{}", table(_flat(card.asked))) if card.asked else ""
    return html(
        "<details><summary>How it was measured: scorecards may be compared where these agree</summary>"
        '<div class="protocol">{}{}</div></details>',
        definitions(facts),
        asked,
    )


def _flat(value: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The options that were chosen; None means the default."""
    return [(name, words) for name, words in flattened(value) if words not in ("", "None")]
