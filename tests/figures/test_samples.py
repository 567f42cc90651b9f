from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from saddlepoint.figures.samples import show_samples, waveforms
from saddlepoint.figures.style import write_png

SHAPES = {"image": (1, 4, 4), "volume": (1, 4, 4, 4), "sound": (1, 64), "vector": (3,)}


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("broken", [False, True])
def test_every_kind_is_drawn(kind: str, broken: bool, tmp_path: Path) -> None:
    samples = np.random.default_rng(0).normal(size=(5, *SHAPES[kind]))
    if broken:
        samples.reshape(5, -1)[1] = np.nan
    picture = show_samples(samples, kind, low=-1.0, high=1.0, title="Samples at step 3")
    assert write_png(picture, tmp_path / "a.png").stat().st_size > 0


def test_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="'film'"):
        show_samples(np.zeros((1, 2)), "film")


def test_waveforms_share_one_scale_and_keep_their_values() -> None:
    sounds = np.stack([np.sin(np.arange(100) / 5), 3 * np.cos(np.arange(100) / 5)])[:, None]
    first, second = [axes for axes in waveforms(sounds).axes if axes.get_visible()]
    assert first.get_ylim() == second.get_ylim()
    assert np.array_equal(first.lines[0].get_ydata(), sounds[0, 0])
