"""What became of claims, in a folder: one subfolder a claim, with its numbers as JSON and its pictures.

DIR/C8/result.json      the claim, its verdict (null of a quick look), every quantity with its interval, how it was measured
DIR/C8/NAME.png         pictures
DIR/trained/            what is trained, until the claims that need it have their result (see `studies.claims.kept`)
"""

from __future__ import annotations

import datetime
import json
import platform
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from saddlepoint.errors import RunError
from saddlepoint.figures.style import write_png
from saddlepoint.records import locked, replaced, shell_command
from saddlepoint.records.schema import number_to_json
from saddlepoint.studies.claims import CLAIMS, claim
from saddlepoint.studies.claims.contract import Claim, Measured
from saddlepoint.studies.claims.kept import MEASURING, KeptOutcomes, digest, program
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

    An interruption loses no more than the setup under way: called again the same way, this goes on. Results and what is trained
    count only where seeds, settings and program are the same.

    seeds: of every setup; quick: few seeds and steps, which shows that everything runs and nothing more.
    overwrite: begin anew, whatever the folder has of these claims.
    tell: hears what is being done, and the share of all work that is done. found: hears each result that is new.
    Returns the results, as `result.json` has them.

    Raises:
        SettingError: there is no such claim.
        RunError: the folder has results for all of them, or for one in another way, and `overwrite` was not asked for; or
            another process is testing claims there.
    """
    chosen = [claim(identifier) for identifier in dict.fromkeys(name.upper() for name in identifiers)]
    seeds = min(seeds, QUICK_SEEDS) if quick else seeds
    plan = {one.id: list(one.setups(quick).values()) for one in chosen}
    questions = {one.id: _question(one, seeds, quick) for one in chosen}
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        known = {} if overwrite else _known(folder, questions)
        kept = KeptOutcomes(folder, seeds)
        if overwrite:
            for one in chosen:
                (folder / one.id / RESULT).unlink(missing_ok=True)  # what is there without one is incomplete
            kept.drop(setup for setups in plan.values() for setup in setups)
        waiting = [one for one in chosen if one.id not in known]
        weights = {setup.key: setup.weight for one in waiting for setup in plan[one.id]}
        total = sum(weights.values()) or 1.0
        what = ""
        laboratory = Laboratory(seeds=seeds, tell=lambda done: tell(what, min(done / total, 0.999)), kept=kept)
        for place, one in enumerate(waiting):
            outcomes: dict[str, Any] = {}
            took: dict[str, float] = {}
            for name, setup in one.setups(quick).items():
                what = f"{one.id}: {name}"
                tell(what, min(laboratory.done / total, 0.999))
                finished = laboratory.finished(setup, one.id)
                outcomes[name] = finished.outcome
                took[finished.by] = took.get(finished.by, 0.0) + finished.seconds
            what = f"{one.id}: measuring"
            tell(what, min(laboratory.done / total, 0.999))
            measured = one.measure(outcomes, quick)
            trained = {
                "training_seconds": round(took.get(one.id, 0.0), 1),
                "trained_with": sorted(took.keys() - {one.id}, key=list(CLAIMS).index),
            }
            seeds_of = max((outcome.seeds for outcome in outcomes.values()), default=seeds)
            known[one.id] = _kept(one, measured, folder, seeds_of, quick, trained | {"question": questions[one.id]})
            found(known[one.id])
            needed = {setup.key: setup for other in waiting[place + 1 :] for setup in plan[other.id]}
            laboratory.forget(needed.values())
            kept.drop(setup for setup in plan[one.id] if setup.key not in needed)
        return [known[one.id] for one in chosen]


def _question(one: Claim, seeds: int, quick: bool) -> str:
    """SHA-256 of what decides a claim's result: a result of another is none for this."""
    keys = {name: setup.key for name, setup in one.setups(quick).items()}
    return digest([one.id, one.rule, seeds, quick, keys, torch.__version__, program(MEASURING)])


def _known(folder: Path, questions: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Results that the folder has for these claims already. Raises RunError where they are of other questions, or nothing is
    left to test."""
    found: dict[str, dict[str, Any]] = {}
    taken = [identifier for identifier in questions if (folder / identifier / RESULT).exists()]
    for identifier in taken:
        content = _read(folder / identifier / RESULT)
        if content.get("question") == questions[identifier]:
            found[identifier] = content
    if len(found) < len(taken) or len(taken) == len(questions):
        raise RunError(
            f"{folder} has results for {', '.join(name for name in taken if name not in found) or ', '.join(taken)}: name "
            "another folder with --out, or replace them with --overwrite."
        )
    return found


def load(folder: Path) -> list[dict[str, Any]]:
    """All results that the folder holds, in the order of the registry; each with `folder`, where its pictures lie.

    Raises RunError for one that is damaged."""
    found = []
    for identifier in CLAIMS:
        path = folder / identifier / RESULT
        if path.exists():
            found.append(_read(path))
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        again = shell_command(
            "reproduce", path.parent.name, f"--out={shlex.quote(str(path.parent.parent))}", "--overwrite"
        )
        raise RunError(f"{path} cannot be read ({error}). To test the claim again: {again}") from None
    return content


def _kept(
    one: Claim, measured: Measured, folder: Path, seeds: int, quick: bool, trained: Mapping[str, Any]
) -> dict[str, Any]:
    """Write pictures and numbers, numbers last: a folder with a result is complete. A quick look has no verdict."""
    place = folder / one.id
    place.mkdir(parents=True, exist_ok=True)
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
