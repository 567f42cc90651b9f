"""The schema of scorecard.json: every field is checked before a scorecard is made of it."""

from __future__ import annotations

from typing import Any

from saddlepoint.errors import RunError
from saddlepoint.records import Fields
from saddlepoint.records.fields import is_number, is_text
from saddlepoint.records.summary import check_result


def check_scorecard(value: Any, where: str) -> None:
    """Check the content of a scorecard.

    Args:
        value: as JSON has it.
        where: the file, for messages.

    Raises:
        RunError: a field is missing or has another type; the message names it.
    """
    fields = Fields(value, where)
    _check_card(fields.section("card"))
    for number, entry in enumerate(fields.sequence("scores"), 1):
        _check_score(Fields(entry, f"{where}: scores, {number}"))
    for number, entry in enumerate(fields.sequence("skipped"), 1):
        skipped = Fields(entry, f"{where}: skipped, {number}")
        _only(skipped, {"metric", "title", "reason"})
        for name in ("metric", "title", "reason"):
            skipped.text(name)
    for number, entry in enumerate(fields.sequence("classes"), 1):
        _check_class(Fields(entry, f"{where}: classes, {number}"))
    for name in ("warnings", "notes"):
        fields.sequence(name, each=is_text)
    result = fields.section("result", None)
    if result is not None:
        check_result(result)


def _check_card(card: Fields) -> None:
    for name in ("model", "data", "data_fingerprint", "split", "split_fingerprint", "preprocessing"):
        card.text(name)
    card.text("finished", "")
    for name in ("n_real", "n_fake"):
        card.integer(name)
    card.integer("seed")
    card.integer("step", None)
    if card.value.get("ema") is not None:
        card.boolean("ema")
    card.number("seconds", 0.0)
    card.sequence("seeds", each=lambda seed: type(seed) is int and 0 <= seed < 2**64)
    card.mapping("settings", {})
    card.mapping("asked", {})
    card.mapping("versions", {}, is_text)
    for number, entry in enumerate(card.sequence("features"), 1):
        feature = Fields(entry, f"{card.where}: features, {number}")
        feature.text("name")
        feature.text("fingerprint")
        feature.integer("dimension")
        feature.sequence("notes", each=is_text)
    known = (
        "model data data_fingerprint split split_fingerprint n_real n_fake features preprocessing seeds seed step ema"
    )
    _only(card, {*known.split(), "settings", "asked", "versions", "seconds", "finished"})


def _check_score(score: Fields) -> None:
    for name in ("metric", "title"):
        score.text(name)
    for name in ("features", "unit", "meaning"):
        score.text(name, "")
    score.number("value")
    for name in ("low", "high"):
        score.number(name, None)
    score.choice("better", ("lower", "higher", "none"))
    score.choice("pairing", ("halves", "groups", "none"), "none")
    if len(score.sequence("bounds", each=lambda end: end is None or is_number(end))) != 2:
        raise score.refuse("bounds", "two ends")
    for name in ("floor", "ceiling"):
        bounds = score.section(name, None)
        if bounds is not None:
            bounds.number("value")
            bounds.number("low", None)
            bounds.number("high", None)
            _only(bounds, {"value", "low", "high"})
    for name in ("repeats", "resamples"):
        score.sequence(name, each=is_number)
    score.sequence("notes", each=is_text)
    known = (
        "metric title value low high better features unit bounds floor ceiling repeats resamples pairing notes meaning"
    )
    _only(score, set(known.split()))


def _check_class(row: Fields) -> None:
    row.text("name")
    for name in ("real_share", "share", "low", "high"):
        row.number(name)
    for name in ("precision", "recall", "diversity", "real_diversity"):
        row.number(name, None)
    known = "name real_share share low high precision recall diversity real_diversity"
    _only(row, set(known.split()))


def _only(fields: Fields, known: set[str]) -> None:
    unknown = sorted(map(str, fields.value.keys() - known))
    if unknown:
        raise RunError(
            f"{fields.where}: {unknown[0][:60]!r} is not a field that this version knows: update saddlepoint."
        )
