"""Why a miss or a false alarm came about, as far as it was looked into: by code and kind of run."""

from __future__ import annotations

UNKNOWN = "not looked into yet"

MISSED: dict[tuple[str, str], str] = {
    (
        "GAN108",
        "memory-mnist",
    ): "copies are looked for among 10,000 of the 60,000 training examples, and 300 were learnt by heart",
}
FALSE: dict[tuple[str, str], str] = {}


def of_miss(code: str, kind: str) -> str:
    return MISSED.get((code, kind), UNKNOWN)


def of_false_alarm(code: str, kind: str) -> str:
    return FALSE.get((code, kind), UNKNOWN)
