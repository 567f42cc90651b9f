"""Shortens a line to the width there is, the least important parts first."""

from __future__ import annotations

from collections.abc import Sequence

ESSENTIAL, USEFUL = 0, 1  # importance: USEFUL parts are left out first


def fit_width(parts: Sequence[tuple[int, str]], width: int | None = None, between: str = "  ") -> str:
    """Join parts to one line of at most `width` characters, without the least important ones.

    Args:
        parts: (importance, words); of equal importance, the last part is left out first.
        width: in characters; None leaves nothing out.
        between: separates two parts.

    Returns:
        Whole parts only; at least one, even where that is wider.
    """
    kept = list(parts)
    while width is not None and len(between.join(words for _, words in kept)) > width and len(kept) > 1:
        least = max(range(len(kept)), key=lambda place: (kept[place][0], place))
        del kept[least]
    return between.join(words for _, words in kept)
