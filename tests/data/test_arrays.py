import subprocess
import sys

import numpy as np
import pytest
import torch

from saddlepoint.data import DataSettings, from_array, load
from saddlepoint.data.batches import Batches
from saddlepoint.errors import DataError

WHOLE = DataSettings(held_out=0.0)


def event_of(x, **settings):
    return from_array(x, settings=DataSettings(held_out=0.0, **settings)).event


@pytest.mark.parametrize(
    ("given", "kind", "shape"),
    [
        ((6,), "vector", (1,)),
        ((6, 5), "vector", (5,)),
        ((6, 8, 9), "image", (1, 8, 9)),
        ((6, 3, 8, 9), "image", (3, 8, 9)),
        ((6, 8, 9, 3), "image", (3, 8, 9)),
        ((6, 8, 9, 4), "image", (4, 8, 9)),
        ((6, 8, 9, 1), "image", (1, 8, 9)),
        ((6, 5, 8, 9), "image", (5, 8, 9)),
        ((6, 1, 4, 8, 9), "volume", (1, 4, 8, 9)),
        ((6, 4, 8, 9, 1), "volume", (1, 4, 8, 9)),
        ((6, 5, 8, 9, 3), "volume", (3, 5, 8, 9)),
    ],
)
def test_the_shape_determines_the_kind_of_example(given, kind, shape):
    event = event_of(np.zeros(given))
    assert (event.kind, event.shape) == (kind, shape)


@pytest.mark.parametrize(
    ("given", "kind", "shape"),
    [
        ((6, 3, 8, 9), "vector", (216,)),
        ((6, 50), "sound", (1, 50)),
        ((6, 2, 50), "sound", (2, 50)),
        ((6, 5, 8, 9), "volume", (1, 5, 8, 9)),
        ((6, 8, 9), "image", (1, 8, 9)),
    ],
)
def test_the_kind_may_be_given(given, kind, shape):
    event = event_of(np.zeros(given), kind=kind)
    assert (event.kind, event.shape) == (kind, shape)


def test_channels_last_keep_each_pixel_where_it_was():
    x = np.arange(2 * 6 * 5 * 3, dtype=np.uint8).reshape(2, 6, 5, 3)
    dataset = from_array(x, settings=WHOLE)
    original = {picture.transpose(2, 0, 1).tobytes() for picture in x}
    assert {picture.numpy().tobytes() for picture in dataset.x} == original


@pytest.mark.parametrize(
    ("values", "dtype", "low", "high"),
    [
        (np.array([0, 200], np.int64), "uint8", 0, 255),
        (np.array([0, 16], np.uint8), "uint8", 0, 255),
        (np.array([0, 16], np.int32), "uint8", 0, 16),
        (np.array([False, True]), "uint8", 0, 1),
        (np.array([0, 1], np.uint8), "uint8", 0, 1),
        (np.array([-5, 300], np.int64), "float32", -5, 300),
        (np.array([0.0, 0.9]), "float32", 0, 1),
        (np.array([-0.5, 0.9], np.float16), "float32", -1, 1),
        (np.array([0.0, 254.5]), "float32", 0, 255),
        (np.array([0.0, 16.0]), "float32", 0, 16),
    ],
)
def test_type_and_range_of_images(values, dtype, low, high):
    event = event_of(np.broadcast_to(values[:, None, None], (2, 8, 8)))
    assert (event.dtype, event.low, event.high) == (dtype, low, high)


def test_whole_numbers_in_a_table_stay_a_table():
    event = event_of(np.arange(12).reshape(6, 2))
    assert (event.dtype, event.bounded) == ("float32", False)
    assert event.mean == pytest.approx((5.0, 6.0))
    assert event.std == pytest.approx((np.arange(0, 12, 2).std(), np.arange(0, 12, 2).std()))


def test_the_callers_array_is_neither_shared_nor_changed():
    x = np.zeros((4, 2), np.float32)
    dataset = from_array(x, settings=WHOLE)
    dataset.x.fill_(1)
    assert not x.any()


def test_tensors_are_arrays_too():
    x = torch.randn(10, 3, requires_grad=True)
    dataset = from_array(x, torch.arange(10) % 2, WHOLE)
    assert not dataset.x.requires_grad
    assert dataset.event.class_names == ("0", "1")
    assert from_array(x.detach().numpy(), np.arange(10) % 2, WHOLE).fingerprint == dataset.fingerprint


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (np.array(["cat", "dog"] * 3), ("cat", "dog")),
        (np.array([-1, 1] * 3), ("-1", "1")),
        (np.array([0.0, 2.0] * 3), ("0", "2")),
        (np.array([3, 0, 7] * 2, dtype=np.uint8), ("0", "3", "7")),
        (np.array([[0], [1]] * 3), ("0", "1")),
        (np.array([20_000, 30_000] * 3), ("20000", "30000")),
        (np.array([True, False] * 3), ("False", "True")),
    ],
)
def test_labels_become_positions_and_names(labels, names):
    dataset = from_array(np.arange(6.0), labels, WHOLE)
    assert dataset.event.class_names == names
    order = dataset.x.flatten().long()
    texts = [str(label) for label in labels.reshape(-1)[order]]
    assert [names[label] for label in dataset.y] == [text.removesuffix(".0") for text in texts]


