"""Downloads that continue after an interruption and never leave an incomplete file under the final name.

The bytes are written to `NAME.part`; after a broken connection this call or a later one continues there. A file that passes
the check gets its final name by rename. Size and time are limited, whatever the server does.
"""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import Message
from pathlib import Path

from saddlepoint.errors import DataError
from saddlepoint.progress import task

ATTEMPTS = 4
PAUSE = 1.0  # seconds before the second attempt; doubles
TIMEOUT = 30.0  # seconds without any byte
TOTAL = 1_800.0  # seconds of one call
LARGEST = 1_000_000_000  # bytes
BLOCK = 1 << 16


class _TooLongError(Exception):
    """The server takes too long (the end of a sentence that begins with its address); the received part is kept."""


class _TooLargeError(Exception):
    """The server sends more than the file can have; the received part is removed."""


def download(url: str, target: Path, check: Callable[[Path], None], *, most: int = LARGEST) -> None:
    """Download `url` to `target`, unless `check` refuses the file.

    Args:
        url: what to download.
        target: the file to write; its folder is made.
        check: gets the whole file, and raises DataError for one that is not the wanted one.
        most: bytes of the file at most.

    Raises:
        DataError: the server cannot be reached after some attempts, or takes longer than `TOTAL` seconds; what came so far
            stays for the next call. Or it sends more than `most` bytes, or what `check` refuses: then nothing stays.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    deadline = time.monotonic() + TOTAL
    for attempt in range(ATTEMPTS):
        try:
            _continue(url, part, most, deadline)
            break
        except _TooLongError as error:
            raise DataError(f"{url}: {error}.") from error
        except _TooLargeError as error:
            part.unlink(missing_ok=True)
            raise DataError(f"{url}: {error}.") from error
        except urllib.error.HTTPError as error:
            if error.code < 500:
                raise DataError(f"{url}: the server answers {error.code} {error.reason}.") from error
            reason: Exception = error
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            reason = error
        if attempt == ATTEMPTS - 1:
            raise DataError(
                f"{url}: cannot be downloaded ({reason}); check the connection and try again, it goes on where it stopped."
            ) from reason
        time.sleep(PAUSE * 2**attempt)
    try:
        check(part)
    except DataError:
        part.unlink()
        raise
    part.replace(target)


def _continue(url: str, part: Path, most: int, deadline: float) -> None:
    """Append the missing bytes to `part`; raises OSError or HTTPException if the connection ends early."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        answer = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise
        # Nothing lies beyond what is there: it is whole, or longer than the file. The caller's check tells which.
        return
    with answer:
        if answer.status != http.HTTPStatus.PARTIAL_CONTENT or not _continues(answer.headers, have):
            have = 0  # the server does not resume and sends it all
        length = _length(answer.headers)
        total = have + length if length is not None else 0
        if total > most:
            raise _TooLargeError(f"the file is said to have {total:,} bytes, and at most {most:,} are taken")
        with part.open("ab" if have else "wb") as file, task(f"Downloading {url}", total) as advance:
            advance(have)
            # read1 returns the received bytes at once, so that a slow server cannot evade the time limit.
            while block := answer.read1(BLOCK):
                file.write(block)
                advance(len(block))
                if file.tell() > most:
                    raise _TooLargeError(f"more than {most:,} bytes came, which the file cannot have")
                if time.monotonic() > deadline:
                    raise _TooLongError(f"not done after {TOTAL:.0f} s; try again, it goes on where it stopped")
    size = part.stat().st_size
    if total and size < total:
        raise ConnectionError(f"the connection ended after {size:,} of {total:,} bytes")


def _length(headers: Message) -> int | None:
    """The announced number of bytes; None if it is missing or no number."""
    text = headers.get("Content-Length", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else None


def _continues(headers: Message, have: int) -> bool:
    """Whether the answer begins where the file ends."""
    said = headers.get("Content-Range", "")
    return not said or said.startswith(f"bytes {have}-")
