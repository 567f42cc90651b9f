"""The parts that every section of the page is made of: titled, folded, and empty ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from saddlepoint.markup import Markup, html, joined
from saddlepoint.report.embedding import Embedded
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


def image(picture: Embedded, words: str) -> Markup:
    """A picture, with words for who cannot see it."""
    kind = html(' class="crisp"') if picture.crisp else ""
    return html(
        '<img{} src="{}" width="{}" height="{}" alt="{}">', kind, picture.address, picture.width, picture.height, words
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


def card_table(kind: str, names: Sequence[str], rows: Iterable[Sequence[tuple[str, object]]]) -> Markup:
    """A table whose rows become cards on a narrow page, where cells carry their column's name.

    Hence the roles: without a table's layout a browser forgets that it is one.

    Args:
        kind: a class of the table.
        names: of the columns.
        rows: pairs (class of the cell, what it shows) for each column.
    """
    head = joined(html('<th role="columnheader" scope="col">{}</th>', name) for name in names)
    body = joined(
        html(
            '<tr role="row">{}</tr>\n',
            joined(
                html('<td role="cell" class="{}"{}>{}</td>', kind_of_cell, _label(name), shown)
                for name, (kind_of_cell, shown) in zip(names, row, strict=True)
            ),
        )
        for row in rows
    )
    return html(
        '<table role="table" class="cards {}"><thead role="rowgroup"><tr role="row">{}</tr></thead>'
        '<tbody role="rowgroup">\n{}</tbody></table>',
        kind,
        head,
        body,
    )


def _label(name: str) -> Markup:
    return html(' data-label="{}"', name) if name else Markup()
