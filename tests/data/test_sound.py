"""Sounds: WAV files come back as they were written, folders are classes, rates are kept or changed, and damage is named."""

from __future__ import annotations

import contextlib
import struct
import wave
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.data import DataSettings, load
from saddlepoint.data.event import Event
from saddlepoint.data.generated_sounds import OCTAVES, frequency
from saddlepoint.data.sound import resample
from saddlepoint.data.wav import read_wav, wav_bytes
from saddlepoint.errors import DataError


def noise(channels: int = 1, steps: int = 500, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (channels, steps)).astype(np.float32)


def write(path: Path, sound: np.ndarray, rate: int = 8_000, **how) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(wav_bytes(sound, rate, **how))
    return path


@given(st.integers(1, 4), st.integers(1, 50), st.integers(1, 200_000), st.integers(0, 99))
def test_floats_come_back_exactly_and_pcm_within_half_a_step(
    tmp_path_factory, channels: int, steps: int, rate: int, seed: int
) -> None:
    path, sound = tmp_path_factory.getbasetemp() / "round.wav", noise(channels, steps, seed)
    back, found = read_wav(write(path, sound, rate))
    assert found == rate
    assert np.array_equal(back, sound)
    back, _ = read_wav(write(path, sound, rate, code="pcm"))
    assert np.abs(back - sound.clip(-1, 1 - 2**-15)).max() <= 2**-16


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_pcm_of_every_width_is_read_as_python_writes_it(tmp_path: Path, width: int) -> None:
    sound = noise(2, 100)
    steps = 2 ** (8 * width - 1)
    whole = np.clip(np.round(sound.T.astype(np.float64) * steps), -steps, steps - 1).astype(np.int64)
    stored = whole + 128 if width == 1 else whole
    raw = stored.astype("<i8").reshape(-1, 1).view(np.uint8)[:, :width].tobytes()
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((2, width, 22_050, 0, "NONE", ""))
        file.writeframes(raw)
    back, rate = read_wav(tmp_path / "a.wav")
    assert rate == 22_050
    assert np.array_equal(back, (whole / steps).astype(np.float32).T)


def test_folders_are_classes_and_sounds_are_cut_and_padded(tmp_path: Path) -> None:
    for name in ("kick", "snare"):
        for number in range(4):
            write(tmp_path / name / f"{number}.wav", noise(1, 100 + 10 * number))
    dataset = load(DataSettings(source=str(tmp_path), length=115, held_out=0))
    assert dataset.event.class_names == ("kick", "snare")
    assert (dataset.event.shape, dataset.event.rate) == ((1, 115), 8_000.0)
    assert "4 were cut and 4 were padded" in " ".join(dataset.notes)
    assert len(load(str(tmp_path)).x[0, 0]) == 130


def test_windows_of_a_recording_hold_out_its_end(tmp_path: Path) -> None:
    sound = noise(2, 1_000)
    source = str(write(tmp_path / "long.wav", sound))
    dataset = load(DataSettings(source=source, length=90, stride=45, held_out=0.2))
    assert torch.equal(dataset.x[1], torch.from_numpy(sound[:, 45:135]))
    assert torch.equal(dataset.held_out.x[0], torch.from_numpy(sound[:, 800:890]))
    with pytest.raises(DataError, match="is a single sound of 1,000 samples"):
        load(source)


