"""Complete images with holes, or other examples with missing numbers, by a trained model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from saddlepoint.applications.impute.images.completed import CompletedImages
from saddlepoint.applications.impute.images.holes import Holes, read_complete, read_holes
from saddlepoint.arguments import check_count
from saddlepoint.progress import report_for
from saddlepoint.progress.protocol import Report
from saddlepoint.records.finished_parts import fingerprint, finished_parts

if TYPE_CHECKING:
    from saddlepoint.models.capabilities import Completes

TOGETHER = 64  # examples that are completed together, between two reports of progress


def complete_images(
    source: Any,
    model: Any,
    *,
    mask: Any = None,
    truth: Any = None,
    draws: int = 1,
    seed: int = 0,
    progress: Report | bool = True,
    keep: str | Path | None = None,
) -> CompletedImages:
    """Fill in the missing numbers of examples.

        done = sp.impute("holes/", model="runs/diffusion-digits-1", draws=4)
        done.grid().save("grid.png")

    Args:
        source: a folder of images or one image with transparent pixels, an .npz or .npy file, or an array with NaN.
        model: a run, the folder of one, or a model that `Completes`.
        mask: an image, a folder of images or an array: white or True where numbers are missing.
        truth: the complete examples, to measure errors; in the forms of `source`.
        draws: completions of each example.
        seed: of the model's noise, at least 0.
        progress: a function that receives the progress, or whether to show it.
        keep: a folder for finished completions; a call that was killed goes on there when it is repeated with the same arguments,
            and the folder is removed at the end.

    Raises:
        DataError: the model cannot complete, or the examples do not fit it.
        SettingError: an argument is not possible.
    """
    import torch

    from saddlepoint.models.capabilities import Completes, require

    draws = check_count("impute", "draws", draws, 1)
    seed = check_count("impute", "seed", seed, 0, 2**63 - 1)
    found = _model_of(model)
    able = require(found, Completes)
    event = found.event
    holes = read_holes(source, event, mask)
    complete = None if truth is None else read_complete(truth, holes, event)
    x, known = torch.from_numpy(holes.x), torch.from_numpy(holes.known)
    device = getattr(found, "device", "cpu")
    made = []

    def request() -> str:
        return _request(holes, found, seed)

    with report_for(progress) as report, finished_parts(keep, "impute", request) as kept:
        for draw in range(draws):
            parts = []
            for start in range(0, len(x), TOGETHER):
                if report is not None:
                    done = (draw + start / len(x)) / draws
                    report(f"completion {draw + 1} of {draws}, example {start + 1:,} of {len(x):,}", done)
                name = f"completion-{draw}-{start}"
                filled = None if kept is None else kept.read(name)
                if filled is None:
                    part = slice(start, start + TOGETHER)
                    generator = torch.Generator(device).manual_seed(_seed_of_part(seed, draw, start))
                    filled = able.complete(x[part], known[part], generator=generator).cpu().numpy()
                    if kept is not None:
                        kept.write(name, filled)
                parts.append(filled)
            made.append(np.concatenate(parts))
    return CompletedImages(holes, np.stack(made), event, complete, _note(able, known))


def _seed_of_part(seed: int, draw: int, start: int) -> int:
    """A seed for each part, so that a part does not depend on whether those before it were computed or read."""
    return int(np.random.SeedSequence([seed, draw, start]).generate_state(1, np.uint64)[0] >> 1)


def _request(holes: Holes, model: Any, seed: int) -> str:
    """The fingerprint of what is completed and by which model, whose weights its samples tell."""
    import torch

    sample = model.sample(2, generator=torch.Generator(getattr(model, "device", "cpu")).manual_seed(0))
    given = np.where(holes.known, holes.x, 0)
    return fingerprint([given, holes.known, sample.cpu().numpy()], str(model.event), seed, TOGETHER)


def _model_of(model: Any) -> Any:
    if isinstance(model, str | Path):
        from saddlepoint.experiment import load

        return load(model)
    return getattr(model, "model", model)  # that of a run


def _note(model: Completes, known: Any) -> str:
    from saddlepoint.models.capabilities import CompletesIteratively, PredictsInOrder, has

    if has(model, CompletesIteratively):
        return f"the model fills in by an iteration of {model.completion_passes} passes, which is approximate."
    if has(model, PredictsInOrder):
        flat = known.flatten(1).int()
        in_order = bool((flat.cummin(1).values == flat).all())
        where = (
            "all known numbers come first"
            if in_order
            else "some known numbers come after missing ones, which do not depend on them"
        )
        return f"the model fills in one number after the other, in its order: {where}."
    return "the model draws from its distribution given the known numbers."
