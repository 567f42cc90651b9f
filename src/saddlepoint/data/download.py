"""Downloads that go on where they stopped, and never leave half a file under a name that others trust.

The bytes go to `NAME.part`; a broken connection is taken up again there, in this call or in a later one. Only what
passes the check takes the final name, by rename.
"""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from saddlepoint.data.progress import progress
from saddlepoint.errors import DataError

ATTEMPTS = 4
PAUSE = 1.0  # seconds before the second attempt; doubles
TIMEOUT = 30.0
BLOCK = 1 << 16


def download(url: str, target: Path, check: Callable[[Path], None]) -> None:
    """Bring `url` to `target`, unless `check` refuses it: it gets the whole file and raises DataError.

    Raises DataError where the server cannot be reached after some attempts; what came so far stays for the next call.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    for attempt in range(ATTEMPTS):
        try:
            _continue(url, part)
            break
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


def _continue(url: str, part: Path) -> None:
    """Append to `part` what it lacks; raises an OSError or HTTPException where the connection ends early."""
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
        if answer.status != http.HTTPStatus.PARTIAL_CONTENT:
            have = 0  # the server does not resume and sends it all
        length = answer.headers.get("Content-Length")
        total = have + int(length) if length else 0
        with part.open("ab" if have else "wb") as file, progress(f"Downloading {url}", total) as advance:
            advance(have)
            while block := answer.read(BLOCK):
                file.write(block)
                advance(len(block))
    size = part.stat().st_size
    if total and size < total:
        raise ConnectionError(f"the connection ended after {size:,} of {total:,} bytes")
