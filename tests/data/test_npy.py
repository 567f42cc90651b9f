"""Archives of a few megabytes that unpack to gigabytes: refused by their headers, and never unpacked on disk."""

from __future__ import annotations

import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from saddlepoint.data import DataSettings, load
from saddlepoint.errors import DataError, RunError
from saddlepoint.records.arrays import read_arrays

BLOCK, BLOCKS = 1 << 20, 3_000
ROWS = BLOCK * BLOCKS // 400  # of 100 float32 numbers


def bomb(unpacked: int | None = None, packed: int | None = None, rows: int = ROWS) -> bytes:
    """A .npy file of `rows` rows and three gigabytes of zeros, packed by deflate, as one member of a zip archive.

    unpacked, packed: the sizes in bytes that the archive says, where they are not the true ones.
    """
    start = _header(rows)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = deflate.compress(start) + deflate.flush(zlib.Z_FULL_FLUSH)
    # After a full flush the state is that of the beginning, so that one packed block can be repeated.
    block = deflate.compress(bytes(BLOCK)) + deflate.flush(zlib.Z_FULL_FLUSH)
    return _forged(first + block * BLOCKS + deflate.flush(), unpacked or len(start) + BLOCK * BLOCKS, packed)


def _header(rows: int) -> bytes:
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, 100), }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def _forged(content: bytes, unpacked: int, packed: int | None) -> bytes:
    """An archive in which `content` is a member packed by deflate of these sizes."""
    name, sizes = b"x.npy", struct.pack("<III", zlib.crc32(b""), packed or len(content), unpacked)
    local = struct.pack("<4s5H", b"PK\x03\x04", 20, 0, 8, 0, 0) + sizes + struct.pack("<HH", len(name), 0) + name
    entry = struct.pack("<4s6H", b"PK\x01\x02", 20, 20, 0, 8, 0, 0) + sizes
    entry += struct.pack("<5HII", len(name), 0, 0, 0, 0, 0, 0) + name
    end = struct.pack("<4s4HIIH", b"PK\x05\x06", 0, 0, 1, 1, len(entry), len(local) + len(content), 0)
    return local + content + entry + end


BOMBS = {
    "that says what it is": ({}, "would unpack from .* (a decompression bomb"),
    "that says it unpacks to little": ({"unpacked": 5_000}, "its header promises"),
    "that says it is packed to much": ({"packed": 2_000_000_000}, "would unpack from .* (a decompression bomb"),
    "behind a small array": ({"rows": 20}, "would unpack from .* (a decompression bomb"),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_an_archive_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, kind: str) -> None:
    says, message = BOMBS[kind]
    path = tmp_path / "bomb.npz"
    np.savez(path, x=np.zeros((20, 100)))
    assert len(load(DataSettings(source=str(path), held_out=0.0))) == 20  # what is imported meanwhile does not count
    path.write_bytes(bomb(**says))
    size = path.stat().st_size
    assert size < BLOCK * BLOCKS / 500
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=message.replace("(", r"\(")) as error:
            load(DataSettings(source=str(path)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "bomb.npz" in str(error.value)
    assert peak < size + 2 * BLOCK


def test_the_forged_archive_is_one_that_can_be_read(tmp_path: Path) -> None:
    """Otherwise the refusals above would prove nothing about archive bombs."""
    path = tmp_path / "bomb.npz"
    path.write_bytes(bomb())
    with zipfile.ZipFile(path) as archive, archive.open("x.npy") as file:
        start = _header(ROWS)
        assert file.read(len(start)) == start
        assert file.read(3 * BLOCK) == bytes(3 * BLOCK)
        assert archive.getinfo("x.npy").file_size == len(start) + BLOCK * BLOCKS


def test_labels_may_be_a_bomb_too(tmp_path: Path) -> None:
    path = tmp_path / "labels.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, rows in (("x", 50), ("y", 110_000_000)):
            with archive.open(f"{name}.npy", "w") as file:
                np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (rows, 1)})
                file.write(bytes(rows))
    with pytest.raises(DataError, match=r"'y' would unpack .* decompression bomb"):
        load(DataSettings(source=str(path)))


@pytest.mark.parametrize("unpacked", [None, 5_000])
def test_a_run_reads_no_bomb_either(tmp_path: Path, unpacked: int | None) -> None:
    path = tmp_path / "step-00000010.npz"
    path.write_bytes(bomb(unpacked))
    with pytest.raises(RunError, match=r"step-00000010\.npz"):
        read_arrays(path)
