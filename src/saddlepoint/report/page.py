"""The run's page: one HTML file that opens without a network, on a phone, in dark mode, and on paper.

Style, script, pictures and plotly.js (compressed) are inside. The page's content policy forbids it to fetch anything. The
same folder gives the same bytes. The first screen has the headline, the samples and the verdict; details are folded below.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from saddlepoint.errors import RunError
from saddlepoint.markup import Markup, html, joined
from saddlepoint.records import RunFolder, replaced
from saddlepoint.report import pictures, scorecard, setup
from saddlepoint.report.embedding import Script, embedded_json, plotly_source, script_hash
from saddlepoint.report.examples import heard_and_read
from saddlepoint.report.facts import read_facts
from saddlepoint.report.findings import findings
from saddlepoint.report.first_screen import first_screen, headline_of
from saddlepoint.report.remedies import remedies
from saddlepoint.report.result import result

MOST_BYTES = 10_000_000
# Nothing may be loaded from anywhere. plotly.js sets styles while it draws.
POLICY = "default-src 'none'; img-src data: blob:; media-src data:; style-src 'unsafe-inline'; font-src data:; base-uri 'none'; form-action 'none'"


def write_report(folder: RunFolder, *, output: Path | None = None, limit: int = MOST_BYTES) -> Path:
    """Write the page of a run.

    Reads recipe.yaml, summary.json, records.jsonl, findings.jsonl, scorecard.json, samples/step-*.png, figures/*.png
    with figures/captions.json ({"name.png": "caption"}), figures/sample-NN.wav and example-NN.wav, figures/texts.json
    ({"samples": [...], "examples": [...]}), and figures/latent.npz (codes (N, D), labels (N,),
    class_names). The page names what is missing or damaged.

    Args:
        folder: the run's.
        output: the file to write; None for the folder's report.html, for which the caller has locked the folder.
        limit: the most bytes of the page. To stay below, pictures are reduced and some samples left out. Words,
            curves and plotly.js (about 2.5 MB together) are always there.

    Returns:
        The path of the page.

    Raises:
        RunError: there is no such folder.
    """
    if not folder.path.is_dir():
        raise RunError(f"{folder.path}: there is no such run folder, so there is nothing to report on.")
    facts = read_facts(folder, holds_lock=output is None)
    plotly = plotly_source() if facts.series or facts.latent is not None else None
    found = joined((findings(facts), remedies(facts), result(facts)))
    background = joined((setup.training_section(facts), setup.settings(facts), setup.repeat(facts)), "\n")
    words = (first_screen(facts, Markup()), found, scorecard.scores(facts), background)
    spare = 50_000
    album = pictures.Album(
        left=limit - len(plotly.text if plotly else "") - sum(len(part.encode()) for part in words) - spare
    )
    # The plots have a fixed size; pictures, then samples, share what is left.
    curves = pictures.curves(facts, album)
    pairs = pictures.nearest_and_farthest(facts, album)
    heard = heard_and_read(facts, album)
    gallery = pictures.gallery(facts, album)
    stage, samples = pictures.samples(facts, album, heard)
    body = [first_screen(facts, stage), _links(), found, samples, gallery, curves, scorecard.scores(facts, pairs)]
    body += [background, _footer((*facts.notes, *album.notes))]
    scripts, ending = page_scripts(album.plots, plotly)
    page = joined([opening(f"{headline_of(facts)} ({facts.name})", scripts), *filter(None, body), ending], "\n")
    path = output or folder.report
    with replaced(path) as file:
        file.write(page)
    return path


def opening(name: str, scripts: Sequence[str] = ()) -> Markup:
    """The page's head with its content policy and style, up to its body.

    Args:
        name: the title that a browser shows.
        scripts: hashes of the only scripts that may run on the page (`script_hash`), and what else they need.
    """
    policy = f"{POLICY}; script-src {' '.join(scripts)}" if scripts else POLICY
    return html(
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="{}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<title>{} - Saddlepoint</title>\n<link rel="icon" href="data:,">\n<style>\n{}</style>\n</head>\n<body>',
        policy,
        name,
        Markup(asset("page.css")),
    )


def page_scripts(plots: Mapping[str, Any], plotly: Script | None) -> tuple[list[str], Markup]:
    """The page's script, and interactive plots that it puts in the place of still ones.

    Args:
        plots: Plotly figures by the identifier that the still plot has as `data-plot`.
        plotly: plotly.js; None for a page without interactive plots.

    Returns:
        What `opening` needs for the content policy, and the end of the page.
    """
    parts = [
        html('<script type="application/json" id="{}">{}</script>', identifier, embedded_json(plot))
        for identifier, plot in plots.items()
    ]
    scripts = [script_hash(asset("page.js"))]
    if plotly is not None:
        parts.append(html('<script type="application/octet-stream" id="plotly-source">{}</script>', plotly.text))
        scripts.append(plotly.hash)
        if any("scene" in plot["layout"] for plot in plots.values()):
            scripts.append("'unsafe-eval'")  # plotly.js generates code for plots in space
    parts.append(html("<script>{}</script>\n</body>\n</html>\n", Markup(asset("page.js"))))
    return scripts, joined(parts, "\n")


def _links() -> Markup:
    names = {
        "findings": "Findings",
        "samples": "Samples",
        "pictures": "Pictures",
        "curves": "Curves",
        "scores": "Scores",
    }
    names |= {"trained": "Training", "settings": "Settings", "repeat": "Repeat"}
    links = joined(html('<a href="#{}">{}</a>', identifier, word) for identifier, word in names.items())
    return html("<nav>{}</nav>", links)


def _footer(notes: tuple[str, ...]) -> Markup:
    left_out = joined(html("<p>{}</p>", note) for note in notes)
    return html("<footer>{}<p>Written by Saddlepoint. This file is complete: it loads nothing.</p></footer>", left_out)


def asset(name: str) -> str:
    """A file that lies beside this one."""
    return files("saddlepoint.report").joinpath(name).read_text(encoding="utf-8")
