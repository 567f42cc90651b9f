"""The page in a real browser: nothing is fetched, nothing fails, nothing is wider than a phone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from saddlepoint.records import RunFolder
from saddlepoint.report import write_report

pytestmark = pytest.mark.slow

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DESKTOP = {"viewport": {"width": 1280, "height": 900}}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    names = ("chromium", "chromium-browser", "google-chrome")
    program = os.environ.get("SADDLEPOINT_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip("no Chromium: install it, or name one in SADDLEPOINT_CHROMIUM")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=program, args=FLAGS)
        yield found
        found.close()


class Visit:
    """One visit to a page, with its requests and errors."""

    def __init__(self, browser: Any, path: Path, **options: Any) -> None:
        self.context = browser.new_context(offline=True, **options)
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(path.as_uri())

    def external_requests(self, path: Path) -> list[str]:
        inside = ("data:", "blob:")
        return [url for url in self.requests if not url.startswith(inside) and url.partition("#")[0] != path.as_uri()]

    def width(self) -> int:
        return int(self.page.evaluate("document.documentElement.scrollWidth"))

    def broken_images(self) -> int:
        unloaded = "[...document.images].filter(image => !image.complete || !image.naturalWidth).length"
        return int(self.page.evaluate(unloaded))


@pytest.fixture(scope="module")
def page(_made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a full run, written once."""
    folder = tmp_path_factory.mktemp("browser") / "gan-digits-1"
    shutil.copytree(_made, folder)
    return write_report(RunFolder(folder))


@pytest.mark.parametrize(("device", "colours"), [(PHONE, "dark"), (DESKTOP, "light")], ids=["phone", "desktop"])
def test_the_page_is_whole_offline_and_fits(browser: Any, page: Path, device: dict, colours: str) -> None:
    visit = Visit(browser, page, color_scheme=colours, **device)
    visit.page.wait_for_selector("html[data-plots=ready]", timeout=60_000)
    assert visit.errors == []
    assert visit.external_requests(page) == []
    assert visit.width() == device["viewport"]["width"]
    assert visit.broken_images() == 0
    plots, shown = (visit.page.locator(f".plot{kind}[data-plot]") for kind in ("", ":visible"))
    assert 0 < shown.count() < plots.count(), "quality and losses are open, the rest is folded"
    assert visit.page.locator(".plot:visible .main-svg").count() >= shown.count()
    visit.page.evaluate("document.querySelectorAll('details.more').forEach(details => { details.open = true; })")
    visit.page.wait_for_function(
        "document.querySelectorAll('.plot .js-plotly-plot').length === document.querySelectorAll('.plot[data-plot]').length",
        timeout=60_000,
    )
    assert visit.errors == []
    assert visit.width() == device["viewport"]["width"]
    buttons = visit.page.evaluate("[...document.querySelectorAll('.modebar-btn')].map(e => e.dataset.title)")
    assert not [title for title in buttons if "share" in title.lower() or "cloud" in title.lower()]
    visit.context.close()


SCREENS = {"phone": PHONE, "laptop": {"viewport": {"width": 1200, "height": 800}}}


@pytest.mark.parametrize("screen", SCREENS)
def test_headline_samples_and_verdict_are_on_the_first_screen(browser: Any, page: Path, screen: str) -> None:
    visit = Visit(browser, page, **SCREENS[screen])
    height = SCREENS[screen]["viewport"]["height"]
    for part in ("h1", "#stage img", ".verdict h2", ".verdict p"):
        box = visit.page.locator(part).first.bounding_box()
        assert box["y"] + box["height"] <= height, part
    assert visit.page.locator("h1").inner_text().split("\n")[-1] in visit.page.title()
    visit.context.close()


def test_a_link_opens_a_folded_section(browser: Any, page: Path) -> None:
    visit = Visit(browser, page, **DESKTOP)
    assert not visit.page.locator("#settings pre").is_visible()
    visit.page.get_by_role("link", name="Settings").click()
    assert visit.page.locator("#settings pre").is_visible()
    visit.context.close()


def test_printed_pages_show_every_section(browser: Any, page: Path) -> None:
    visit = Visit(browser, page, **DESKTOP)
    visit.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert visit.page.locator("details:not([open])").count() == 0
    visit.context.close()


def test_the_slider_shows_one_moment_at_a_time(browser: Any, page: Path) -> None:
    visit = Visit(browser, page, **PHONE)
    seen = visit.page.locator("#stage")
    picture = "document.querySelector('#stage img').src"
    newest = visit.page.evaluate(picture)
    assert "Samples at step 2,800" in seen.inner_text()
    visit.page.locator(".player input").fill("0")
    assert "Samples at step 0" in seen.inner_text()
    assert visit.page.evaluate(picture) != newest
    visit.page.get_by_role("button", name="Play").click()
    visit.page.wait_for_function("document.querySelector('.player input').value === '4'", timeout=20_000)
    assert "Samples at step 2,800" in seen.inner_text()
    assert visit.page.evaluate(picture) == newest
    visit.context.close()


def test_without_scripts_still_pictures_tell_the_same(browser: Any, page: Path) -> None:
    visit = Visit(browser, page, java_script_enabled=False, **PHONE)
    assert visit.page.locator("#stage:visible, figure.frame:visible").count() == 5
    assert visit.page.locator(".plot img:visible").count() == visit.page.locator(".plot:visible").count() > 0
    # The strip of earlier samples scrolls within itself.
    boxes = [image.bounding_box() for image in visit.page.locator("img:visible:not(.strip img)").all()]
    assert all(box["x"] + box["width"] <= 390 for box in boxes)
    visit.context.close()


def test_a_new_run_can_be_opened(browser: Any, tmp_path: Path) -> None:
    path = write_report(RunFolder(tmp_path))
    visit = Visit(browser, path, **PHONE)
    assert (visit.errors, visit.external_requests(path), visit.width()) == ([], [], 390)
    visit.context.close()
