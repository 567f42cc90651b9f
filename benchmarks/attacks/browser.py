"""Opens pages in Chromium: standard input {name: file} as JSON, standard output {name: what was executed or fetched}.

It is a program of its own, because the processes of Playwright must not be forked.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
MARK = "xhit"
SETTLED = 150  # milliseconds that a page has for what it does after it was loaded


def main() -> int:
    from playwright.sync_api import sync_playwright

    pages = json.load(sys.stdin)
    program = os.environ.get("SADDLEPOINT_CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        print("there is no Chromium", file=sys.stderr)
        return 1
    found: dict[str, str] = {}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=FLAGS)
        for bypass in (False, True):
            context = browser.new_context(bypass_csp=bypass)
            context.add_init_script(f"window.hits = 0; window.{MARK} = () => {{ window.hits += 1; }};")
            for name, file in pages.items():
                if name not in found and (hit := visited(context, Path(file))):
                    found[name] = f"{hit}{' with the content policy switched off' if bypass else ''}"
            context.close()
        browser.close()
    json.dump(found, sys.stdout)
    return 0


def visited(context: Any, path: Path) -> str | None:
    """What the page did although it should not."""
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    try:
        page.goto(path.as_uri())
        page.wait_for_timeout(SETTLED)
        hits = page.evaluate("window.hits")
        elements = page.evaluate(f"document.querySelectorAll('{MARK}, iframe, [on{MARK}]').length")
    finally:
        page.close()
    alien = [url for url in asked if not url.startswith(("data:", "blob:")) and url.partition("#")[0] != path.as_uri()]
    if hits:
        return "the browser executed what was injected"
    if elements:
        return "the browser made an element of what was injected"
    return f"the page asked for {alien[0]}" if alien else None


if __name__ == "__main__":
    sys.exit(main())
