"""Which finding explains which others, so that a verdict can name the cause first.

The table is based on how training works, not on how often two codes occur together: an overflowing gradient makes numbers
non-finite; data outside of the range of the model's output cannot be learnt.
"""

from __future__ import annotations

from collections.abc import Iterable

from saddlepoint.records import SEVERITIES, Finding, active_findings

EVERYTHING = frozenset({"*"})
AS_FAILURES = ("LOOP",)  # prefixes of codes that explain others only where they are failures
# By code, or by the letters that codes begin with: the codes that may follow from it. Consequences of those follow too.
CONSEQUENCES: dict[str, frozenset[str]] = {
    # A mistake in the code of a loop, such as a player that no optimiser moves, explains whatever happens afterwards. A lesser one, such
    # as an optimiser that holds only a part of a player, may have been meant.
    "LOOP": EVERYTHING,
    # An unusual setting, such as a learning rate of 1e6, explains whatever happens afterwards; so do data that the model
    # cannot produce.
    "SET": EVERYTHING,
    "DATA401": EVERYTHING,
    "DATA402": frozenset({"GAN107", "GAN108", "VAE206", "VAE208", "AR502", "FLOW603", "DIFF703", "EM804"}),
    # After a non-finite number no other measurement means anything.
    "NUM301": EVERYTHING,
    # Steps that are too long, as with a high learning rate, make units die and let one player outrun the other.
    "NUM302": frozenset({"NUM301", "NUM303", "GAN104", "GAN105", "GAN106", "VAE203"}),
    "NUM303": frozenset({"NUM304", "GAN104", "GAN103", "VAE201", "VAE203", "AE251"}),
    # Terms of the loss that are computed wrongly or on different scales.
    "VAE202": frozenset({"VAE201", "VAE203", "VAE204", "VAE205", "NUM301", "NUM302"}),
    "VAE203": frozenset({"VAE201", "VAE204", "VAE205"}),
    "VAE204": frozenset({"VAE201", "VAE205", "AE251"}),
    # A player that overpowers, or learns nothing, leaves the other without a gradient to follow.
    "GAN101": frozenset({"GAN102", "GAN103"}),
    "GAN102": frozenset({"NUM304", "GAN103"}),
    "GAN104": frozenset({"GAN103", "GAN105", "GAN106"}),
    "GAN105": frozenset({"GAN109", "GAN103"}),
    "GAN106": frozenset({"GAN103", "GAN109"}),
    "GAN103": frozenset({"GAN121", "GAN122", "GAN123"}),
    "GAN107": frozenset({"GAN108", "GAN109"}),
    # One sample for every noise: then hidden units of the generator always output the same number, too.
    "GAN110": frozenset({"NUM303", "GAN101", "GAN103", "GAN104", "GAN106"}),
    # A score whose slope is wrong gives the generator no useful direction.
    "GAN111": frozenset({"GAN101", "GAN103", "GAN105", "GAN106", "GAN112", "NUM302"}),
    "GAN112": frozenset({"GAN103", "GAN105", "GAN106"}),
    "GAN113": frozenset({"GAN103", "GAN104", "NUM304"}),
    "GAN115": frozenset({"NUM301", "NUM302"}),
    "GAN116": frozenset({"GAN103", "GAN104"}),
    # A model that knows its examples by heart goes on badly from any other beginning.
    "AR502": frozenset({"AR503"}),
    # Components and states for single examples.
    "EM802": frozenset({"EM804"}),
    "EM803": frozenset({"EM804"}),
    # Noise levels that miss the scale of the data, and a steep flow.
    "DIFF701": frozenset({"DIFF702", "NUM302", "NUM303", "NUM304"}),
    "FLOW602": frozenset({"FLOW601", "FLOW603", "NUM302"}),
    "FLOW603": frozenset({"FLOW601"}),  # codes of held-out examples that are far out
}


def causes_first(findings: Iterable[Finding]) -> list[Finding]:
    """Sort the active findings, causes first.

    A finding that follows from no other active warning or failure is a cause.

    Args:
        findings: the log of findings, closed ones too.

    Returns:
        First the causes: those of a failure before those of a warning, and those of many findings before those of few. Then
        what follows from them, the most severe first. Then findings of severity "info". Findings that are equal in all
        this, or may follow from each other, keep the order in which they opened.
    """
    active = active_findings(findings)
    counted = [finding for finding in active if finding.severity != "info"]
    causes = {f.code for f in counted if f.severity == "failure" or not f.code.startswith(AS_FAILURES)}

    def explains_other(cause: str, code: str) -> bool:
        return cause in causes and _explains(cause, code)

    def order(finding: Finding) -> tuple[bool, bool, int, int]:
        explains = [other for other in counted if explains_other(finding.code, other.code)]
        explained = any(
            explains_other(cause, finding.code) and not explains_other(finding.code, cause) for cause in causes
        )
        severity = SEVERITIES.index(finding.severity)
        worst = max([severity, *(SEVERITIES.index(other.severity) for other in explains if not explained)])
        return finding.severity == "info", explained, -worst, -len(explains)

    return sorted(active, key=order)


def _explains(cause: str, code: str) -> bool:
    """Whether `code` may follow from `cause`, directly or through others. Nothing explains findings on data, settings or code."""
    if cause == code or code.startswith(("DATA", "SET", "LOOP")):
        return False
    following = _consequences(cause)
    # Everything follows from a non-finite number, except for what that number itself follows from.
    return code in following or (following >= EVERYTHING and cause not in _consequences(code))


def _consequences(code: str) -> frozenset[str]:
    """Return all codes that may follow from `code`; with "*" where everything may."""
    found: set[str] = set()
    waiting = [code]
    while waiting:
        entry = waiting.pop()
        for following in CONSEQUENCES.get(entry, CONSEQUENCES.get(entry.rstrip("0123456789"), frozenset())):
            if following not in found:
                found.add(following)
                waiting.append(following)
    return frozenset(found - {code})
