"""Results of claims in a folder: a subfolder per claim, with its numbers as JSON and its pictures.

DIR/C8/result.json    the claim, its verdict (null after a quick run), every quantity with its interval, and how it was
                      measured
DIR/C8/NAME.png       pictures
DIR/C8/NAME.json      the same as a Plotly figure, for pictures that are interactive on the page
DIR/trained/          trained trials, until the claims that need them have results (see `studies.claims.trial_store`)
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
from saddlepoint.progress import Report
from saddlepoint.records import locked, replaced, shell_command
from saddlepoint.records.schema import number_to_json
from saddlepoint.studies.claims import CLAIMS, claim
from saddlepoint.studies.claims.contract import Claim, Measured, Picture
from saddlepoint.studies.claims.laboratory import QUICK_SEEDS, Laboratory
from saddlepoint.studies.claims.trial_store import MEASURING, TrialStore, digest, program

RESULT = "result.json"


def reproduce(
    identifiers: Sequence[str],
    folder: Path,
    *,
    seeds: int,
    quick: bool = False,
    overwrite: bool = False,
    report: Report = lambda what, share: None,
    on_result: Callable[[Mapping[str, Any]], None] = lambda result: None,
) -> list[dict[str, Any]]:
    """Test claims one after another. Each result is written to the folder as soon as it is known.

    An interruption loses only the current trial: the same call continues. Earlier results and trained trials are used
    only if seeds, settings and program are the same.

    Args:
        identifiers: the claims, such as "C8".
        folder: where to write.
        seeds: number of seeds of every setup.
        quick: use few seeds and steps, which only shows that everything runs.
        overwrite: start again, even if the folder has results of these claims.
        report: called with the current task and the share of all the work that is done, in [0, 1].
        on_result: called with every new result.

    Returns:
        The results, in the form of `result.json`.

    Raises:
        SettingError: there is no such claim.
        RunError: the folder has results for all of the claims, or a result that was measured in another way, and
            `overwrite` is not set; or another process is testing claims there.
    """
    chosen = [claim(identifier) for identifier in dict.fromkeys(name.upper() for name in identifiers)]
    seeds = min(seeds, QUICK_SEEDS) if quick else seeds
    plan = {one.id: list(one.setups(quick).values()) for one in chosen}
    questions = {one.id: _identity(one, seeds, quick) for one in chosen}
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        known = {} if overwrite else _finished_results(folder, questions)
        store = TrialStore(folder, seeds)
        if overwrite:
            for one in chosen:
                (folder / one.id / RESULT).unlink(missing_ok=True)  # pictures without a result are incomplete
            store.remove(setup for setups in plan.values() for setup in setups)
        waiting = [one for one in chosen if one.id not in known]
        weights = {setup.key: setup.weight for one in waiting for setup in plan[one.id]}
        total = sum(weights.values()) or 1.0
        what = ""
        laboratory = Laboratory(seeds=seeds, report=lambda done: report(what, min(done / total, 0.999)), store=store)
        for place, one in enumerate(waiting):
            outcomes: dict[str, Any] = {}
            took: dict[str, float] = {}
            for name, setup in one.setups(quick).items():
                what = f"{one.id}: {name}"
                report(what, min(laboratory.done / total, 0.999))
                finished = laboratory.train(setup, one.id)
                outcomes[name] = finished.outcome
                took[finished.claim] = took.get(finished.claim, 0.0) + finished.seconds
            what = f"{one.id}: measuring"
            report(what, min(laboratory.done / total, 0.999))
            measured = one.measure(outcomes, quick)
            trained = {
                "training_seconds": round(took.get(one.id, 0.0), 1),
                "trained_with": sorted(took.keys() - {one.id}, key=list(CLAIMS).index),
            }
            seeds_of = max((outcome.seeds for outcome in outcomes.values()), default=seeds)
            known[one.id] = _write_result(
                one, measured, folder, seeds_of, quick, trained | {"question": questions[one.id]}
            )
            on_result(known[one.id])
            needed = {setup.key: setup for other in waiting[place + 1 :] for setup in plan[other.id]}
            laboratory.forget_except(needed.values())
            store.remove(setup for setup in plan[one.id] if setup.key not in needed)
        return [known[one.id] for one in chosen]


def _identity(one: Claim, seeds: int, quick: bool) -> str:
    """SHA-256 of everything that a claim's result depends on. A stored result with another hash is not used."""
    keys = {name: setup.key for name, setup in one.setups(quick).items()}
    return digest([one.id, one.rule, seeds, quick, keys, torch.__version__, program(MEASURING)])


def _finished_results(folder: Path, questions: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Load the results that the folder already has for these claims.

    Args:
        folder: the folder of results.
        questions: by claim, the hash of everything that its result depends on.

    Raises:
        RunError: a result was measured in another way, or nothing is left to test.
    """
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
    """Load all results of the folder, in the order of `CLAIMS`.

    Args:
        folder: the folder of results.

    Raises:
        RunError: a result is damaged.
    """
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


def _write_result(
    one: Claim, measured: Measured, folder: Path, seeds: int, quick: bool, trained: Mapping[str, Any]
) -> dict[str, Any]:
    """Write pictures, then numbers, so that a folder with a result is complete. A quick run has no verdict."""
    place = folder / one.id
    place.mkdir(parents=True, exist_ok=True)
    for picture in measured.pictures:
        write_png(picture.figure, place / f"{picture.name}.png")
        if picture.interactive is not None:
            with replaced(place / f"{picture.name}.json") as file:
                json.dump(picture.interactive, file, separators=(",", ":"), allow_nan=False)
    result: dict[str, Any] = number_to_json(
        {
            "id": one.id,
            "claim": one.words,
            "source": one.source,
            "rule": one.rule,
            "verdict": None if quick else measured.verdict,
            "because": measured.because,
            "quantities": [quantity.to_json() for quantity in measured.quantities],
            "pictures": [_picture_entry(picture) for picture in measured.pictures],
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


def _picture_entry(picture: Picture) -> dict[str, str]:
    entry = {"file": f"{picture.name}.png", "caption": picture.caption}
    return entry if picture.interactive is None else entry | {"interactive": f"{picture.name}.json"}
