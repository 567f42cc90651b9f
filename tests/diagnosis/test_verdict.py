"""A verdict in a word, by what stands."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.diagnosis import HEALTHS, health_of
from saddlepoint.records import SEVERITIES, Finding

findings = st.builds(
    Finding,
    code=st.sampled_from(["GAN101", "GAN103", "NUM303", "DATA402"]),
    severity=st.sampled_from(SEVERITIES),
    step=st.integers(1, 99),
    title=st.just("so it is."),
    state=st.sampled_from(["open", "closed"]),
)


@given(st.lists(findings, max_size=8))
def test_one_more_failure_never_makes_it_better(log: list[Finding]) -> None:
    more = [*log, Finding("GAN106", "failure", 100, "Diverged.")]
    for ended in (False, True):
        assert HEALTHS.index(health_of(log, ended=ended)) <= HEALTHS.index(health_of(more, ended=ended))
        assert health_of(more, ended=ended) == ("failed" if ended else "failing")


@given(st.lists(findings, max_size=8))
def test_all_closed_is_healthy(log: list[Finding]) -> None:
    closed = [Finding(code, "info", 100, "Over.", state="closed") for code in {finding.code for finding in log}]
    assert health_of([*log, *closed], ended=True) == "healthy"


def test_each_degree() -> None:
    warning, note = Finding("GAN103", "warning", 9, "Few."), Finding("VAE201", "info", 9, "Spare.")
    assert health_of([], ended=True) == health_of([note], ended=True) == "healthy"
    assert health_of([warning], ended=False) == "at risk"
    assert health_of([], ended=True, learnt=False) == "at risk"
    assert health_of([], ended=False, learnt=False) == "healthy"
    # Of the data alone: said by itself, unless nothing can be learnt from them.
    assert health_of([Finding("DATA402", "warning", 0, "Few.")], ended=True) == "healthy"
    assert health_of([Finding("DATA401", "failure", 0, "Beyond.")], ended=True) == "failed"
