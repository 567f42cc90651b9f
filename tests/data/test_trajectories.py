"""Trajectories: what is written is read, mistakes are named, and whole episodes are held out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from saddlepoint import data
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.spaces import Box, Discrete
from saddlepoint.data.trajectories import merge, split_episodes
from saddlepoint.data.trajectory_files import from_arrays, read_trajectories
from saddlepoint.errors import DataError
from tests.applications.simulate.runs import trajectories


def arrays(**changes: Any) -> dict[str, Any]:
    """Four steps of two episodes."""
    found = {
        "states": np.arange(8.0).reshape(4, 2),
        "actions": np.array([0, 1, 0, 1]),
        "rewards": np.ones(4),
        "next_states": np.arange(8.0).reshape(4, 2) + 2,
        "terminated": np.array([0, 1, 0, 0]),
        "episode_starts": np.array([1, 0, 1, 0]),
    }
    return {name: value for name, value in (found | changes).items() if value is not None}


@pytest.mark.parametrize("real", [False, True])
def test_what_is_written_is_read(real: bool, tmp_path: Path) -> None:
    written = trajectories(real=real)
    written.write(tmp_path / "t.npz")
    read = read_trajectories(tmp_path / "t.npz")
    np.testing.assert_array_equal(read.rows(), written.rows())
    assert (read.observation, read.action, read.limit) == (written.observation, written.action, written.limit)


def test_a_row_is_state_action_change_reward_and_end() -> None:
    rows = from_arrays(arrays()).rows()
    np.testing.assert_array_equal(rows[1], [2, 3, 0, 1, 2, 2, 1, 1])
    assert from_arrays(arrays()).given == 4


def test_spaces_are_those_of_the_file_or_of_its_values() -> None:
    found = from_arrays(arrays())
    assert found.action == Discrete(2)
    assert found.observation == Box((0.0, 1.0), (8.0, 9.0))
    spaces = (
        '{"observation": {"kind": "box", "low": [null, 0], "high": [null, 9]}, "action": {"kind": "discrete", "n": 3}}'
    )
    found = from_arrays(arrays(spaces=np.array(spaces)))
    assert found.action == Discrete(3)
    assert found.observation.low == (-np.inf, 0.0)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rewards": None}, "need the array rewards"),
        ({"states": np.zeros((4, 3))}, "states have 3 numbers and next_states 2"),
        ({"rewards": np.ones(5)}, "rewards has the shape"),
        ({"states": np.zeros((4, 2, 2))}, "states has the shape"),
        ({"rewards": np.array([1, 2, 3, np.nan])}, "not finite"),
        ({"terminated": np.array([0, 2, 0, 0])}, "other values than true and false"),
        ({"episode_starts": np.array([0, 0, 1, 0])}, "begins no episode"),
        ({"states": np.float64(3.0)}, "states has the shape"),
        ({"states": [[1.0, 2.0], [3.0]]}, "rows of different lengths"),
        ({"states": np.zeros((4, 0)), "next_states": np.zeros((4, 0))}, "states has the shape"),
        ({"rewards": np.full(4, 1e300)}, "beyond"),
        ({"terminated": np.array([1, 1, 0, 0])}, "step 0 ends its episode, but step 1 does not begin one"),
        ({"spaces": np.array('{"limit": "x"}')}, "the limit of steps"),
        ({"spaces": np.array('{"limit": -3}')}, "the limit of steps"),
        ({"actions": np.array([0, 1, 0, 10**9])}, "the largest action"),
        ({"actions": np.array([0.5, 1, 0, 1])}, "are choices"),
        ({"actions": np.array([-1, 1, 0, 1])}, "outside the space"),
        ({"spaces": np.array('{"action": {"kind": "discrete", "n": 1}}')}, "outside the space"),
        ({"spaces": np.array('{"action": {"kind": "dict"}}')}, "the space of actions is"),
        ({"spaces": np.array('{"observation": {"kind": "box", "low": [0], "high": [1]}}')}, "do not fit their space"),
    ],
)
def test_mistakes_are_named(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        from_arrays(arrays(**changes))


def test_recordings_of_one_task_are_merged_and_of_others_refused() -> None:
    one = from_arrays(arrays())
    assert len(merge([one, one], ["a", "b"]).episodes) == 4
    wide = from_arrays(arrays(states=np.full((4, 2), -5.0), spaces=np.array('{"task": "T", "limit": 7}')))
    merged = merge([one, wide], ["a", "b"])
    assert merged.observation == Box((-5.0, -5.0), (8.0, 9.0)), "states of the second lie within the merged space"
    assert (merged.task, merged.limit) == ("T", 7)
    other = from_arrays(arrays(spaces=np.array('{"task": "U"}')))
    with pytest.raises(DataError, match="a is of T and b of U"):
        merge([wide, other], ["a", "b"])
    with pytest.raises(DataError, match=r"a has states .* and b has"):
        merge([one, from_arrays(arrays(actions=np.zeros((4, 2))))], ["a", "b"])


def test_whole_episodes_are_held_out(tmp_path: Path) -> None:
    known = trajectories()
    known.write(tmp_path / "t.npz")
    trained, held_out = split_episodes(known, DataSettings(held_out=0.25))
    assert held_out is not None
    assert len(held_out.episodes) == 10
    assert len(trained) + len(held_out) == len(known)
    dataset = data.load(DataSettings(source=str(tmp_path / "t.npz"), held_out=0.25))
    np.testing.assert_array_equal(dataset.x.numpy(), trained.rows())
    assert dataset.held_out is not None
    np.testing.assert_array_equal(dataset.held_out.x.numpy(), held_out.rows())
