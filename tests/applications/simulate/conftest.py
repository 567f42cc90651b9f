"""Learnt tasks that several tests use."""

from __future__ import annotations

from pathlib import Path

import pytest

from saddlepoint.applications.simulate.settings import MODELS
from saddlepoint.applications.simulate.world import World
from tests.applications.simulate.runs import learn, learn_world


@pytest.fixture(scope="session")
def worlds() -> dict[str, World]:
    """A learnt task of each model, and one with real actions."""
    return {name: learn_world(name) for name in MODELS} | {"real actions": learn_world(real=True)}


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run."""
    return learn(tmp_path_factory.mktemp("simulate") / "mass").folder.path
