from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from saddlepoint.evaluation.scorecard.score import ClassScores
from saddlepoint.evaluation.scorecard.scorecard import Scorecard
from saddlepoint.figures.style import write_png
from saddlepoint.records import RunFolder
from saddlepoint.report import write_report
from saddlepoint.report.words import number
from tests.report.conftest import WHOLE, scorecard
from tests.report.test_page import Page


def page(run: RunFolder) -> Page:
    return Page(write_report(run))


def test_every_score_is_reported_in_full(light_run: RunFolder) -> None:
    words = page(light_run).text
    for score in scorecard().scores:
        assert score.title in words
        for bounds in (score, score.baseline, score.worst_case):
            if bounds is not None:
                assert number(bounds.value) in words
                if bounds.low is not None and bounds.high is not None:
                    assert f"{number(bounds.low)} to {number(bounds.high)}" in words
        assert all(note in words for note in score.notes)
    assert "3: 13.6 to 14.6" in words, "the smallest and the largest of the sampling seeds"
    for said in ("lower is better", "share, higher is better", "neither direction is better"):
        assert said in words


def test_the_report_covers_how_it_was_measured_what_was_not_and_every_class(light_run: RunFolder) -> None:
    words = page(light_run).text
    found = scorecard()
    card = found.card
    assert "180 samples of step 3,000, by averaged weights for each of 3 sampling seeds" in words
    assert "180 held-out examples of digits" in words
    for fact in (card.data_fingerprint, card.split_fingerprint, card.features[0].fingerprint, "test accuracy 0.991"):
        assert fact in words
    for skipped in found.skipped:
        assert skipped.title in words
        assert skipped.reason in words
    assert words.count(found.skipped[0].reason) == 1, "a reason is reported once for all it skips"
    for one in found.classes:
        assert one.name in words
        assert f"{one.low:.1%} to {one.high:.1%}" in words
    assert "too few" in words, "a class without precision says so"
    assert all(sentence in words for sentence in (*found.warnings, *found.notes))


def test_names_and_sentences_are_text_and_never_markup(light_run: RunFolder) -> None:
    found = page(light_run)
    for words in (WHOLE, "<b>bag</b>", "<u>constant</u>", "<b>too few</b>"):
        assert words in found.text
    assert [found.elements.get(element, 0) for element in ("i", "u", "gan")] == [0, 0, 0]


def test_sample_pairs_are_shown_with_the_scores_only(light_run: RunFolder) -> None:
    text = write_report(light_run).read_text()
    scores = text[text.index('<section id="scores"') : text.index('<section id="trained"')]
    for caption in ("Samples nearest to a training example.", "Samples farthest from any example."):
        assert scores.count(f"<figcaption>{caption}</figcaption>") == text.count(f"<figcaption>{caption}") == 1
    assert scores.count("<img") == 2


@pytest.mark.slow
def test_a_run_trained_further_reports_that_its_scores_are_outdated(light_run: RunFolder) -> None:
    assert "the run has gone on" not in page(light_run).text
    scorecard(1_000).save(light_run.scorecard)
    assert "This was measured at step 1,000; the run has gone on to step 3,000 since." in page(light_run).text


def test_without_a_scorecard_one_line_explains_how_to_get_one(light_run: RunFolder) -> None:
    light_run.scorecard.unlink()
    words = page(light_run).text
    assert "This run has no scorecard yet" in words
    assert f"saddlepoint evaluate {light_run.path}" in words


def damaged() -> dict[str, Any]:
    whole = scorecard().to_json()
    card = {**whole["card"], "n_real": "many"}
    classes = [{**whole["classes"][0], "share": None}]
    scores = [{**whole["scores"][0], "floor": {"value": None, "low": None, "high": None}}]
    return {
        "a list": [1, 2],
        "of another program": {"frechet": {"value": 12.5}},
        "of a newer format": {**whole, "format": 99},
        "a word for a number": {**whole, "card": card},
        "nothing for a share": {**whole, "classes": classes},
        "nothing for a baseline": {**whole, "scores": scores},
        "scores that are none": {**whole, "scores": [{"value": 1}]},
        "cut short": None,
    }


@pytest.mark.slow
@pytest.mark.parametrize("kind", damaged())
def test_a_damaged_or_foreign_scorecard_is_one_sentence(kind: str, light_run: RunFolder) -> None:
    value = damaged()[kind]
    content = light_run.scorecard.read_text()[:500] if value is None else json.dumps(value)
    light_run.scorecard.write_text(content)
    found = page(light_run)
    assert found.text.count("scorecard.json could not be read") == 1
    assert f"saddlepoint evaluate {light_run.path}" in found.text
    assert "source: digits" in found.text, "the rest is reported"


@pytest.mark.slow
def test_a_thousand_classes_are_folded_and_fit(light_run: RunFolder) -> None:
    classes = tuple(ClassScores(f"mode {i}", 0.001, 0.001 * (i % 2), 0.0, 0.002) for i in range(1_000))
    replace(scorecard(), classes=classes).save(light_run.scorecard)
    write_png(Image.effect_noise((3_000, 3_000), 90), light_run.figures / "nearest.png")
    path = write_report(light_run, limit=6_000_000)
    assert path.stat().st_size <= 6_000_000
    words = Page(path).text
    assert "1,000 classes, 500 of them in no sample" in words
    assert all(one.name in words for one in classes[::100])


def test_an_empty_scorecard_is_reported_as_empty(light_run: RunFolder) -> None:
    Scorecard(scorecard().card, ()).save(light_run.scorecard)
    assert "Nothing could be measured." in page(light_run).text
