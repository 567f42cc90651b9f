from __future__ import annotations

import itertools
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saddlepoint.errors import RunError
from saddlepoint.figures.style import write_png
from saddlepoint.records import RunFolder, locked
from saddlepoint.report import write_report
from saddlepoint.report.pictures import _coarse_to_fine

SECTIONS = ["findings", "samples", "pictures", "curves", "scores", "trained", "settings", "repeat"]


class Page(HTMLParser):
    """The content that a browser would show: words outside scripts, elements, addresses."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.words: list[str] = []
        self.addresses: list[str] = []
        self.sections: list[str] = []
        self.elements: dict[str, int] = {}
        self._silent = False
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._silent = tag in ("script", "style")
        self.elements[tag] = self.elements.get(tag, 0) + 1
        found = dict(attributes)
        self.addresses += [address for key in ("src", "href") if (address := found.get(key))]
        if tag == "section":
            self.sections.append(found["id"] or "")

    def handle_endtag(self, tag: str) -> None:
        self._silent = False

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.mark.slow
@pytest.mark.parametrize(("objective", "words"), [("wasserstein", "Only differences of scores"), ("mypkg:Mine", None)])
def test_the_losses_are_explained_beside_their_curves(full_run: RunFolder, objective: str, words: str | None) -> None:
    full_run.recipe.write_text(f"model:\n  family: gan\n  objective: {objective}\n")
    text = Page(write_report(full_run)).text
    assert (words or "Losses") in text
    assert ("by itself" in text) == (words is not None)


@pytest.mark.slow
def test_a_full_run_reports_everything_in_order(full_run: RunFolder) -> None:
    page = Page(write_report(full_run))
    assert page.sections == SECTIONS
    for words in (
        "The discriminator overpowered the generator at step 500",
        "1,617 to train on, 180 held out",
        "1 × 8 × 8",
        "2,345,678 parameters",
        "3,000 steps, 1 h 2 min, on cpu (2 cores), in bf16",
        "quality/frechet = 45 at step 1,000",
        "step 900, raised 2 times since step 500",
        "--training.players.discriminator.learning_rate 0.0001 --training.optimiser.betas 0.5,0.9",
        'Held-out "examples" & theirs.',
        "Samples at step 2,800",
        "Step 2,100",
        "source: digits",
        "2.13.0",
        "gan, latent 64, objective minimax, generator dcgan, discriminator mlp",
    ):
        assert words in page.text
    assert page.text.index("GAN101") < page.text.index("DATA404"), "failures come first"


@pytest.mark.slow
def test_nothing_is_loaded_from_anywhere(full_run: RunFolder) -> None:
    page = Page(write_report(full_run))
    assert all(address.startswith(("data:", "#")) for address in page.addresses)
    assert page.elements.get("link") == 1, "the empty icon, so that no browser asks for one"
    assert page.elements.get("iframe", 0) == 0


def test_text_of_a_run_is_never_markup(light_run: RunFolder) -> None:
    page = Page(write_report(light_run))
    assert "<script>alert(1)</script>" in page.text
    assert "<b>bag</b>" in page.text
    assert page.elements.get("b") == 1, "only the run's name is bold"


@pytest.mark.slow
def test_the_same_folder_gives_the_same_bytes(full_run: RunFolder, tmp_path: Path) -> None:
    first = write_report(full_run, output=tmp_path / "one.html").read_bytes()
    assert write_report(full_run, output=tmp_path / "two.html").read_bytes() == first


def test_a_folder_with_nothing_in_it_has_a_report(tmp_path: Path) -> None:
    page = Page(write_report(RunFolder(tmp_path)))
    assert "This run has not recorded anything yet." in page.text
    assert page.sections == SECTIONS


@pytest.mark.parametrize(
    "missing",
    ["summary.json", "records.jsonl", "findings.jsonl", "recipe.yaml", "samples", "figures", "scorecard.json"],
)
def test_any_part_may_be_missing(light_run: RunFolder, missing: str) -> None:
    path = light_run.path / missing
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    page = Page(write_report(light_run))
    assert page.sections == SECTIONS
    assert "could not be read" not in page.text


def test_a_new_run_is_summarised_from_its_records_and_findings(light_run: RunFolder) -> None:
    light_run.summary.unlink()
    with locked(light_run.path):  # as a process that trains it does
        page = Page(write_report(light_run, output=light_run.path.parent / "page.html"))
    assert "At step 3,000, under way, failing: 1 failure, 1 notes." in page.text
    assert "saddlepoint resume" not in page.text


def test_a_run_that_was_killed_says_so_and_how_to_continue_it(light_run: RunFolder) -> None:
    light_run.summary.unlink()
    light_run.checkpoint(2_000).mkdir(parents=True)
    with locked(light_run.path):  # as every program that writes into the folder does
        page = Page(write_report(light_run))
    assert "At step 3,000, cut short, failing" in page.text
    assert "under way" not in page.text
    assert f"saddlepoint resume {light_run.path}" in page.text


DAMAGED = [
    "summary.json",
    "records.jsonl",
    "findings.jsonl",
    "scorecard.json",
    "figures/captions.json",
    "figures/latent.npz",
    "figures/reconstructions.png",
    "samples/step-00000700.png",
]


@pytest.mark.parametrize("content", [b"\xff\xfe\x00 broken\n", b"[1, 2]\n"])
def test_every_damaged_file_is_named_and_the_rest_is_reported(full_run: RunFolder, content: bytes) -> None:
    for name in DAMAGED:
        (full_run.path / name).write_bytes(content)
    page = Page(write_report(full_run))
    assert [name for name in DAMAGED if Path(name).name not in page.text] == []
    assert "Step 1,400" in page.text
    assert "source: digits" in page.text


def test_records_before_a_damaged_line_are_kept(light_run: RunFolder) -> None:
    with light_run.records.open("ab") as file:
        file.write(b"{broken}\n")
    light_run.summary.unlink()
    page = Page(write_report(light_run))
    assert "At step 3,000" in page.text
    assert "damaged after entry 60" in page.text


def test_no_such_folder_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="nowhere"):
        write_report(RunFolder(tmp_path / "nowhere"))


@pytest.mark.slow
def test_a_large_run_stays_below_the_limit_and_lists_omissions(light_run: RunFolder) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (700, 700, 3)).astype(np.uint8)
    for step in range(5000, 40_000, 1000):
        write_png(Image.fromarray(noise), light_run.sample_grid(step))
    for i in range(3):
        write_png(Image.fromarray(noise), light_run.figures / f"extra-{i}.png")
    limit = 5_500_000
    path = write_report(light_run, limit=limit)
    page = Page(path)
    assert path.stat().st_size <= limit
    assert re.search(r"\d+ of the sample pictures are left out", page.text)
    assert "Samples at step 39,000" in page.text
    assert "Step 0 " in page.text


def test_many_samples_are_thinned_with_the_first_and_the_last_kept(light_run: RunFolder) -> None:
    for step in range(10_000, 10_200):
        write_png(Image.new("L", (4, 4)), light_run.sample_grid(step))
    page = Page(write_report(light_run))
    assert "Of 205 sample pictures, 60 evenly chosen ones are shown." in page.text
    assert "Step 0 " in page.text
    assert "Samples at step 10,199" in page.text


@pytest.mark.parametrize(("state", "yet"), [("finished", False), ("interrupted", True)])
def test_only_an_unfinished_run_is_reported_without_pictures_yet(state: str, yet: bool, light_run: RunFolder) -> None:
    shutil.rmtree(light_run.figures)
    light_run.summary.write_text(json.dumps({"state": state}))
    words = Page(write_report(light_run)).text
    assert ("no pictures beside its samples and curves yet." in words) == yet
    assert ("no pictures beside its samples and curves." in words) != yet


def test_remedied_findings_are_named_among_the_findings(light_run: RunFolder) -> None:
    light_run.findings.unlink()
    summary = json.loads(light_run.summary.read_text("utf-8"))
    line = {"number": 1, "code": "GAN101", "title": "It <i>wins</i>.", "found": 7, "returned_to": 0, "changes": {}}
    line |= {"since": 7, "rung": 0}
    light_run.summary.write_text(json.dumps({**summary, "cures": [line, {**line, "number": 2}]}), "utf-8")
    text = write_report(light_run).read_text("utf-8")
    assert "No findings since the last remedy." in text
    listed = text.split('id="findings"')[1].split("</section>")[0]
    assert listed.count("<li><code>GAN101</code> It &lt;i&gt;wins&lt;/i&gt;.</li>") == 1


def test_without_findings_the_page_lists_the_checks(light_run: RunFolder) -> None:
    light_run.findings.unlink()
    words = Page(write_report(light_run)).text
    assert (
        "The data were checked before training, and the recorded numbers by every rule for this kind of model" in words
    )


@pytest.mark.parametrize("n", [1, 2, 3, 7, 60])
def test_frames_are_ordered_from_coarse_to_fine(n: int) -> None:
    order = list(_coarse_to_fine(range(n)))
    assert sorted(order) == list(range(n))
    assert order[0] == n - 1
    for taken in range(2, n + 1):
        positions = sorted(order[:taken])
        assert positions[0] == 0
        assert max(b - a for a, b in itertools.pairwise(positions)) <= -(-2 * n // (taken - 1)) + 2
