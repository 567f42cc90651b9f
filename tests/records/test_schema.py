"""Records and findings go through a file and come back; no number is hidden."""

from __future__ import annotations

import json
import math
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.records import SEVERITIES, Finding, JsonLines, Record, RunFolder

SERIES = st.from_regex(r"[a-z]{1,4}/[a-z_]{1,12}", fullmatch=True)
ANY_NUMBER = st.floats() | st.sampled_from([math.nan, math.inf, -math.inf, 5e-324])


def equal_or_nan(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


@given(
    step=st.integers(0, 10**12),
    seconds=st.floats(0, 1e9),
    values=st.dictionaries(SERIES, ANY_NUMBER, max_size=6),
)
def test_a_record_is_read_back_from_its_file_bit_for_bit(step: int, seconds: float, values: dict[str, float]) -> None:
    with TemporaryDirectory() as folder:
        run = RunFolder(Path(folder))
        with JsonLines(run.records) as lines:
            lines.append(Record(step, seconds, values).to_json())
        (back,) = run.read_records()
    assert (back.step, back.seconds) == (step, seconds)
    assert list(back.values) == list(values)
    assert all(equal_or_nan(back.values[name], value) for name, value in values.items())


def test_a_record_is_one_flat_object() -> None:
    line = Record(120, 3.5, {"d/loss": 0.25, "g/loss": math.nan, "g/grad_norm": -math.inf}).to_json()
    assert line == {"step": 120, "seconds": 3.5, "d/loss": 0.25, "g/loss": "nan", "g/grad_norm": "-inf"}


NUMBERS_DEEP = st.recursive(
    st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(
    severity=st.sampled_from(SEVERITIES),
    evidence=st.dictionaries(st.text(), NUMBERS_DEEP, max_size=4),
    remedy=st.none() | st.dictionaries(st.text(), NUMBERS_DEEP, max_size=2),
    title=st.text(),
)
def test_a_finding_is_read_back_from_its_file(severity, evidence, remedy, title) -> None:  # type: ignore[no-untyped-def]
    finding = Finding("GAN101", severity, 40, title, evidence, "Lower its learning rate.", remedy)
    with TemporaryDirectory() as folder:
        run = RunFolder(Path(folder))
        with JsonLines(run.findings) as lines:
            lines.append(finding.to_json())
        assert list(run.read_findings()) == [finding]


def test_non_finite_evidence_is_written_at_any_depth() -> None:
    evidence = {"loss": math.nan, "history": [1.0, math.inf], "by_player": {"g": (-math.inf, 2)}}
    line = Finding("NUM301", "failure", 7, "The loss is not a number.", evidence).to_json()
    assert json.loads(json.dumps(line, allow_nan=False))["evidence"] == {
        "loss": "nan",
        "history": [1.0, "inf"],
        "by_player": {"g": ["-inf", 2]},
    }


def test_a_finding_is_read_without_what_has_a_default() -> None:
    line = {"code": "DATA401", "severity": "warning", "step": 0, "title": "The range does not fit."}
    finding = Finding.from_json(line)
    assert finding.remedy is None
    assert dict(finding.evidence) == {}


@pytest.mark.parametrize("advice", ["", "Do this."])
def test_a_finding_reads_as_a_sentence(advice: str) -> None:
    text = str(Finding("GAN103", "warning", 12, "Modes are missing.", advice=advice))
    assert text == "GAN103 (warning, step 12): Modes are missing." + (" Do this." if advice else "")


def test_a_notebook_shows_a_finding_without_believing_its_markup() -> None:
    finding = Finding("GAN101", "warning", 7, "<b>it</b>", {"ratio": 2.5}, "Do <this>.", {"training.seed": 1})
    page = finding._repr_html_()
    assert "<td>ratio</td><td>2.5</td>" in page
    assert "&lt;b&gt;it" in page
    assert "&lt;this&gt;" in page
    assert "training.seed" in page


def test_a_printed_finding_shows_which_setting_to_change() -> None:
    remedy = {"model.discriminator.packing": 2, "training.players.generator.learning_rate": None}
    finding = Finding("GAN103", "failure", 12, "Modes are missing.", advice="Pack samples.", remedy=remedy)
    assert str(finding).endswith(
        "Pack samples. Try: --model.discriminator.packing 2 --training.players.generator.learning_rate none "
        "(none: as training.optimiser.learning_rate)"
    )
    assert "Try" not in str(Finding("GAN103", "failure", 12, "Modes are missing.", advice="Pack samples."))
