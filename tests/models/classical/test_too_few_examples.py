"""Distributions that need more examples than there are: found before a run is written, or with nothing left of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import saddlepoint as sp
from saddlepoint.errors import DataError, SettingError
from saddlepoint.recipe import Recipe

SHORT = {"steps": 2, "tick": 1}
GENERATOR = np.random.default_rng(0)


def train(tmp_path: Path, recipe: str, data: object, **model: object) -> None:
    sp.train(recipe, data=data, model=model, training=SHORT, run=tmp_path / "run", pictures=False)


def test_a_mixture_with_more_components_than_examples_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"3 Gaussians cannot be fitted to 2 examples;"):
        train(tmp_path, "mixture-digits", GENERATOR.normal(size=(2, 4)), components=3)
    assert not list(tmp_path.iterdir())


def test_a_mixture_of_a_class_with_too_few_examples_names_the_class(tmp_path: Path) -> None:
    labels = np.array(["many"] * 39 + ["few"])
    data = sp.from_array(GENERATOR.normal(size=(40, 4)), labels)
    with pytest.raises(DataError, match=r"cannot be fitted to 1 example of class few;"):
        train(tmp_path, "mixture-digits", data, components=3, conditional=True)
    assert not list(tmp_path.iterdir())


def test_a_hidden_markov_model_with_more_states_than_steps_writes_nothing(tmp_path: Path) -> None:
    pytest.importorskip("hmmlearn")
    data = sp.from_array(GENERATOR.normal(size=(4, 2, 2)), kind="series")
    with pytest.raises(DataError, match=r"9 states cannot be fitted to 4 examples of 2 steps"):
        train(tmp_path, "hmm-waves", data, states=9)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_setting_that_the_first_step_finds_wrong_leaves_nothing(tmp_path: Path) -> None:
    rows = GENERATOR.normal(size=(30, 2))
    with pytest.raises(SettingError, match=r"model.reg_covar: .* raise it"):
        train(tmp_path, "mixture-digits", np.hstack([rows, rows]), components=2, reg_covar=0.0)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("bandwidth", ["nan", "inf", 0, -1.0, "silverman", True])
def test_a_wrong_bandwidth_is_one_clear_sentence(bandwidth: object) -> None:
    with pytest.raises(
        SettingError, match=r"model.bandwidth cannot be .*: it must be a number greater than 0, or scott\.$"
    ):
        Recipe.load("kernel-density-digits").override({"model.bandwidth": bandwidth})


def test_a_bandwidth_may_be_a_number_or_scott() -> None:
    recipe = Recipe.load("kernel-density-digits")
    assert recipe.override({"model.bandwidth": 2}).model.bandwidth == 2.0
    assert recipe.override({"model.bandwidth": "scott"}).model.bandwidth == "scott"


def test_the_usual_name_of_a_mixture_is_understood() -> None:
    with pytest.raises(SettingError, match='Here it is called "mixture"'):
        Recipe.load("mixture-digits").override({"model.distribution": "gmm"})
