"""How strongly each failure is present at a probe: 1 or more present, 0 or less absent, unclear in between.

The standard of good quality is what the same base reaches without injections (`Reference`).
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Reference:
    """The medians over seeds of what the healthy runs of a base reach at their end."""

    values: Mapping[str, float]

    @classmethod
    def of(cls, runs: Sequence[Facts]) -> Reference:
        ends = [last(run) for run in runs if last(run)]
        names = {name for end in ends for name, value in end.items() if isinstance(value, float)}
        values = {}
        for name in names:
            known = [float(end[name]) for end in ends if name in end and math.isfinite(float(end[name]))]
            if known:
                values[name] = statistics.median(known)
        for player in {p for end in ends for p in end.get("gradient", {})}:
            values[f"gradient/{player}"] = statistics.median(
                max(float(probe["gradient"][player]) for probe in run["looks"] if player in probe.get("gradient", {}))
                for run in runs
                if run["looks"]
            )
        return cls(values)


def last(run: Facts) -> Facts:
    """The last probe with finite weights; empty where there is none."""
    return next((numbers(probe) for probe in reversed(run["looks"]) if probe["finite"]), {})


def numbers(value: Any) -> Any:
    """Numbers that JSON had to write as text, as numbers."""
    if isinstance(value, Mapping):
        return {name: numbers(part) for name, part in value.items()}
    if isinstance(value, list):
        return [numbers(part) for part in value]
    return float(value) if value in ("nan", "inf", "-inf") else value


Score = Callable[[list[Facts], Reference, Facts], float]


def between(value: float, none: float, full: float) -> float:
    """The line that is 0 at `none` and 1 at `full`; 0 for NaN."""
    if math.isnan(value):
        return 0.0
    if math.isinf(value):
        return 1.0 if (value > 0) == (full > none) else 0.0
    return (value - none) / (full - none)


def badness(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """Quality relative to the healthy runs of the same base."""
    now, usual = probes[-1], reference.values
    if "advantage" in now:
        good = _good(reference, run)
        return max(between(now["distance"], 1.8 * good, 3.5 * good), between(_lost(now), 0.2, 0.35))
    if "held_out_log_prob" in now:
        scale = max(abs(usual["held_out_log_prob"]) * 0.05, 0.3)
        return between(usual["held_out_log_prob"] - now["held_out_log_prob"], scale, 2.5 * scale)
    if "sampler_gap" in now:
        good = _good(reference, run)
        return between(now["distance"], 1.8 * good, 3.5 * good)
    if "kl" in now:
        scale = max(abs(usual["bound"]) * 0.05, 0.3)
        return between(usual["bound"] - now["bound"], scale, 2.5 * scale)
    good = max(usual["reconstruction"], 0.01 * now["data_variance"])
    return between(now["reconstruction"], 1.4 * good, 2.5 * good)


def _good(reference: Reference, run: Facts, name: str = "distance") -> float:
    """A distance that counts as good, in standard deviations of the data.

    On a line and in the plane it is never above 0.15, so that a recipe that usually fails does not set the standard.
    """
    good = max(reference.values.get(name, 0.1), 1.5 * run["floor"], 0.05)
    return min(good, 0.15) if run["data"]["numbers"] <= 2 else good


def _lost(probe: Facts, key: str = "mass") -> float:
    """Share of the known modes, with equal weight, that get less than a tenth of their expected share of samples."""
    mass, real = probe.get(key), probe.get("real_mass")
    if mass is None or real is None:
        return 0.0
    present = [(m, r) for m, r in zip(mass, real, strict=True) if r > 0]
    return sum(m < 0.1 * r for m, r in present) / max(len(present), 1)


def _too_strong(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """The discriminator recognises all generated examples with confidence, while they stay bad."""
    now = probes[-1]
    # Where scores are no probabilities, `certain` is measured by the loss's own margin, or does not exist.
    sure = between(min(now["sure"], now.get("certain", math.inf)), 0.94, 0.99)
    if "certain" in now and not math.isinf(now["certain"]):
        sure = between(now["certain"], 0.97, 0.99)
    return min(between(now["advantage"], 0.95, 0.99), sure, badness(probes, reference, run))


def _saturated(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """The generator is bad, and its loss pushes its samples less than a twentieth as much as -log D would."""
    now = probes[-1]
    if "saturation" not in now:
        return 0.0
    return min(between(-math.log10(max(now["saturation"], 1e-12)), 0.7, 1.3), badness(probes, reference, run))


def _collapsed(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """Known modes or classes are lost, or samples scatter less than half as much as the data."""
    now = probes[-1]
    near = between(now["scale"], 6.0, 4.0)  # samples that have left the data are another failure
    return min(near, max(between(_lost(now), 0.2, 0.4), between(now["spread"], 0.75, 0.5)))


def _too_weak(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """The discriminator cannot recognise samples that are clearly unlike the data, or does not learn to."""
    now = probes[-1]
    blind = between(abs(now["advantage"]), 0.6, 0.3)
    if math.isinf(now.get("certain", math.inf)):  # scores are probabilities
        blind = min(blind, between(abs(now["sure"]), 0.2, 0.06))
    still = between(-math.log10(max(now["moved"].get("d", 1.0), 1e-12)), 3.5, 4.0)
    return min(max(blind, still), badness(probes, reference, run))


def _circles(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """From probe to probe, a good part of the samples moves to other modes or places."""
    recent = probes[-6:]
    if len(recent) < 4:
        return 0.0
    moved = []
    for before, now in itertools.pairwise(recent):
        if "raw_mass" in now:
            moved.append(0.5 * sum(abs(a - b) for a, b in zip(before["raw_mass"], now["raw_mass"], strict=True)))
    if not moved:
        return 0.0
    wide = between(probes[-1]["raw_spread"], 0.4, 0.6)  # a single answer that jumps is another failure
    worse = statistics.median(probe["raw_distance"] for probe in recent)
    good = _good(reference, run, "raw_distance")
    return min(wide, between(statistics.median(moved), 0.15, 0.3), between(worse, 1.5 * good, 2.5 * good))


def _diverges(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """Samples are further from the data than before training, and several standard deviations away."""
    now, first = probes[-1], probes[0]
    far = between(now["raw_distance"], max(1.0, 1.2 * first["raw_distance"]), max(2.0, 2.0 * first["raw_distance"]))
    return max(far, min(between(now["scale"], 4.0, 8.0), between(now["raw_distance"], 1.0, 2.0)))


def _by_heart(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """The discriminator scores training examples above held-out ones, which it has not seen."""
    return between(probes[-1]["learnt_by_heart"], 0.2, 0.4)


def _copies(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """Samples are nearer to training examples than one in a hundred held-out examples is."""
    return between(probes[-1].get("copies", 0.0), 0.1, 0.3)


def _past_best(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """The quality was good and has become clearly worse."""
    good = _good(reference, run)
    best = min(probe["distance"] for probe in probes)
    was = between(best, 3.0 * good, 2.0 * good)
    return min(was, between(probes[-1]["distance"] - best, 1.0 * good, 2.0 * good))


def _runs_away(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """Without a lower bound of the loss, scores are far apart and steep, and the samples are bad."""
    now = probes[-1]
    if not now.get("unbounded", False):
        return 0.0
    apart = min(between(now["gap"], 10.0, 30.0), between(now["slope"], 2.0, 5.0))
    return min(apart, badness(probes, reference, run))


def _misses_target(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """The slope between real and generated examples is a multiple or a fraction of the penalty's target."""
    now = probes[-1]
    if math.isnan(now.get("target", math.nan)) or not now["target"] > 0:
        return 0.0
    return between(abs(math.log(max(now["slope"], 1e-12) / now["target"])), math.log(2), math.log(4))


