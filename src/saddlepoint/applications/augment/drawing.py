"""Draw an exact number of examples of each class from a generator, without those that the filter rejects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from saddlepoint.applications.augment.examples import Examples
from saddlepoint.applications.augment.filtering import REASONS, SampleFilter
from saddlepoint.applications.augment.generators import Generator
from saddlepoint.errors import SettingError
from saddlepoint.progress.protocol import Report

MOST_ROUNDS = 12
MARGIN = 1.2  # more than the acceptance so far asks for, so that few rounds are needed
MOST_FACTOR = 40  # draws of a class in one round, in units of what it lacks


@dataclass(frozen=True, eq=False)
class Drawn:
    """Generated examples.

    Attributes:
        examples: class by class.
        drawn: how many were drawn in all.
        rejected: how many were rejected, by reason.
        unfiltered: examples that are among `examples` although the filter rejects them, because too few passed.
        notes: what the filter could not judge.
    """

    examples: Examples
    drawn: int
    rejected: dict[str, int]
    unfiltered: int = 0
    notes: tuple[str, ...] = ()


def draw_examples(
    generator: Generator,
    counts: npt.ArrayLike,
    seed: int,
    accept: SampleFilter | None = None,
    *,
    fill: bool = False,
    report: Report | None = None,
) -> Drawn:
    """Draw examples until every class has its number.

    Args:
        generator: draws examples of a class.
        counts: (K,) how many of each class.
        seed: of the draws.
        accept: rejects examples; None keeps all.
        fill: keep rejected examples where too few pass, instead of an error.
        report: receives the progress.

    Raises:
        SettingError: too few examples of a class pass, and `fill` is false.
    """
    wanted = np.asarray(counts, dtype=np.int64)
    found: list[Examples] = []
    spare: list[Examples] = []
    have, tried = np.zeros_like(wanted), np.zeros_like(wanted)
    rejected = dict.fromkeys(REASONS, 0)
    for part in range(MOST_ROUNDS):
        lacking = wanted - have
        if not lacking.any():
            break
        share = np.where(tried > 0, have / np.maximum(tried, 1), 1.0)
        factor = np.minimum(MARGIN / np.maximum(share, 1e-9), MOST_FACTOR) if part else 1.0
        asked = np.ceil(lacking * factor).astype(np.int64)
        samples = generator.draw(np.repeat(np.arange(len(wanted)), asked), _seed(seed, part))
        passed = np.ones(len(samples), dtype=bool)
        if accept is not None:
            judged = accept.judge(samples)
            passed = judged.accepted
            rejected = {reason: count + judged.rejected[reason] for reason, count in rejected.items()}
            spare.append(samples.take(np.flatnonzero(~passed)))
        tried += asked
        chosen = np.concatenate(
            [np.flatnonzero(passed & (samples.labels == label))[:lack] for label, lack in enumerate(lacking)]
        )
        found.append(samples.take(chosen))
        have += found[-1].counts
        if report is not None:
            report(f"drawing examples, {have.sum():,} of {wanted.sum():,} accepted", float(have.sum() / wanted.sum()))
    notes = () if accept is None else tuple(accept.notes)
    unfiltered = int((wanted - have).sum())
    if unfiltered:
        if not fill:
            raise SettingError(_too_few(wanted, have, tried, found[0].names, rejected))
        found.append(_fill(spare, wanted - have))
    examples = _joined(found)
    order = np.argsort(examples.labels, kind="stable")
    return Drawn(examples.take(order), int(tried.sum()), rejected, unfiltered, notes)


def _fill(spare: list[Examples], lacking: npt.NDArray[np.int64]) -> Examples:
    """Rejected examples of the classes that lack some."""
    rest = _joined(spare)
    return rest.take(
        np.concatenate([np.flatnonzero(rest.labels == label)[:lack] for label, lack in enumerate(lacking)])
    )


def _joined(parts: list[Examples]) -> Examples:
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.join(part)
    return whole


def _too_few(
    wanted: npt.NDArray[np.int64],
    have: npt.NDArray[np.int64],
    tried: npt.NDArray[np.int64],
    names: tuple[str, ...],
    rejected: dict[str, int],
) -> str:
    worst = int((wanted - have).argmax())
    reason = max(rejected, key=lambda one: rejected[one])
    return (
        f"augment: only {have[worst]:,} of the {wanted[worst]:,} examples of class {names[worst]} passed the filter, out of {tried[worst]:,} "
        f"drawn (most often rejected: {reason}); choose another --model, ask for fewer with --per-class, or keep all with --no-filter."
    )


def _seed(seed: int, part: int) -> int:
    return int(np.random.SeedSequence([seed, part]).generate_state(1)[0])
