from __future__ import annotations

import base64
import gzip
import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from saddlepoint.errors import RunError
from saddlepoint.figures.style import write_png
from saddlepoint.report.embedding import LONGEST_SIDE, embedded_json, embedded_picture, plotly_source, script_hash


def decoded(address: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(address.partition("base64,")[2])))


def test_a_picture_that_fits_goes_in_byte_for_byte(tmp_path: Path) -> None:
    path = write_png(Image.effect_noise((40, 30), 50), tmp_path / "a.png")
    found = embedded_picture(path, 100_000)
    assert base64.b64decode(found.address.partition("base64,")[2]) == path.read_bytes()
    assert (found.width, found.height, found.reduced, found.crisp) == (40, 30, False, True)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1", "LA"])
@pytest.mark.parametrize("share", [20_000, 100_000])
def test_a_heavy_picture_is_reduced_to_its_share_and_keeps_its_form(mode: str, share: int, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (600, 900, 4)).astype(np.uint8)
    path = write_png(Image.fromarray(noise).convert(mode), tmp_path / "a.png")
    found = embedded_picture(path, share)
    assert len(found.address) <= share + 100
    assert decoded(found.address).size == (found.width, found.height)
    assert found.width / found.height == pytest.approx(1.5, rel=0.05)


def test_only_a_regular_file_of_a_pictures_size_is_read(tmp_path: Path) -> None:
    (tmp_path / "zeros.png").symlink_to("/dev/zero")
    with (tmp_path / "huge.png").open("wb") as file:
        file.truncate(10**12)
    for name in ("zeros.png", "huge.png"):
        with pytest.raises(RunError, match=name):
            embedded_picture(tmp_path / name, 10_000)


def test_a_wide_picture_is_made_narrower(tmp_path: Path) -> None:
    found = embedded_picture(write_png(Image.new("L", (5000, 100)), tmp_path / "a.png"), 1_000_000)
    assert (found.width, found.height) == (LONGEST_SIDE, 32)
    assert found.reduced


@given(st.text())
def test_json_in_a_page_is_read_back_and_cannot_leave_its_element(words: str) -> None:
    value = {words: [words, 1.5, None], "</script><!--": "<b>"}
    written = embedded_json(value)
    assert json.loads(written) == value
    assert "<" not in written


def test_plotly_is_whole_and_always_the_same() -> None:
    from plotly.offline import get_plotlyjs

    source = plotly_source()
    assert gzip.decompress(base64.b64decode(source.text)).decode() == get_plotlyjs()
    assert source == plotly_source()
    assert source.hash == script_hash(get_plotlyjs())
    assert len(source.text) < 2_500_000
