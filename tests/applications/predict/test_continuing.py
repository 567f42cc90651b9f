"""Predicted frames as files: whatever the sequences are called, each has a folder and a film of its own."""

from __future__ import annotations

from pathlib import Path

import torch

from saddlepoint.applications.predict.applying import Continued
from saddlepoint.applications.predict.continuing import write_continued


def test_names_with_dots_and_slashes_and_equal_ones_have_folders_of_their_own(tmp_path: Path) -> None:
    names = ["clip.mp4", "a/b", "a-b", "..", "v1.0"]
    frames = torch.zeros(1, 2, 8, 8, dtype=torch.uint8)
    facts = write_continued([Continued(name, frames, frames) for name in names], tmp_path / "out")
    assert [fact["folder"] for fact in facts] == ["clip-mp4", "a-b", "a-b-2", "sequence", "v1-0"]
    for fact in facts:
        assert [path.name for path in sorted((tmp_path / "out" / fact["folder"]).iterdir())] == [
            "frame-00003.png",
            "frame-00004.png",
        ]
        assert len(list((tmp_path / "out").glob(f"{fact['folder']}-film.*"))) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
