from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from saddlepoint.figures.samples import show_samples
from saddlepoint.figures.sounds import sound_panels, spectrogram
from saddlepoint.figures.style import write_png
from saddlepoint.figures.texts import COLUMNS, MOST_LINES, wrap_text
from saddlepoint.figures.volumes import rendered_view

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


@pytest.mark.slow
def test_waveforms_share_one_scale_and_keep_their_values() -> None:
    sounds = np.stack([np.sin(np.arange(100) / 5), 3 * np.cos(np.arange(100) / 5)])[:, None]
    waves = [axes for axes in sound_panels(sounds).axes if axes.lines]
    assert len(waves) == 2
    assert waves[0].get_ylim() == waves[1].get_ylim()
    assert np.array_equal(waves[0].lines[0].get_ydata(), sounds[0, 0])


@pytest.mark.parametrize("cycles", [0.05, 0.2, 0.4])
def test_a_spectrogram_peaks_at_the_frequency_of_a_sine(cycles: float) -> None:
    power = spectrogram(np.sin(2 * np.pi * cycles * np.arange(2_000)))
    frequencies = np.linspace(0, 0.5, len(power))
    assert abs(frequencies[power.mean(1).argmax()] - cycles) < 1 / len(power)


@pytest.mark.parametrize("samples", [1, 2, 15, 16, 100, 5_000])
def test_sounds_of_any_length_have_a_spectrogram(samples: int) -> None:
    assert np.isfinite(spectrogram(np.random.default_rng(0).normal(size=samples))).all()


def test_a_rendered_ball_is_a_disc_of_its_size_from_every_side() -> None:
    axes = np.indices((21, 21, 21)) - 10.0
    ball = 6.0 - np.sqrt((axes**2).sum(0))
    areas = []
    for azimuth, elevation in ((0, 0), (40, 20), (90, -70)):
        seen = rendered_view(ball, azimuth, elevation, threshold=0.0, side=64) < 1
        rows, columns = np.nonzero(seen)
        assert abs(np.ptp(rows) - np.ptp(columns)) <= 1
        areas.append(seen.mean())
    # From the front the box is 21 voxels wide, and the disc has an area of 36 pi.
    assert areas[0] == pytest.approx(36 * np.pi / 21**2, rel=0.05)


def test_wrapped_texts_keep_their_characters_and_stay_short() -> None:
    text = "one\ntwo three " * 10
    assert "".join(wrap_text(text)).replace("\u21b5", "\n") == text
    assert len(wrap_text("x" * 100_000)) == MOST_LINES
    assert max(map(len, wrap_text("x" * 100_000))) == COLUMNS
    assert wrap_text("") == [""]
    assert wrap_text("\x00\x1b\u4e2d") == ["\u25a1" * 3]


def test_texts_are_drawn(tmp_path: Path) -> None:
    picture = show_samples(np.array(["<b>&$x_1$", "\x00", "", "a" * 3_000], dtype=object), "text", title="Texts")
    assert write_png(picture, tmp_path / "a.png").stat().st_size > 0
