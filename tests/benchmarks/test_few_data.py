"""Few photographs: what the verdict says of constructed distances."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks import program

SHARES = (1.0, 0.2, 0.1)
WITHOUT = {1.0: [10.0, 10.4, 9.8], 0.2: [20.0, 21.0, 19.5], 0.1: [30.0, 29.0, 31.0]}


def augmented(*factors: tuple[float, float, float]) -> dict[float, list[float]]:
    """The distances times the factors of three seeds, for each share."""
    return {
        share: [distance * factor for distance, factor in zip(WITHOUT[share], own, strict=True)]
        for share, own in zip(SHARES, factors, strict=True)
    }


@pytest.mark.parametrize(
    ("factors", "word"),
    [
        (((0.98, 0.97, 0.99), (0.80, 0.79, 0.81), (0.60, 0.61, 0.59)), "confirmed"),
        (((0.60, 0.61, 0.59), (0.80, 0.79, 0.81), (0.98, 0.97, 0.99)), "denied"),  # helps less, the fewer the images
        (
            ((1.50, 1.51, 1.49), (1.30, 1.29, 1.31), (1.20, 1.21, 1.19)),
            "denied",
        ),  # harms everywhere, though less and less
        (
            ((1.50, 1.51, 1.49), (1.20, 1.19, 1.21), (1.00, 1.01, 0.99)),
            "undecided",
        ),  # a trend, and no help shown at its end
        (((0.60, 0.61, 0.59), (0.60, 0.59, 0.61), (0.60, 0.61, 0.59)), "undecided"),  # the same help everywhere
        (((0.7, 1.2, 1.0), (1.1, 0.8, 1.0), (0.9, 0.7, 1.3)), "undecided"),  # noise
    ],
)
def test_the_verdict_follows_the_paired_differences(factors, word: str) -> None:  # type: ignore[no-untyped-def]
    from tables.few_data_verdict import judge

    found = judge(WITHOUT, augmented(*factors))
    assert found.word == word
    assert str(found).startswith(f"**{word}**")


def test_the_trend_of_a_power_law_is_its_exponent_and_units_do_not_matter() -> None:
    from tables.few_data_verdict import judge

    power = {share: [distance * share**0.25 for distance in WITHOUT[share]] for share in SHARES}
    found = judge(WITHOUT, power)
    assert found.trend.value == pytest.approx(0.25 * 2.302585, rel=1e-6)
    assert found.gains[1.0].value == pytest.approx(0, abs=1e-12)
    thousandfold = ({share: [1_000 * d for d in values] for share, values in each.items()} for each in (WITHOUT, power))
    assert judge(*thousandfold).trend.value == pytest.approx(found.trend.value)


def test_views_differ_in_the_augmentation_alone() -> None:
    from saddlepoint.recipe import Recipe
    from tables import few_data_plan

    recipes = [
        Recipe.load(few_data_plan.RECIPE).override(few_data_plan.SETTINGS | view).model
        for view in few_data_plan.VIEWS.values()
    ]
    switched_on = [{name for name, view in recipe.views.items() if view.strength} for recipe in recipes]
    assert switched_on == [set(), {"diffaugment"}, {"adaptive_augmentation"}]
    assert len({recipe.model_dump_json(exclude={"views"}) for recipe in recipes}) == 1


def test_a_table_of_missing_runs_is_written_without_a_verdict() -> None:
    import few_data

    outcome = few_data.Outcome(400, 2.0, 3.0, 0.6, None, None, 100.0)
    key = (few_data.RECIPE, few_data.PLAIN, 0.1)
    text = few_data.body({key: [outcome]}, 3, 10, complete=False)
    assert "| 400 (10%)" in text
    assert "confirmed" not in text
    factors = dict.fromkeys(few_data.VIEWS, (0.5, 0.6, 0.55)) | {few_data.PLAIN: (1.0, 1.0, 1.0)}
    whole = {
        (few_data.RECIPE, view, share): [few_data.Outcome(400, d, d, 0.6, None, None, 1.0) for d in distances]
        for view, own in factors.items()
        for share, distances in augmented(own, own[::-1], own).items()
    }
    assert len(few_data.verdicts(whole)) == 4
    assert few_data.body(whole, 3, 10, complete=True).count("**undecided**") == 4


def test_without_the_photographs_the_message_names_what_to_set(tmp_path: Path) -> None:
    done = program.run("few_data", "--quick", SADDLEPOINT_DATA=str(tmp_path))
    assert done.returncode == 2
    assert "set SADDLEPOINT_DATA" in done.stderr
    assert not list(tmp_path.iterdir())
