import gzip
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.data import DataSettings, load
from saddlepoint.data.idx import TYPES, read
from saddlepoint.errors import DataError


def idx_bytes(array: np.ndarray) -> bytes:
    code = next(c for c, t in TYPES.items() if np.dtype(t).newbyteorder("=") == array.dtype)
    header = struct.pack(">BBBB", 0, 0, code, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(TYPES[code]).tobytes()


def images(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 5, 4), dtype=np.uint8)


def write_pair(folder: Path, stem: str, n: int, packed: bool = False, labels: int | None = None) -> Path:
    labels = n if labels is None else labels
    for kind, array in (("images-idx3", images(n)), ("labels-idx1", np.arange(labels, dtype=np.uint8) % 3)):
        content = idx_bytes(array)
        path = folder / f"{stem}-{kind}-ubyte{'.gz' if packed else ''}"
        path.write_bytes(gzip.compress(content) if packed else content)
    return folder / f"{stem}-images-idx3-ubyte{'.gz' if packed else ''}"


@given(
    code=st.sampled_from(sorted(TYPES)),
    shape=st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple),
    packed=st.booleans(),
)
def test_written_values_are_read_back(tmp_path_factory, code, shape, packed):
    array = np.random.default_rng(0).integers(0, 100, shape).astype(np.dtype(TYPES[code]).newbyteorder("="))
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(gzip.compress(idx_bytes(array)) if packed else idx_bytes(array))
    got = read(path)
    assert got.dtype == array.dtype
    assert np.array_equal(got, array)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("as_folder", [False, True])
def test_a_pair_with_its_test_part(tmp_path, packed, as_folder):
    path = write_pair(tmp_path, "train", 12, packed)
    write_pair(tmp_path, "t10k", 6, packed)
    dataset = load(DataSettings(source=str(tmp_path if as_folder else path)))
    assert (len(dataset), len(dataset.held_out)) == (12, 6)
    assert dataset.event.shape == (1, 5, 4)
    assert dataset.event.class_names == ("0", "1", "2")
    assert torch.equal(dataset.x[:, 0], torch.from_numpy(images(12)))
    assert dataset.y.tolist() == [0, 1, 2] * 4


def test_without_a_test_part_a_share_is_held_out_and_missing_labels_are_reported(tmp_path):
    path = tmp_path / "pictures.idx"
    path.write_bytes(idx_bytes(images(10)))
    dataset = load(DataSettings(source=str(path), held_out=0.3))
    assert (len(dataset), len(dataset.held_out)) == (7, 3)
    assert dataset.y is None
    assert "No labels" in dataset.notes[0]


def test_volumes_and_floats_are_read_too(tmp_path):
    path = tmp_path / "volumes"
    path.write_bytes(idx_bytes(np.random.default_rng(0).normal(size=(6, 2, 3, 4)).astype(np.float32)))
    event = load(DataSettings(source=str(path))).event
    assert (event.kind, event.dtype, event.shape) == ("volume", "float32", (1, 2, 3, 4))


