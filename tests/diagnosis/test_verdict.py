"""The process of training follows from the active findings, and a verdict names the cause among them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.diagnosis import PROCESSES, cause_in_words, causes_first, process_in, process_of
from saddlepoint.diagnosis.causes import CONSEQUENCES, EVERYTHING
from saddlepoint.diagnosis.rules import RULES
from saddlepoint.diagnosis.settings import CODES
from saddlepoint.records import SEVERITIES, Finding, active_findings

findings = st.builds(
    Finding,
    code=st.sampled_from(["GAN101", "GAN103", "GAN107", "GAN108", "NUM301", "NUM303", "DATA402", "VAE204"]),
    severity=st.sampled_from(SEVERITIES),
    step=st.integers(1, 99),
    title=st.just("This is a title."),
    state=st.sampled_from(["open", "closed"]),
)
logs = st.lists(findings, max_size=8)


@pytest.mark.slow
@given(logs)
def test_one_more_finding_never_improves_the_process(log: list[Finding]) -> None:
    more = [*log, Finding("GAN106", "failure", 100, "Diverged.")]
    for ended in (False, True):
        assert PROCESSES.index(process_of(log, ended=ended)) <= PROCESSES.index(process_of(more, ended=ended))
        assert process_of(more, ended=ended) == ("failed" if ended else "failing")


@given(logs)
def test_closed_findings_do_not_count(log: list[Finding]) -> None:
    closed = [Finding(code, "info", 100, "Over.", state="closed") for code in {finding.code for finding in log}]
    assert process_of([*log, *closed], ended=True) == "no failure found"
    assert cause_in_words([*log, *closed]) == ""


def test_the_most_severe_active_finding_decides() -> None:
    warning, note = Finding("GAN103", "warning", 9, "Few."), Finding("VAE201", "info", 9, "Spare.")
    assert process_of([], ended=True) == process_of([note], ended=True) == "no failure found"
    assert process_of([warning], ended=False) == process_of([warning], ended=True) == "at risk"
    # Warnings about the data alone do not count, unless nothing can be learnt from the data.
    assert process_of([Finding("DATA402", "warning", 0, "Few.")], ended=True) == "no failure found"
    assert process_of([Finding("DATA401", "failure", 0, "Beyond.")], ended=True) == "failed"


def test_summaries_of_version_0_1_are_read() -> None:
    assert process_in({"health": "healthy"}) == "no failure found"
    assert process_in({"health": "failed"}) == "failed"
    assert process_in({"process": "at risk", "health": "healthy"}) == "at risk"
    assert process_in({}) is process_in({"process": "fine"}) is process_in({"process": 3}) is None


@given(logs)
def test_causes_first_sorts_the_active_findings(log: list[Finding]) -> None:
    ordered = causes_first(log)
    assert sorted(f.code for f in ordered) == sorted(f.code for f in active_findings(log))
    severities = [finding.severity for finding in ordered]
    assert severities == sorted(severities, key=lambda severity: severity == "info")
    assert causes_first([*log, *active_findings(log)]) == ordered


@pytest.mark.parametrize(
    ("cause", "effects"),
    [
        ("DATA401", ["NUM301", "GAN101", "VAE201", "NUM304"]),
        ("SET401", ["NUM302", "NUM301", "GAN103"]),
        ("NUM301", ["GAN103", "NUM304", "NUM303", "VAE206"]),
        ("NUM302", ["GAN104", "NUM301"]),
        ("VAE204", ["VAE201"]),
        ("GAN101", ["GAN103", "GAN102"]),
        ("DATA402", ["GAN107", "GAN108"]),
        ("GAN110", ["NUM303", "GAN103", "GAN106"]),
        ("GAN112", ["GAN106"]),
    ],
)
def test_a_cause_is_named_before_its_effects_whatever_their_severity(cause: str, effects: list[str]) -> None:
    for severity in ("warning", "failure"):
        log = [Finding(code, severity, step, "An effect.") for step, code in enumerate(effects)]  # type: ignore[arg-type]
        said = cause_in_words([*log, Finding(cause, "warning", 99, "The cause.")])
        assert said.startswith(f"{cause}: The cause. {len(effects)} other finding")


@pytest.mark.parametrize("code", ["LOOP901", "LOOP902", "LOOP904", "LOOP907"])
def test_a_mistake_in_the_code_explains_others_only_where_it_is_a_failure(code: str) -> None:
    others = [Finding(other, "failure", 1, "An effect.") for other in ("GAN103", "GAN106", "NUM302", "NUM301")]
    whole, part = (Finding(code, severity, 9, "A mistake.") for severity in ("failure", "warning"))
    assert causes_first([*others, whole])[0] == whole
    assert causes_first([*others, part])[0].severity == "failure"
    milder = Finding("GAN109", "warning", 1, "A warning.")
    assert part in causes_first([milder, part])  # nothing explains it away
    assert cause_in_words([Finding("NUM301", "failure", 1, "NaN."), part]).startswith("NUM301")


def test_info_is_no_cause_and_a_failure_without_a_cause_comes_first() -> None:
    note, warning = Finding("GAN101", "info", 1, "A note."), Finding("GAN103", "warning", 2, "Modes are missing.")
    assert causes_first([note, warning]) == [warning, note]
    failure = Finding("VAE203", "failure", 3, "Heads are clamped.")
    assert causes_first([warning, failure]) == [failure, warning]


def test_the_cause_is_named_and_the_others_are_counted() -> None:
    log = [
        Finding("GAN103", "warning", 9, "Modes are missing."),
        Finding("GAN101", "warning", 10, "The discriminator overpowers the generator."),
        Finding("GAN102", "warning", 11, "The loss is saturated."),
    ]
    said = cause_in_words(log)
    assert said.startswith("GAN101: The discriminator overpowers the generator.")
    assert said.endswith("2 other findings are active (GAN102, GAN103).")
    assert cause_in_words(log[:1]) == "GAN103: Modes are missing."


def test_the_table_names_known_codes() -> None:
    known = {rule.code for rule in RULES} | {code for code, entry in CODES.items() if not entry.rules}
    for cause, following in CONSEQUENCES.items():
        for code in (cause, *(following - EVERYTHING)):
            assert any(one.startswith(code) for one in known), code  # or the beginning of several
