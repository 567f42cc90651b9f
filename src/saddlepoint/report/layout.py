"""The parts that every section of the page is made of: titled, folded, and empty ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saddlepoint.markup import Markup, html
from saddlepoint.report.facts import Facts


def section(identifier: str, title: str, body: Markup) -> Markup:
    """A titled section that the page's own links lead to."""
    return html('<section id="{}"><h2>{}</h2>\n{}\n</section>', identifier, title, body)


def folded_section(identifier: str, title: str, hint: str, body: Markup) -> Markup:
    """A section that a click on its title opens.

    Args:
        identifier: where links lead.
        title: the heading.
        hint: what lies inside, in a few words beside the title.
        body: the content.
    """
    return html(
        '<section id="{}" class="folded"><details><summary><h2>{}</h2> <span class="quiet">{}</span></summary>\n{}\n'
        "</details></section>",
        identifier,
        title,
        hint,
        body,
    )


def absent(words: str) -> Markup:
    """The sentence in the place of a section that has nothing to show."""
    return html('<p class="quiet">{}</p>', words)


def none_of(facts: Facts, what: str) -> Markup:
    """That there is no `what`; "yet" as long as the run may still write one."""
    yet = "" if facts.summary.get("state") == "finished" else " yet"
    return absent(f"This run has no {what}{yet}.")


def mapping(value: Any) -> Mapping[str, Any]:
    """The value where it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}
