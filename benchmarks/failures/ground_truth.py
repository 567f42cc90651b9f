"""The ground truth: what is wrong with a run, decided from its model and its data alone, never from a record or a rule.

Every code has a score at each probe: 1 or more means that the failure is present, 0 or less that it is absent, and in between the case
is unclear; unclear runs count neither as failed nor as healthy, and their number is reported. A failure holds where it is present in three
quarters of the probes in the last quarter of the run, and is absent where it is absent in as many. It begins at the first probe after which it
is present in at least three quarters of the remaining ones.

The standard of good quality is what the same base reaches without injections: the median of its healthy runs, over all seeds. Thresholds
were set before the rules were applied. Three definitions were clarified after the first 150 runs, without regard to which rule that
helps: a failure has to last (three quarters of the last quarter, not the middle of the last fifth), gradients whose norm
overflows count as NUM301, and a network that an explosion has destroyed need not be called stalled as well.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from failures.failure_scores import SCORES, Facts, Reference, badness, between, numbers

State = Literal["yes", "no", "unclear"]
LAST, MOST = 0.25, 0.75  # of the run, by which its end is judged; of the looks there, that have to agree
OVERFLOW = 1.8e19  # a norm whose square no number of 32 bits holds
SHORTEST = 100  # steps below which a run was only made for what can be known before its first


@dataclass(frozen=True)
class Held:
    """Whether a failure is present.

    Attributes:
        state: yes, no or unclear.
        onset: the step of the probe from which on it is.
    """

    state: State
    onset: int = 0


@dataclass(frozen=True)
class Truth:
    """The ground truth of a run.

    Attributes:
        codes: by code; codes that do not apply to the family are absent.
        judged: whether the run was long enough to judge more than its data.

    `failed`: by any code, or by its quality alone. `healthy`: by none, and none is unclear.
    """

    codes: Mapping[str, Held]
    quality: State
    judged: bool = True

    @property
    def failed(self) -> bool:
        return any(held.state == "yes" for held in self.codes.values()) or self.quality == "yes"

    @property
    def healthy(self) -> bool:
        return all(held.state == "no" for held in self.codes.values()) and self.quality == "no"


def decide(run: Facts, reference: Reference) -> Truth:
    """The ground truth of a run, from the measurements of its probes and the reference of its base."""
    codes = _of_data(run["data"])
    if "refused" in run:
        return Truth(codes, "unclear", judged=False)
    if run["steps"] < SHORTEST:
        return Truth(codes, "unclear", judged=False)
    probes = [numbers(probe) for probe in run["looks"]]
    codes["NUM301"] = _non_finite(probes)
    if codes["NUM301"].state == "yes" and "loss" in probes[0]:  # a loss with exponentials
        codes["GAN115"] = codes["NUM301"]
    sound = [probe for probe in probes if probe["finite"]]
    if len(sound) < len(probes) and len(sound) < 4:
        return Truth(codes, "yes")
    signs = {"gan": "advantage", "vae": "kl", "ae": "use", "ar": "leaks", "em": "idle_states", "vq": "effective_codes"}
    signs |= {"flow": "inverse", "dm": "sampler_gap"}
    family = next(name for name, sign in signs.items() if sign in sound[-1])
    asked = {**SCORES["any"], **SCORES[family]}
    for code, score in asked.items():
        if code not in codes:
            codes[code] = _held([score(sound[: i + 1], reference, run) for i in range(len(sound))], sound, run)
    bad = _end([badness(sound[: i + 1], reference, run) for i in range(len(sound))])
    if len(sound) < len(probes):
        bad = "yes"
    return Truth(_without_consequences(codes), bad)


# What follows from what: a consequence is neither missed where it is not named, nor false where it is.
_OF_CONDITION = {"GAN121", "GAN122", "GAN123"}
FOLLOWS = {
    "NUM301": {code for family in SCORES for code in SCORES[family] if family != "em"} - {"GAN115"},
    "NUM304": {"GAN101", "GAN102", "GAN103", "GAN104", "VAE201", "VAE204", "VAE205", "AE251"} | _OF_CONDITION,
    "NUM303": {"GAN103", "GAN104", "GAN105", "VAE201", "VAE203", "VAE204", "VAE205", "AE251", "NUM302", "NUM304"},
    "NUM302": {"GAN103", "GAN105", "VAE201", "VAE204", "VAE205", "AE251", "NUM303", "NUM304"},
    "GAN101": {"GAN103", "GAN107", "NUM302", "GAN121"},
    "GAN102": {"GAN101", "GAN103", "NUM302", "GAN121"},
    "GAN103": {"GAN121", "GAN122"},
    "GAN104": {"GAN103", "GAN105", "GAN106", "NUM302", "GAN121"},
    "GAN106": {"GAN101", "GAN103", "GAN105", "NUM302"} | _OF_CONDITION,
    "GAN105": {"GAN103", "GAN121", "GAN122"},
    "GAN111": {"GAN101", "GAN103", "GAN105", "GAN106", "NUM302"},
    "GAN112": {"GAN103", "GAN105", "GAN106", "NUM302"},
    "GAN113": {"GAN103", "GAN104", "GAN105"},
    "GAN115": {"GAN103", "GAN105", "GAN106", "NUM302"},
    "GAN116": {"GAN103", "GAN104", "GAN105"},
    "VAE201": {"VAE204", "VAE205"},
    "EM801": {"EM802", "EM803", "EM804"},
    "EM802": {"EM804"},
    "EM803": {"EM804"},
    "VAE207": {"VAE208"},
    "VAE202": {"VAE201", "VAE204", "VAE205", "VAE206"},
    "AR501": {"AR502", "AR503"},
    "AR502": {"AR503"},
    "VAE203": {"VAE201", "VAE204", "VAE205"},
    "FLOW602": {"FLOW601", "FLOW603", "NUM302"},
    "FLOW603": {"FLOW601"},
    "DIFF701": {"DIFF702", "NUM302", "NUM303", "NUM304"},
}


def _without_consequences(codes: Mapping[str, Held]) -> dict[str, Held]:
    """The codes, where a failure that follows from another one that is present becomes unclear.

    Causes come first; a consequence has no consequences of its own here.
    """
    found = dict(codes)
    for cause, consequences in FOLLOWS.items():
        if found.get(cause, Held("no")).state == "yes":
            for code in consequences & found.keys():
                if found[code].state == "yes":
                    found[code] = Held("unclear")
    return found


def _of_data(data: Facts) -> dict[str, Held]:
    """The codes about data, by counting."""

    def held(score: float) -> Held:
        return Held("yes" if score >= 1 else "no" if score <= 0 else "unclear")

    few = 1.0 if data["examples"] < data["batch"] else 0.0
    if "parameters" not in data:
        return {"DATA402": held(few)}
    numbers = data["examples"] * data["numbers"]
    few = max(few, min(between(data["parameters"] / numbers, 3, 10), between(data["examples"], 400, 100)))
    found = {"DATA402": held(few)}
    if data["output"] is not None and math.isfinite(float(data["low"])):
        low, high = data["output"]
        width = high - low
        beyond = max(low - data["low"], data["high"] - high) / width
        filled = (data["high"] - data["low"]) / width
        found["DATA401"] = held(max(between(beyond, 0.01, 0.05), between(filled, 0.5, 0.25)))
    copies = max(between(data["copies"], 0.001, 0.01), min(1.0, float(data["leaked"])), float(data["constant"]))
    found["DATA403"] = held(copies)
    if "empty" in data:
        found["DATA405"] = held(between(max(data["empty"], data.get("clipped", 0.0)), 0.005, 0.02))
    if data["classes"]:
        fair = data["examples"] / len(data["classes"])
        found["DATA404"] = held(between(min(data["classes"]) / fair, 0.3, 0.1))
    return found


def _held(scores: Sequence[float], probes: Sequence[Facts], run: Facts) -> Held:
    state = _end(scores)
    if state != "yes":
        return Held(state)
    for at in range(len(scores)):
        rest = scores[at:]
        if scores[at] >= 1 and sum(score >= 1 for score in rest) >= MOST * len(rest):
            return Held("yes", int(probes[at]["step"]))
    return Held("yes", int(probes[-1]["step"]))


def _end(scores: Sequence[float]) -> State:
    ending = scores[-max(1, round(LAST * len(scores))) :]
    ill, well = (sum(score >= 1 for score in ending), sum(score <= 0 for score in ending))
    return "yes" if ill >= MOST * len(ending) else "no" if well >= MOST * len(ending) else "unclear"


def _non_finite(probes: Sequence[Facts]) -> Held:
    broken = [
        probe["step"]
        for probe in probes
        if not probe["finite"] or not max(probe["gradient"].values(), default=0.0) < OVERFLOW
    ]
    return Held("yes", int(broken[0])) if broken else Held("no")