def _flat(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """Weights are clipped, the slope at samples is next to 0, and the samples are bad."""
    now = probes[-1]
    if "flat" not in now:
        return 0.0
    return min(between(-math.log10(max(now["flat"], 1e-30)), 3.0, 5.0), badness(probes, reference, run))


def _leaks(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """The nearest neighbours of samples are changed examples, or augmentation is as frequent as it may be."""
    now = probes[-1]
    return max(between(now.get("leaked", 0.0), 0.2, 0.4), between(now.get("augmentation", 0.0), 0.7, 0.79))


def _overflows(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """A loss with exponentials is in the hundreds or more."""
    return between(math.log10(max(probes[-1].get("loss", 0.0), 1e-12)), 2.0, 3.0)


def _stuck(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """BEGAN's weight of samples is at an end of its range, and the samples are bad."""
    now = probes[-1]
    if "weight" not in now:
        return 0.0
    end = max(between(now["weight"], 0.04, 0.02), between(now["weight"], 0.99, 0.999))
    return min(end, badness(probes, reference, run))


def _labels_ignored(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """Samples are recognised as their classes hardly more often than by chance, while real examples are."""
    now = probes[-1]
    if "class_recall" not in now:
        return 0.0
    chance, possible = now["class_chance"], now["real_class_recall"]
    if possible < 2 * chance:  # the classes look alike
        return 0.0
    return between((now["class_recall"] - chance) / (possible - chance), 0.5, 0.25)


def _class_collapsed(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """The samples of a class scatter less than a quarter as much as its real examples."""
    return between(min(probes[-1].get("class_spread", []), default=math.inf), 0.5, 0.25)


def _codes_unused(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """The categorical or the continuous codes of an InfoGAN cannot be read from its samples."""
    return between(min(probes[-1].get("codes_read", {}).values(), default=math.inf), 0.25, 0.1)


def _silent_code(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """No unit carries information; or half of them carry none, and the bound suffers."""
    now = probes[-1]
    silent = sum(k < 0.01 for k in now["kl_units"]) / len(now["kl_units"])
    whole = between(now["kl"], 0.2, 0.05)
    return max(whole, min(between(silent, 0.2, 0.5), badness(probes, reference, run)))


def _wrong_objective(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """The reported KL is lower than a KL can be, or differs from the closed form of its own heads."""
    now = probes[-1]
    away = abs(now["said_kl"] - now["kl"]) / max(now["kl"], 0.1)
    return max(between(-now["said_kl"], 0.0, 0.01), between(away, 0.05, 0.2))


def _clamped(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """Many outputs of a head are the same number."""
    return between(max(probes[-1]["mean_piled"], probes[-1]["log_variance_piled"]), 0.005, 0.02)


def _balance(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """The bound suffers, and KL is far more than in a healthy run or next to nothing."""
    now, usual = probes[-1], reference.values
    much = between(now["kl"] / max(usual["kl"], 0.1), 1.5, 2.5)
    little = between(now["kl"] / max(usual["kl"], 0.1), 0.5, 0.2)
    return min(max(much, little), badness(probes, reference, run))


def _holes(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """Samples are far from the data, reconstructions near."""
    now, good = probes[-1], _good(reference, run)
    far = between(now["distance"], 1.5 * good, 2.0 * good)
    return min(far, between(now["distance"] / max(now["reconstruction_distance"], 1e-3), 1.5, 2.5))


def _overfits(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """The bound on training examples is far above that on held-out ones, which has fallen from its best."""
    now, usual = probes[-1], reference.values
    scale = max(abs(usual["bound"]) * 0.05, 0.3)
    best = max(probe["bound"] for probe in probes)
    gap = between(now["train_bound"] - now["bound"], scale, 2.5 * scale)
    return min(gap, between(best - now["bound"], 0.1 * scale, 0.5 * scale))


def _quantised_overfits(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """The same of a VQ-VAE; runs that were kept before bounds were measured have none."""
    return _overfits(probes, reference, run) if "bound" in probes[-1] and "bound" in reference.values else 0.0


def _sees_itself(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """A prediction changes with the number that it predicts."""
    return between(probes[-1]["leaks"], 0.0, 0.05)


def _likelihood_overfits(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """Training examples are far more probable than held-out ones, which have been more probable before."""
    now, usual = probes[-1], reference.values
    scale = max(abs(usual["held_out_log_prob"]) * 0.05, 0.3)
    best = max(probe["held_out_log_prob"] for probe in probes)
    gap = between(now["train_log_prob"] - now["held_out_log_prob"], scale, 2.5 * scale)
    return min(gap, between(best - now["held_out_log_prob"], 0.1 * scale, 0.5 * scale))


def _ends_are_worse(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """Words of the ends of samples are known more rarely than those of their beginnings; samples of other data are not judged."""
    now = probes[-1]
    return between(now["early_words"] - now["late_words"], 0.08, 0.2) if "early_words" in now else 0.0


def _fit_of_examples_alone(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """Training examples are far more probable than held-out ones, and these less than in healthy runs."""
    now, usual = probes[-1], reference.values["held_out_log_prob"]
    scale = max(abs(usual) * 0.05, 0.3)
    gap = between(now["train_log_prob"] - now["held_out_log_prob"], scale, 2.5 * scale)
    return min(gap, between(usual - now["held_out_log_prob"], 0.5 * scale, scale))


def _denoises_examples_alone(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """The loss of training examples is far below that of held-out ones, which is above that of healthy runs."""
    now, usual = probes[-1], reference.values.get("held_out_loss")
    if usual is None or "held_out_loss" not in now:
        return 0.0
    gap = between((now["held_out_loss"] - now["train_loss"]) / usual, 0.06, 0.15)
    return min(gap, between(now["held_out_loss"] / usual, 1.02, 1.06))


def _likelihood_falls(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """The likelihood of fixed training examples fell between two probes, by a share of all that was gained."""
    values = [probe["train_log_prob"] for probe in probes]
    largest = max((a - b for a, b in itertools.pairwise(values)), default=0.0)
    gained = max(max(values) - values[0], 1e-6)  # the examples are a part of all, whose likelihood may fall a little
    return between(largest, 0.01 * gained, 0.05 * gained)


def _idle_components(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """A component explains fewer than two training examples, or has no variance but what was added."""
    return between(probes[-1]["idle_components"], 0.0, 0.01)


def _idle_states(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """A state explains fewer than two steps of all training examples."""
    return between(probes[-1]["idle_states"], 0.0, 0.005)


def _inexact(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """Training examples change on the way to their codes and back, by a mean part of a standard deviation."""
    return between(probes[-1]["inverse"], 0.002, 0.02)


def _spiky(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """Half of the training examples are far more probable than close neighbours, or one has nearly no density."""
    return max(between(probes[-1]["spike"], 0.5, 1.5), between(-probes[-1]["lowest"], 7.0, 11.0))


def _off_scale(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """The data are many times wider, or narrower, than is assumed."""
    return between(probes[-1]["scale_ratio"], 1.6, 3.0)


def _coarse(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """The median sample is far from that of a much finer integration, in standard deviations."""
    return between(probes[-1]["sampler_gap"], 0.08, 0.25)


def _unused(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """At least one unit of the code can be silenced at no cost."""
    use, variance = probes[-1]["use"], probes[-1]["code_variance"]
    top = max(variance) or 1.0
    learnt = probes[-1]["reconstruction"] < 0.7 * probes[-1]["data_variance"]  # else no unit is of use yet
    idle = sum((u < 1e-4 and learnt) or v < 1e-5 * top for u, v in zip(use, variance, strict=True)) / len(use)
    return between(idle, 0.0, 0.1) if top > 1e-8 else 1.0


def _explodes(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """The model is bad, and its gradients are a hundred times those early in the run, or the largest at any probe of healthy
    runs.
    """
    score, early = 0.0, probes[: max(2, len(run["looks"]) // 3)]
    for player, norm in probes[-1]["gradient"].items():
        own = statistics.median(probe["gradient"][player] for probe in early)
        most = reference.values.get(f"gradient/{player}", own)
        grown = between(math.log10(max(norm, 1e-12) / max(own, 1e-12)), 1.0, 2.0)
        beyond = between(math.log10(max(norm, 1e-12) / max(most, 1e-12)), 1.0, 2.0)
        score = max(score, beyond, min(grown, between(norm / max(most, 1e-12), 0.5, 1.0)))
    return min(score, badness(probes, reference, run))


def _dead(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """Half of a player's hidden units give one number for all examples."""
    return max((between(share, 0.3, 0.5) for share in probes[-1]["dead"].values()), default=0.0)


def _stalled(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """Weights hardly move from probe to probe while the model is still bad."""
    now = probes[-1]
    if not now["moved"]:
        return 0.0
    still = between(-math.log10(max(*now["moved"].values(), 1e-12)), 2.7, 3.3)
    return min(still, badness(probes, reference, run))


def _codebook_collapsed(probes: list[Facts], reference: Reference, run: Facts) -> float:
    """The codes of all examples are as varied as less than a tenth of the codebook would be."""
    now = probes[-1]
    return between(now["effective_codes"] / now["codes"], 0.2, 0.1)


SCORES: dict[str, dict[str, Score]] = {
    "any": {"NUM302": _explodes, "NUM303": _dead, "NUM304": _stalled},
    "gan": {
        "GAN101": _too_strong,
        "GAN102": _saturated,
        "GAN103": _collapsed,
        "GAN104": _too_weak,
        "GAN105": _circles,
        "GAN106": _diverges,
        "GAN107": _by_heart,
        "GAN108": _copies,
        "GAN109": _past_best,
        "GAN111": _runs_away,
        "GAN112": _misses_target,
        "GAN113": _flat,
        "GAN114": _leaks,
        "GAN115": _overflows,
        "GAN116": _stuck,
        "GAN121": _labels_ignored,
        "GAN122": _class_collapsed,
        "GAN123": _codes_unused,
    },
    "vae": {
        "VAE201": _silent_code,
        "VAE202": _wrong_objective,
        "VAE203": _clamped,
        "VAE204": _balance,
        "VAE205": _holes,
        "VAE206": _overfits,
    },
    "ae": {"AE251": _unused},
    "ar": {"AR501": _sees_itself, "AR502": _likelihood_overfits, "AR503": _ends_are_worse},
    "em": {
        "EM801": _likelihood_falls,
        "EM802": _idle_components,
        "EM803": _idle_states,
        "EM804": _fit_of_examples_alone,
    },
    "vq": {"VAE207": _codebook_collapsed, "VAE208": _quantised_overfits},
    "flow": {"FLOW601": _inexact, "FLOW602": _spiky, "FLOW603": _likelihood_overfits},
    "dm": {"DIFF701": _off_scale, "DIFF702": _coarse, "DIFF703": _denoises_examples_alone},
}