def test_labels_with_gaps_are_noted_and_agree_in_the_held_out_part():
    labels = np.array([0, 3, 7] * 40)
    dataset = from_array(labels.astype(float), labels, DataSettings(held_out=0.3))
    for part in (dataset, dataset.held_out):
        assert part.x.flatten().tolist() == [(0, 3, 7)[number] for number in part.y]
    assert "0, 3, 7 are numbered 0 to 2" in dataset.notes[0]
    assert min(dataset.event.shares) > 0
    assert not from_array(np.arange(6.0), np.array([0, 1, 2] * 2)).notes


ragged = np.empty(2, dtype=object)
ragged[:] = [[1], [1, 2]]
BAD = {
    "objects": (ragged, None, "Python objects"),
    "text": (np.array(["a", "b"]), None, "dtype <U1"),
    "complex numbers": (np.zeros(3, complex), None, "dtype complex128"),
    "a single number": (np.float64(3), None, "a single number"),
    "NaN": (np.array([[0.0, 1.0], [np.nan, 1.0]]), None, "NaN in 1 of 2 examples, first at index (1, 0)"),
    "infinity": (np.array([[0.0, -np.inf], [0.0, 1.0]]), None, "infinity in 1 of 2 examples, first at index (0, 1)"),
    "zero-size images": (np.zeros((5, 0, 8)), None, "its examples have size zero"),
    "no examples": (np.zeros((0, 8, 8)), None, "holds no examples"),
    "six axes": (np.zeros((2, 1, 1, 1, 1, 1)), None, "cannot be guessed"),
    "fewer labels": (np.zeros((5, 2)), np.zeros(4, int), "4 labels for 5 examples"),
    "one-hot labels": (np.zeros((5, 2)), np.eye(5), "shape (N,)"),
    "labels with fractions": (np.zeros(2), np.array([0.5, 1]), "fractions"),
    "labels with NaN": (np.zeros(2), np.array([np.nan, 1]), "fractions, NaN"),
    "one-image class": (np.zeros((3, 8, 8)), np.array([0, 0, 1]), "the class '1' has only one image"),
}


@pytest.mark.parametrize("kind", BAD)
def test_data_that_cannot_be_trained_on_are_reported(kind):
    x, y, message = BAD[kind]
    with pytest.raises(DataError) as error:
        from_array(x, y, name="mine")
    assert message in str(error.value)
    assert str(error.value).startswith("mine")


def test_a_table_cannot_be_images():
    with pytest.raises(DataError, match="cannot be image"):
        event_of(np.zeros((5, 64)), kind="image")


def test_npy_and_npz_are_what_the_array_is(tmp_path):
    x, y = np.random.default_rng(0).normal(size=(20, 3)), np.arange(20) % 4
    np.save(tmp_path / "a.npy", x)
    np.savez(tmp_path / "b.npz", x=x, y=y)
    np.savez_compressed(tmp_path / "c.npz", points=x, labels=y)
    expected = from_array(x, y)
    assert load(DataSettings(source=str(tmp_path / "a.npy"))).fingerprint == from_array(x).fingerprint
    assert load(DataSettings(source=str(tmp_path / "b.npz"))).fingerprint == expected.fingerprint
    assert load(DataSettings(source=str(tmp_path / "c.npz"))).fingerprint == expected.fingerprint


def test_an_archive_of_several_arrays_wants_a_key(tmp_path):
    path = tmp_path / "many.npz"
    np.savez(path, first=np.zeros((5, 2)), second=np.ones((5, 3)))
    with pytest.raises(DataError, match=r"It has first, second; name one with --data.key"):
        load(DataSettings(source=str(path)))
    with pytest.raises(DataError, match="has no array 'third'"):
        load(DataSettings(source=str(path), key="third"))
    assert load(DataSettings(source=str(path), key="second")).event.shape == (3,)


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_pickled_objects_are_never_loaded(tmp_path, suffix):
    path = tmp_path / f"objects.{suffix}"
    if suffix == "npy":
        np.save(path, ragged, allow_pickle=True)
    else:
        np.savez(path, x=ragged)
    with pytest.raises(DataError, match="never loaded because they could run code"):
        load(DataSettings(source=str(path)))


@pytest.mark.parametrize("content", [b"", b"not an array at all", b"\x93NUMPY\x01\x00", b"PK\x03\x04broken"])
@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_a_damaged_file_is_named(tmp_path, suffix, content):
    path = tmp_path / f"damaged.{suffix}"
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"damaged.{suffix}"):
        load(DataSettings(source=str(path)))