@pytest.mark.parametrize(("rate", "wanted"), [(8_000, 4_000), (4_000, 11_025), (44_100, 8_000)])
def test_resampling_keeps_a_tones_frequency_and_loudness(rate: int, wanted: int) -> None:
    pitch, seconds = 440.0, 0.5
    sound = np.sin(2 * np.pi * pitch * np.arange(int(rate * seconds)) / rate)[None].astype(np.float32)
    made = resample(sound, rate, wanted)[0]
    assert abs(len(made) - wanted * seconds) <= 1
    spectrum = np.abs(np.fft.rfft(made * np.hanning(len(made))))
    assert abs(spectrum.argmax() * wanted / len(made) - pitch) <= wanted / len(made)
    middle = made[len(made) // 4 : -len(made) // 4]
    assert middle.std() == pytest.approx(0.5**0.5, rel=0.02)


def test_mixed_rates_are_refused_or_resampled(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", noise(1, 800), 8_000)
    write(tmp_path / "b.wav", noise(1, 1_600), 16_000)
    with pytest.raises(DataError, match=r"--data\.rate 8000"):
        load(str(tmp_path))
    dataset = load(DataSettings(source=str(tmp_path), rate=8_000, held_out=0))
    assert dataset.x.shape == (2, 1, 800)


def cut(raw: bytes) -> bytes:
    return raw[: len(raw) // 2]


DAMAGE = {
    "a picture": (lambda raw: b"\x89PNG\r\n\x1a\n" + raw, "no WAV file"),
    "nothing": (lambda raw: b"", "no WAV file"),
    "half": (cut, "cut short"),
    "the header alone": (lambda raw: raw[:44], "cut short"),
    "no format": (lambda raw: raw.replace(b"fmt ", b"junk"), "damaged"),
    "another code": (lambda raw: raw[:20] + struct.pack("<H", 85) + raw[22:], "coded in another way"),
    "no channels": (lambda raw: raw[:22] + struct.pack("<H", 0) + raw[24:], "damaged"),
    "no rate": (lambda raw: raw[:24] + struct.pack("<I", 0) + raw[28:], "0 samples a second|damaged"),
    "three channels": (lambda raw: raw[:22] + struct.pack("<H", 3) + raw[24:], "damaged"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_files_are_refused_in_one_sentence_or_skipped(tmp_path: Path, damage: str) -> None:
    spoil, words = DAMAGE[damage]
    for number in range(3):
        path = write(tmp_path / f"{number}.wav", noise(1, 500))
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(DataError, match=words) as raised:
        load(str(tmp_path))
    assert "\n" not in str(raised.value)
    dataset = load(DataSettings(source=str(tmp_path), on_bad="skip", held_out=0))
    assert len(dataset) == 2
    assert "1 files were skipped" in " ".join(dataset.notes)


@given(st.data())
def test_a_file_with_wrong_bytes_is_read_or_refused(tmp_path_factory, data: st.DataObject) -> None:
    raw = bytearray(wav_bytes(noise(2, 40), 8_000, code="pcm"))
    for place in data.draw(st.lists(st.integers(0, 47), min_size=1, max_size=4)):
        raw[place] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "wrong.wav"
    path.write_bytes(bytes(raw[: data.draw(st.integers(0, len(raw)))]))
    with contextlib.suppress(DataError):
        sound, rate = read_wav(path)
        assert sound.size > 0
        assert np.isfinite(sound).all()
        assert rate > 0


def test_a_file_of_no_samples_and_one_of_nan_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="0 samples"):
        read_wav(write(tmp_path / "a.wav", noise(1, 0)))
    with pytest.raises(DataError, match="not finite"):
        read_wav(write(tmp_path / "b.wav", np.full((1, 5), np.nan)))


def test_loud_floats_widen_the_range(tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path / f"{number}.wav", 3 * noise(1, 50, number))
    event = load(str(tmp_path)).event
    assert 2 < event.high == -event.low <= 3


def test_the_rate_is_saved_and_belongs_to_sounds_alone() -> None:
    event = Event((1, 5), "sound", rate=8_000.0)
    assert Event.from_json(event.to_json()) == event
    for kind, rate in (("series", 5.0), ("sound", 0.0), ("sound", float("inf"))):
        with pytest.raises(DataError, match="rate"):
            Event((5, 1), kind, rate=rate)


def test_a_generated_tone_has_its_pitch() -> None:
    dataset = load(DataSettings(source="tones", points=48, length=4_096))
    rate = dataset.event.rate
    for sound, label in zip(dataset.x[:, 0].numpy(), dataset.y, strict=True):
        spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 1 << 16))
        peak = spectrum.argmax() * rate / (1 << 16)
        notes = frequency(label, torch.arange(OCTAVES)).numpy()
        # The loudest harmonic is the first, whose weight is at least twice that of the second.
        assert np.abs(peak / notes - 1).min() < 0.02
