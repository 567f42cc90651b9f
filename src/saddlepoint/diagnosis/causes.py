"""Which finding explains which: where several are active, the one that the others may follow from is named first.

The table says what follows from what by how training works, not by how often two codes are seen together: a gradient
that overflows makes numbers that are not finite; data in another range than the model's output cannot be learnt.
"""

from __future__ import annotations

from collections.abc import Iterable

from saddlepoint.records import SEVERITIES, Finding, standing

EVERYTHING = frozenset({"*"})
# code, or the letters that codes begin with: the codes that may follow from it. What follows from those follows too.
CONSEQUENCES: dict[str, frozenset[str]] = {
    # A setting that nobody uses, such as a learning rate of 1e6, explains whatever happens afterwards; so do data that the
    # model cannot produce.
    "SET": EVERYTHING,
    "DATA401": EVERYTHING,
    "DATA402": frozenset({"GAN107", "GAN108", "VAE206"}),
    # After a number that is not finite no other measurement means anything.
    "NUM301": EVERYTHING,
    # A step that is too large, as by a learning rate that is too high, kills units, and the players do not keep up.
    "NUM302": frozenset({"NUM301", "NUM303", "GAN104", "GAN105", "GAN106", "VAE203"}),
    "NUM303": frozenset({"NUM304", "GAN104", "GAN103", "VAE201", "VAE203", "AE251"}),
    # Terms of the loss that are computed wrongly or on different scales.
    "VAE202": frozenset({"VAE201", "VAE203", "VAE204", "VAE205", "NUM301", "NUM302"}),
    "VAE203": frozenset({"VAE201", "VAE204", "VAE205"}),
    "VAE204": frozenset({"VAE201", "VAE205", "AE251"}),
    # One player that wins, or learns nothing, leaves the other without a direction.
    "GAN101": frozenset({"GAN102", "GAN103"}),
    "GAN102": frozenset({"NUM304", "GAN103"}),
    "GAN104": frozenset({"GAN103", "GAN105", "GAN106"}),
    "GAN105": frozenset({"GAN109", "GAN103"}),
    "GAN106": frozenset({"GAN103", "GAN109"}),
    "GAN107": frozenset({"GAN108", "GAN109"}),
}


def causes_first(findings: Iterable[Finding]) -> list[Finding]:
    """The active findings, those first that explain others.

    A finding that follows from no other active warning or failure is a cause. Causes of a failure come before those of a
    warning, and a cause of several before a cause of few; then come what follows from them, the more severe first, and
    notes last. What is equal in all of this, or may follow from each other, stays in the order in which it was opened.
    """
    active = standing(findings)
    counted = [finding for finding in active if finding.severity != "info"]
    codes = {finding.code for finding in counted}

    def order(finding: Finding) -> tuple[bool, bool, int, int]:
        explains = [other for other in counted if _explains(finding.code, other.code)]
        explained = any(_explains(code, finding.code) and not _explains(finding.code, code) for code in codes)
        severity = SEVERITIES.index(finding.severity)
        worst = max([severity, *(SEVERITIES.index(other.severity) for other in explains if not explained)])
        return finding.severity == "info", explained, -worst, -len(explains)

    return sorted(active, key=order)


def _explains(cause: str, code: str) -> bool:
    """Whether `code` may follow from `cause`, directly or through others. Data and settings come before training."""
    if cause == code or code.startswith(("DATA", "SET")):
        return False
    following = _consequences(cause)
    # Everything follows from a number that is not finite, except for what that number itself follows from.
    return code in following or (following >= EVERYTHING and cause not in _consequences(code))


def _consequences(code: str) -> frozenset[str]:
    """All codes that may follow from `code`; with "*" where everything may."""
    found: set[str] = set()
    waiting = [code]
    while waiting:
        entry = waiting.pop()
        for following in CONSEQUENCES.get(entry, CONSEQUENCES.get(entry.rstrip("0123456789"), frozenset())):
            if following not in found:
                found.add(following)
                waiting.append(following)
    return frozenset(found - {code})
