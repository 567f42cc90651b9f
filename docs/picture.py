"""Draw the README's picture from a finished run of images: `python docs/picture.py runs/NAME` writes docs/images/demo.png.

Six moments of training side by side, the same noise in each, and real examples last.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from saddlepoint import data
from saddlepoint.figures.grids import sample_grid
from saddlepoint.figures.style import INK, MUTED, PAPER, picture_font, write_png
from saddlepoint.figures.video import frame_step
from saddlepoint.recipe import Recipe
from saddlepoint.records import RunFolder

SIDE = 5  # cells along a panel's side
MOMENTS = (0, 0.025, 0.075, 0.2, 0.5, 1)  # shares of the training: most happens early
BETWEEN, ABOVE, BELOW = 7, 26, 4


def panels(folder: RunFolder) -> list[tuple[str, Image.Image]]:
    """(words, picture) of the moments, then of real examples."""
    recipe = Recipe.load(folder.recipe)
    examples = data.load(recipe.data)
    frames = sorted(folder.samples.glob("step-*.png"))
    steps = np.array([frame_step(frame) for frame in frames])
    chosen = [frames[int(np.abs(steps - share * steps[-1]).argmin())] for share in MOMENTS]
    low, high = examples.event.low, examples.event.high
    real = sample_grid(examples.x[: SIDE**2].numpy(), low=low, high=high, columns=SIDE)
    return [(f"step {frame_step(frame):,}", _corner(frame, real.size)) for frame in chosen] + [("real data", real)]


def _corner(frame: Path, size: tuple[int, int]) -> Image.Image:
    with Image.open(frame) as picture:
        return picture.convert("RGB").crop((0, 0, *size))


def strip(parts: list[tuple[str, Image.Image]]) -> Image.Image:
    """The panels in a row at half their size, the words above each."""
    width, height = (side // 2 for side in parts[0][1].size)
    size = (len(parts) * (width + BETWEEN) - BETWEEN + 2 * BELOW, height + ABOVE + BELOW)
    canvas = Image.new("RGB", size, PAPER)
    draw, font = ImageDraw.Draw(canvas), picture_font(15)
    for number, (words, panel) in enumerate(parts):
        left = BELOW + number * (width + BETWEEN)
        # Cells are enlarged by an even number, so every second pixel is the same picture.
        canvas.paste(panel.convert("RGB").resize((width, height), Image.Resampling.NEAREST), (left, ABOVE))
        ink = INK if number == len(parts) - 1 else MUTED
        draw.text((left + width // 2, ABOVE - 7), words, fill=ink, font=font, anchor="ms")
    return canvas


if __name__ == "__main__":
    write_png(strip(panels(RunFolder(Path(sys.argv[1])))), Path(__file__).parent / "images" / "demo.png")
