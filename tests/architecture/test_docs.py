"""docs/methods.md is written from the docstrings, and is up to date."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
GENERATOR = runpy.run_path(str(CHECKOUT / "docs" / "generate.py"))

CITING = '''"""A module without a source."""

def step(x):
    """Move x by *half*.

    Titles (Author, 1999), https://example.org/a_b.

    Nothing to cite here.
    """

    def inner():
        """See https://example.org/inner."""

class Uncited:
    """No source."""
'''


def test_the_page_is_up_to_date() -> None:
    assert GENERATOR["main"](["--check"]) == 0, "docs/methods.md is out of date: make docs"


def test_what_cites_is_found_and_nothing_else() -> None:
    outer, inner = GENERATOR["methods"](CITING, "saddlepoint.steps", Path("src/saddlepoint/steps.py"))
    assert (outer.name, outer.summary) == ("saddlepoint.steps.step", "Move x by *half*.")
    assert outer.sources == ["Titles (Author, 1999), https://example.org/a_b."]
    assert (inner.name, inner.sources) == ("saddlepoint.steps.step.inner", [inner.summary])


def test_the_page_is_markdown(tmp_path: Path) -> None:
    package = tmp_path / "src" / "saddlepoint" / "rules"
    package.mkdir(parents=True)
    (package / "steps.py").write_text(CITING)
    page = GENERATOR["page"](tmp_path / "src")
    assert "## rules\n" in page
    assert "- [`rules.steps.step`](../src/saddlepoint/rules/steps.py): Move x by \\*half\\*.\n" in page
    assert "Titles (Author, 1999), <https://example.org/a_b>.\n" in page


def counted(page: str, row: str) -> list[tuple[int, int]]:
    """The first `count/of` of every cell in the rows that begin so, row by row."""
    text = (CHECKOUT / "docs" / page).read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith(f"| {row} ")]
    assert rows, f"docs/{page} has no row {row!r}"
    return [(int(count), int(of)) for line in rows for count, of in re.findall(r"\((\d+)/(\d+);", line)]


def test_the_readme_says_of_findings_and_cures_what_was_measured() -> None:
    readme = " ".join((CHECKOUT / "README.md").read_text(encoding="utf-8").split())
    alarm, named, false = (
        counted("diagnosis-accuracy.md", row)[-1]  # of the fresh seeds
        for row in ("failed runs with an alarm", "failures named by their code", "healthy runs with a false alarm")
    )
    assert f"{alarm[0]} of {alarm[1]} that failed raised an alarm" in readme
    assert f"{named[0] / named[1]:.1%}".replace("%", " %") + " of their failures under their own code" in readme
    assert f"{false[0]} of {false[1]} healthy ones" in readme
    right, called = counted("diagnosis-accuracy.md", "called close or better, and truly close")[0]  # the reporting half
    assert f'Of {called} sample sets whose result was "close to the data" or better, {right} were so' in readme
    columns = 6  # process, quality, both, and three others
    cells, healthy = counted("cures.md", "all"), counted("cures.md", "healthy recipe")
    back, of, well, seeds = (
        sum(value[place] for value in rows[column::columns])
        for rows, column, place in ((cells, 0, 0), (cells, 0, 1), (healthy, 2, 0), (healthy, 2, 1))
    )
    both = sum(count for count, _ in cells[2::columns])
    assert (
        f'brought {back} of {of} failed runs back to "no failure found", and {both / of:.0%}'.replace("%", " %")
        in readme
    )
    assert f"where {well / seeds:.0%}".replace("%", " %") + " of healthy seeds are" in readme
