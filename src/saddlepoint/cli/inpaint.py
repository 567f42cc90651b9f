"""`saddlepoint impute HOLES --model RUN --out FOLDER`: fill in holes of images with a trained model."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from saddlepoint.cli.arguments import checkpoint_step
from saddlepoint.cli.console import console, print_json, progress_display
from saddlepoint.cli.destination import check_file, check_outside, check_place
from saddlepoint.cli.gallery import COMPLETED, check_gallery, write_gallery
from saddlepoint.errors import SettingError
from saddlepoint.records import replaced
from saddlepoint.records.schema import number_to_json

if TYPE_CHECKING:
    from saddlepoint.applications.impute.images.completed import CompletedImages

TABLE_OPTIONS = ("method", "aim", "intervals", "schema")


def run_model(arguments: argparse.Namespace) -> int:
    """Complete images and write them with a picture of all; return the exit code.

    Args:
        arguments: of `saddlepoint impute` with --model.
    """
    for name in TABLE_OPTIONS:
        if getattr(arguments, name) is not None:
            option = "for" if name == "aim" else name
            raise SettingError(f"impute: --{option} is for tables; leave it out with --model.")
    step = checkpoint_step("impute", arguments.step or "newest")
    out = Path(arguments.out)
    is_arrays = Path(arguments.table).suffix in (".npz", ".npy")
    _check_out(out, is_arrays, overwrite=arguments.overwrite)
    grid = Path(arguments.grid) if arguments.grid is not None else out.with_name(f"{out.stem}-grid.png")
    check_file("impute", grid, [".png"], overwrite=arguments.overwrite, option="--grid")
    page = None if arguments.page is None else Path(arguments.page)
    if page is not None:
        check_file("impute", page, [".html"], overwrite=arguments.overwrite, option="--page")
    for option, path in {"--out": out, "--grid": grid, "--page": page}.items():
        for source in (arguments.table, arguments.mask, arguments.truth):
            if path is not None and source is not None:
                check_outside("impute", path, Path(source), option)
    output = console(arguments.json)
    output.say(f"Loading PyTorch and {arguments.model} ...")
    from saddlepoint import experiment
    from saddlepoint.applications.impute.images.start import complete_images
    from saddlepoint.figures.style import write_png

    model = experiment.load(arguments.model, step=step, device=arguments.device or "cpu", trust=arguments.trust)
    with progress_display() as display:
        done = complete_images(
            arguments.table,
            model,
            mask=arguments.mask,
            truth=arguments.truth,
            draws=1 if arguments.draws is None else arguments.draws,
            seed=arguments.seed,
            progress=display.report,
            # What a call that was killed had finished; the same call goes on there.
            keep=out.with_name(f".{out.name}.parts"),
        )
    _write(done, out, overwrite=arguments.overwrite)
    shows = done.event.kind == "image"
    if shows:
        grid.parent.mkdir(parents=True, exist_ok=True)
        write_png(done.grid(), grid)
    if page is not None:
        done.write_page(page)
    if arguments.json:
        facts = {"source": arguments.table, "model": arguments.model, "out": str(out), **done.to_json()}
        print_json(number_to_json({**facts, "grid": str(grid) if shows else None, "page": arguments.page}))
        return 0
    output.say(done.headline, "bold")
    output.say(f"  {done.note}")
    if done.truth is not None:
        errors = done.errors()
        energy = f", energy score {errors['energy']:.4f}" if "energy" in errors else ""
        output.say(
            f"  error of a draw {errors['draw']:.4f}, of the mean {errors['mean']:.4f}{energy} (root mean square)"
        )
    output.say(str(out))
    if shows:
        output.say(str(grid))
    if page is not None:
        output.say(str(page))
    return 0


def _check_out(out: Path, is_arrays: bool, *, overwrite: bool) -> None:
    if is_arrays:
        check_file("impute", out, [".npz"], overwrite=overwrite)
        return
    if out.suffix or (out.exists() and not out.is_dir()):
        raise SettingError(
            f"impute: --out {out}: completed images are written into a folder; name one, without an ending."
        )
    check_gallery(out, COMPLETED, overwrite=overwrite)
    check_place("impute", out)


def _write(done: CompletedImages, out: Path, *, overwrite: bool) -> None:
    """Write arrays for arrays, and a folder of images for images."""
    import numpy as np

    if done.holes.names is not None:
        write_gallery(done.files(), out, COMPLETED, overwrite=overwrite)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    with replaced(out, "wb") as file:
        np.savez(file, x=done.draws if len(done.draws) > 1 else done.x, known=done.holes.known)
