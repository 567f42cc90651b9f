"""Training further: a stretched schedule makes the rate jump; with a frozen rate it continues, and the recipe repeats the run."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint import experiment
from saddlepoint.cli.next_commands import next_commands
from saddlepoint.errors import SettingError
from saddlepoint.experiment.rates import keep_rate_option, keep_rates, rate_jumps
from saddlepoint.recipe import Recipe
from saddlepoint.training.schedules import learning_rate
from tests.experiment.runs import RecordingListener, comparable_state, recipe, start_session

COSINE = {"schedule": "cosine", "final_fraction": 0.05, "learning_rate": 1e-3}
RATE = "g/learning_rate"


def longer(before: Recipe, steps: int) -> Recipe:
    return before.override({"training.steps": steps})


@given(
    schedule=st.sampled_from(["constant", "exponential", "cosine", "linear"]),
    final=st.floats(0.01, 1.0),
    steps=st.integers(2, 400),
    more=st.integers(1, 400),
    at=st.floats(0.0, 1.0),
)
def test_frozen_rates_follow_the_earlier_schedule_to_its_end_and_stay_constant(
    schedule: str, final: float, steps: int, more: int, at: float
) -> None:
    before = recipe("gan", steps=steps, optimiser={"schedule": schedule, "final_fraction": final})
    kept = keep_rates(before, longer(before, steps + more))
    step = round(at * steps)
    assert rate_jumps(before.training, kept.training, ["generator", "discriminator"], step) == []
    own, old = kept.training.player("generator"), before.training.player("generator")
    for place in (step, steps + more):
        assert learning_rate(own, place, kept.training.steps) == learning_rate(old, place, steps)
    assert keep_rates(kept, longer(kept, 2 * kept.training.steps)).training.optimiser == kept.training.optimiser


@pytest.mark.slow
def test_a_jump_is_reported_with_both_rates_and_the_option_to_keep_the_rate(tmp_path: Path) -> None:
    path = tmp_path / "run"
    start_session(recipe("gan", steps=10, optimiser=COSINE), path).run()
    recording = RecordingListener()
    experiment.resume(path, steps=20, listener=recording)
    said = [note for note in recording.notes if "jumps" in note]
    assert len(said) == 1
    assert "from 5e-05 to 0.000" in said[0]
    assert "--keep-rate" in said[0]


@pytest.mark.slow
def test_without_a_listener_the_jump_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "run"
    start_session(recipe("gan", steps=10, optimiser=COSINE), path).run()
    with pytest.warns(UserWarning, match="the learning rate jumps from 5e-05"):
        experiment.resume(path, steps=20)


@pytest.mark.slow
def test_a_frozen_learning_rate_continues_and_the_recipe_repeats_the_whole_run(tmp_path: Path) -> None:
    path = tmp_path / "run"
    start_session(recipe("gan", steps=10, optimiser=COSINE), path).run()
    recording = RecordingListener()
    experiment.resume(path, steps=20, keep_rate=True, listener=recording)
    assert not [note for note in recording.notes if "jumps" in note]
    rates = [record.values[RATE] for record in experiment.Run(path).records if RATE in record.values]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == pytest.approx(5e-5)
    start_session(Recipe.load(path), tmp_path / "again").run()
    kept, again = comparable_state(path), comparable_state(tmp_path / "again")
    # Between two records the first run measured itself at its end, which the second has no reason to do.
    assert [kept[part] for part in ("weights", "optimiser")] == [again[part] for part in ("weights", "optimiser")]


@pytest.mark.slow
def test_a_rate_of_zero_cannot_be_frozen_and_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "run"
    start_session(recipe("gan", steps=10, optimiser={"schedule": "linear"}), path).run()
    before = {file: file.read_bytes() for file in path.rglob("*") if file.is_file() and file.name != ".lock"}
    with pytest.raises(SettingError, match="ends at 0 at step 10"):
        experiment.resume(path, steps=20, keep_rate=True, listener=RecordingListener())
    assert {file: file.read_bytes() for file in path.rglob("*") if file.is_file() and file.name != ".lock"} == before
    recording = RecordingListener()
    experiment.resume(path, steps=20, listener=recording)
    (said,) = (note for note in recording.notes if "jumps" in note)
    assert "--keep-rate" not in said, "what would be refused is not proposed"


@pytest.mark.parametrize(
    ("optimiser", "option"),
    [({}, ""), (COSINE, "--keep-rate"), ({"schedule": "cosine"}, ""), ({**COSINE, "schedule_steps": 5}, "")],
    ids=["constant", "to a twentieth", "to zero", "kept already"],
)
def test_freezing_the_rate_is_proposed_if_it_would_jump_and_can_be_frozen(optimiser: dict, option: str) -> None:
    assert keep_rate_option(recipe("gan", steps=10, optimiser=optimiser)) == option
    commands = next_commands(Path("runs/a"), "finished", 10, [], keep_rate=option)
    assert f"saddlepoint resume runs/a --steps 20 {option}".strip() in commands
