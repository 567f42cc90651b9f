"""Why a miss or a false alarm came about, as far as it was looked into: by code and kind of run."""

from __future__ import annotations

UNKNOWN = "not looked into yet"
_LATE = "it came in the last eighth of the run, too late for a finding to open"
_SEVERAL = "several failures at once: the finding of a cause holds this one back, or it came too late to open"

MISSED: dict[tuple[str, str], str] = {
    (
        "GAN108",
        "memory-mnist",
    ): "copies are looked for among 10,000 of the 60,000 training examples; 300 were learnt by heart",
    (
        "NUM303",
        "circles-gaussian",
    ): "units that answer alike to all real examples, but not to generated ones, which the rule asks too",
    ("GAN104", "toy-grid"): _LATE,
    ("GAN103", "few-digits"): _LATE,
    **{
        (code, kind): _SEVERAL
        for code in ("GAN103", "GAN104", "GAN105", "GAN106")
        for kind in (
            "circles-gaussian",
            "circles-ring",
            "g-diverges-pairs",
            "g-diverges-ring",
            "g-fast-ring",
            "past-gaussian",
            "past-ring",
        )
    },
}
FALSE: dict[tuple[str, str], str] = {
    ("GAN105", "grid-small"): "it did circle, for the first 600 steps, until the learning rate had fallen",
    ("GAN103", "toy-ring"): "it did lose modes, for some looks, and found them again",
    ("VAE205", "vae-moons"): "reconstructions come first, samples follow; they were still on their way",
}


def of_miss(code: str, kind: str) -> str:
    return MISSED.get((code, kind), UNKNOWN)


def of_false_alarm(code: str, kind: str) -> str:
    return FALSE.get((code, kind), UNKNOWN)
