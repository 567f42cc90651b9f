"""Folders of videos and of frames: read exactly, split by sequence, and refused in one sentence."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from saddlepoint import data
from saddlepoint.data.settings import DataSettings
from saddlepoint.errors import DataError, MissingExtraError


def write_frames(folder: Path, count: int, size: tuple[int, int] = (6, 8), seed: int = 0) -> np.ndarray:
    """Grey frames with values of their own; returns them (T, H, W)."""
    folder.mkdir(parents=True)
    frames = np.random.default_rng(seed).integers(0, 256, (count, *size), dtype=np.uint8)
    for number, frame in enumerate(frames):  # frame-10 comes after frame-9
        Image.fromarray(frame).save(folder / f"frame-{number}.png")
    return frames


def load(path: Path, **settings: object) -> data.Dataset:
    return data.load(DataSettings.model_validate({"source": str(path), "kind": "video", "length": 4} | settings))


def test_frames_are_read_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    frames = write_frames(tmp_path / "a", 12)
    dataset = load(tmp_path, held_out=0.0)
    assert dataset.event.shape == (1, 4, 6, 8)
    assert torch.equal(dataset.x[:, 0].flatten(0, 1), torch.from_numpy(frames))


def test_overlapping_examples_have_the_stride_that_was_asked_for(tmp_path: Path) -> None:
    frames = write_frames(tmp_path / "a", 9)
    dataset = load(tmp_path, held_out=0.0, stride=2)
    assert torch.equal(dataset.x[:, 0, 0], torch.from_numpy(frames[[0, 2, 4]]))


def test_whole_sequences_are_held_out(tmp_path: Path) -> None:
    own = {write_frames(tmp_path / f"s{n}", 8, seed=n).tobytes(): n for n in range(5)}
    dataset = load(tmp_path, held_out=0.4)
    assert dataset.held_out is not None
    parts = [
        {own[video.numpy().tobytes()] for video in part.x.view(-1, 2, 4, 6, 8).flatten(1, 2)}
        for part in (dataset, dataset.held_out)
    ]
    assert (len(parts[0]), len(parts[1])) == (3, 2)
    assert not parts[0] & parts[1]


def test_held_out_examples_share_no_frames_and_know_their_sequence(tmp_path: Path) -> None:
    for number in range(4):
        write_frames(tmp_path / f"s{number}", 9, seed=number)
    dataset = load(tmp_path, held_out=0.5, stride=1)
    assert dataset.held_out is not None
    assert dataset.sequences is not None
    assert dataset.sequences.tolist() == [0] * 6 + [1] * 6
    assert dataset.held_out.sequences is not None
    assert dataset.held_out.sequences.tolist() == [0, 0, 1, 1]
    frames = dataset.held_out.x.movedim(2, 1).flatten(0, 1)
    assert len(frames.unique(dim=0)) == len(frames)
    assert dataset.subset(torch.tensor([0, 7])).sequences.tolist() == [0, 1]  # type: ignore[union-attr]


def test_of_one_sequence_two_examples_are_held_out_where_two_remain(tmp_path: Path) -> None:
    write_frames(tmp_path / "a", 16)
    dataset = load(tmp_path, held_out=0.1)
    assert dataset.held_out is not None
    assert (len(dataset), len(dataset.held_out)) == (2, 2)


def test_of_one_sequence_the_end_is_held_out(tmp_path: Path) -> None:
    frames = write_frames(tmp_path / "a", 20)
    dataset = load(tmp_path, held_out=0.4)
    assert dataset.held_out is not None
    assert torch.equal(dataset.x[0, 0], torch.from_numpy(frames[:4]))
    assert torch.equal(dataset.held_out.x[0, 0], torch.from_numpy(frames[12:16]))


def test_parts_named_train_and_test_are_kept(tmp_path: Path) -> None:
    write_frames(tmp_path / "train" / "a", 4)
    frames = write_frames(tmp_path / "test" / "b", 4, seed=1)
    dataset = load(tmp_path)
    assert dataset.held_out is not None
    assert torch.equal(dataset.held_out.x[0, 0], torch.from_numpy(frames))


def test_other_sizes_are_refused_unless_a_size_is_given(tmp_path: Path) -> None:
    write_frames(tmp_path / "a", 4)
    write_frames(tmp_path / "b", 4, (8, 8))
    with pytest.raises(DataError, match=r"different sizes .*6x8.*8x8.*--size"):
        load(tmp_path)
    assert load(tmp_path, size=5).event.shape == (1, 4, 5, 5)


def test_a_short_sequence_is_refused_or_left_out(tmp_path: Path) -> None:
    write_frames(tmp_path / "a", 4)
    write_frames(tmp_path / "b", 3)
    with pytest.raises(DataError, match="b has 3 frames, and 4 are needed"):
        load(tmp_path)
    dataset = load(tmp_path, on_bad="skip")
    assert len(dataset) == 1
    assert "1 sequences were left out" in dataset.notes[-2]


def test_a_folder_without_frames_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(DataError, match=r"holds no videos .* and no frames"):
        load(tmp_path)


def test_a_damaged_frame_is_named(tmp_path: Path) -> None:
    write_frames(tmp_path / "a", 4)
    (tmp_path / "a" / "frame-2.png").write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"frame-2\.png that is not an image"):
        load(tmp_path)


def write_video(path: Path, frames: np.ndarray) -> None:
    av = pytest.importorskip("av")
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=8)
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:], "gray"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="gray")))
        container.mux(stream.encode())


def test_video_files_are_read_without_loss(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (8, 16, 18), dtype=np.uint8)
    write_video(tmp_path / "a.mkv", frames)
    dataset = data.load(DataSettings(source=str(tmp_path), length=4, held_out=0.0))  # the kind is seen by the ending
    assert dataset.event.shape == (1, 4, 16, 18)
    assert torch.equal(dataset.x[:, 0].flatten(0, 1), torch.from_numpy(frames))


def test_a_damaged_video_is_named(tmp_path: Path) -> None:
    pytest.importorskip("av")
    (tmp_path / "a.mp4").write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"a\.mp4 cannot be read"):
        load(tmp_path)


def test_without_pyav_the_message_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.mp4").write_bytes(b"nothing")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=r"saddlepoint\[video\]"):
        load(tmp_path)


def test_an_array_can_be_videos() -> None:
    found = data.from_array(np.zeros((6, 5, 8, 9, 3), np.uint8), kind="video")
    assert found.event.shape == (3, 5, 8, 9)
