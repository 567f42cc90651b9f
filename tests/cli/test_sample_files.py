"""`saddlepoint sample --out FOLDER` writes a file for each sample, and reading the folder as data gives the samples back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from saddlepoint.cli.samples import Destination, write
from saddlepoint.data import DataSettings, load
from saddlepoint.data.event import Event
from saddlepoint.errors import SettingError

EVENTS = {
    "sound": Event((2, 50), "sound", low=-1.0, high=1.0, rate=8_000.0),
    "volume": Event((1, 12, 13, 14), "volume", low=0.0, high=1.0),
    "series": Event((40, 3), "series"),
}
TEXT = Event((4,), "text", "uint8", 0.0, 2.0, alphabet=("a", "\n", "é"))


def destination(path: Path) -> Destination:
    return Destination.of(str(path), path.with_suffix(".npz"), overwrite=False)


@pytest.mark.parametrize("labelled", [False, True])
@pytest.mark.parametrize("kind", EVENTS)
def test_a_folder_of_samples_is_read_back_exactly(kind: str, labelled: bool, tmp_path: Path) -> None:
    event = EVENTS[kind]
    x = torch.rand(6, *event.shape, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(6) % 2 if labelled else None
    folder = destination(tmp_path / "out")
    folder.check(event)
    write(x, labels, event, folder)
    back = load(DataSettings(source=str(tmp_path / "out"), held_out=0.0, kind="auto" if kind != "series" else kind))
    assert (back.event.shape, back.event.rate) == (event.shape, event.rate)
    assert (back.y is not None) == labelled
    order = [x.flatten(1)[:, 0].argsort(), back.x.flatten(1)[:, 0].argsort()]
    torch.testing.assert_close(back.x[order[1]], x[order[0]], rtol=0, atol=0)


def test_texts_are_written_as_lines_or_files(tmp_path: Path) -> None:
    x = torch.tensor([[0, 1, 2, 2], [0, 0, 0, 0]], dtype=torch.uint8)
    write(x, None, TEXT, destination(tmp_path / "out.txt"))
    assert (tmp_path / "out.txt").read_text("utf-8") == f"a\néé\n{'-' * 20}\naaaa\n"
    write(x, None, TEXT, destination(tmp_path / "out"))
    assert (tmp_path / "out" / "sample-00000.txt").read_text("utf-8") == "a\néé"
    write(x, None, TEXT, destination(tmp_path / "out.npz"))
    assert np.array_equal(np.load(tmp_path / "out.npz")["x"], x.numpy())


def test_forms_that_do_not_suit_the_data_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="no texts"):
        destination(tmp_path / "a.txt").check(EVENTS["sound"])
    with pytest.raises(SettingError, match="no files of their own"):
        destination(tmp_path / "a").check(Event((3,), "vector"))
