"""Every claim runs, and the quantities that decide it obey their laws."""

from __future__ import annotations

import json
import math

import pytest
import torch

from saddlepoint.data.mixtures import gaussian
from saddlepoint.data.settings import DataSettings
from saddlepoint.errors import RunError, SettingError
from saddlepoint.evaluation.statistics.intervals import Interval
from saddlepoint.recipe import Recipe
from saddlepoint.report.claims import number, quantity_text, write_claims_page
from saddlepoint.studies.claims import CLAIMS, claim
from saddlepoint.studies.claims.contract import VERDICTS, Quantity, verdict
from saddlepoint.studies.claims.laboratory import Laboratory, Outcome, Setup, target
from saddlepoint.studies.claims.narrow_densities import widths_text
from saddlepoint.studies.claims.quantities import NONE_DECIDED, median_interval, median_steps, race, share_converged
from saddlepoint.studies.claims.results import load, reproduce
from saddlepoint.studies.claims.setups import described, ours


def outcome(steps: list[float], last: int = 100, samples: torch.Tensor | None = None, modes: int = 1) -> Outcome:
    """Of as many seeds as `steps` has; NaN where one has not converged."""
    setup = described(modes)
    n = len(steps)
    made = samples if samples is not None else torch.zeros(n, 64)
    return Outcome(
        setup, gaussian(setup.data), torch.tensor(steps, dtype=torch.float64), last, torch.tensor([1, last]),
        torch.ones(2, n, dtype=torch.float64), made.sort(1).values, (),
    )  # fmt: skip


@pytest.mark.parametrize("modes", [1, 2, 3])
def test_the_described_setup_equals_its_recipe(modes):
    recipe, setup = Recipe.load(f"toy-lab-{modes}"), described(modes)
    assert setup.model == recipe.model
    assert setup.data == recipe.data
    own = ("steps", "batch_size", "optimiser", "players", "ema", "seed")
    assert all(getattr(setup.training, name) == getattr(recipe.training, name) for name in own)


@pytest.mark.parametrize("modes", [1, 2, 3])
def test_our_training_is_that_of_the_recipes_but_for_what_makes_it_slow(modes):
    recipe, setup = Recipe.load(f"lab-{modes}"), ours(modes)
    smaller = {"generator", "discriminator", "updates"}
    model = recipe.model.model_dump(exclude=smaller)
    assert setup.model.model_dump(exclude=smaller) == model
    assert setup.data == recipe.data
    assert setup.training.optimiser == recipe.training.optimiser
    assert setup.training.ema == recipe.training.ema
    assert setup.model.updates.discriminator < recipe.model.updates.discriminator
    assert setup.training.batch_size < recipe.training.batch_size


@pytest.mark.parametrize("identifier", CLAIMS)
def test_a_claim_names_its_source_and_its_criterion(identifier):
    one = claim(identifier.lower())
    assert one.id == identifier
    assert "http" in one.source
    assert one.rule.startswith("Holds if")
    assert "in part if" in one.rule
    quick, full = one.setups(True), one.setups(False)
    assert quick.keys() <= full.keys()
    assert sum(setup.weight for setup in quick.values()) < sum(setup.weight for setup in full.values()) / 10
    labels = [setup.key for setup in full.values()]
    assert len(set(labels)) == len(labels), "two names for one setup"


def test_there_is_no_other_claim():
    with pytest.raises(SettingError, match="C8"):
        claim("C88")


def test_verdicts():
    reported = [verdict(True, True), verdict(False, True), verdict(False, False), verdict(False, False, decided=False)]
    assert reported == list(VERDICTS)
    assert verdict(True, True, decided=False) == "holds"


def test_seeds_that_never_converge_count():
    half = outcome([10.0, 20.0, math.nan, math.nan, math.nan])
    assert median_steps(half).value == math.inf
    assert share_converged(half).value == pytest.approx(0.4)
    assert median_steps(outcome([10.0, 20.0, 30.0, math.nan, math.nan])).value == 30.0
    assert half.times.tolist() == [10.0, 20.0, 100.0, 100.0, 100.0]


def test_a_race_is_decided_seed_by_seed():
    first = outcome([10.0, 10.0, math.nan, math.nan, 30.0])
    second = outcome([20.0, math.nan, 10.0, math.nan, 30.0])
    found = race(first, second)
    assert (found.faster, found.slower, found.undecided) == (2, 1, 2)
    assert found.share.value == pytest.approx(2 / 3)
    back = race(second, first)
    assert back.share.value == pytest.approx(1 - found.share.value)
    assert back.share.low == pytest.approx(1 - found.share.high)


def test_a_race_without_a_seed_that_decides_has_no_share():
    own = outcome([10.0, math.nan])
    found = race(own, own)
    assert (found.faster, found.slower, found.undecided) == (0, 0, 2)
    reported = Quantity("share", found.share, without=NONE_DECIDED).to_json()
    assert (reported["value"], reported["low"], reported["high"]) == (None, None, None)
    assert quantity_text(reported) == "none decided"


