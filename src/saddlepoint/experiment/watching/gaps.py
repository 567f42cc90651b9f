"""What a watched run could not be judged by, and which argument would change that."""

from __future__ import annotations

from collections.abc import Collection
from fnmatch import fnmatchcase

from saddlepoint.diagnosis import Diagnosis
from saddlepoint.diagnosis.rules import RULES
from saddlepoint.diagnosis.settings import CODES
from saddlepoint.models.watched.settings import WatchedSettings

SAMPLES, LOSSES = ("sample", "data"), "d_loss= and g_loss= of step"
# Series by the parameter of a rule, and what records it: arguments of `watch` that are needed together, or words.
SOURCES: tuple[tuple[tuple[str, ...], tuple[str, ...] | str], ...] = (
    (("d_overfitting*", "d_held_out*"), ("held_out",)),
    (("*_train_unexplained", "*_held_out_unexplained*"), ("held_out", "encode", "decode")),
    (("quality_*", "g_coverage*", "g_diversity", "g_turnover", "g_reach", "g_cop*", "g_nearest*"), SAMPLES),
    (
        ("d_advantage", "d_real_*", "d_fake_*"),
        "players= with the discriminator, or real_logits= and fake_logits= of step",
    ),
    (("*update_ratio*", "*grad_norm*", "*dead_units*"), ("players",)),
    (("d_loss", "g_loss"), LOSSES),
    (("vae_kl_high", "vae_head_kl", "vae_mean*", "vae_log_variance*", "vae_code_spread"), ("encode", "decode")),
    (("vae_kl", "vae_reconstruction"), "kl= and reconstruction= of step"),
)


def describe_gaps(diagnosis: Diagnosis, settings: WatchedSettings, given: Collection[str]) -> str:
    """Return one or two sentences on the codes that could not be judged and that an argument would make possible.

    Args:
        diagnosis: after the records of the run.
        settings: of the model.
        given: names of the arguments of `watch` that were given.

    Returns:
        The sentences; empty if no argument would change anything.
    """
    needed: dict[str, list[str]] = {}
    for code, missing in diagnosis.not_evaluated().items():
        if code in CODES and not CODES[code].applies_to(diagnosis.facts.settings):
            continue
        source = next((found for parameter in missing if (found := _source(parameter, given))), "")
        if source:
            needed.setdefault(source, []).append(code)
    if settings.kind == "gan" and not settings.objective:
        here = {rule.code for rule in diagnosis.rules}
        codes = [
            rule.code for rule in RULES if "gan" in rule.traits and rule.traits - {"gan"} and rule.code not in here
        ]
        needed["objective="] = list(
            dict.fromkeys(code for code in codes if CODES[code].applies_to(diagnosis.facts.settings))
        )
    if settings.kind == "other":
        return "Only rules for any training were asked: say what is trained by players= or objective=."
    parts = [f"{', '.join(codes)} (give {source})" for source, codes in needed.items() if codes]
    return f"Not judged: {'; '.join(parts)}." if parts else ""


def _source(parameter: str, given: Collection[str]) -> str:
    """What would record a series: arguments that are missing, or words; empty where nothing would."""
    for patterns, source in SOURCES:
        if any(fnmatchcase(parameter.replace("/", "_"), pattern) for pattern in patterns):
            if isinstance(source, str):
                return source
            return " and ".join(f"{name}=" for name in source if name not in given)
    return ""
