"""Scorecards on a terminal: one as a table with a bar for each score, several side by side."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table

from saddlepoint.cli.console import Output
from saddlepoint.evaluation.scorecard.answer import answer
from saddlepoint.evaluation.scorecard.ranking import Ranking, table
from saddlepoint.evaluation.scorecard.score import Estimate, Score
from saddlepoint.evaluation.scorecard.scorecard import Scorecard

ARROWS = {"lower": "↓", "higher": "↑", "none": " "}
BAR = 10  # characters from the bad generator to real data
WIDTH = 140  # without a terminal
UNBOUNDED = 10_000  # characters, to measure how wide a table would like to be


def show(output: Output, scorecard: Scorecard) -> None:
    """Print the protocol, the scores, the classes, what was skipped, and warnings last, where they are read."""
    card = scorecard.card
    averaged = {True: ", averaged weights", False: "", None: ""}[card.ema]
    step = "" if card.step is None else f", step {card.step:,}{averaged}"
    output.say(f"{card.model}{step}", "bold")
    output.say(
        f"  {card.n_fake:,} samples for each of {len(card.seeds)} seeds, against {card.n_real:,} {card.split} examples of "
        f"{card.data} ({card.data_fingerprint[:12]})"
    )
    for features in card.features:
        notes = f"; {'; '.join(features.notes)}" if features.notes else ""
        output.say(f"  features: {features.name}, {features.dimension:,} numbers an example{notes}")
    if scorecard.result is not None:
        output.say(f"  Samples are {scorecard.result}")
    rows = _columns()
    for name, side in (("score", "left"), ("", "left"), ("value", "right"), ("95 % interval", "right")):
        rows.add_column(name, justify=side, no_wrap=name != "score")  # type: ignore[arg-type]
    rows.add_column("bad", justify="right", no_wrap=True)
    rows.add_column("", no_wrap=True)
    rows.add_column("real", justify="left", no_wrap=True)
    for score, label in _grouped(rows, scorecard.scores):
        rows.add_row(
            label,
            ARROWS[score.better],
            _number(score.value),
            _interval(score),
            _bound(score.worst_case),
            bar(score.position),
            _bound(score.baseline),
        )
    _print(output, rows)
    for sentence in _not_finite(scorecard):
        output.say(sentence)
    if scorecard.classes:
        _print(output, _classes(scorecard))
    if scorecard.skipped:
        output.say("Not measured:")
        for reason, titles in _by_reason(scorecard).items():
            output.say(f"  {', '.join(titles)}: {reason}")
    for note in scorecard.notes:
        output.say(f"Note: {note}")
    for warning in scorecard.warnings:
        output.say(f"Warning: {warning}", "yellow")


def show_ranking(output: Output, ranking: Ranking) -> None:
    """Print which run is better and by how much, then all scores in a table, and a sentence for each pair."""
    output.say(answer(ranking).sentence, "bold")
    output.say()
    rows = _compared(ranking, " ")
    if (
        output.is_terminal
        and output.measure(rows, options=output.options.update(width=UNBOUNDED)).maximum > output.width
    ):
        rows = _compared(ranking, "\n")
    _print(output, rows)
    output.say(
        "*: better than another run here, a difference that is real at 5 % after Holm's correction over all of them"
    )
    for sentence in _missing(ranking):
        output.say(sentence)
    for name, scorecard in ranking.scorecards.items():
        for sentence in _not_finite(scorecard):
            output.say(f"{name}: {sentence}")
    for (first, second), sentence in zip(itertools.combinations(ranking.scorecards, 2), ranking.sentences, strict=True):
        _say_pair(output, ranking, first, second, sentence)
    if ranking.untested:
        output.say(f"Not tested, for want of an interval or of finite values: {'; '.join(ranking.untested)}.")
    for warning in ranking.warnings:
        output.say(f"Warning: {warning}", "yellow")
    for name, scorecard in ranking.scorecards.items():
        for warning in scorecard.warnings:
            output.say(f"Warning, {name}: {warning}", "yellow")


def _compared(ranking: Ranking, between: str) -> Table:
    """One column per run; `between` separates a score from its interval: a space, or a line break if that is too wide."""
    names = list(ranking.scorecards)
    rows = _columns()
    rows.add_column("score")
    rows.add_column("", no_wrap=True)
    for name in short(names):
        rows.add_column(_plain(name), justify="right")
    rows.add_column("real", justify="right", no_wrap=True)
    rows.add_column("bad", justify="right", no_wrap=True)
    rows.add_column("adj. p", justify="right", no_wrap=True)
    scores_of = dict(table(ranking))
    firsts = _beside_their_like([next(iter(scores.values())) for scores in scores_of.values()])
    for first, title in _grouped(rows, firsts):
        scores = scores_of[first.title]
        tests = [d for d in ranking.differences if d.title == first.title]
        winners = {d.winner for d in tests if d.real}
        cells = []
        for name in names:
            score = scores.get(name)
            cell = "-" if score is None else f"{_number(score.value)}{between}{_interval(score)}".strip()
            cells.append(f"* {cell}" if name in winners else cell)
        smallest = min((d.adjusted for d in tests), default=None)
        cell = "" if smallest is None else "<0.001" if smallest < 0.001 else f"{smallest:.3f}"
        rows.add_row(
            title, ARROWS[first.better], *map(_plain, cells), _bound(first.baseline), _bound(first.worst_case), cell
        )
    return rows


def _beside_their_like(scores: Sequence[Score]) -> list[Score]:
    """In their order, but those by the same features together: a score that only a later run has stands under its
    features too."""
    order = list(dict.fromkeys(score.features for score in scores))
    return sorted(scores, key=lambda score: order.index(score.features))


def _not_finite(scorecard: Scorecard) -> list[str]:
    """A sentence for each score that is no finite number, with the reason in the scorecard."""
    said = []
    for score in scorecard.scores:
        if not math.isfinite(score.value):
            is_infinite = math.isinf(score.value)
            plain = "it is infinite for these samples." if is_infinite else "it cannot be computed from these samples."
            said.append(f"{score.title} is {_number(score.value)}: {' '.join(score.notes) or plain}")
    return said


def _missing(ranking: Ranking) -> list[str]:
    """A sentence for each score that a run lacks, with the reason in its scorecard."""
    said = []
    for title, scores in table(ranking):
        for name, card in ranking.scorecards.items():
            if name not in scores:
                reason = next((one.reason for one in card.skipped if one.title == title), "")
                metric = next(iter(scores.values())).metric
                reason = reason or next((one.reason for one in card.skipped if one.metric == metric), "not measured.")
                said.append(f"-: {name} has no {title}: {reason}")
    return said


def _say_pair(output: Output, ranking: Ranking, first: str, second: str, sentence: str) -> None:
    """Print a pair's comparison, one line per score; the sentence itself if no difference is significant."""
    found = [d for d in ranking.differences if (d.first, d.second) == (first, second)]
    if not any(d.real for d in found):
        output.say(sentence, "bold")
        return
    heads = {
        first: f"{first} is better than {second} in",
        second: f"{second} is better than {first} in",
        None: f"{first} and {second} differ in",
    }
    for winner, head in heads.items():
        titles = [d.title for d in found if d.real and d.winner == winner]
        if titles:
            output.say(head, "bold")
            for title in titles:
                output.say(f"  {title}")
    chance = sum(not d.real for d in found)
    if chance:
        output.say(f"{chance} of {len(found)} differences may be chance")


