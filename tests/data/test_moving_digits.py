"""Moving digits: the same for the same seed, made of disjoint digits, and moved as said."""

from __future__ import annotations

import pytest
import torch

from saddlepoint import data
from saddlepoint.data import moving_digits
from saddlepoint.data.settings import DataSettings
from saddlepoint.errors import DataError


def load(**settings: object) -> data.Dataset:
    return data.load(DataSettings.model_validate({"source": "moving-digits", "points": 12, "held_out": 0.5} | settings))


def test_they_are_videos_of_bytes_with_a_held_out_part() -> None:
    dataset = load(length=5, size=24)
    assert dataset.event.kind == "video"
    assert (dataset.x.shape, dataset.x.dtype) == ((12, 1, 5, 24, 24), torch.uint8)
    assert dataset.held_out is not None
    assert len(dataset.held_out) == 6


def test_the_split_seed_decides_them() -> None:
    assert torch.equal(load().x, load().x)
    assert load().fingerprint == load().fingerprint != load(split_seed=1).fingerprint


def test_paths_are_straight_within_the_frame_and_as_fast_as_moving_mnist() -> None:
    paths = moving_digits.paths(200, 30, torch.Generator().manual_seed(0))
    assert paths.min() >= 0
    assert paths.max() <= 1
    steps = paths.diff(dim=1)
    inside = ((paths > 0) & (paths < 1)).all(2)
    free = inside[:, 1:] & inside[:, :-1]
    assert free.any()
    assert torch.allclose(steps[free].norm(dim=1), torch.tensor(moving_digits.STEP, dtype=torch.float64))
    # A digit turns back only where it reached an end of the frame.
    turned = (steps[:, 1:] * steps[:, :-1] < 0) & (steps[:, :-1].abs() > 0)
    at_end = (paths[:, 1:-1] == 0) | (paths[:, 1:-1] == 1)
    assert (at_end | ~turned).all()


def test_every_frame_shows_each_digit_whole_and_the_brighter_one_in_front() -> None:
    digits = torch.stack([torch.full((3, 3), 100), torch.full((3, 3), 200)]).to(torch.uint8)
    generator = torch.Generator().manual_seed(0)
    videos = moving_digits.moving_digits(digits, 40, 6, (7, 8), generator)
    bright, dark = (videos == 200).sum((2, 3)), (videos == 100).sum((2, 3))
    assert set(videos.unique().tolist()) == {0, 100, 200}
    assert ((bright == 0) | (bright >= 9)).all()  # nothing covers the brighter digit
    assert ((bright + dark >= 9) & (bright + dark <= 18)).all()


def test_training_and_test_videos_are_made_of_other_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def keep(images, *arguments, **keywords):  # type: ignore[no-untyped-def]
        seen.append({image.numpy().tobytes() for image in images})
        return torch.zeros(arguments[0], arguments[1], *arguments[2], dtype=torch.uint8)

    monkeypatch.setattr(moving_digits, "moving_digits", keep)
    load()
    assert len(seen) == 2
    assert not seen[0] & seen[1]


def test_a_frame_that_is_too_small_is_refused() -> None:
    with pytest.raises(DataError, match="more than the digits' own 16 pixels"):
        load(size=16)
