"""Values in words, and the smallest parts of the page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from saddlepoint.markup import Markup, html, joined

ALIKE = 2.0  # standard errors; a smaller difference is noise


def count(value: Any) -> str:
    """A whole number with commas, "1,234,567"; anything else as text."""
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def number(value: Any) -> str:
    """A number with four figures; a whole number with all its digits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int):
        return count(value)
    return f"{value:.4g}" if math.isfinite(value) else str(value)


def duration(seconds: float) -> str:
    """Seconds in words: "1 h 2 min"."""
    if not math.isfinite(seconds):
        return "an unknown time"
    if 0 <= seconds < 0.05:
        return "under 0.1 s"
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    return f"{hours} h {minutes_left} min" if hours else f"{minutes} min {rest} s"


def with_interval(interval: Mapping[str, float] | None) -> str:
    """A value and its interval, "0.812 [0.790, 0.834]"; "-" where there is none."""
    return "-" if interval is None else f"{interval['value']:.3f} [{interval['low']:.3f}, {interval['high']:.3f}]"


def signed_with_interval(interval: Mapping[str, float]) -> str:
    """A difference and its interval, "+0.012 [-0.003, +0.027]"."""
    return f"{interval['value']:+.3f} [{interval['low']:+.3f}, {interval['high']:+.3f}]"


# What parts of a model are judged by, in words: by the series that measures it, its name and how to read it.
PARTS = {
    "g/label_use": ("Use of labels", "0 is chance, 1 as real examples"),
    "e/held_out_reconstruction": ("Reconstruction error", "squared, of held-out examples"),
}


def parts_in_words(last: Mapping[str, float]) -> list[tuple[str, str]]:
    """How well the parts of a model work, in pairs of name and words; empty for a model without such parts.

    Args:
        last: the last value of each series.
    """
    return [(label, f"{number(last[name])} ({meaning})") for name, (label, meaning) in PARTS.items() if name in last]


def session_in_words(summary: Mapping[str, Any]) -> str:
    """The time that the last session took, by the clock: "steps 12 s, measurements and checkpoints 9.0 s, pictures and report 27 s".

    Empty if the summary does not hold it; earlier versions did not separate steps and measurements.
    """
    took = summary.get("session_seconds")
    took = took if isinstance(took, Mapping) else {}
    parts = {name: float(value) for name, value in took.items() if isinstance(value, int | float)}
    if "training" not in parts:
        return ""
    said = [f"training {duration(parts['training'])}"]
    if "steps" in parts:
        between = max(parts["training"] - parts["steps"], 0.0)
        said = [f"steps {duration(parts['steps'])}", f"measurements and checkpoints {duration(between)}"]
    if "pictures" in parts:
        said.append(f"pictures and report {duration(parts['pictures'])}")
    return ", ".join(said)


def command(line: str) -> Markup:
    """A command as markup that breaks between options, never inside one."""
    pieces = line.split(" --")
    words = [pieces[0], *(f"--{piece}" for piece in pieces[1:])]
    return html('<pre class="command">{}</pre>', joined((html("<span>{}</span>", word) for word in words), " "))


def definitions(pairs: Iterable[tuple[str, str]]) -> Markup:
    """A definition list from pairs (term, text); pairs without text are left out."""
    rows = [html("<dt>{}</dt><dd>{}</dd>", term, words) for term, words in pairs if words]
    return html('<dl class="facts">{}</dl>', joined(rows)) if rows else Markup()


def table(rows: Iterable[tuple[str, str]]) -> Markup:
    """A table from pairs (name, value) that scrolls horizontally within itself."""
    body = joined(html("<tr><th>{}</th><td>{}</td></tr>", name, value) for name, value in rows)
    return html('<div class="scroll"><table>{}</table></div>', body) if body else Markup()


def flattened(value: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Nested facts as (dotted name, words), in their own order; lists of more than eight entries by their length."""
    rows: list[tuple[str, str]] = []
    for key, entry in value.items():
        name = f"{prefix}{key}"
        if isinstance(entry, Mapping):
            rows += flattened(entry, f"{name}.")
        elif isinstance(entry, list):
            rows.append((name, ", ".join(map(number, entry)) if len(entry) <= 8 else f"{len(entry)} entries"))
        else:
            rows.append((name, number(entry)))
    return rows


def as_good(best: Mapping[str, Any]) -> bool:
    """Whether the last step is as good as the best one (summary.json's "best"), within the noise of the measurement."""
    return "behind" in best and float(best["behind"]) <= ALIKE * float(best["behind_error"])


def better_step(best: Mapping[str, Any] | None, last: int) -> int | None:
    """The best step, if the `last` one is worse by more than the noise of the measurement; otherwise None."""
    if not best or best.get("step") == last or "behind" not in best or as_good(best):
        return None
    return int(best["step"])


def best_in_words(best: Mapping[str, Any], last: int) -> str:
    """The best step, and whether the `last` one is worse by more than noise."""
    said = f"{best.get('series')} = {number(best.get('value'))} at step {count(best.get('step'))}"
    if best.get("step") == last:
        return f"{said}, the last"
    if "behind" not in best:
        return said
    behind = f"{number(best['behind'])} ± {best['behind_error']:.2g}"
    if as_good(best):
        return f"{said}; the last step is as good within noise ({behind} more)"
    return f"{said}; the last step is worse by {behind}"
