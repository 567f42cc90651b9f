"""A rule is one function and one line in the registry of codes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from saddlepoint.diagnosis import Diagnosis, Facts, Rule, Series, rule
from saddlepoint.diagnosis.log_rules import LOG_RULES
from saddlepoint.diagnosis.logs.judging import LOG
from saddlepoint.diagnosis.rules import RULES, load_rules
from saddlepoint.diagnosis.settings import CODES, Code
from saddlepoint.diagnosis.traits import OBJECTIVES, traits_of
from saddlepoint.models.settings import RECORDED
from saddlepoint.recipe import Recipe
from saddlepoint.records import Finding, Record
from saddlepoint.training.settings import TrainingSettings


@rule("TOY901", traits={"gan"}, opens=2)
def toy(d_loss: Series) -> Finding | None:
    return Finding("TOY901", "failure", d_loss.step, "The loss is above 3.") if d_loss.last > 3 else None


@pytest.fixture
def toy_code(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setitem(CODES, "TOY901", Code("the loss is too high", (f"{__name__}:toy",)))
    return iter(["TOY901"])


def test_one_line_makes_a_rule_known(toy_code: Iterator[str]) -> None:
    rules = load_rules(CODES)
    assert rules == (*RULES, toy)
    diagnosis = Diagnosis(("gan", "non-saturating"), rules, Facts(steps=10))
    opened = [finding for step in range(3) for finding in diagnosis.watch(Record(step, 0.0, {"d/loss": 4.0}))]
    assert [finding.code for finding in opened] == ["TOY901"]
    assert TrainingSettings(stop_on=tuple(toy_code)).stop_on == ("TOY901",)


def test_a_rule_under_the_code_of_another_is_refused() -> None:
    with pytest.raises(ValueError, match="its code is GAN103"):
        load_rules({"GAN101": Code("", (".collapse:mode_collapse",))})


def test_rules_are_unique_and_registered_under_their_codes() -> None:
    assert len({judged.judge.__name__ for judged in RULES}) == len(RULES)
    assert {judged.code for judged in RULES} == {code for code, entry in CODES.items() if entry.rules}


def test_scores_of_a_custom_loss_are_read_from_their_series() -> None:
    """They are probabilities then; a loss without a link to one records outputs instead."""
    assert traits_of(("gan", "mypkg.losses:Mine")) == {"gan", "probability"}


@pytest.mark.parametrize(
    "asked", [*RULES, *(one.rule for one in LOG_RULES.values())], ids=lambda asked: asked.judge.__name__
)
def test_rules_ask_for_traits_that_exist(asked: Rule) -> None:
    known = traits_of((*RECORDED, *OBJECTIVES)) | {LOG}
    assert asked.traits <= known
    assert not asked.traits & set(OBJECTIVES), "a trait says what a score means; it is no objective's name"


def test_a_loss_without_probabilities_is_not_judged_by_them() -> None:
    """A critic's scores have no scale: rules that need probabilities are left out, the others go by ranks."""
    critic = Diagnosis(("gan", "wasserstein"), RULES).rules
    cross_entropy = Diagnosis(("gan", "non-saturating"), RULES).rules
    left_out = {judged.judge.__name__ for judged in cross_entropy if judged not in critic}
    assert left_out == {"discriminator_overpowers", "discriminator_loss_vanishes"}
    assert {"GAN103", "GAN104", "GAN105", "GAN106", "GAN107", "GAN108", "GAN109"} <= {judged.code for judged in critic}


@pytest.mark.parametrize(
    ("recipe", "changes", "about"),
    [
        ("gan-digits", {}, set()),
        ("gan-digits", {"model.penalties.dragan": 10}, {"GAN112"}),
        (
            "gan-digits",
            {"model.constraints.discriminator": "clip", "model.views.instance_noise": 1},
            {"GAN113", "GAN114"},
        ),
        ("gan-digits", {"model.constraints.discriminator": "mypkg:Own"}, {"GAN113"}),
        ("gan-digits-conditional", {"model.views.diffaugment": 0}, {"GAN121", "GAN122"}),
        ("info-digits", {}, {"GAN123"}),
    ],
)
def test_findings_on_parts_apply_to_recipes_with_such_parts(
    recipe: str, changes: dict[str, Any], about: set[str]
) -> None:
    settings = {entry.name: value for entry, value in Recipe.load(recipe).override(changes).settings()}
    assert {code for code, entry in CODES.items() if entry.about and entry.applies_to(settings)} == about
    assert all(entry.applies_to(settings) for entry in CODES.values() if not entry.about)
