import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from saddlepoint.data.decoding import COUNTS, UnreadableImageError, decode, header, largest_value, quiet

HALVES = np.zeros((6, 8, 3), np.uint8)  # left half red, right half blue
HALVES[:, :4, 0] = 255
HALVES[:, 4:, 2] = 255


def saved(path, picture: Image.Image, **options):
    picture.save(path, **options)
    return path


@pytest.mark.parametrize("suffix", ["png", "bmp", "webp", "gif", "jpg"])
def test_every_format_gives_the_same_picture(tmp_path, suffix):
    options = {"webp": {"lossless": True}, "jpg": {"quality": 95, "subsampling": 0}}.get(suffix, {})
    path = saved(tmp_path / f"halves.{suffix}", Image.fromarray(HALVES), **options)
    pixels = decode(path, (6, 8), "crop", "rgb")
    assert pixels.dtype == np.uint8
    tolerance = 12 if suffix == "jpg" else 0
    assert np.abs(pixels.astype(int) - HALVES.transpose(2, 0, 1)).max() <= tolerance


def test_a_gif_gives_its_first_frame(tmp_path):
    frames = [Image.new("L", (4, 4), value) for value in (10, 200)]
    path = saved(tmp_path / "moving.gif", frames[0], save_all=True, append_images=frames[1:])
    assert (decode(path, (4, 4), "crop", "grey") == 10).all()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "I;16"])
@pytest.mark.parametrize("channels", list(COUNTS))
def test_every_mode_gives_the_channels_that_are_wanted(tmp_path, mode, channels):
    suffix = {"CMYK": "jpg", "YCbCr": "jpg", "PA": "png"}.get(mode, "png")
    if mode == "PA":
        picture = Image.fromarray(HALVES).convert("P")
        picture.info["transparency"] = 0
    elif mode.startswith("I"):
        picture = Image.fromarray(np.full((6, 8), 257 * 100, np.uint16)).convert(mode)
    else:
        picture = Image.fromarray(HALVES).convert(mode)
    path = saved(tmp_path / f"picture.{suffix}", picture)
    with quiet():
        pixels = decode(path, (6, 8), "crop", channels)
    assert pixels.shape == (COUNTS[channels], 6, 8)
    assert pixels.flags.c_contiguous
    if mode.startswith("I"):
        assert (pixels[0] == 100).all()
    assert pixels.max() > pixels.min() or mode.startswith("I")


def test_sixteen_bits_keep_the_ends_of_their_range(tmp_path):
    path = saved(tmp_path / "deep.png", Image.fromarray(np.array([[0, 65535, 32768, 128, 129]], np.uint16)))
    assert decode(path, (1, 5), "crop", "grey").flatten().tolist() == [0, 255, 128, 0, 1]


@pytest.mark.parametrize("bits", range(8, 17))
def test_fewer_bits_fill_the_same_range(tmp_path, bits):
    top = 2**bits - 1
    path = saved(tmp_path / "deep.png", Image.fromarray(np.linspace(0, top, 300).astype(np.uint16)[None]))
    assert largest_value(path) == top
    pixels = decode(path, (1, 300), "crop", "grey", bits)[0, 0].astype(int)
    exact = np.linspace(0, top, 300).astype(np.uint16) * (255 / top)
    assert np.abs(pixels - exact).max() <= 0.5 + 1e-9
    assert (pixels[0], pixels[-1]) == (0, 255)


def test_sixteen_bits_of_colour_become_eight(tmp_path):
    (tmp_path / "deep.png").write_bytes(deep_colours([65535, 257 * 100, 0]))
    assert header(tmp_path / "deep.png").colour
    assert decode(tmp_path / "deep.png", (1, 1), "crop", "rgb").flatten().tolist() == [255, 100, 0]


def test_transparency_is_composited_on_white_unless_it_is_kept(tmp_path):
    path = saved(tmp_path / "clear.png", Image.new("RGBA", (3, 3), (0, 0, 0, 0)))
    assert (decode(path, (3, 3), "crop", "rgb") == 255).all()
    assert (decode(path, (3, 3), "crop", "grey") == 255).all()
    assert (decode(path, (3, 3), "crop", "rgba")[3] == 0).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_rotated_photograph_is_shown_upright(tmp_path, orientation):
    # The stored picture is the upright one with the rotation undone; read, it has to be the upright one again.
    undo = {
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    picture = Image.fromarray(HALVES)
    for step in undo.get(orientation, []):
        picture = picture.transpose(step)
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path / "turned.png", picture, exif=exif)
    head = header(path)
    assert (head.height, head.width) == (6, 8)
    assert np.array_equal(decode(path, (6, 8), "crop", "rgb"), HALVES.transpose(2, 0, 1))


