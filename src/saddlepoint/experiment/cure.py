"""Against a failure while training, or a warning that stays: back to the last checkpoint before it, the remedy applied, and on.

What was tried lies in the run: cures.jsonl has a line a try; attempts/N/ has the recipe, records, findings and best checkpoint
that try N went back behind. recipe.yaml has the settings the run goes on with, so that everybody who reads the run reads it as ever.
"""

from __future__ import annotations

import contextlib
import math
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from saddlepoint.diagnosis.escalation import SLIP, next_remedy
from saddlepoint.errors import RunError, SettingError
from saddlepoint.evaluation.monitors.quality import HALF_WAY, share_of_the_way
from saddlepoint.recipe import Recipe
from saddlepoint.records import Finding, JsonLines, RunFolder, change, options, read_bytes, replaced
from saddlepoint.records.schema import number_to_json
from saddlepoint.records.summary import known_cure
from saddlepoint.training import checkpoint

STANDING = "standing"  # in a checkpoint's extra: the codes of the failures that stood when it was written

SOON = 0.25  # of the run: a failure that follows on one that was treated within that is taken to come from the same


@dataclass(frozen=True)
class Cure:
    """One try.

    number: 1, 2, ... code, title: of the finding; found: the step at which it opened, since: from which it held.
    returned_to: the step the run went back to; 0 means that it started again.
    rung: which of the code's remedies (see `saddlepoint.diagnosis.escalation`).
    changes: settings by dotted name, [before, after].
    """

    number: int
    code: str
    title: str
    found: int
    since: int
    returned_to: int
    rung: int
    changes: Mapping[str, tuple[Any, Any]]

    def __str__(self) -> str:
        where = f"went back to step {self.returned_to:,}" if self.returned_to else "started again from the first step"
        return f"Cure {self.number}, against {self.code} at step {self.found:,}: {where} with {_told(self.changes)}."

    def settings(self) -> dict[str, Any]:
        """The changes as overrides of a recipe."""
        return {name: after for name, (_, after) in self.changes.items()}

    def to_json(self) -> dict[str, Any]:
        """One line of cures.jsonl."""
        line: dict[str, Any] = number_to_json(asdict(self))
        return line

    @classmethod
    def from_json(cls, line: Mapping[str, Any]) -> Cure:
        """Undo `to_json`. `line` has been checked (see `RunFolder.read_cures`)."""
        changes = {name: (before, after) for name, (before, after) in line["changes"].items()}
        return cls(**{**known_cure(line), "changes": changes})


@dataclass(frozen=True)
class Suggestion:
    """What to change against a finding: settings by dotted name, (before, after), and the recipe with them."""

    code: str
    rung: int
    changes: Mapping[str, tuple[Any, Any]]
    recipe: Recipe

    def __str__(self) -> str:
        return _told(self.changes)

    def __repr__(self) -> str:
        return f"Suggestion({self.code}: {self})"

    @property
    def flags(self) -> str:
        """The changes as the command line takes them."""
        return options({name: after for name, (_, after) in self.changes.items()})


def read(folder: RunFolder) -> list[Cure]:
    """The run's tries so far."""
    return [Cure.from_json(line) for line in folder.read_cures()]


def suggestion(
    recipe: Recipe,
    finding: Finding,
    tried: Collection[int] = (),
    failed: Collection[Recipe] = (),
    in_force: Mapping[str, Any] = MappingProxyType({}),
) -> Suggestion | None:
    """The next remedy against `finding` that goes together with the recipe; None where nothing is left to try.

    tried: the rungs that were tried against its code. failed: recipes that need not be tried again. in_force: what the
    run made of settings that are "auto", which is no remedy then.
    """
    passed = set(tried)
    present = _settings(recipe)
    while (following := next_remedy(finding, {**present, **in_force}, passed)) is not None:
        rung, changes = following
        try:
            cured: Recipe | None = recipe.override(changes, where=f"the remedy of {finding.code}")
        except SettingError:  # it does not go together with other settings: the next one may
            cured = None
        if cured is None or cured in failed:
            passed.add(rung)
        else:
            told = {name: (present[name], after) for name, after in changes.items()}
            return Suggestion(finding.code, rung, told, cured)
    return None


def prescribe(
    recipe: Recipe, folder: RunFolder, finding: Finding, in_force: Mapping[str, Any] = MappingProxyType({})
) -> tuple[Cure, Recipe] | None:
    """What to do against `finding` now; None where the tries are used up or nothing is left to try. in_force: see
    `suggestion`."""
    tried = read(folder)
    if len(tried) >= recipe.training.cures:
        return None
    same = [cure for cure in tried if cure.code == finding.code]
    undone = _undone(same, _settings(recipe))
    aside = (RunFolder(folder.attempt(cure.number)).recipe for cure in tried)
    failed = [recipe, *(Recipe.load(path) for path in aside if path.is_file())]
    suggested = suggestion(recipe.override(undone), finding, [cure.rung for cure in same], failed, in_force)
    if suggested is None:
        return None
    present, cured = _settings(recipe), _settings(suggested.recipe)
    changes = {
        name: (present.get(name), cured[name])
        for name in (*undone, *suggested.changes)
        if name in cured and present.get(name) != cured[name]
    }
    since = int(finding.evidence.get("window", [finding.step])[0])
    # A remedy that ends the run earlier is none where the run goes back to a later step than that.
    before = min(since, suggested.recipe.training.steps + 1)
    # Where going back a little has not helped, and where all was trained at a rate of no use, begin anew.
    soon = bool(tried) and finding.severity == "failure" and since - tried[-1].found < SOON * recipe.training.steps
    step = 0 if same or soon or suggested.rung == SLIP else _before_failure(folder, before)
    number = len(tried) + 1
    told = Cure(number, finding.code, finding.title, finding.step, since, step, suggested.rung, changes)
    return told, suggested.recipe


