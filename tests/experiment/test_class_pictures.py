"""Pictures of conditional models and InfoGANs: a row for each class and for each value of a code, paths within one class."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from saddlepoint.errors import SettingError
from saddlepoint.experiment.code_pictures import COLUMNS, draw_categories, draw_traversals
from saddlepoint.experiment.interpolation import spherical
from saddlepoint.figures.pixels import to_pixels
from saddlepoint.models.capabilities import HasNamedCodes, has, lacks
from saddlepoint.models.class_samples import sample_with_labels
from tests.experiment.runs import recipe, start_session

LABELLED = {"model.condition.generator": "concatenate", "model.condition.discriminator": "projection"}
INFO = {"model.condition.discriminator": "info"}


def test_the_samples_of_a_conditional_run_are_those_of_all_classes_in_turn(tmp_path: Path) -> None:
    session = start_session(recipe("gan", steps=2).override(LABELLED), tmp_path / "run")
    session.pictures.sample_grid(0)
    model = session.model
    n = session.pictures.samples
    z = model.fixed_noise(n, torch.Generator().manual_seed(session.recipe.training.seed))
    expected = model.decode(model.with_labels(z, torch.arange(n) % 10))[:10]
    with np.load(session.folder.sample_grid(0).with_suffix(".npz")) as arrays:
        kept = arrays["samples"]
    assert np.array_equal(kept.transpose(0, 2, 3, 1), to_pixels(expected.numpy(), low=0, high=16))


def test_interpolations_of_a_conditional_model_stay_in_one_class(tmp_path: Path) -> None:
    session = start_session(recipe("gan", steps=2).override(LABELLED), tmp_path / "run")
    model, latent = session.model, session.pictures.latent
    paths = latent.decode_between(12, 5)
    assert latent.class_names_of_arcs(12) == [*map(str, range(10)), "0", "1"]
    ends = model.fixed_noise(24, torch.Generator().manual_seed(latent.seed + 1))
    noise = model.split_codes(ends)[0]
    arc = spherical(noise[11], noise[23], 5)
    codes = model.latent_distribution.join(arc, torch.full((5,), 1))
    assert torch.equal(paths[11], model.decode(codes))


@pytest.mark.slow
@pytest.mark.pictures
@pytest.mark.parametrize(("condition", "more"), [(LABELLED, set()), (INFO, {"codes-categorical", "codes-continuous"})])
def test_a_conditional_run_has_its_pictures(condition: dict[str, str], more: set[str], tmp_path: Path) -> None:
    session = start_session(recipe("gan", steps=4).override(condition), tmp_path / "run")
    session.run()
    captions = json.loads((session.folder.figures / "captions.json").read_text())
    assert {Path(name).stem for name in captions} >= {"samples-over-time", "interpolation", *more}


def test_codes_of_an_infogan_are_drawn_one_at_a_time(tmp_path: Path) -> None:
    session = start_session(recipe("gan", steps=2).override(INFO), tmp_path / "run")
    model, event = session.model, session.dataset.event
    assert has(model, HasNamedCodes)
    named = model.named_codes
    z = model.fixed_noise(7, torch.Generator().manual_seed(0))
    changed = named.with_category(z, 0, 3)
    assert torch.equal(changed[:, named.first : named.first + 10], torch.eye(10)[3].expand(7, -1))
    assert torch.equal(changed[:, : named.first], z[:, : named.first])
    moved = named.with_number(z, 1, torch.full((7,), 0.5))
    assert torch.equal(moved[:, -1], torch.full((7,), 0.5))
    assert torch.equal(moved[:, :-1], z[:, :-1])
    assert named.stop == model.latent
    assert named.names == ("category-1", "number-1", "number-2")
    assert torch.equal(named.with_values(z, {"category-1": 3, "number-2": 0.5}), named.with_category(moved, 0, 3))
    for values, said in (({"category-1": 10}, "from 0 to 9"), ({"number-3": 0.0}, 'Did you mean "number-')):
        with pytest.raises(SettingError, match=said):
            named.with_values(z, values)
    cell = draw_categories(model, event, 0).height // 10
    assert draw_categories(model, event, 0).width > COLUMNS * (cell - 10)
    assert draw_traversals(model, event, 0).height > 6 * 60


def test_a_gan_without_codes_says_so(tmp_path: Path) -> None:
    model = start_session(recipe("gan", steps=2), tmp_path / "run").model
    assert "model.condition.discriminator: info" in str(lacks(model, HasNamedCodes))


@pytest.mark.parametrize("settings", [{}, LABELLED, INFO], ids=["plain", "labels", "codes"])
def test_samples_with_labels_are_the_samples(settings: dict[str, str], tmp_path: Path) -> None:
    model = start_session(recipe("gan", steps=2).override(settings), tmp_path / "run").model
    alone = model.sample(6, generator=torch.Generator().manual_seed(5))
    samples, labels = sample_with_labels(model, 6, None, torch.Generator().manual_seed(5))
    assert torch.equal(samples, alone)
    assert (labels is None) == (settings is not LABELLED)
    if labels is not None:
        again = model.sample(6, labels=labels, generator=torch.Generator().manual_seed(5))
        assert torch.equal(again, alone)