@pytest.mark.slow
def test_the_interval_of_a_median_covers_it():
    generator = torch.Generator().manual_seed(0)
    draws = torch.rand(2_000, 41, generator=generator, dtype=torch.float64)
    covered = [0.5 in median_interval(row) for row in draws]
    # At least 95 % by the binomial distribution; a normal 0.5 % of scatter over 2,000 repeats.
    assert sum(covered) / len(covered) > 0.95 - 3 * 0.005
    few = median_interval(torch.tensor([3.0, 1.0, torch.nan, 2.0]))
    assert (few.low, few.value, few.high) == (1.0, 2.0, 3.0)
    assert math.isnan(median_interval(torch.tensor([torch.nan])).value)


def test_one_seed_has_no_interval():
    reported = Quantity("median", median_interval(torch.tensor([torch.nan, 3.0])), "steps").to_json()
    assert (reported["value"], reported["low"], reported["high"]) == (3.0, None, None)
    assert quantity_text(reported) == "3 steps (one seed)"


@pytest.mark.parametrize(
    ("enough", "said"),
    [
        ((1, 2, 3), "as described, modes are 0.81, 0.82, 0.83 times as wide as the true ones, with 1, 2 and 3"),
        (
            (1,),
            "as described, modes are 0.81 times as wide as the true ones, with 1 (fewer than 10 seeds found all of 2 or 3)",
        ),
        ((), "as described, fewer than 10 seeds found all of 1, 2 or 3 modes"),
    ],
)
def test_widths_are_reported_for_the_seeds_that_found_all_modes(enough, said):
    labels = {modes: f"as described, {modes} mode{'s' if modes > 1 else ''}" for modes in (1, 2, 3)}
    widths = {label: Interval(0.8 + modes / 100, 0.7, 0.9) for modes, label in labels.items()}
    assert widths_text("as described", widths, {label: modes in enough for modes, label in labels.items()}) == said


@pytest.mark.slow
def test_a_setup_is_trained_once():
    tiny = described(1, quick=True)
    progress_calls = []
    laboratory = Laboratory(seeds=2, report=progress_calls.append)
    first = laboratory.outcome(tiny)
    again = laboratory.outcome(Setup(tiny.model, tiny.training, DataSettings(source="gaussian", modes=1)))
    assert first is again
    assert progress_calls == sorted(progress_calls)
    assert progress_calls[-1] == laboratory.done == tiny.weight
    assert first.distance.shape == (len(first.checked), 2)
    assert (first.samples.diff(dim=1) >= 0).all()
    torch.testing.assert_close(target(first).measure(first.samples)[0], first.distance[-1], rtol=0.05, atol=0.05)
    laboratory.forget_except([])
    assert laboratory.outcome(tiny) is not first


# C16 takes as long as several others, and test_strengths.py runs it.
RUN = [identifier for identifier in CLAIMS if identifier != "C16"]


@pytest.mark.slow
def test_claims_run_quickly_and_write_a_page(tmp_path):
    progress_calls: list[float] = []
    results = reproduce(RUN, tmp_path, seeds=3, quick=True, report=lambda what, share: progress_calls.append(share))
    assert [result["id"] for result in results] == RUN
    assert progress_calls == sorted(progress_calls)
    assert load(tmp_path) == json.loads(json.dumps(results))
    for result in results:
        assert result["quick"]
        assert result["verdict"] is None, "a quick look has decided"
        assert result["quantities"]
        for quantity in result["quantities"]:
            value, low, high = (quantity[part] for part in ("value", "low", "high"))
            assert low is None or float(low) <= float(value) <= float(high), quantity
            assert quantity_text(quantity)
        for picture in result["pictures"]:
            assert (tmp_path / result["id"] / picture["file"]).stat().st_size > 1_000
            if "interactive" in picture:
                assert (tmp_path / result["id"] / picture["interactive"]).exists()
    page = write_claims_page(results, tmp_path).read_text()
    assert all(f'id="{identifier}"' in page for identifier in RUN)
    assert "decide nothing" in page
    assert 'src="http' not in page
    assert 'data-plot="plot-C1-codes-autoencoder"' in page


def test_results_are_not_replaced_by_default(tmp_path):
    (tmp_path / "C8").mkdir()
    (tmp_path / "C8" / "result.json").write_text("{}")
    with pytest.raises(RunError, match=r"C8.*--overwrite"):
        reproduce(["c8"], tmp_path, seeds=2, quick=True)
    (tmp_path / "C8" / "result.json").write_text("{")
    with pytest.raises(RunError, match="cannot be read"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("value", "low", "high", "words"),
    [
        (24.0, 22.0, 28.0, "24 [22, 28] steps"),
        ("inf", "inf", "inf", "not reached"),
        ("inf", 1234.0, "inf", "not reached [1,234, ∞] steps"),
        ("nan", "nan", "nan", "none to measure"),
        (None, None, None, "none to measure"),
        (7.0, None, None, "7 steps (one seed)"),
        (0.01, 0.01, 0.01, "0.01 steps"),
    ],
)
def test_numbers_are_formatted_in_words(value, low, high, words):
    assert quantity_text({"value": value, "low": low, "high": high, "unit": "steps"}) == words
    assert number(1234.5) == "1,234"
