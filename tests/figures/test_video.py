from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saddlepoint.errors import MissingExtraError
from saddlepoint.figures.style import write_png
from saddlepoint.figures.video import BANNER, frame_step, time_lapse, titled_frames


@pytest.fixture
def frames(tmp_path: Path) -> list[Path]:
    """Five pictures of an odd size and one colour each."""
    made = []
    for i in range(5):
        pixels = np.full((131, 151, 3), 40 * i + 20, np.uint8)
        made.append(write_png(Image.fromarray(pixels), tmp_path / f"step-{i * 100:08d}.png"))
    return made


def test_a_gif_has_one_frame_a_picture_each_in_its_colour(frames: list[Path], tmp_path: Path) -> None:
    path = time_lapse(frames, tmp_path / "out" / "training.gif")
    with Image.open(path) as film:
        assert film.n_frames == 5
        assert film.size == (152, 158)
        for i in range(5):
            film.seek(i)
            assert film.convert("RGB").getpixel((75, 80)) == pytest.approx((40 * i + 20,) * 3, abs=8)
            assert film.info["duration"] == (2000 if i == 4 else 120)
    assert [entry.name for entry in path.parent.iterdir()] == ["training.gif"]


def test_equal_pictures_stay_frames_of_their_own(frames: list[Path], tmp_path: Path) -> None:
    for frame in frames[1:]:
        frame.write_bytes(frames[0].read_bytes())
    with Image.open(time_lapse(frames, tmp_path / "a.gif")) as film:
        assert film.n_frames == 5


def test_an_mp4_has_every_picture_and_two_seconds_of_the_last(frames: list[Path], tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    path = time_lapse(frames, tmp_path / "training.mp4", frames_per_second=4)
    with av.open(str(path)) as film:
        (stream,) = film.streams.video
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height) == (152, 158)
        pictures = [frame.to_ndarray(format="rgb24") for frame in film.decode(stream)]
    assert len(pictures) == 5 + 8
    for i, picture in enumerate(pictures):
        assert picture[80, 75] == pytest.approx(40 * min(i, 4) + 20, abs=6)


def test_without_an_ending_the_best_possible_is_taken(
    frames: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("av")
    assert time_lapse(frames, tmp_path / "a").suffix == ".mp4"
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert time_lapse(frames, tmp_path / "b").suffix == ".gif"


def test_mp4_without_pyav_names_the_extra(frames: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=r"saddlepoint\[video\]"):
        time_lapse(frames, tmp_path / "a.mp4")
    assert not (tmp_path / "a.mp4").exists()


def test_pictures_of_several_sizes_and_modes_are_centred(tmp_path: Path) -> None:
    small = write_png(Image.new("L", (10, 10), 7), tmp_path / "step-1.png")
    large = write_png(Image.new("RGBA", (200, 140), (0, 0, 0, 0)), tmp_path / "step-2.png")
    first, second = titled_frames([small, large])
    assert first.size == second.size == (200, 140 + BANNER)
    assert first.getpixel((100, BANNER + 70)) == (7, 7, 7)
    assert second.getpixel((100, 150)) == (255, 255, 255), "what is transparent shows paper"


def test_a_huge_picture_is_reduced(tmp_path: Path) -> None:
    (frame,) = titled_frames([write_png(Image.new("L", (4000, 1000)), tmp_path / "step-1.png")])
    assert frame.size == (1280, 320 + BANNER)


@pytest.mark.parametrize(("name", "step"), [("step-00000120.png", 120), ("grid.png", None), ("step-x.png", None)])
def test_the_step_is_in_the_name(name: str, step: int | None) -> None:
    assert frame_step(Path(name)) == step


def test_no_frames_and_other_endings_are_refused(frames: list[Path], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        time_lapse([], tmp_path / "a.gif")
    with pytest.raises(ValueError, match=r"\.mp4 or \.gif"):
        time_lapse(frames, tmp_path / "a.avi")