def short(names: Sequence[str]) -> list[str]:
    """The shortest ends of the runs' paths that tell them apart."""
    last = [Path(name).resolve().name for name in names]
    return last if len(set(last)) == len(last) else list(names)


def bar(position: float | None) -> str:
    """A bar with the score between a bad generator on the left and real data on the right."""
    if position is None:
        return ""
    filled = round(BAR * min(1.0, max(0.0, position)))
    return "━" * filled + "·" * (BAR - filled)


def _classes(scorecard: Scorecard) -> Table:
    rows = Table(box=None, pad_edge=False, title=None)
    for name in ("class", "real share", "share", "95 % interval", "precision", "recall", "diversity", "real"):
        rows.add_column(name, justify="left" if name == "class" else "right", no_wrap=True)
    for one in scorecard.classes:
        rows.add_row(
            _plain(one.name),
            f"{one.real_share:.3f}",
            f"{one.share:.3f}",
            f"{one.low:.3f} to {one.high:.3f}",
            *("-" if value is None else _number(value) for value in (one.precision, one.recall)),
            *("-" if value is None else _number(value) for value in (one.diversity, one.real_diversity)),
        )
    return rows


def _columns() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))


def _grouped(rows: Table, scores: Iterable[Score]) -> Iterator[tuple[Score, RenderableType]]:
    """Each score with the name of its row; scores by the same features are grouped below these."""
    above = ""
    for score in scores:
        if score.features and score.features != above:
            rows.add_row(f"by {_plain(score.features)}:", style="bold")
        above = score.features
        name = _plain(score.title.removesuffix(f" ({score.features})"))
        yield score, Padding(name, (0, 0, 0, 2)) if score.features else name


def _by_reason(scorecard: Scorecard) -> Mapping[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for one in scorecard.skipped:
        grouped.setdefault(one.reason, []).append(one.title)
    return grouped


def _print(output: Output, rows: Table) -> None:
    if not output.is_terminal:  # no width to fit: a table broken at 80 characters is hard to read
        output.width = max(WIDTH, output.width)
    output.print(rows, highlight=False)


def _plain(words: str) -> str:
    return words.replace("[", r"\[")


def _number(value: float) -> str:
    return f"{value:.4g}"


def _interval(score: Score) -> str:
    return "" if score.low is None or score.high is None else f"{score.low:.4g} to {score.high:.4g}"


def _bound(bounds: Estimate | None) -> str:
    return "" if bounds is None else _number(bounds.value)
