"""The pages of claims agree with the results."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

import pytest
from PIL import Image

from saddlepoint.report.claims import write_claims_page
from saddlepoint.studies.claims import CLAIMS, claim

WRITER = runpy.run_path(str(Path(__file__).parents[3] / "docs" / "claims.py"))
RESULT = {
    "id": "C8", "claim": "It takes <30> steps.", "source": "Somebody, 2017, https://example.org/post.", "rule": "Holds if so.",
    "verdict": "does not hold", "because": "It takes 40 | or more.", "seeds": 256, "quick": False, "training_seconds": 61.2, "trained_with": ["C5"],
    "quantities": [
        {"name": "median", "value": "inf", "low": 40.0, "high": "inf", "level": 0.95, "unit": "steps", "claimed": "30 steps"}
    ],
    "pictures": [], "date": "2026-01-02", "versions": {"torch": "2", "python": "3"},
}  # fmt: skip


def test_the_offline_page(tmp_path):
    page = write_claims_page([RESULT], tmp_path).read_text()
    assert "It takes &lt;30&gt; steps." in page
    assert "not reached [40, ∞] steps" in page
    assert 'href="https://example.org/post"' in page
    assert '<span class="badge failure">does not hold</span>' in page
    assert "1 claim tested: 0 hold, 0 hold in part, 1 do not hold" in page


def test_an_interactive_picture_is_on_the_page_with_all_that_draws_it(tmp_path):
    folder = tmp_path / "C8"
    folder.mkdir()
    Image.new("RGB", (20, 10)).save(folder / "codes.png")
    plot = {"data": [{"type": "scatter3d", "name": "</script><b>"}], "layout": {"scene": {}}}
    (folder / "codes.json").write_text(json.dumps(plot))
    still = {"file": "codes.png", "caption": "Codes."}
    page = write_claims_page([RESULT | {"pictures": [still | {"interactive": "codes.json"}]}], tmp_path).read_text()
    identifier = re.search(r'data-plot="([^"]+)"', page)[1]
    own = re.search(rf'<script type="application/json" id="{identifier}">(.*?)</script>', page)[1]
    assert json.loads(own) == plot
    assert 'id="plotly-source"' in page
    assert "unsafe-eval" in page
    assert 'src="http' not in page
    without = write_claims_page([RESULT | {"pictures": [still]}], tmp_path).read_text()
    assert "<script" not in without
    assert 'alt="Codes."' in without


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ([None, None], "Claims: 2 quick looks, without a verdict"),
        (
            ["holds", None],
            "1 claim tested: 1 hold, 0 hold in part, 0 do not hold, 0 not decided; 1 quick look, without a verdict",
        ),
    ],
)
def test_quick_results_are_not_counted_as_tested(tmp_path, verdicts, said):
    page = write_claims_page(
        [RESULT | {"verdict": verdict, "quick": verdict is None} for verdict in verdicts], tmp_path
    )
    assert f"<h1>{said}</h1>" in page.read_text()


def test_the_documentation_page():
    page, section = WRITER["page"]([RESULT]), WRITER["section"]([RESULT])
    for text in (page, section):
        rows = [line for line in text.splitlines() if line.startswith("|")]
        assert any(r"40 \| or more" in row for row in rows)
        assert "does not hold" in text
    assert "not reached [40, ∞] steps" in page
    assert "<https://example.org/post>" in page
    assert section.startswith("## Claims, reproduced\n2026-01-02; ")


def test_a_claim_states_how_its_programs_were_chosen():
    for identifier, words in WRITER["CHOSEN"].items():
        assert identifier in CLAIMS
        assert words in WRITER["page"]([RESULT | {"id": identifier}])
        assert words not in WRITER["page"]([RESULT])


def test_shared_trainings_are_reported(tmp_path):
    for seconds, words in ((61.2, "trained in 61 s, the rest with C5"), (0.0, "trained with C5")):
        assert words in WRITER["page"]([RESULT | {"training_seconds": seconds}])
    assert "trained in 61 s;" in WRITER["page"]([RESULT | {"trained_with": []}])


def test_terms_are_explained_to_the_claims_that_use_them():
    line = RESULT | {"because": "As described, 3 seeds converge."}
    images = RESULT | {"id": "C15", "because": "The energy distance is 0.1.", "quantities": []}
    pages = [WRITER["page"](results) for results in ([line], [images], [line, images])]
    explained = [[word for word in WRITER["TERMS"] if f"- *{word}* (" in page] for page in pages]
    assert explained == [
        ["Converged", "As described"],
        ["Energy distance"],
        ["Converged", "As described", "Energy distance"],
    ]
    assert "*Converged* ([C8](#c8)):" in pages[2]
    assert "| quantity | measured [interval] | claimed |" in pages[0]
    assert "claimed" not in pages[1]


def test_claims_without_a_new_result_are_kept():
    """A page from two results is the one from the first, updated with the second."""
    first = RESULT | {"rule": claim("C8").rule}
    other = RESULT | {"id": "C15", "because": "The energy distance is 0.1.", "rule": claim("C15").rule}
    for write in (WRITER["page"], WRITER["section"]):
        both = write([first, other])
        assert write([other], write([first])) == write([first], write([other])) == both
        assert write([first, other], both) == both
        assert write([other | {"because": "It is 0.2."}], both).count("The energy distance is 0.1") == 0


def test_a_claim_is_not_kept_under_a_rule_that_has_changed():
    present, new = RESULT | {"rule": claim("C8").rule}, RESULT | {"id": "C15", "because": "It is 0.1."}
    kept = WRITER["page"]([new], WRITER["page"]([present]))
    dropped = WRITER["page"]([new], WRITER["page"]([RESULT]))
    assert present["because"] in kept.replace("\\|", "|")
    assert RESULT["because"] not in dropped.replace("\\|", "|")
    assert f"| C8 | {claim('C8').words}" in dropped
    old = WRITER["section"]([RESULT])
    assert "| C8 |" not in WRITER["section"]([new], old, current=["C15"])


def test_the_section_keeps_the_date_of_its_newest_result():
    newer, older = RESULT | {"date": "2026-03-04"}, RESULT | {"id": "C15"}
    section = WRITER["section"]([older], WRITER["section"]([newer]))
    assert section.startswith("## Claims, reproduced\n2026-03-04; ")


def test_claims_without_a_result_are_listed():
    page, section = WRITER["page"]([RESULT]), WRITER["section"]([RESULT])
    assert "Not measured yet" in page
    assert "| C16 | A discriminator" in page
    assert "| C8 |" not in page
    assert "C16" in section.split("Not measured yet: ")[1].splitlines()[0]


def test_a_quick_result_has_no_verdict(tmp_path):
    page = write_claims_page([RESULT | {"quick": True, "verdict": None}], tmp_path).read_text()
    assert "quick look</span>" in page
    assert "0 do not hold" not in page


def test_quick_results_are_no_docs(tmp_path, capsys):
    assert WRITER["main"]([str(tmp_path)]) == 2
    assert "holds no results" in capsys.readouterr().err
    with pytest.raises(KeyError):
        WRITER["page"]([{}])
