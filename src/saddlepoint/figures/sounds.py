"""Sounds as waveforms above spectrograms: the ear hears the second, which the first hides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlepoint.figures.style import DATA, INK, TITLE_SIZE, colours, figure, style_axes, text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_SOUNDS = 12
DECIBELS = 80.0  # shown below full scale
LONGEST_WINDOW, SHORTEST_WINDOW, WINDOWS = 512, 16, 12  # samples; windows that a short sound is to have at least


def spectrogram(sound: NDArray[Any]) -> NDArray[Any]:
    """The power (F, M) of a sound (T,) by frequency and moment, with a Hann window of a length that suits the sound's.

    Frequencies run from 0 to half the rate; moments from the beginning to the end of the sound, a quarter of a window apart.
    """
    window = window_length(len(sound))
    hop = max(1, window // 4)
    padded = np.pad(np.nan_to_num(sound.astype(np.float64), posinf=0.0, neginf=0.0), window // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop]
    spectrum = np.fft.rfft(frames * np.hanning(window), axis=1)
    power: NDArray[Any] = np.abs(spectrum.T) ** 2
    return power


def window_length(samples: int) -> int:
    """The length of the spectrogram's window, a power of two."""
    wanted = max(SHORTEST_WINDOW, min(LONGEST_WINDOW, samples // WINDOWS))
    return int(2 ** np.floor(np.log2(wanted)))


def sound_panels(
    sounds: ArrayLike,
    *,
    rate: float | None = None,
    low: float | None = None,
    high: float | None = None,
    limit: int = MOST_SOUNDS,
    names: Sequence[str] | None = None,
    title: str = "Sounds",
) -> Figure:
    """Draw each sound as its waveform above the spectrogram of the mean of its channels; all share their scales.

    Args:
        sounds: (N, C, T).
        rate: samples a second; without it, time is in samples and frequency in cycles a sample.
        low: lowest value of the waveforms' axis; None takes that of the sounds.
        high: highest value of the waveforms' axis; None takes that of the sounds.
        limit: largest number of sounds.
        names: of the sounds; their numbers if None. With names, two sounds share a row.
        title: of the picture.

    Raises:
        ValueError: sounds of another shape.
    """
    values = np.asarray(sounds, dtype=np.float64)
    if values.ndim != 3:
        raise ValueError(f"sounds must be (N, C, T), got an array of shape {values.shape}")
    values = values[:limit]
    finite = values[np.isfinite(values)]
    known = high is not None and high > 0
    low = (float(finite.min()) if len(finite) else -1.0) if low is None else low
    high = (float(finite.max()) if len(finite) else 1.0) if high is None else high
    powers = [spectrogram(sound.mean(0)) for sound in values]
    # A sine at full scale where that is known, so that near silence looks dark; else the loudest point of all.
    full = (0.5 * high * np.hanning(window_length(values.shape[2])).sum()) ** 2 if known else 0.0
    loudest = full or max((float(power.max()) for power in powers), default=0.0) or 1.0
    columns = min(4 if names is None else 2, max(1, len(values)))
    rows = max(1, -(-len(values) // columns))
    drawing, grid = figure(2 * rows, columns, width=max(3.4, 2.7 * columns), height=2.9 * rows + 0.3)
    drawing.suptitle(text(title), fontsize=TITLE_SIZE, x=0.01, ha="left", color=INK)
    duration = values.shape[2] / (rate or 1.0)
    unit, scale = ("time (s)", 1e-3) if rate else ("time (samples)", 1.0)
    spare = 0.05 * (high - low) or 1.0
    for place in range(rows * columns):
        wave, spectrum = (
            grid[2 * (place // columns), place % columns],
            grid[2 * (place // columns) + 1, place % columns],
        )
        if place >= len(values):
            wave.set_visible(False)
            spectrum.set_visible(False)
            continue
        broken = int((~np.isfinite(values[place])).sum())
        name = (names[place] if names else f"{place + 1}") + (f" ({broken:,} values not finite)" if broken else "")
        first = place % columns == 0
        style_axes(wave, title=name, x="", y="")
        time = np.arange(values.shape[2]) / (rate or 1.0)
        shades = [DATA] if values.shape[1] == 1 else colours(values.shape[1])
        for channel, colour in zip(values[place], shades, strict=True):
            # Clipped to twice the range: what lies further runs off the plot all the same.
            line = np.clip(np.where(np.isfinite(channel), channel, np.nan), 2 * low - high, 2 * high - low)
            wave.plot(time, line, color=colour, linewidth=0.7)
        wave.set_ylim(low - spare, high + spare)
        wave.set_xlim(0, duration)
        wave.tick_params(labelbottom=False, labelleft=first)
        y = ("frequency (kHz)" if rate else "cycles a sample") if first else ""
        style_axes(spectrum, title="", x=unit if place // columns == rows - 1 else "", y=y)
        decibels = 10 * np.log10(np.maximum(powers[place] / loudest, 10 ** (-DECIBELS / 10)))
        spectrum.imshow(
            decibels,
            origin="lower",
            aspect="auto",
            extent=(0, duration, 0, 0.5 * (rate or 1.0) * scale),
            vmin=-DECIBELS,
            vmax=0,
            cmap="magma",
        )
        spectrum.grid(False)
        spectrum.tick_params(labelleft=first)
    return drawing
