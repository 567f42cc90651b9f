"""The downloader against a server on this machine."""

import gzip
import hashlib
import http.server
import re
import threading
from pathlib import Path

import numpy as np
import pytest

import saddlepoint.data.download as module
from saddlepoint.data import DataSettings, load
from saddlepoint.data import mnist as named
from saddlepoint.data.download import download
from saddlepoint.errors import DataError
from tests.data.test_idx import idx_bytes

CONTENT = bytes(range(256)) * 2000


class Server(http.server.ThreadingHTTPServer):
    """Serves `files`; `breaks` answers end after half of what is left; `ranges` whether it resumes; `says_length` whether
    it sends the length first."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {"/file": CONTENT}
        self.breaks, self.ranges = 0, True
        self.says_length = True
        self.asked: list[tuple[str, str | None]] = []
        self.sent = 0

    def url(self, name: str = "file") -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{name}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.asked.append((self.path, wanted))
        content = self.server.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        start = int(re.match(r"bytes=(\d+)-", wanted)[1]) if wanted and self.server.ranges else 0
        if start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if self.server.says_length:
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        body = content[start:]
        if self.server.breaks:
            self.server.breaks -= 1
            body = body[: len(body) // 2]
        self.server.sent += len(body)
        self.wfile.write(body)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(module, "PAUSE", 0.0)
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def right(path: Path) -> None:
    if path.read_bytes() != CONTENT:
        raise DataError("damaged")


def test_a_download_arrives_whole_and_leaves_nothing_else(server, tmp_path):
    download(server.url(), tmp_path / "new" / "file", right)
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["file"]


@pytest.mark.parametrize("breaks", [1, 2, 3])
def test_an_interrupted_download_continues_where_it_ended(server, tmp_path, breaks):
    server.breaks = breaks
    download(server.url(), tmp_path / "file", right)
    assert server.sent == len(CONTENT)
    assert [wanted for _, wanted in server.asked][1] == f"bytes={len(CONTENT) // 2}-"


def test_after_too_many_interruptions_the_next_call_continues(server, tmp_path):
    server.breaks = module.ATTEMPTS
    with pytest.raises(DataError, match="it goes on where it stopped"):
        download(server.url(), tmp_path / "file", right)
    assert not (tmp_path / "file").exists()
    download(server.url(), tmp_path / "file", right)
    assert server.sent == len(CONTENT)


def test_a_server_that_does_not_resume_sends_it_all_again(server, tmp_path):
    server.breaks, server.ranges = 1, False
    download(server.url(), tmp_path / "file", right)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_whole_part_file_needs_no_more_bytes(server, tmp_path):
    (tmp_path / "file.part").write_bytes(CONTENT)
    download(server.url(), tmp_path / "file", right)
    assert server.sent == 0


def test_damaged_data_never_take_the_name_and_are_not_resumed(server, tmp_path):
    (tmp_path / "file.part").write_bytes(b"x" * 100)
    with pytest.raises(DataError, match="damaged"):
        download(server.url(), tmp_path / "file", right)
    assert list(tmp_path.iterdir()) == []
    download(server.url(), tmp_path / "file", right)


@pytest.mark.parametrize("says_length", [True, False])
def test_a_file_over_the_limit_is_refused_and_nothing_stays(server, tmp_path, says_length):
    server.says_length = says_length
    (tmp_path / "file.part").write_bytes(CONTENT[:100])
    with pytest.raises(DataError, match="bytes"):
        download(server.url(), tmp_path / "file", right, most=len(CONTENT) - 1)
    assert list(tmp_path.iterdir()) == []
    if says_length:
        assert server.sent <= len(CONTENT), "what is too long is not asked for again"
    download(server.url(), tmp_path / "file", right, most=len(CONTENT))
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_download_that_takes_too_long_ends_and_keeps_what_came(server, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "TOTAL", -1.0)
    with pytest.raises(DataError, match="not done after"):
        download(server.url(), tmp_path / "file", right)
    have = (tmp_path / "file.part").read_bytes()
    assert have
    assert have == CONTENT[: len(have)]


def test_a_missing_file_is_reported_at_once(server, tmp_path):
    with pytest.raises(DataError, match="the server answers 404"):
        download(server.url("other"), tmp_path / "other", right)
    assert len(server.asked) == 1


def test_no_server_at_all(server, tmp_path):
    server.server_close()
    with pytest.raises(DataError, match="cannot be downloaded"):
        download(server.url(), tmp_path / "file", right)


@pytest.fixture
def small_set(server, monkeypatch):
    """A set of MNIST's layout on the local server, under the name of kmnist."""
    monkeypatch.delenv("SADDLEPOINT_DATA", raising=False)
    arrays = [
        np.full((n, 4, 4) if "images" in f else (n,), 3, np.uint8)
        for f, n in zip(named.FILES, (8, 8, 4, 4), strict=True)
    ]
    contents = [idx_bytes(array) for array in arrays]
    for name, content in zip(named.FILES, contents, strict=True):
        server.files[f"/{name}.gz"] = gzip.compress(content)
    digests = tuple(hashlib.sha256(content).hexdigest() for content in contents)
    source = named.NamedSet((server.url("gone/"), server.url("")), digests, False, tuple(map(str, range(10))))
    monkeypatch.setattr(named, "SETS", {"kmnist": source})
    return server


def test_a_named_set_is_downloaded_once_and_from_the_second_mirror(small_set, tmp_path):
    settings = DataSettings(source="kmnist", cache=str(tmp_path))
    dataset = load(settings)
    assert (len(dataset), len(dataset.held_out), dataset.event.shape) == (8, 4, (1, 4, 4))
    asked = len(small_set.asked)
    assert load(settings).fingerprint == dataset.fingerprint
    assert len(small_set.asked) == asked


def test_a_named_set_whose_bytes_are_others_is_refused(small_set, tmp_path):
    name = f"{named.FILES[2]}.gz"
    small_set.files[f"/{name}"] = gzip.compress(idx_bytes(np.full((4, 4, 4), 4, np.uint8)))
    with pytest.raises(DataError, match="what came is not the published file") as error:
        load(DataSettings(source="kmnist", cache=str(tmp_path)))
    assert "$SADDLEPOINT_DATA/kmnist/" in str(error.value)
    assert not (tmp_path / "kmnist" / name).exists()


def test_a_named_set_in_the_users_own_folder_is_not_downloaded(small_set, tmp_path, monkeypatch):
    (tmp_path / "kmnist").mkdir()
    for name in named.FILES:
        (tmp_path / "kmnist" / name).write_bytes(gzip.decompress(small_set.files[f"/{name}.gz"]))
    monkeypatch.setenv("SADDLEPOINT_DATA", str(tmp_path))
    assert len(load(DataSettings(source="kmnist", cache=str(tmp_path / "cache")))) == 8
    assert not small_set.asked
