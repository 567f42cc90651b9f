"""Samples that are heard or read: sounds with players, and texts as lines, beside a few real examples."""

from __future__ import annotations

import base64
from pathlib import Path

from saddlepoint.markup import Markup, escaped, html, joined
from saddlepoint.records.files import read_bytes
from saddlepoint.report.facts import UNREADABLE, Facts
from saddlepoint.report.pictures import Album

SOUND_BYTES = 2_000_000  # of all sounds on a page, as text
MOST_LETTERS = 2_000  # of a text


def heard_and_read(facts: Facts, album: Album) -> Markup:
    """The sounds and texts that a run's last pictures came with; empty for other data."""
    return _sounds(facts, album) + _texts(facts)


def _sounds(facts: Facts, album: Album) -> Markup:
    """A player for each sound, samples first, as long as there is room."""
    left = min(SOUND_BYTES, album.left)
    groups = []
    dropped = 0
    for title, files in (("Real examples to compare with", facts.heard[1]), ("Samples", facts.heard[0])):
        players = []
        for number, path in enumerate(files, 1):
            address = _address(path, album)
            if address is None:
                continue
            if len(address) > left:
                dropped += 1
                continue
            left -= len(address)
            album.left -= len(address)
            label = (
                f"{title.split()[0].lower().removesuffix('s')} {number}" if title == "Samples" else f"example {number}"
            )
            players.append(
                html(
                    '<figure><audio controls preload="metadata" src="{}" aria-label="{}"></audio><figcaption>{}</figcaption></figure>',
                    address,
                    label,
                    label,
                )
            )
        if players:
            groups.append(html('<h3>{}</h3><div class="sounds">{}</div>', title, joined(players)))
    if dropped:
        album.notes.append(f"{dropped} sounds are left out to keep the page small.")
    return joined(reversed(groups))


def _address(path: Path, album: Album) -> Markup | None:
    """The sound as a data address; None, with a note, where it is no WAV file."""
    try:
        raw = read_bytes(path, most=SOUND_BYTES)
        if raw[:4] != b"RIFF" or raw[8:12] != b"WAVE":
            raise ValueError("it is no WAV file")
    except UNREADABLE as error:
        album.notes.append(f"{path.name} could not be read and is left out ({error}).")
        return None
    return escaped(f"data:audio/wav;base64,{base64.b64encode(raw).decode()}")


def _texts(facts: Facts) -> Markup:
    parts = []
    for title, texts in (("Samples", facts.texts[0]), ("Real examples to compare with", facts.texts[1])):
        items = joined(html("<li><pre>{}</pre></li>", text[:MOST_LETTERS]) for text in texts)
        if items:
            parts.append(html('<h3>{}</h3><ol class="texts">{}</ol>', title, items))
    return joined(parts)
