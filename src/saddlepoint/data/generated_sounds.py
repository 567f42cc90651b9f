"""Sounds that are made here: tones with harmonics, and drums. Small, labelled, and different in every draw.

- `tones`: a note of one of two octaves from 131 Hz, with six harmonics that fall off at random, a short attack and a decay; the class
  is the pitch class, C to B.
- `drums`: a kick (a sine whose pitch falls), a snare (a tone in noise) or a hat (a short burst of high noise).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from saddlepoint.data.capacity import require_memory
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.split import Part, assemble

RATE = 8_000  # samples a second
LENGTH = 2_048  # samples, about a quarter of a second
SOUNDS = 3_000  # training examples where the settings do not say how many
PITCHES = ("C", "C sharp", "D", "D sharp", "E", "F", "F sharp", "G", "G sharp", "A", "A sharp", "B")
LOWEST = 440.0 * 2 ** (-21 / 12)  # the C below middle C, in Hz
OCTAVES, HARMONICS = 2, 6
DRUMS = ("kick", "snare", "hat")
ATTACK = 0.004  # seconds
BATCH = 512  # sounds made together

Make = Callable[[Tensor, Tensor, torch.Generator], Tensor]


def tones(settings: DataSettings) -> Dataset:
    """(N, 1, length) float32 in [-1, 1]: notes, labelled by pitch class."""
    return _draw("tones", tone, PITCHES, settings)


def drums(settings: DataSettings) -> Dataset:
    """(N, 1, length) float32 in [-1, 1]: kicks, snares and hats."""
    return _draw("drums", drum, DRUMS, settings)


def _draw(name: str, make: Make, classes: tuple[str, ...], settings: DataSettings) -> Dataset:
    """Training examples and held-out ones, equally many a class (up to one), fixed by `split_seed`."""
    generator = torch.Generator().manual_seed(settings.split_seed)
    length, count, rate = settings.length or LENGTH, settings.points or SOUNDS, settings.rate or RATE
    require_memory(
        12 * count * length, f"{name}: {count:,} sounds of {length:,} samples", "lower data.points or data.length"
    )
    time = torch.arange(length) / rate
    parts = []
    for number in (count, round(count * settings.held_out)):
        labels = (torch.arange(number) % len(classes))[torch.randperm(number, generator=generator)]
        made = [make(part, time, generator) for part in torch.split(labels, BATCH)]
        parts.append(Part(torch.cat(made)[:, None], labels))
    event = Event((1, length), "sound", low=-1.0, high=1.0, class_names=classes, rate=float(rate))
    return assemble(name, event, parts[0], settings, test=parts[1])


def frequency(pitch: Tensor, octave: Tensor) -> Tensor:
    """The frequency of a pitch class (0 is C) in an octave from 0, in Hz."""
    return LOWEST * 2 ** (octave + pitch / 12)


def tone(labels: Tensor, time: Tensor, generator: torch.Generator) -> Tensor:
    """Notes (n, T) of pitch classes (n,) at moments (T,) in seconds. Harmonics above half the rate are left out."""
    n = len(labels)
    octave = torch.randint(OCTAVES, (n,), generator=generator)
    pitch = frequency(labels, octave)
    falloff, decay, loudness = (
        _uniform(n, low, high, generator) for low, high in ((1.0, 2.0), (0.05, 0.3), (0.4, 0.9))
    )
    order = torch.arange(1, HARMONICS + 1)
    phase = 2 * math.pi * torch.rand(n, HARMONICS, generator=generator)
    highest = 0.5 / float(time[1] - time[0]) if len(time) > 1 else math.inf
    weight = order ** -falloff[:, None] * (pitch[:, None] * order < highest)
    angle = 2 * math.pi * pitch[:, None, None] * order[:, None] * time + phase[..., None]
    wave = (weight[..., None] * angle.sin()).sum(1)
    envelope = (-time / decay[:, None]).exp() * (time / ATTACK).clamp(max=1.0)
    return _level(wave * envelope, loudness)


def drum(labels: Tensor, time: Tensor, generator: torch.Generator) -> Tensor:
    """Drums (n, T) of classes (n,) in `DRUMS` at moments (T,) in seconds."""
    n = len(labels)
    noise = torch.randn(n, len(time) + 1, generator=generator)
    loudness, spread = _uniform(n, 0.5, 0.95, generator), _uniform(n, 0.8, 1.25, generator)[:, None]
    # A kick's pitch falls from three times its last one; the phase is the integral of the frequency.
    last, fall = 55.0 * spread, 0.03
    kick = (2 * math.pi * last * (time + 2 * fall * (1 - (-time / fall).exp()))).sin() * (-time / (0.09 * spread)).exp()
    body = (2 * math.pi * 185.0 * spread * time).sin() * (-time / 0.05).exp()
    snare = 0.6 * body + 0.4 * noise[:, 1:] * (-time / (0.06 * spread)).exp()
    hat = noise.diff(dim=1) * (-time / (0.02 * spread)).exp()
    sounds = torch.stack([kick, snare, hat], 1)[torch.arange(n), labels]
    return _level(sounds * (time / 0.001).clamp(max=1.0), loudness)


def _level(waves: Tensor, loudness: Tensor) -> Tensor:
    """Waves (n, T) with the given largest values (n,), at rest at the end."""
    length = waves.shape[1]
    fade = torch.linspace(length / 32, 0, length).clamp(max=1.0)
    waves = waves * fade
    return waves * (loudness[:, None] / waves.abs().amax(1, keepdim=True).clamp_min(1e-9))


def _uniform(n: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(n, generator=generator)
