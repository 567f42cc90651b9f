"""Which finding explains which: where several are active, the one that the others may follow from is named first.

The table says what follows from what by how training works, not by how often two codes are seen together: a gradient
that overflows makes numbers that are not finite; data in another range than the model's output cannot be learnt.
"""

from __future__ import annotations

from collections.abc import Iterable

from saddlepoint.records import SEVERITIES, Finding, standing

# code: the codes that may follow from it. What follows from those follows from it too.
CONSEQUENCES: dict[str, frozenset[str]] = {
    "DATA401": frozenset({"GAN101", "GAN103", "VAE201", "VAE204", "VAE205", "NUM304"}),
    "DATA402": frozenset({"GAN107", "GAN108", "VAE206"}),
    "NUM302": frozenset({"NUM301", "NUM303", "GAN104", "GAN105", "GAN106", "VAE203"}),
    "NUM303": frozenset({"NUM304", "GAN104", "GAN103", "VAE201", "VAE203", "AE251"}),
    "NUM301": frozenset({"NUM304"}),
    "VAE202": frozenset({"VAE201", "VAE203", "VAE204", "VAE205", "NUM301", "NUM302"}),
    "VAE203": frozenset({"VAE201", "VAE204", "VAE205"}),
    "VAE204": frozenset({"VAE201", "VAE205", "AE251"}),
    "GAN102": frozenset({"NUM304", "GAN103"}),
    "GAN101": frozenset({"GAN102", "GAN103"}),
    "GAN104": frozenset({"GAN103", "GAN105", "GAN106"}),
    "GAN105": frozenset({"GAN109", "GAN103"}),
    "GAN106": frozenset({"GAN103", "GAN109"}),
    "GAN107": frozenset({"GAN108", "GAN109"}),
}


def causes_first(findings: Iterable[Finding]) -> list[Finding]:
    """The active findings, those first that explain most of the others.

    A failure comes before a warning and a warning before a note; within one severity, a finding comes before those that
    may follow from it, and otherwise the one that was opened earlier. Two findings that may follow from each other stay
    in the order in which they were opened.
    """
    active = standing(findings)
    codes = {finding.code for finding in active}

    def order(finding: Finding) -> tuple[int, int, int]:
        explained = any(
            finding.code in _consequences(code) and code not in _consequences(finding.code)
            for code in codes - {finding.code}
        )
        explains = len(_consequences(finding.code) & codes)
        return -SEVERITIES.index(finding.severity), int(explained), -explains

    return sorted(active, key=order)


def _consequences(code: str) -> frozenset[str]:
    """All codes that may follow from `code`, directly or through others."""
    found: set[str] = set()
    waiting = [code]
    while waiting:
        for following in CONSEQUENCES.get(waiting.pop(), ()):
            if following not in found:
                found.add(following)
                waiting.append(following)
    return frozenset(found - {code})
