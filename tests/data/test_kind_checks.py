"""DATA405: silence, clipping and constant examples are found, and good data are not accused."""

from __future__ import annotations

import pytest
import torch

from saddlepoint.data import DataSettings, from_array, load
from saddlepoint.data.preflight import preflight

WHOLE = DataSettings(held_out=0.0)


def found(x: torch.Tensor, kind: str) -> list[tuple[str, str]]:
    dataset = from_array(x, settings=WHOLE, kind=kind)
    return [(f.severity, f.title) for f in preflight(dataset, 2) if f.code == "DATA405"]


def sines(n: int = 200, steps: int = 400) -> torch.Tensor:
    phase = torch.linspace(0, 6, n)[:, None]
    return 0.9 * (phase + 0.05 * torch.arange(steps)).sin()


@pytest.mark.parametrize(("bad", "severity"), [(1, "info"), (50, "warning")])
def test_clipped_sounds_are_found_by_their_flat_tops(bad: int, severity: str) -> None:
    x = sines()
    assert found(x, "sound") == []
    x[:bad] = (2 * x[:bad]).clamp(-1, 1)
    (finding,) = found(x, "sound")
    assert finding[0] == severity
    assert finding[1].startswith(f"{bad} of 200 sounds checked are clipped")


def test_a_loud_sound_without_flat_tops_is_not_clipped() -> None:
    assert found(sines() / 0.9, "sound") == []


def test_silence_is_found_whatever_its_offset() -> None:
    x = sines()
    x[0], x[1] = 0.0, 1e-6 * torch.randn(400)
    (finding,) = found(x, "sound")
    assert finding == ("info", "2 of 200 sounds checked are silent (1.0%).")


@pytest.mark.parametrize(("kind", "shape"), [("volume", (6, 5, 4)), ("series", (30, 2))])
def test_constant_examples_are_found(kind: str, shape: tuple[int, ...]) -> None:
    x = torch.rand(100, *shape)
    assert found(x, kind) == []
    x[:3] = 0.5
    assert found(x, kind) == [
        (
            "warning",
            f"3 of 100 {'series' if kind == 'series' else 'volumes'} checked are constant in every number (3.0%).",
        )
    ]


@pytest.mark.parametrize("name", ["tones", "drums", "solids", "waves", "sentences"])
def test_generated_data_are_not_accused(name: str) -> None:
    assert preflight(load(DataSettings(source=name, points=100)), 8) == []
