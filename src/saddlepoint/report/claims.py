"""The page of claims that were tested: one HTML file that opens offline, with every number and picture inside."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from saddlepoint.records import replaced
from saddlepoint.report.embedding import embedded_picture
from saddlepoint.report.page import opening
from saddlepoint.report.sections import section
from saddlepoint.report.words import duration, escaped

PICTURE_SHARE = 400_000
TONES = {"holds": "good", "holds in part": "warning", "does not hold": "failure", "not decided": ""}
QUICK_LOOK = "quick look"  # instead of a verdict
ADDRESS = re.compile(r"https?://[^\s;,)]*[^\s;,).]")


def write_claims_page(results: Sequence[Mapping[str, Any]], folder: Path) -> Path:
    """Write `folder`/index.html from results as `studies.claims` keeps them in `folder`, and return its path."""
    quick = any(result["quick"] for result in results)
    warning = (
        '<p class="warning">Some of these are quick looks with few seeds and steps: they show that everything runs, and decide '
        "nothing.</p>"
        if quick
        else ""
    )
    links = "".join(f'<a href="#{escaped(result["id"])}">{escaped(result["id"])}</a>' for result in results)
    body = [
        opening("Claims"),
        f"<header><h1>{escaped(_head(results))}</h1>{warning}</header><nav>{links}</nav>",
        section("all", "All claims", _overview(results)),
        *(_claim(result, folder / str(result["id"])) for result in results),
        "<footer><p>Written by Saddlepoint. This file is complete: it loads nothing.</p></footer>\n</body>\n</html>\n",
    ]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "index.html"
    with replaced(path) as file:
        file.write("\n".join(body))
    return path


def spoken(quantity: Mapping[str, Any]) -> str:
    """A measured number with its interval, from its JSON: "24 [22, 28] steps", "not reached"; without one, why."""
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


def trained(result: Mapping[str, Any], spoken_time: Callable[[float], str]) -> str:
    """How long that took, and which claims it shares what was trained with: "trained in 61 s, the rest with C8"."""
    shared, seconds = ", ".join(result["trained_with"]), float(result["training_seconds"])
    if shared and seconds < 0.1:
        return f"trained with {shared}"
    return f"trained in {spoken_time(seconds)}{f', the rest with {shared}' if shared else ''}"


def _head(results: Sequence[Mapping[str, Any]]) -> str:
    told = [
        f"{sum(result['verdict'] == verdict for result in results)} {'hold' if verdict == 'holds' else words}"
        for verdict, words in (
            ("holds", ""),
            ("holds in part", "hold in part"),
            ("does not hold", "do not hold"),
            ("not decided", "not decided"),
        )
    ]
    looks = sum(not result["verdict"] for result in results)
    tested = len(results) - looks
    looked = f"{looks} quick look{'s' if looks != 1 else ''}, without a verdict" if looks else ""
    if not tested and looks:
        return f"Claims: {looked}"
    return f"{tested} claim{'s' if tested != 1 else ''} tested: {', '.join(told)}" + (f"; {looked}" if looks else "")


def _overview(results: Sequence[Mapping[str, Any]]) -> str:
    rows = "".join(
        f'<tr><td><a href="#{escaped(r["id"])}">{escaped(r["id"])}</a></td><td>{escaped(r["claim"])}</td><td>{_badge(r)}</td>'
        f"<td>{escaped(r['because'])}</td></tr>"
        for r in results
    )
    return (
        '<div class="scroll"><table><thead><tr><th></th><th>claim</th><th>verdict</th><th>measured</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _claim(result: Mapping[str, Any], folder: Path) -> str:
    rows = "".join(
        f"<tr><td>{escaped(q['name'])}</td><td>{escaped(spoken(q))}</td><td>{escaped(q['claimed'])}</td></tr>"
        for q in result["quantities"]
    )
    how = f"{result['seeds']} seeds each{', a quick look' if result['quick'] else ''}; {result['date']}"
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    pictures = "".join(_picture(folder / own["file"], own["caption"]) for own in result["pictures"])
    return section(
        str(result["id"]),
        f"{result['id']}: {result['claim']}",
        f'<p>{_badge(result)} {escaped(result["because"])}</p><p class="quiet">Source: {_linked(str(result["source"]))}</p>'
        f'<p class="quiet">Rule: {escaped(result["rule"])}</p>{pictures}'
        '<div class="scroll"><table><thead><tr><th>quantity</th><th>measured [95 % interval]</th><th>claimed</th></tr></thead>'
        f'<tbody>{rows}</tbody></table></div><p class="quiet">{escaped(how)}; '
        f"{escaped(trained(result, duration))}; {escaped(versions)}</p>",
    )


def _badge(result: Mapping[str, Any]) -> str:
    verdict = result["verdict"]
    return f'<span class="badge {TONES.get(verdict, "")}">{escaped(verdict or QUICK_LOOK)}</span>'


def _linked(text: str) -> str:
    """Text whose addresses are links."""
    parts, end = [], 0
    for match in ADDRESS.finditer(text):
        address = escaped(match[0])
        parts += [escaped(text[end : match.start()]), f'<a href="{address}">{address}</a>']
        end = match.end()
    return "".join([*parts, escaped(text[end:])])


def _picture(path: Path, caption: str) -> str:
    picture = embedded_picture(path, PICTURE_SHARE)
    return (
        f'<figure><img src="{picture.address}" width="{picture.width}" height="{picture.height}" alt="{escaped(caption)}">'
        f"<figcaption>{escaped(caption)}</figcaption></figure>"
    )
