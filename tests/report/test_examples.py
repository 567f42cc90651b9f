"""Sounds and texts on the page: embedded, escaped, within the limit, and named where they are damaged."""

from __future__ import annotations

import base64
import json
import re

import numpy as np

from saddlepoint.data.wav import wav_bytes
from saddlepoint.records import RunFolder
from saddlepoint.report.page import write_report


def page_of(folder: RunFolder) -> str:
    return write_report(folder).read_text("utf-8")


def run_folder(path) -> RunFolder:
    folder = RunFolder(path / "run")
    folder.figures.mkdir(parents=True)
    return folder


def test_sounds_are_embedded_byte_for_byte_and_damaged_ones_named(tmp_path) -> None:
    folder = run_folder(tmp_path)
    sound = wav_bytes(np.sin(np.arange(800.0) / 5)[None], 8_000, code="pcm")
    (folder.figures / "sample-01.wav").write_bytes(sound)
    (folder.figures / "sample-02.wav").write_bytes(b"<script>alert(1)</script>")
    (folder.figures / "example-01.wav").write_bytes(sound)
    page = page_of(folder)
    found = re.findall(r'<audio controls preload="metadata" src="data:audio/wav;base64,([^"]*)"', page)
    assert [base64.b64decode(address) for address in found] == [sound, sound]
    assert "sample-02.wav could not be read" in page
    assert "media-src data:" in page
    assert "alert(1)" not in page


def test_sounds_beyond_the_limit_are_left_out(tmp_path) -> None:
    folder = run_folder(tmp_path)
    for number in range(1, 5):
        (folder.figures / f"sample-{number:02d}.wav").write_bytes(wav_bytes(np.zeros((1, 240_000)), 8_000, code="pcm"))
    page = page_of(folder)
    assert page.count("<audio") == 3  # of 640 kB each
    assert "sounds are left out" in page


def test_texts_are_escaped(tmp_path) -> None:
    folder = run_folder(tmp_path)
    texts = {"samples": ["<script>alert(1)</script>\0", "two\nlines"], "examples": ["</pre><b>"]}
    (folder.figures / "texts.json").write_text(json.dumps(texts))
    page = page_of(folder)
    assert "<pre>&lt;script&gt;alert(1)" in page
    assert "<pre>two\nlines</pre>" in page
    assert "<pre>&lt;/pre&gt;&lt;b&gt;</pre>" in page
    (folder.figures / "texts.json").write_text('{"samples": 3}')
    assert "texts.json could not be read" in page_of(folder)