@pytest.mark.parametrize("size", [(30, 45), (45, 30), (7, 7), (1, 1), (64, 3)])
@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_any_size_is_met(tmp_path, size, fit):
    path = saved(tmp_path / "halves.png", Image.fromarray(HALVES))
    assert decode(path, size, fit, "rgb").shape == (3, *size)


def test_crop_pad_and_stretch(tmp_path):
    columns = np.repeat(np.arange(9, dtype=np.uint8)[None] * 20 + 20, 3, axis=0)  # 3 high, 9 wide
    path = saved(tmp_path / "wide.png", Image.fromarray(columns))
    assert decode(path, (3, 3), "crop", "grey")[0].tolist() == columns[:, 3:6].tolist()
    padded = decode(path, (9, 9), "pad", "grey")[0]
    assert not padded[:3].any()
    assert not padded[6:].any()
    assert padded[3:6].tolist() == columns.tolist()
    stretched = decode(path, (9, 9), "stretch", "grey")[0]
    assert (stretched == columns[0]).all()


def test_a_large_photograph_is_the_same_reduced_while_decoding_or_after(tmp_path):
    x, y = np.meshgrid(np.linspace(0, 1, 800), np.linspace(0, 1, 600))
    waves = (127 + 120 * np.sin(9 * x + 4 * y)).astype(np.uint8)
    picture = Image.fromarray(waves)
    jpeg = decode(saved(tmp_path / "a.jpg", picture, quality=95), (30, 40), "crop", "grey").astype(int)
    png = decode(saved(tmp_path / "a.png", picture), (30, 40), "crop", "grey").astype(int)
    assert np.abs(jpeg - png).max() <= 3


@pytest.mark.parametrize(
    ("mode", "colour", "alpha"),
    [("L", False, False), ("LA", False, True), ("RGB", True, False), ("RGBA", True, True), ("1", False, False)],
)
def test_a_header_describes_the_file(tmp_path, mode, colour, alpha):
    head = header(saved(tmp_path / "picture.png", Image.fromarray(HALVES).convert(mode)))
    assert (head.colour, head.alpha) == (colour, alpha)


def test_a_palette_of_greys_is_grey(tmp_path):
    grey = saved(tmp_path / "grey.gif", Image.fromarray(HALVES).convert("L"))
    red = saved(tmp_path / "red.gif", Image.fromarray(HALVES))
    assert not header(grey).colour
    assert header(red).colour


def test_files_that_are_no_images_give_the_reason(tmp_path, monkeypatch):
    whole = saved(
        tmp_path / "whole.png", Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40), np.uint8))
    )
    cases = {
        "truncated.png": (whole.read_bytes()[:600], "is truncated"),
        "text.png": (b"hello, I am not a picture", "is not an image"),
        "empty.png": (b"", "is empty"),
        "zero.bmp": (zero_width_bitmap(), r"has no pixels|damaged|not an image"),
    }
    for name, (content, reason) in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UnreadableImageError, match=reason):
            decode(tmp_path / name, (4, 4), "crop", "grey")
    monkeypatch.setattr("saddlepoint.data.decoding.MOST_PIXELS", 1599)
    with pytest.raises(UnreadableImageError, match="decompression bomb"):
        header(whole)


@pytest.mark.parametrize("pixels", [(10_000, 10_000), (20_000, 20_000)])
def test_a_decompression_bomb_is_refused_by_its_header(tmp_path, pixels):
    path = tmp_path / "bomb.png"
    path.write_bytes(bomb(*pixels))
    with quiet(), pytest.raises(UnreadableImageError, match="decompression bomb"):
        header(path)


@pytest.mark.parametrize("pixels", [(1, 70_000), (80_000_000, 1)])
def test_a_side_beyond_any_picture_is_refused_by_the_header(tmp_path, pixels):
    path = tmp_path / "long.png"
    path.write_bytes(bomb(*pixels))
    with quiet(), pytest.raises(UnreadableImageError, match="a side may have at most 65,535"):
        header(path)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims this size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    data = b"IDAT" + zlib.compress(b"\0" * 100)
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))


def deep_colours(values: list[int]) -> bytes:
    """A PNG of one pixel, RGB, 16 bits a channel (which Pillow reads but does not write)."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"\0" + struct.pack(">3H", *values))
    chunks = (struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (header, data, b"IEND"))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def zero_width_bitmap() -> bytes:
    picture = bytearray(b"BM" + (58).to_bytes(4, "little") + bytes(4) + (54).to_bytes(4, "little"))
    picture += (40).to_bytes(4, "little") + bytes(8) + b"\1\0\x18\0" + bytes(24)
    return bytes(picture + bytes(4))