def test_a_truncated_npy_is_named(tmp_path):
    path = tmp_path / "cut.npy"
    np.save(path, np.zeros((100, 10)))
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(DataError, match=r"cut\.npy: cannot be read as an array"):
        load(DataSettings(source=str(path)))


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 4)])
def test_numbers_beyond_float32_are_named(shape):
    values = np.ones(shape)
    values[(1, 2, 0)[: len(shape)]] = -1e300
    with pytest.raises(DataError, match=r"array: -1e\+300 at index \(1, .*beyond what float32 holds"):
        from_array(values)


def test_a_pair_is_examples_and_labels():
    x, y = np.arange(6.0), np.array(["cat", "dog"] * 3)
    assert from_array((x, y)).fingerprint == from_array(x, y).fingerprint
    with pytest.raises(DataError, match="4 labels for 6 examples"):
        from_array((x, np.zeros(4)))


def test_masked_values_are_not_taken_for_numbers():
    with pytest.raises(DataError, match="2 values are masked"):
        from_array(np.ma.masked_less(np.arange(6.0), 2))
    assert len(from_array(np.ma.masked_less(np.arange(6.0), -1), settings=WHOLE)) == 6


def test_a_column_of_text_of_a_data_frame_names_classes():
    labels = np.array(["a", "b", "a"], dtype=object)
    assert from_array(np.arange(3.0), labels, WHOLE).event.class_names == ("a", "b")


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64, np.int32])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_mapped_file_is_the_array(tmp_path, monkeypatch, dtype, order):
    monkeypatch.setattr("saddlepoint.data.arrays.MAPPED", 0)
    monkeypatch.setattr("saddlepoint.data.array_rows.CHUNK", 50)
    x = np.asarray(np.random.default_rng(0).integers(0, 200, (23, 5, 4, 3)), dtype=dtype, order=order)
    np.save(tmp_path / "x.npy", x)
    settings = DataSettings(source=str(tmp_path / "x.npy"), limit=9)
    mapped, given = load(settings), from_array(x, settings=settings)
    assert (mapped.fingerprint, mapped.event) == (given.fingerprint, given.event)


def test_faults_are_found_in_any_part(monkeypatch):
    monkeypatch.setattr("saddlepoint.data.array_rows.CHUNK", 6)
    x = np.zeros((10, 3))
    x[4, 1] = x[7, 2] = np.nan
    with pytest.raises(DataError, match=r"NaN in 2 of 10 examples, first at index \(4, 1\)"):
        from_array(x)
    x[4, 1] = x[7, 2] = 1e300
    with pytest.raises(DataError, match=r"1e\+300 at index \(4, 1\)"):
        from_array(x)


@pytest.mark.slow
def test_a_large_file_needs_little_more_memory_than_its_examples(tmp_path):
    path = tmp_path / "large.npy"
    whole = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(100_000, 500))
    for start in range(0, 100_000, 10_000):
        whole[start : start + 10_000] = np.random.default_rng(start).normal(size=(10_000, 500))
    del whole
    code = (
        "import resource, sys, saddlepoint.data as data; data.load('digits'); "
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; "
        "dataset = data.load(sys.argv[1]); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, dataset.x.shape[0])"
    )
    grown, count = subprocess.run(
        [sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True
    ).stdout.split()
    assert int(count) == 90_000
    kilobytes = 1 if sys.platform != "darwin" else 1024
    assert int(grown) / kilobytes * 1024 < 1.6 * path.stat().st_size


def test_numbers_that_float32_cannot_tell_apart_are_refused():
    rows = np.random.default_rng(0).normal(size=(60, 2))
    rows[:, 1] += 1e8
    with pytest.raises(
        DataError, match=r"column or channel 2 lie around 1e\+08 and differ by only .*; subtract a constant"
    ):
        from_array(rows, settings=WHOLE)
    assert from_array(rows - rows.mean(0), settings=WHOLE).event.constants == ()


@pytest.mark.parametrize(
    "rows", [np.arange(60.0)[:, None] + 1.7e6, np.full((60, 2), 1e8), np.arange(60)[:, None] * 10**12]
)
def test_large_numbers_that_float32_can_tell_apart_are_read(rows):
    assert len(from_array(rows, settings=WHOLE)) == 60


def test_numbers_that_vary_too_little_for_float32_are_refused():
    rows = np.random.default_rng(0).normal(size=(60, 2))
    with pytest.raises(
        DataError,
        match=r"column or channel 1 varies by only .*, which is too little for float32; multiply the data by a constant",
    ):
        from_array(rows * 1e-41, settings=WHOLE)
    assert len(from_array(rows * 1e-30, settings=WHOLE)) == 60


def test_a_single_example_is_not_told_to_take_smaller_batches():
    data = from_array(np.ones((1, 2)), settings=WHOLE)
    with pytest.raises(DataError, match=r"1 training example, fewer than a batch of 8; give more data"):
        Batches(data, 8, 0, "cpu", data.event.scaling("none"))
