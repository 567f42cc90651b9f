"""A run folder full of markup and scripts: the report shows them as text, and a browser executes nothing of it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from saddlepoint.records import RunFolder
from saddlepoint.report import write_report

# Each calls `xhit` or makes an element of this name where it is taken for markup.
PAYLOADS = [
    "<img src=x onerror=xhit()>",
    "</script><script>xhit()</script>",
    "\"><svg/onload=xhit()><xhit a='",
    "</style></pre></title><iframe srcdoc='<script>parent.xhit()</script>'>",
    "javascript:xhit()",
]
# Their values are words of a fixed list or are checked by their form; a reader refuses others.
FIXED = {
    "severity",
    "state",
    "code",
    "fingerprint",
    "data_fingerprint",
    "split_fingerprint",
    "better",
    "finished",
    "unit",
}
CURE = {"number": 1, "code": "NUM301", "title": "a number", "found": 10, "since": 5, "returned_to": 0, "rung": 0}
CURE |= {"changes": {"training.optimiser.learning_rate": [0.1, "text"]}}


def inject(value: Any, payload: str, key: str = "") -> Any:
    """The same JSON value with the payload after every text that is free, and one more name in every remedy."""
    if isinstance(value, dict):
        inside = {name: inject(entry, payload, name) for name, entry in value.items()}
        return (
            {**inside, f"more {payload}": payload} if key in ("remedy", "evidence", "versions", "networks") else inside
        )
    if isinstance(value, list):
        return [inject(entry, payload, key) for entry in value]
    return f"{value} {payload}" if isinstance(value, str) and key not in FIXED else value


def hostile(run: RunFolder, payload: str) -> Path:
    """The report of the run with the payload in findings, remedies, interventions, names, captions and comments."""
    (run.path / "cures.jsonl").write_text(json.dumps(CURE) + "\n")
    for path in (run.findings, run.path / "cures.jsonl"):
        lines = [json.dumps(inject(json.loads(line), payload)) for line in path.read_text().splitlines()]
        path.write_text("\n".join(lines) + "\n")
    for path in (run.summary, run.figures / "captions.json", run.scorecard):
        path.write_text(json.dumps(inject(json.loads(path.read_text()), payload)))
    run.recipe.write_text(f"{run.recipe.read_text()}# {payload}\n")
    return write_report(run)


class Elements(HTMLParser):
    """Elements and attributes that only the payloads could have made."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("xhit", "iframe"):
            self.found.append(tag)
        for name, value in attrs:
            address = name in ("href", "src", "srcdoc", "action") and "xhit" in (value or "")
            if name.startswith("on") or name == "xhit" or address:
                self.found.append(f"{tag} {name}={value}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    names = ("chromium", "chromium-browser", "google-chrome")
    program = os.environ.get("SADDLEPOINT_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip("no Chromium: install it, or name one in SADDLEPOINT_CHROMIUM")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=program, args=["--headless", "--no-sandbox", "--disable-gpu"])
        yield found
        found.close()


@pytest.mark.parametrize("payload", PAYLOADS)
def test_injected_markup_is_text(light_run: RunFolder, payload: str) -> None:
    elements = Elements()
    elements.feed(hostile(light_run, payload).read_text("utf-8"))
    assert elements.found == []


@pytest.mark.slow
@pytest.mark.parametrize("policy", [True, False], ids=["as it is", "without its content policy"])
def test_a_browser_executes_nothing(browser: Any, light_run: RunFolder, policy: bool) -> None:
    path = hostile(light_run, "".join(PAYLOADS))
    context = browser.new_context(bypass_csp=not policy, offline=True)
    context.add_init_script("window.hits = 0; window.xhit = () => { window.hits += 1; };")
    page = context.new_page()
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-plots=ready]", timeout=60_000)
    page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true; })")
    page.wait_for_timeout(200)
    assert "xhit" in page.inner_text("body"), "the payload is shown"
    assert page.evaluate("window.hits") == 0
    assert page.evaluate("document.querySelectorAll('xhit, iframe').length") == 0
    context.close()


@pytest.mark.slow
def test_the_browser_test_detects_an_injected_script(browser: Any, tmp_path: Path) -> None:
    page_of_one = tmp_path / "page.html"
    page_of_one.write_text(f"<body>{''.join(PAYLOADS)}</body>")
    context = browser.new_context(offline=True)
    context.add_init_script("window.hits = 0; window.xhit = () => { window.hits += 1; };")
    page = context.new_page()
    page.goto(page_of_one.as_uri())
    page.wait_for_function("window.hits > 0", timeout=20_000)
    context.close()