def _undone(same: Sequence[Cure], present: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of before the tries against the same failure, which came back after them: they have not helped. Rates that
    are no usual ones stay mended, and so does what somebody has changed since."""
    undone: dict[str, Any] = {}
    for cure in reversed(same):
        for name, (before, after) in cure.changes.items():
            if cure.rung != SLIP and undone.get(name, present.get(name)) == after:
                undone[name] = before
    return undone


def _settings(recipe: Recipe) -> dict[str, Any]:
    return {entry.name: value for entry, value in recipe.settings()}


def archive(folder: RunFolder, cure: Cure, cured: Recipe) -> None:
    """Put the failed part aside, write down the try, and leave the run as it was at the step it goes back to.

    Killed at any moment, the run stays one that can be resumed: with the old settings before the try is written down, with
    the new ones after (see `unfinished`).
    """
    place = folder.attempt(cure.number)
    part = place.with_name(f".part-{place.name}")
    for old in (part, place):
        shutil.rmtree(old, ignore_errors=True)
    part.mkdir(parents=True)
    for path in (folder.recipe, folder.records, folder.findings):
        if path.exists():
            shutil.copyfile(path, part / path.name)
    if (best := _best(folder)) is not None:
        shutil.copytree(best, RunFolder(part).checkpoints / best.name)
    part.rename(place)
    with JsonLines(folder.cures) as file:
        file.append(cure.to_json())
        file.sync()
    _settle(folder, cure, cured)


def unfinished(recipe: Recipe, folder: RunFolder) -> tuple[Recipe, Cure | None]:
    """The recipe to resume with, and the cure in the middle of which the run was killed, which `finish` completes.

    It was killed there where recipe.yaml still is the one that was archived. Anything else in it is the user's to
    change. Writes nothing.

    Raises:
        RunError: cures.jsonl is damaged, or its changes do not fit the recipe.
    """
    tried = read(folder)
    if not tried:
        return recipe, None
    aside = RunFolder(folder.attempt(tried[-1].number)).recipe
    if not aside.is_file() or read_bytes(aside) != read_bytes(folder.recipe):
        return recipe, None
    try:
        return recipe.override(tried[-1].settings(), where="resume"), tried[-1]
    except SettingError as error:
        raise RunError(f"{folder.cures}: the changes of its last line do not fit the recipe ({error})") from None


def finish(folder: RunFolder, cure: Cure, cured: Recipe) -> None:
    """Complete a cure that `unfinished` found."""
    _settle(folder, cure, cured)


def _settle(folder: RunFolder, cure: Cure, cured: Recipe) -> None:
    if folder.checkpoints.is_dir():
        checkpoint.remove_after(folder, cure.returned_to)
    with replaced(folder.recipe) as file:
        file.write(cured.to_yaml())


def _before_failure(folder: RunFolder, before: int) -> int:
    """The step of the newest whole checkpoint of a step before `before` in which no failure stood and whose samples had come
    at least half of the way to the data; 0 where there is none.

    What has not come that far has little to lose, and may be on its way astray already.
    """
    for path in checkpoint.candidates(folder):
        try:
            manifest = checkpoint.read_manifest(path)
        except RunError:
            continue
        extra = manifest["extra"]
        if manifest["step"] < before and not extra.get(STANDING) and _has_learnt(extra.get("measured", {})):
            return int(manifest["step"])
    return 0


def _best(folder: RunFolder) -> Path | None:
    """The checkpoint of the best step so far, or else the newest; None where there is none that is whole."""
    manifests = {}
    for path in checkpoint.candidates(folder):
        with contextlib.suppress(RunError):
            manifests[path] = checkpoint.read_manifest(path)
    if not manifests:
        return None
    newest = next(iter(manifests))
    best = manifests[newest]["extra"].get("measured", {}).get("best") or {}
    return next((path for path, manifest in manifests.items() if manifest["step"] == best.get("step")), newest)


def _has_learnt(measured: Mapping[str, Any]) -> bool:
    """Whether the quality that a checkpoint keeps says so; where none was measured, that is no reproach."""
    last = measured.get("last_quality")
    if last is not None and not math.isfinite(last):
        return False
    way = share_of_the_way({"first": measured.get("first_quality"), "last": last})
    return way is None or way >= HALF_WAY


def _told(changes: Mapping[str, tuple[Any, Any]]) -> str:
    return ", ".join(f"{name} {change(name, before, after)}" for name, (before, after) in changes.items())
