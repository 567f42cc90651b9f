"""Why a miss or a false alarm came about, as far as it was looked into: by code and kind of run."""

from __future__ import annotations

UNKNOWN = "not looked into yet"
_LATE = "it came in the last eighth of the run, too late for a finding to open"
_SHORT = "the run ends by step 200, before which players are not judged; its result is far from the data"
_SEVERAL = "several failures at once: the finding of a cause holds this one back, or it came too late to open"

MISSED: dict[tuple[str, str], str] = {
    (
        "NUM303",
        "circles-gaussian",
    ): "units that answer alike to all real examples, but not to generated ones, which the rule asks too",
    ("GAN104", "toy-grid"): _LATE,
    ("GAN104", "grid-small"): _LATE,
    (
        "VAE206",
        "holes-digits",
    ): "it began in the last quarter, beside VAE204 and VAE205, and the bound fell by less than the rule asks",
    ("GAN103", "few-digits"): _LATE,
    ("GAN103", "dcgan-images"): _SHORT,
    ("GAN103", "dcgan-mnist"): _SHORT,
    ("VAE201", "collapse-moons"): _LATE,
    ("GAN103", "d-mixed-ring"): _SEVERAL,
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
    ("GAN105", "toy-ring"): "it did circle, for the first 600 steps, and then settled",
    (
        "VAE204",
        "vae-mnist",
    ): "the run has 400 of the recipe's 20,000 steps: its codes were still drawing in towards the prior",
}


def of_miss(code: str, kind: str) -> str:
    return MISSED.get((code, kind), UNKNOWN)


def of_false_alarm(code: str, kind: str) -> str:
    return FALSE.get((code, kind), UNKNOWN)
