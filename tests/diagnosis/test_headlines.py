"""The headline of a verdict is short, plain and about the main problem, for any findings and measurements."""

from __future__ import annotations

import re
from itertools import product

import pytest

from saddlepoint.diagnosis import PROCESSES, Process, examples_in_words, headline, what_to_do
from saddlepoint.diagnosis.headlines import EXAMPLES, LONGEST_PHRASE, MOST_WORDS, phrase_of
from saddlepoint.diagnosis.settings import CODES
from saddlepoint.diagnosis.verdict import NO_FAILURE_FOUND
from saddlepoint.models.settings import FAMILIES
from saddlepoint.records import RESULT_LEVELS, SEVERITIES, Finding, Result
from tests.pairwise import pairwise_rows

LONG = "A finding of somebody's own rule, whose title goes on for many more words than a headline can hold."
KINDS = ("vector", "series", "image", "sound", "volume", None)
RESULTS = [None, Result.not_measured("too few"), *(Result(level, 0.5, 400, "pixels", ()) for level in RESULT_LEVELS)]
CODE = re.compile(r"[A-Z]{2,}\d{2,}|\w/\w|_|\{|\}|player [dg]\b|\bmodel\.|\btraining\.")


def check_law(said: str, process: Process) -> None:
    assert len(said.split()) <= MOST_WORDS, said
    assert said.startswith(f"{process[:1].upper()}{process[1:]}"), said
    assert not said.endswith("."), said
    assert not CODE.search(said), said
    assert said.count(":") <= 1, said
    assert said == " ".join(said.split())


# Every pair of these, with every code, severity and process.
CIRCUMSTANCES = pairwise_rows(
    {"preflight": (True, False), "result": RESULTS, "kind": KINDS, "under_way": ("", "stopped at step 300 of 2,000")}
)


@pytest.mark.parametrize("code", [*CODES, "OWN1"])
def test_the_law_of_headlines(code: str) -> None:
    for severity, process, row in product(SEVERITIES, PROCESSES, CIRCUMSTANCES):
        details = {"preflight": row["preflight"], "settings": {"model.batch_size": 1}}
        finding = Finding(code, severity, 7, LONG, details)
        examples = examples_in_words({"examples": 1_234_567, "kind": row["kind"]})
        said = headline(process, [finding], row["result"], examples=examples, under_way=row["under_way"])
        check_law(said, process)
        if process != NO_FAILURE_FOUND and severity != "info" and not code.startswith("DATA"):
            assert said.endswith(phrase_of(finding, examples))


def test_every_code_has_a_phrase_of_its_own() -> None:
    entries = CODES.values()
    phrases = [text for entry in entries for text in (entry.phrase, entry.milder, entry.before_training) if text]
    assert len(set(phrases)) == len(phrases)
    for phrase in phrases:
        assert len(phrase.format(examples="1,617 images").split()) <= LONGEST_PHRASE
        assert not phrase.endswith(".")


@pytest.mark.parametrize("process", PROCESSES)
def test_a_run_without_findings_has_a_headline(process: Process) -> None:
    for result in RESULTS:
        check_law(headline(process, [], result), process)
    assert headline(None, []).startswith("Not judged: ")


def test_examples_of_headlines() -> None:
    memory = Finding("GAN107", "warning", 9, "It scores training examples higher.")
    images = examples_in_words({"examples": 1617, "kind": "image"})
    assert headline("at risk", [memory], examples=images) == "At risk: the discriminator memorises its 1,617 images"
    assert headline("at risk", [memory]).endswith("memorises its training examples")
    close = Result("close to the data", 0.9, 400, "pixels", ())
    assert headline(NO_FAILURE_FOUND, [], close) == "No failure found: samples are close to the data"
    far = Result("far from the data", 0.1, 400, "pixels", ())
    assert headline(NO_FAILURE_FOUND, [], far) == "No failure found, but samples are far from the data"
    setting = Finding("SET401", "failure", 0, "Far.", {"settings": {"training.optimiser.learning_rate": 1e6}})
    assert headline("failed", [setting]) == "Failed: the learning rate setting is far outside its usual range"


def test_the_cause_is_in_the_headline_and_data_warnings_are_not() -> None:
    effect, cause = Finding("GAN103", "warning", 5, "An effect."), Finding("GAN101", "warning", 9, "A cause.")
    few = Finding("DATA402", "warning", 0, "Few.", advice="Give more data.")
    for log in ([effect, cause], [cause, effect], [few, effect, cause]):
        assert headline("at risk", log).endswith("the discriminator overpowers the generator")
    assert (
        what_to_do("at risk", [few, Finding("GAN101", "warning", 9, "A.", advice="Slow it down.")]) == "Slow it down."
    )
    assert what_to_do(NO_FAILURE_FOUND, [few], None) == ""


@pytest.mark.parametrize("level", RESULT_LEVELS)
def test_a_run_without_failures_has_advice_for_every_result(level: str) -> None:
    assert what_to_do(NO_FAILURE_FOUND, [], Result(level, 0.5, 400, "pixels", ())).endswith(".")  # type: ignore[arg-type]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_advice_is_the_familys_own_where_samples_are_far(family: str) -> None:
    far = Result("far from the data", 0.1, 400, "pixels", ())
    settings = FAMILIES[family].settings
    advice = what_to_do(NO_FAILURE_FOUND, [], far, improvement=settings.improvement)
    assert advice.startswith(settings.improvement)
    assert ("network" in advice) == (family != "classical"), "a model without networks has no larger network"
    better = what_to_do(NO_FAILURE_FOUND, [], far, best_step=300, improvement=settings.improvement)
    assert settings.improvement not in better


@pytest.mark.parametrize("data", [{}, {"examples": "many", "kind": "image"}, {"examples": None}])
def test_unknown_facts_about_the_data_are_left_out(data: dict[str, object]) -> None:
    assert examples_in_words(data) == EXAMPLES
