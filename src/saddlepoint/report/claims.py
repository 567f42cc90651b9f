"""The page of the tested claims: one HTML file that opens without a network, with every number and picture inside."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from saddlepoint.markup import Markup, html, joined
from saddlepoint.records import replaced
from saddlepoint.report.embedding import embedded_picture, plotly_source
from saddlepoint.report.layout import image, section
from saddlepoint.report.page import opening, page_scripts
from saddlepoint.report.words import duration

PICTURE_SHARE = 400_000
TONES = {"holds": "good", "holds in part": "warning", "does not hold": "failure", "not decided": ""}
QUICK_LOOK = "quick look"  # instead of a verdict
ADDRESS = re.compile(r"https?://[^\s;,)]*[^\s;,).]")


def write_claims_page(results: Sequence[Mapping[str, Any]], folder: Path) -> Path:
    """Write index.html.

    Args:
        results: of the claims, as `studies.claims` stores them.
        folder: of these results, where the page is written.

    Returns:
        The path of the page.
    """
    quick = any(result["quick"] for result in results)
    warning: object = ""
    if quick:
        warning = html(
            '<p class="card warning">Some of these are quick looks with few seeds and steps. They show that everything runs '
            "and decide nothing.</p>"
        )
    links = joined(html('<a href="#{0}">{0}</a>', result["id"]) for result in results)
    plots = _interactive_plots(results, folder)
    scripts, ending = page_scripts(plots, plotly_source()) if plots else ([], html("</body>\n</html>\n"))
    body = [
        opening(_head(results), scripts),
        html(
            '<header class="first info"><p class="run"><span class="brand">Saddlepoint</span> claims of the literature</p>'
            "<h1>{}</h1>{}{}</header>\n<nav>{}</nav>",
            _head(results),
            _tiles(results),
            warning,
            links,
        ),
        section("all", "All claims", _overview(results)),
        *(_claim(result, folder / str(result["id"])) for result in results),
        html("<footer><p>Written by Saddlepoint. This file is complete: it loads nothing.</p></footer>"),
        ending,
    ]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "index.html"
    with replaced(path) as file:
        file.write(joined(body, "\n"))
    return path


def _interactive_plots(results: Sequence[Mapping[str, Any]], folder: Path) -> dict[str, Any]:
    """The Plotly figures of all pictures that have one, by the identifier of the picture on the page."""
    return {
        _plot_name(result, own): json.loads((folder / str(result["id"]) / own["interactive"]).read_text("utf-8"))
        for result in results
        for own in result["pictures"]
        if "interactive" in own
    }


def _plot_name(result: Mapping[str, Any], picture: Mapping[str, Any]) -> str:
    return f"plot-{result['id']}-{Path(picture['interactive']).stem}"


def _tiles(results: Sequence[Mapping[str, Any]]) -> Markup:
    """How many claims had which verdict."""
    counts = {verdict: sum(result["verdict"] == verdict for result in results) for verdict in TONES}
    tiles = joined(
        html('<div class="{}"><dt>{}</dt><dd>{}</dd></div>', TONES[verdict], verdict.capitalize(), number)
        for verdict, number in counts.items()
        if number
    )
    return html('<dl class="tiles">{}</dl>', tiles) if tiles else Markup()


def quantity_text(quantity: Mapping[str, Any]) -> str:
    """A measured number with its 95 % interval in words: "24 [22, 28] steps", "not reached"; without a number, the reason.

    Args:
        quantity: as result.json holds it.
    """
    value, low, high = (float("nan" if quantity[part] is None else quantity[part]) for part in ("value", "low", "high"))
    unit = f" {quantity['unit']}" if quantity["unit"] else ""
    if value == float("inf"):
        return "not reached" if low == value else f"not reached [{number(low)}, {number(high)}]{unit}"
    if value != value:
        return str(quantity.get("without", "none to measure"))
    if low != low:
        return f"{number(value)}{unit} (one seed)"
    if low == high:
        return f"{number(value)}{unit}"
    return f"{number(value)} [{number(low)}, {number(high)}]{unit}"


def number(value: float) -> str:
    """Three figures, thousands with commas."""
    if value == float("inf"):
        return "∞"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def training_text(result: Mapping[str, Any], spoken_time: Callable[[float], str]) -> str:
    """How long its training took, and with which claims it shares trainings: "trained in 61 s, the rest with C8"."""
    shared, seconds = ", ".join(result["trained_with"]), float(result["training_seconds"])
    if shared and seconds < 0.1:
        return f"trained with {shared}"
    return f"trained in {spoken_time(seconds)}{f', the rest with {shared}' if shared else ''}"


def _head(results: Sequence[Mapping[str, Any]]) -> str:
    counts = [
        f"{sum(result['verdict'] == verdict for result in results)} {'hold' if verdict == 'holds' else words}"
        for verdict, words in (
            ("holds", ""),
            ("holds in part", "hold in part"),
            ("does not hold", "do not hold"),
            ("not decided", "not decided"),
        )
    ]
    quick_ones = sum(not result["verdict"] for result in results)
    tested = len(results) - quick_ones
    also = f"{quick_ones} quick look{'s' if quick_ones != 1 else ''}, without a verdict" if quick_ones else ""
    if not tested and quick_ones:
        return f"Claims: {also}"
    return f"{tested} claim{'s' if tested != 1 else ''} tested: {', '.join(counts)}" + (
        f"; {also}" if quick_ones else ""
    )


def _overview(results: Sequence[Mapping[str, Any]]) -> Markup:
    rows = joined(
        html(
            '<tr><td><a href="#{id}">{id}</a></td><td>{}</td><td>{}</td><td>{}</td></tr>',
            result["claim"],
            _badge(result),
            result["because"],
            id=result["id"],
        )
        for result in results
    )
    return html(
        '<div class="scroll"><table class="claims"><thead><tr><th></th><th>claim</th><th>verdict</th><th>measured</th></tr></thead>'
        "<tbody>{}</tbody></table></div>",
        rows,
    )


def _claim(result: Mapping[str, Any], folder: Path) -> Markup:
    rows = joined(
        html("<tr><td>{}</td><td>{}</td><td>{}</td></tr>", q["name"], quantity_text(q), q["claimed"])
        for q in result["quantities"]
    )
    how = f"{result['seeds']} seeds each{', a quick look' if result['quick'] else ''}; {result['date']}"
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    pictures = joined(_picture(result, own, folder) for own in result["pictures"])
    measured = html(
        '<div class="scroll"><table><thead><tr><th>quantity</th><th>measured [95 % interval]</th><th>claimed</th></tr></thead>'
        "<tbody>{}</tbody></table></div>",
        rows,
    )
    method = html(
        '<details><summary>Source, rule and versions</summary><p class="quiet">Source: {}</p><p class="quiet">Rule: {}</p>'
        '<p class="quiet">{}; {}; {}</p></details>',
        _linked(str(result["source"])),
        result["rule"],
        how,
        training_text(result, duration),
        versions,
    )
    return html(
        '<section id="{id}" class="claim"><h2><span>{id}</span> {}</h2>\n<p>{} {}</p>{}{}{}\n</section>',
        result["claim"],
        _badge(result),
        result["because"],
        measured,
        pictures,
        method,
        id=result["id"],
    )


def _badge(result: Mapping[str, Any]) -> Markup:
    verdict = result["verdict"]
    return html('<span class="badge {}">{}</span>', TONES.get(verdict, ""), verdict or QUICK_LOOK)


def _linked(text: str) -> Markup:
    """The text with its web addresses as links."""
    parts: list[object] = []
    end = 0
    for match in ADDRESS.finditer(text):
        parts += [text[end : match.start()], html('<a href="{0}">{0}</a>', match[0])]
        end = match.end()
    return joined([*parts, text[end:]])


def _picture(result: Mapping[str, Any], own: Mapping[str, Any], folder: Path) -> Markup:
    """A picture with its caption. The page's script replaces that of an interactive one."""
    picture = image(embedded_picture(folder / own["file"], PICTURE_SHARE), own["caption"])
    if "interactive" in own:
        picture = html('<div class="plot wide" data-plot="{}">{}</div>', _plot_name(result, own), picture)
    return html("<figure>{}<figcaption>{}</figcaption></figure>", picture, own["caption"])
