"""The tables and sentences of the validation, and where they are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import results
from verdicts import scores
from verdicts.answers import Answer
from verdicts.scores import Agreement

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE, PICTURE = DOCS / "diagnosis-accuracy.md", DOCS / "images" / "result-accuracy.png"
SECTION = "How right the result is"
HALVES = ("reporting", "calibration")
RIGHT, RANKED = 0.95, 0.9
EXAMPLES = 15


def report(answers: Sequence[Answer]) -> str:
    """Everything in Markdown, without headings above ###."""
    halves = {half: [a for a in answers if a.case.half == half] for half in HALVES}
    stopped = sum(a.case.kind == "stopped" for a in answers)
    runs = len({(a.case.origin, a.case.seed) for a in answers if a.case.kind == "stopped"})
    close = sum(a.is_close for a in answers)
    lines = [
        f"{len(answers):,} sample sets of {len({a.case.problem for a in answers})} data sets: {stopped} of {runs} trainings "
        f"stopped at 2, 10, 30 and 100 % of their length, {len(answers) - stopped} of real examples, corrupted or as they are. "
        f"By the truth {close} are close to the data.",
        "",
        *_rates(halves),
        "",
        *_goals(halves["reporting"]),
        "",
        "### What the ground truth says of each level, reporting half",
        _levels(halves["reporting"]),
        "",
        "### By data set, reporting half",
        _by_problem(halves["reporting"]),
        "",
        "### By kind of sample set, reporting half",
        _by_kind(halves["reporting"]),
        "",
        "### Where they disagree, reporting half",
        *_disagreements(halves["reporting"]),
    ]
    return "\n".join(lines)


def _rates(halves: dict[str, list[Answer]]) -> list[str]:
    columns = {half: Agreement.of(own) for half, own in halves.items()}
    rows = [
        ["called close or better, and truly close", *(str(c.right) for c in columns.values())],
        ["truly close, and called close or better", *(str(c.found) for c in columns.values())],
        ["fresh real examples not told apart", *(str(c.real) for c in columns.values())],
    ]
    return [results.table(["", *columns], rows)]


def _goals(answers: Sequence[Answer]) -> list[str]:
    if not answers:
        return ["The reporting half is empty."]
    right = Agreement.of(answers).right
    lines = [f"- called close or better, and truly close: {right}, {results.goal('at least 95 %', _meets(right))}"]
    ranks = {name: scores.rank_correlation(own).value for name, own in _groups(answers, "problem").items()}
    low = [name for name, value in ranks.items() if value < RANKED]
    met = results.goal("at least 0.9 on every data set", not low)
    below = f" (below it: {', '.join(f'{name} {ranks[name]:.3f}' for name in low)})" if low else ""
    return [
        *lines,
        f"- rank correlation of the scores of truth and verdict: lowest {min(ranks.values()):.3f}, {met}{below}",
    ]


def _meets(right: scores.Rate) -> bool:
    return right.count >= RIGHT * right.of


def _groups(answers: Sequence[Answer], name: str) -> dict[str, list[Answer]]:
    found: dict[str, list[Answer]] = {}
    for answer in answers:
        found.setdefault(getattr(answer.case, name), []).append(answer)
    return found


def _levels(answers: Sequence[Answer]) -> str:
    rows = [[level, close, other, f"{score:.2f}"] for level, (close, other, score) in scores.confusion(answers).items()]
    return results.table(["the verdict", "truly close", "truly not", "median score of the truth"], rows)


def _by_problem(answers: Sequence[Answer]) -> str:
    rows = []
    for name, own in _groups(answers, "problem").items():
        agreement, rank = Agreement.of(own), scores.rank_correlation(own)
        interval = f"{rank.value:.2f} [{rank.low:.2f}, {rank.high:.2f}]"
        rows.append([name, len(own), str(agreement.right), str(agreement.found), interval])
    return results.table(
        ["data", "sets", "called close, and truly so", "truly close, and called so", "rank correlation"], rows
    )


def _by_kind(answers: Sequence[Answer]) -> str:
    rows = []
    for name, own in _groups(answers, "kind").items():
        agreement = Agreement.of(own)
        worst = Counter(a.result.worst.name for a in own if a.result.worst is not None and not a.is_close)
        named = ", ".join(f"{aspect} {count}" for aspect, count in worst.most_common(3)) or "-"
        rows.append([name, len(own), str(agreement.right), str(agreement.found), named])
    columns = ["kind", "sets", "called close, and truly so", "truly close, and called so"]
    return results.table([*columns, "named as the worst where not close"], rows)


def _disagreements(answers: Sequence[Answer]) -> list[str]:
    praised, missed = scores.wrong(answers)
    lines = [f"Called close and not so: {len(praised)}.", *map(_line, praised[:EXAMPLES])]
    return [*lines, "", f"Close and not called so: {len(missed)}.", *map(_line, missed[:EXAMPLES])]


def _line(answer: Answer) -> str:
    parts = ", ".join(f"{name} {value:.2f}" for name, value in answer.parts.items())
    return f"- {answer.case.key}: {answer.result}, score {answer.result.score:.2f}; truth {answer.score:.2f} ({parts})"


def publish(answers: Sequence[Answer]) -> None:
    """Write the picture, the section of docs/diagnosis-accuracy.md and a shorter one of RESULTS.md."""
    from verdicts.picture import draw

    draw([a for a in answers if a.case.half == "reporting"], PICTURE)
    picture = "![Scores of truth and verdict, by data set](images/result-accuracy.png)"
    results.write(SECTION, f"{about()}\n\n{picture}\n\n{report(answers)}", path=PAGE)
    halves = {half: [a for a in answers if a.case.half == half] for half in HALVES}
    short = "\n".join([*_rates(halves), "", *_goals(halves["reporting"]), "", _by_problem(halves["reporting"])])
    results.write("Verdict: how right the result is", f"{about()}\n\n{short}")


def about() -> str:
    return (
        "Sample sets of known quality are judged by the verdict and by a truth that shares no code, features or real examples "
        "with it (`benchmarks/verdicts/truth.py`): a classifier two-sample test on raw values (gradient-boosted trees; a small "
        "convolutional network for images), recall and precision in other features, sliced Wasserstein distance, and known modes "
        "or classes, on five times the samples. Its definition was fixed before the verdict was asked. Even seeds of trainings "
        "and corruptions are the calibration half, by which thresholds of the verdict may be chosen; odd ones the reporting half. "
        "Trainings are short, so that many of their samples are far from the data."
    )
