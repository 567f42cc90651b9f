"""The run's page: one HTML file that opens without a network, on a phone, in the dark, years from now.

Everything is inside: style, script, pictures, and plotly.js (compressed). The page's own content policy forbids it to
fetch anything. The same folder gives the same bytes.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from saddlepoint.errors import RunError
from saddlepoint.records import RunFolder, replaced
from saddlepoint.report import pictures, scorecard, sections
from saddlepoint.report.cures import cures
from saddlepoint.report.embedding import embedded_json, plotly_source
from saddlepoint.report.facts import read_facts
from saddlepoint.report.result import result
from saddlepoint.report.words import escaped

MOST_BYTES = 10_000_000
# plotly.js builds some of its drawing code at run time, hence unsafe-eval; nothing may be loaded from anywhere.
POLICY = (
    "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline' 'unsafe-eval'; font-src data:; base-uri 'none'; form-action 'none'"
)


def write_report(folder: RunFolder, *, output: Path | None = None, limit: int = MOST_BYTES) -> Path:
    """Write the page of the run in `folder` and return its path (`output`, else the folder's report.html).

    Reads recipe.yaml, summary.json, records.jsonl, findings.jsonl, scorecard.json, samples/step-*.png, figures/*.png
    with figures/captions.json ({"name.png": "caption"}), and figures/latent.npz (codes (N, D), labels (N,),
    class_names). What is missing or damaged is left out and said.

    limit: bytes of the page at most; pictures are reduced, and the oldest samples dropped, to stay below. Words,
    curves and plotly.js (about 2.5 MB together) are never dropped.
    Raises RunError where there is no such folder.
    """
    if not folder.path.is_dir():
        raise RunError(f"{folder.path}: there is no such run folder, so there is nothing to report on.")
    facts = read_facts(folder)
    script = plotly_source() if facts.series or facts.latent is not None else ""
    words = [
        sections.trained(facts),
        result(facts) + sections.findings(facts) + cures(facts),
        scorecard.scores(facts),
        sections.settings(facts),
        sections.repeat(facts),
    ]
    spare = 50_000
    album = pictures.Album(left=limit - len(script) - sum(len(part.encode()) for part in words) - spare)
    # The plots' bytes are known first and fixed; pictures, then samples, share what is left.
    curves = pictures.curves(facts, album)
    looks = pictures.looks(facts, album)
    gallery = pictures.gallery(facts, album)
    samples = pictures.samples(facts, album)
    trained, findings, _, settings, repeat = words
    body = [sections.head(facts), _links(), trained, findings, samples, gallery, curves, scorecard.scores(facts, looks)]
    body += [settings, repeat, _footer((*facts.notes, *album.notes))]
    data = [
        f'<script type="application/json" id="{identifier}">{embedded_json(plot)}</script>'
        for identifier, plot in album.plots.items()
    ]
    if script:
        data.append(f'<script type="application/octet-stream" id="plotly-source">{script}</script>')
    page = "\n".join([opening(facts.name), *filter(None, body), *data, f"<script>{asset('page.js')}</script>"])
    path = output or folder.report
    with replaced(path) as file:
        file.write(page + "\n</body>\n</html>\n")
    return path


def opening(name: str) -> str:
    """The page's head, with its content policy and style, up to its body; `name` is what the browser calls it."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{escaped(name)} - Saddlepoint</title>\n<link rel="icon" href="data:,">\n'
        f"<style>\n{asset('page.css')}</style>\n</head>\n<body>"
    )


def _links() -> str:
    names = {"trained": "Trained", "findings": "Findings", "samples": "Samples", "pictures": "Pictures"}
    names |= {"curves": "Curves", "scores": "Scores", "settings": "Settings", "repeat": "Repeat"}
    links = [f'<a href="#{identifier}">{word}</a>' for identifier, word in names.items()]
    return f"<nav>{''.join(links)}</nav>"


def _footer(notes: tuple[str, ...]) -> str:
    left_out = "".join(f"<p>{escaped(note)}</p>" for note in notes)
    return f"<footer>{left_out}<p>Written by Saddlepoint. This file is complete: it loads nothing.</p></footer>"


def asset(name: str) -> str:
    """A file that lies beside this one."""
    return files("saddlepoint.report").joinpath(name).read_text(encoding="utf-8")