def broken(content: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(content)
    return path


WHOLE = idx_bytes(images(3))
NAN = idx_bytes(np.full((2, 2, 2), np.nan, dtype=np.float32))
BROKEN = {
    "wrong magic number": (b"<html>not found</html>", "its magic number is 0x3c68746d"),
    "empty file": (b"", "its magic number is 0x(empty)"),
    "truncated gzip": (gzip.compress(WHOLE)[:-20], "this gzip file is truncated"),
    "damaged gzip": (gzip.compress(WHOLE)[:15] + b"\xff" * 30 + gzip.compress(WHOLE)[45:], "this gzip file is damaged"),
    "cut short": (WHOLE[:-1], "its header promises (3, 5, 4) numbers, 76 bytes in all, but it has 75"),
    "too long": (WHOLE + b"\0", "but it has 77"),
    "cut in the header": (WHOLE[:9], "ends within its header"),
    "labels alone": (idx_bytes(np.zeros(3, dtype=np.uint8)), "is this the file of labels?"),
    "zero-size images": (idx_bytes(np.zeros((3, 0, 4), dtype=np.uint8)), "its images have no pixels"),
    "no images": (idx_bytes(np.zeros((0, 5, 4), dtype=np.uint8)), "holds no examples"),
    "not a number": (NAN, "NaN or infinite"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_named_with_what_is_wrong(tmp_path, kind):
    content, message = BROKEN[kind]
    with pytest.raises(DataError) as error:
        load(DataSettings(source=str(broken(content, tmp_path))))
    assert message in str(error.value)
    assert "train-images-idx3-ubyte" in str(error.value)


def test_a_file_of_many_axes_is_refused(tmp_path):
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(bytes([0, 0, 8, 100]) + bytes(4 * 100))
    with pytest.raises(DataError, match="100 axes"):
        load(DataSettings(source=str(path)))


def test_no_more_is_unpacked_than_the_header_promises(tmp_path):
    header, more = idx_bytes(images(3)), 3_000_000
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(header + bytes(more)))
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="but it has more"):
            load(DataSettings(source=str(path)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < more


def test_a_gzip_bomb_is_refused_by_its_header(tmp_path):
    path = tmp_path / "train-images-idx3-ubyte.gz"
    shape = np.array([3_000, 1_000, 1_000], dtype=">u4").tobytes()
    path.write_bytes(gzip.compress(bytes([0, 0, 8, 3]) + shape + bytes(10_000)))
    with pytest.raises(DataError, match="decompression bomb"):
        load(DataSettings(source=str(path)))


def test_labels_of_two_billion_need_no_memory_for_each_number_below(tmp_path):
    path = write_pair(tmp_path, "train", 12)
    labels = np.arange(12, dtype=np.int32) % 2 * 2_000_000_000
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
    dataset = load(DataSettings(source=str(path)))
    assert dataset.event.class_names == ("0", "2000000000")
    assert set(dataset.y.tolist()) == {0, 1}


def test_classes_of_both_parts_are_numbered_together(tmp_path):
    path = write_pair(tmp_path, "train", 12)
    write_pair(tmp_path, "t10k", 6)
    for stem, labels in (("train", [0, 3, 9] * 4), ("t10k", [7, 7, 3] * 2)):
        (tmp_path / f"{stem}-labels-idx1-ubyte").write_bytes(idx_bytes(np.array(labels, dtype=np.uint8)))
    dataset = load(DataSettings(source=str(path)))
    assert dataset.event.class_names == ("0", "3", "7", "9")
    assert (dataset.y.tolist(), dataset.held_out.y.tolist()) == ([0, 1, 3] * 4, [2, 2, 1] * 2)


def test_labels_that_do_not_match_the_images(tmp_path):
    path = write_pair(tmp_path, "train", 12, labels=11)
    with pytest.raises(DataError, match=r"11 labels, but .* has 12 images: the labels do not match the images"):
        load(DataSettings(source=str(path)))


def test_labels_that_are_no_labels(tmp_path):
    path = write_pair(tmp_path, "train", 12)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx_bytes(np.full(12, -1, dtype=np.int8)))
    with pytest.raises(DataError, match="labels are one axis of whole numbers from 0"):
        load(DataSettings(source=str(path)))


def test_a_test_part_of_another_size(tmp_path):
    path = write_pair(tmp_path, "train", 12)
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx_bytes(np.zeros((3, 7, 7), dtype=np.uint8)))
    with pytest.raises(DataError, match="the two parts must be alike"):
        load(DataSettings(source=str(path)))


def test_a_class_with_one_image(tmp_path):
    path = write_pair(tmp_path, "train", 7)
    labels = np.array([0, 0, 1, 1, 2, 0, 1], dtype=np.uint8)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
    with pytest.raises(DataError, match="the class '2' has only one image"):
        load(DataSettings(source=str(path)))


def test_numbers_beyond_float32_are_named(tmp_path):
    path = tmp_path / "train-images-idx3-ubyte"
    values = np.zeros((2, 3, 3))
    values[1, 2, 0] = 1e39
    path.write_bytes(idx_bytes(values))
    with pytest.raises(DataError, match=r"1e\+39 at index \(1, 2, 0\) is beyond what float32 holds"):
        load(DataSettings(source=str(path)))
