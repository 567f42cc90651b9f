"""Texts: windows cover the text, the held-out part is its end, encoding and decoding are inverses, and hostile files are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.data import DataSettings, load
from saddlepoint.data.alphabet import decode, encode, holds_bytes, name_bytes
from saddlepoint.data.event import Event
from saddlepoint.data.sentences import GRAMMAR, START, entropy_rate, write_sentences
from saddlepoint.data.text import code_points, text_dataset
from saddlepoint.data.windows import cut_windows
from saddlepoint.errors import DataError

ENGLISH = "It was a quiet morning; the river waited, and nobody spoke.\n"
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=20, max_size=300)


def written(folder: Path, text: str | bytes, name: str = "book.txt") -> str:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


@given(TEXTS.filter(lambda text: len(set(text)) <= 256))
def test_decoding_undoes_encoding(text: str) -> None:
    letters = tuple(sorted(set(text)))
    octets = name_bytes(sorted(set(text.encode())))
    for alphabet in (letters, octets):
        numbers = torch.from_numpy(encode(text, alphabet))
        assert decode(numbers[None], alphabet) == [text]
    assert holds_bytes(octets)
    assert not holds_bytes(letters)


@given(TEXTS, st.integers(1, 12), st.integers(1, 15), st.floats(0, 0.9), st.booleans())
def test_windows_are_stretches_of_the_text_and_parts_share_no_symbol(
    text: str, length: int, stride: int, held_out: float, whole: bool
) -> None:
    settings = DataSettings(length=length, stride=None if whole else stride, held_out=held_out)
    try:
        dataset = text_dataset("t", code_points(text), settings)
    except DataError:
        return  # one symbol, or too short
    step = length if whole else stride
    windows = decode(dataset.x, dataset.event.alphabet or ())
    assert windows == [text[n * step : n * step + length] for n in range(len(windows))]
    last = (len(windows) - 1) * step + length  # where the training windows end
    boundary = len(text) - min(round(len(text) * held_out), len(text) - 1)
    assert last <= boundary < last + max(step, length)
    assert set(dataset.event.alphabet or ()) == set(text[:boundary])
    if dataset.held_out is not None:
        rest = text[boundary:]
        for window in decode(dataset.held_out.x, dataset.event.alphabet or ()):
            assert window in rest


@given(st.integers(0, 40), st.integers(1, 10), st.integers(1, 10))
def test_cut_windows(total: int, length: int, stride: int) -> None:
    stream = np.arange(2 * total).reshape(total, 2)
    expected = [stream[n : n + length] for n in range(0, total - length + 1, stride)]
    found = cut_windows(stream, length, stride)
    assert found.shape == (len(expected), length, 2)
    assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))


def test_unknown_symbols_of_the_held_out_part_are_counted() -> None:
    text = "abc" * 300 + "abcabcabcz" * 10
    dataset = text_dataset("t", code_points(text), DataSettings(length=10, held_out=0.1))
    assert dataset.held_out is None
    assert "10 of 10 held-out examples are left out" in " ".join(dataset.notes)
    assert "'z'" in " ".join(dataset.notes)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_encodings_and_line_ends_do_not_change_a_text(tmp_path: Path, encoding: str, ending: str) -> None:
    content = (ENGLISH * 20).replace("\n", ending) + "é"
    source = written(tmp_path, content.encode(encoding))
    dataset = load(DataSettings(source=source, length=60, held_out=0))
    assert decode(dataset.x, dataset.event.alphabet or ()) == [ENGLISH] * 20


def test_a_folder_is_one_text_by_name(tmp_path: Path) -> None:
    for name, text in (("b.txt", "second"), ("a.txt", "first."), (".hidden.txt", "no"), ("notes.csv", "1,2")):
        written(tmp_path, text, name)
    dataset = load(DataSettings(source=str(tmp_path), length=13, held_out=0))
    assert decode(dataset.x, dataset.event.alphabet or ()) == ["first.\nsecond"]


def test_bytes_of_any_file_can_be_read(tmp_path: Path) -> None:
    raw = bytes(range(256)) * 3
    source = written(tmp_path, raw, "x.bin")
    dataset = load(DataSettings(source=source, kind="text", level="byte", length=256, held_out=0))
    assert torch.equal(dataset.x, torch.arange(256).to(torch.uint8).repeat(3, 1))
    assert dataset.event.levels == 256


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"aaaa" * 100, "only symbol is 'a'"),
        (b"\x00\x01\x02text" * 100, "NUL"),
        (b"caf\xe9 " * 100, "is not UTF-8"),
        (b"\xff\xfea", "is not UTF-16"),
        (b"too short", "fewer than one example"),
        ("".join(map(chr, range(0x4E00, 0x4F80))).encode() * 2, "different characters"),
    ],
)
def test_hostile_texts_are_refused_in_one_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(DataError, match=words) as raised:
        load(DataSettings(source=written(tmp_path, content), kind="text"))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", ["book.txt", "book.md"])
def test_prose_is_read_and_numbers_are_not(tmp_path: Path, name: str) -> None:
    assert load(written(tmp_path, ENGLISH * 10, name)).event.kind == "text"
    with pytest.raises(DataError, match=r"\.txt files of numbers are not read; save the numbers"):
        load(written(tmp_path, "x y\n" + "1.5 2\n" * 100, "table.txt"))
    with pytest.raises(DataError, match=r"if it is a table .*, rename it to rows\.csv\.$"):
        load(written(tmp_path, "x;y\n" + "1.5;2\n" * 100, "rows.txt"))
    assert load(DataSettings(source=str(tmp_path / "table.txt"), kind="text")).event.kind == "text"


@pytest.mark.parametrize("name", ["log.jsonl", "code.py", "noending"])
def test_other_texts_are_read_when_asked_for(tmp_path: Path, name: str) -> None:
    source = written(tmp_path, ENGLISH * 10, name)
    with pytest.raises(DataError, match=r"--data\.kind text"):
        load(source)
    assert load(DataSettings(source=source, kind="text")).event.kind == "text"


def test_a_text_is_a_json_value() -> None:
    event = text_dataset("t", code_points(ENGLISH * 10), DataSettings()).event
    assert Event.from_json(event.to_json()) == event


def test_a_text_has_no_constant_positions() -> None:
    assert text_dataset("t", code_points("ab" * 200), DataSettings(length=2)).event.constants == ()


@pytest.mark.slow
def test_the_entropy_rate_is_that_of_what_is_written() -> None:
    """-log2 P of whole sentences, by their derivations, over their length, tends to the rate (law of large numbers)."""

    def bits_of(text: str, symbol: str) -> dict[int, float]:
        """-log2 P of each beginning of the text that the symbol can become, by its end."""
        if symbol not in GRAMMAR:
            return {len(symbol): 0.0} if text.startswith(symbol) else {}
        total = sum(weight for weight, _ in GRAMMAR[symbol])
        ends: dict[int, float] = {}
        for weight, parts in GRAMMAR[symbol]:
            places = {0: -float(np.log2(weight / total))}
            for part in parts:
                places = {
                    start + end: bits + more
                    for start, bits in places.items()
                    for end, more in bits_of(text[start:], part).items()
                }
            assert not ends.keys() & places.keys(), "a text has one derivation"
            ends |= places
        return ends

    sentences = write_sentences(60_000, 3).splitlines(keepends=True)[:-1]
    bits = np.array([bits_of(sentence, START)[len(sentence)] for sentence in sentences])
    lengths = np.array(list(map(len, sentences)))
    rate = entropy_rate()
    # The mean of bits - rate * length is 0; five standard errors.
    difference = bits - rate * lengths
    assert abs(difference.mean()) < 5 * difference.std() / len(difference) ** 0.5
    assert 0.3 < rate < 1.0


@pytest.mark.parametrize("level", ["character", "byte"])
def test_sentences_have_the_number_of_examples_that_was_asked_for(level: str) -> None:
    for length, stride in ((32, None), (20, 5), (7, 11)):
        settings = DataSettings(source="sentences", points=50, length=length, stride=stride, level=level)
        dataset = load(settings)
        assert abs(len(dataset) - 50) <= 1
        assert dataset.held_out is not None
