"""docs/methods.md is up to date, every public name has a docstring that can be read, and every link leads somewhere."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).parents[2]


def program(name: str) -> dict[str, Any]:
    return runpy.run_path(str(CHECKOUT / "docs" / f"{name}.py"))


GENERATOR, DOCSTRINGS, LINKS = map(program, ("generate", "docstrings", "links"))

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


def test_the_page_is_up_to_date_and_the_checks_pass(capsys: pytest.CaptureFixture[str]) -> None:
    status = GENERATOR["main"](["--check"])
    printed = capsys.readouterr()
    assert status == 0, printed.err
    assert "(100.0%)" in printed.out


def test_citations_are_found_and_nothing_else() -> None:
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


SOURCE = '''"""A module.

References:
    A Title (Author, 1999). https://example.org/a (a remark)
    Another (Author, Author,
    2001), https://example.org/b.
"""

class Base:
    """A base."""

    def kept(self, x):
        """Keep `x`."""

class Derived(Base):
    """Derived.

    Args:
        width: of it.
        heigth: of it.
    """

    width: int

    def kept(self, x):
        return x

    def bare(self, x):
        return x

    def _own(self, x):
        return x

class _Hidden:
    def bare(self):
        return 1

def old(width, *sizes):
    """Widen.

    width: in metres.
    Raises ValueError where it is none.

    References:
        A Title (Author). https://example.org/c
        Another (Author, 2001).
    """

def new(width, *sizes):
    """Widen: it is wide.

    Args:
        width: in metres. Note: wide.
        *sizes: others.
            shape: of them.

    Raises:
        ValueError: it is none.
    """

@dataclass
class Row:
    """A row.

    Args:
        width: of it.

    Attributes:
        heigth: of it.
    """

    width: int
'''


def problems_in(source: str, folder: Path, converted: tuple[str, ...] = ()) -> list[str]:
    package = folder / "src" / "saddlepoint"
    package.mkdir(parents=True)
    (package / "made.py").write_text(source)
    return [line.split(": ", 1)[1] for line in DOCSTRINGS["problems"](DOCSTRINGS["read"](folder / "src"), converted)]


def test_docstrings_that_are_missing_or_cannot_be_read_are_found_and_no_others(tmp_path: Path) -> None:
    wrong = [
        "saddlepoint.made.Derived.bare has no docstring",
        "saddlepoint.made.Derived: Args explains 'heigth', which is no parameter",
        "saddlepoint.made.old: a reference without a year: A Title (Author). https://example.org/c",
        "saddlepoint.made.old: a reference without an address: Another (Author, 2001)",
        "saddlepoint.made.Row: Attributes explains 'heigth', which is no field",
    ]
    assert problems_in(SOURCE, tmp_path / "before") == wrong
    converted = [
        "saddlepoint.made.old: 'width' is explained outside of a section Args",
        "saddlepoint.made.old: what it raises is explained outside of a section Raises",
        "saddlepoint.made.Row: the fields of a dataclass are explained in a section Args instead of Attributes",
    ]
    assert sorted(problems_in(SOURCE, tmp_path / "after", ("made",))) == sorted(wrong + converted)


def test_references_are_distinguished() -> None:
    docstring = SOURCE.split('"""')[1]
    assert DOCSTRINGS["references"](docstring) == [
        "A Title (Author, 1999). https://example.org/a (a remark)",
        "Another (Author, Author, 2001), https://example.org/b",
    ]


def test_links_that_lead_nowhere_are_found_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "page.md").write_text("# A `title`: twice\n\n## Twice\n\n## Twice\n")
    (tmp_path / "README.md").write_text(
        "[a](docs/page.md) [b](docs/page.md#a-title-twice) [c](docs/page.md#twice-1) <https://example.org/a_b>\n"
        "[d](docs/none.md) [e](docs/page.md#three) ![f](docs/none.png) [g](../elsewhere.md)\n"
        "`[h](none.md)` https://example.org. and https://localhost. https:///none\n\n    x[0](i)\n\n```\n[j](none.md)\n```\n"
    )
    assert LINKS["broken"](tmp_path) == [
        "README.md:2: docs/none.md: no such file",
        "README.md:2: docs/page.md#three: no such heading",
        "README.md:2: docs/none.png: no such file",
        "README.md:2: ../elsewhere.md: outside of the checkout",
        "README.md:3: https:///none: no host",
    ]


def test_the_files_and_registries_that_contributing_names_exist() -> None:
    text = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`([\w/]+(?:\.\w+|/))`", text)
    places = {name for name in named if "/" in name}
    assert len(places) > 10
    missing = [
        name
        for name in places
        if not (CHECKOUT / name).exists() and not (CHECKOUT / "src" / "saddlepoint" / name).exists()
    ]
    assert not missing, missing
    registries = re.findall(r"`([A-Z]+)` in `([\w/]+\.py)`", text)
    assert {"LOSSES", "FILES", "CODES", "FAMILIES"} <= {name for name, _ in registries}
    for name, file in registries:
        assert re.search(rf"^{name}\b", (CHECKOUT / "src" / "saddlepoint" / file).read_text("utf-8"), re.MULTILINE), (
            name
        )


def counts_in(page: str, row: str) -> list[tuple[int, int]]:
    """The first `count/of` of every table entry in the rows that start with `row`, row by row."""
    text = (CHECKOUT / "docs" / page).read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith(f"| {row} ")]
    assert rows, f"docs/{page} has no row {row!r}"
    return [(int(count), int(of)) for line in rows for count, of in re.findall(r"\((\d+)/(\d+);", line)]


def test_the_readme_states_the_measured_results_of_findings_and_remedies() -> None:
    readme = " ".join((CHECKOUT / "README.md").read_text(encoding="utf-8").split())
    alarm, named, false = (
        counts_in("diagnosis-accuracy.md", row)[-1]  # of the fresh seeds
        for row in ("failed runs with an alarm", "failures named by their code", "healthy runs with a false alarm")
    )
    assert f"{alarm[0]} of {alarm[1]} that failed raised an alarm" in readme
    assert f"{named[0] / named[1]:.1%}".replace("%", " %") + " of their failures under their own code" in readme
    assert f"{false[0]} of {false[1]} healthy ones" in readme
    right, called = counts_in("diagnosis-accuracy.md", "called close or better, and truly close")[
        0
    ]  # the reporting half
    assert f'Of {called} sample sets whose result was "close to the data" or better, {right} were so' in readme
    columns = 6  # process, quality, both, and three others
    cells, healthy = counts_in("cures.md", "all"), counts_in("cures.md", "healthy recipe")
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
