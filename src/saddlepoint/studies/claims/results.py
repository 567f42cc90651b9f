"""What became of claims, in a folder: one subfolder a claim, with its numbers as JSON and its pictures.

DIR/C8/result.json      the claim, its verdict (null of a quick look), every quantity with its interval, how it was measured
DIR/C8/NAME.png         pictures
"""

from __future__ import annotations

import datetime
import json
import platform
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from saddlepoint.errors import RunError
from saddlepoint.figures.style import write_png
from saddlepoint.records import replaced
from saddlepoint.records.schema import number_to_json
from saddlepoint.studies.claims import CLAIMS, claim
from saddlepoint.studies.claims.contract import Claim, Measured
from saddlepoint.studies.claims.laboratory import QUICK_SEEDS, Laboratory

RESULT = "result.json"


def reproduce(
    identifiers: Sequence[str],
    folder: Path,
    *,
    seeds: int,
    quick: bool = False,
    overwrite: bool = False,
    tell: Callable[[str, float], None] = lambda what, share: None,
    found: Callable[[Mapping[str, Any]], None] = lambda result: None,
) -> list[dict[str, Any]]:
    """Test the claims one after another; each one's result is in the folder as soon as it is known.

    seeds: of every setup; quick: few seeds and steps, which shows that everything runs and nothing more.
    tell: hears what is being done, and the share of all work that is done. found: hears each result.
    Returns the results, as `result.json` has them.

    Raises:
        SettingError: there is no such claim.
        RunError: the folder has a result for one of them, and `overwrite` was not asked for.
    """
    chosen = [claim(identifier) for identifier in dict.fromkeys(name.upper() for name in identifiers)]
    taken = [one.id for one in chosen if (folder / one.id / RESULT).exists()]
    if taken and not overwrite:
        raise RunError(
            f"{folder} has results for {', '.join(taken)}: name another folder with --out, or replace them with --overwrite."
        )
    plan = [list(one.setups(quick).values()) for one in chosen]
    weights = {setup.key: setup.weight for setups in plan for setup in setups}
    total = sum(weights.values()) or 1.0
    what = ""
    laboratory = Laboratory(
        seeds=min(seeds, QUICK_SEEDS) if quick else seeds, tell=lambda done: tell(what, min(done / total, 0.999))
    )
    for one in chosen:
        (folder / one.id / RESULT).unlink(missing_ok=True)  # what is there without one is incomplete
    results = []
    trained_by: dict[str, str] = {}
    for place, one in enumerate(chosen):
        started = laboratory.seconds
        outcomes = {}
        for name, setup in one.setups(quick).items():
            what = f"{one.id}: {name}"
            tell(what, min(laboratory.done / total, 0.999))
            outcomes[name] = laboratory.outcome(setup)
            trained_by.setdefault(setup.key, one.id)
        what = f"{one.id}: measuring"
        tell(what, min(laboratory.done / total, 0.999))
        measured = one.measure(outcomes, quick)
        seeds_of = max((outcome.seeds for outcome in outcomes.values()), default=laboratory.seeds)
        shared = {trained_by[setup.key] for setup in plan[place]} - {one.id}
        trained = {
            "training_seconds": round(laboratory.seconds - started, 1),
            "trained_with": sorted(shared, key=list(CLAIMS).index),
        }
        result = _kept(one, measured, folder, seeds_of, quick, trained)
        results.append(result)
        found(result)
        laboratory.forget(setup for setups in plan[place + 1 :] for setup in setups)
    return results


def load(folder: Path) -> list[dict[str, Any]]:
    """All results that the folder holds, in the order of the registry; each with `folder`, where its pictures lie.

    Raises RunError for one that is damaged."""
    found = []
    for identifier in CLAIMS:
        path = folder / identifier / RESULT
        if not path.exists():
            continue
        try:
            content: dict[str, Any] = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise RunError(f"{path} cannot be read ({error}): test the claim again with --overwrite.") from None
        found.append(content)
    return found


def _kept(
    one: Claim, measured: Measured, folder: Path, seeds: int, quick: bool, trained: Mapping[str, Any]
) -> dict[str, Any]:
    """Write pictures and numbers, numbers last: a folder with a result is complete. A quick look has no verdict."""
    place = folder / one.id
    for picture in measured.pictures:
        write_png(picture.figure, place / f"{picture.name}.png")
    result: dict[str, Any] = number_to_json(
        {
            "id": one.id,
            "claim": one.words,
            "source": one.source,
            "rule": one.rule,
            "verdict": None if quick else measured.verdict,
            "because": measured.because,
            "quantities": [quantity.to_json() for quantity in measured.quantities],
            "pictures": [{"file": f"{own.name}.png", "caption": own.caption} for own in measured.pictures],
            "seeds": seeds,
            "quick": quick,
            **trained,
            "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
            "versions": {"torch": torch.__version__, "python": platform.python_version()},
        }
    )
    with replaced(place / RESULT) as file:
        json.dump(result, file, indent=1, allow_nan=False)
        file.write("\n")
    return result
