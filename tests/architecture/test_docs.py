"""docs/methods.md is written from the docstrings, and is up to date."""

from __future__ import annotations

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
