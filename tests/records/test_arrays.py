"""Archives of arrays: saving and loading are inverse, and nothing is unpickled or unpacked beyond its limit."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from saddlepoint.errors import RunError
from saddlepoint.records import read_arrays


def archive(path: Path, **entries: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries.items():
            file.writestr(f"{name}.npy", content)
    return path


def header(shape: tuple[int, ...], descr: str = "|u1") -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": descr, "fortran_order": False, "shape": shape})
    return buffer.getvalue()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_saved_values_are_restored(save: object, tmp_path: Path) -> None:
    arrays = {"x": np.arange(6.0).reshape(2, 3), "names": np.array(["a", "bc"]), "none": np.zeros((0, 4), np.uint8)}
    save(tmp_path / "a.npz", **arrays)  # type: ignore[operator]
    found = read_arrays(tmp_path / "a.npz")
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 torn",
        header((4,)) + b"123",  # fewer values than the header claims
        header((10**12,)),
        header((2,), "|O") + b"\x80\x04N.",
        b"\x93NUMPY\x01\x00v\x00" + b"(" * 118,
        b"\x93NUMPY\x09\x00",
        b"no array",
    ],
)
def test_damaged_arrays_are_refused(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"a\.npz holds no arrays"):
        read_arrays(archive(tmp_path / "a.npz", x=content))
    (tmp_path / "b.npz").write_bytes(content)
    with pytest.raises(RunError, match=r"b\.npz holds no arrays"):
        read_arrays(tmp_path / "b.npz")


def test_an_archive_that_unpacks_to_more_than_the_limit_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.npz", x=header((10**6,)) + bytes(10**6))
    assert path.stat().st_size < 10_000
    assert read_arrays(path)["x"].shape == (10**6,)
    with pytest.raises(RunError, match="unpacks to"):
        read_arrays(path, most=10**5)


def test_paths_that_are_no_files_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.npz"):
        with pytest.raises(RunError):
            read_arrays(path)
    (tmp_path / "zeros.npz").symlink_to(os.devnull)
    with pytest.raises(RunError, match="regular file"):
        read_arrays(tmp_path / "zeros.npz")
