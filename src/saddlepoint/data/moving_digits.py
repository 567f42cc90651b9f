"""Moving digits: videos of two handwritten digits that move in straight lines and bounce off the edges.

Training videos are made of training digits and held-out videos of held-out digits. One generator draws both, so that held-out videos
also depend on the number of training videos. As in Moving MNIST, a digit moves a tenth of the free part of the frame in each step, in a
random direction; where digits overlap, the brighter one is seen.

- `moving-mnist`: 64x64 pixels, digits of MNIST with 28x28.
- `moving-digits`: 32x32 pixels, the digits of scikit-learn enlarged from 8x8 to 16x16. Nothing is downloaded.

References:
    Unsupervised Learning of Video Representations using LSTMs (Nitish Srivastava, Elman Mansimov, Ruslan Salakhutdinov, 2015),
        https://arxiv.org/abs/1502.04681
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from saddlepoint.data.capacity import require_memory
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.split import Part, assemble
from saddlepoint.errors import DataError

VIDEOS = 2_000  # training videos where the settings do not say how many
FRAMES = 20
DIGITS = 2  # of a video
STEP = 0.1  # of the free part of the frame
ENLARGED = 16  # pixels of the digits of scikit-learn
CHUNK = 256  # videos made together


def mnist(settings: DataSettings) -> Dataset:
    """(N, 1, 20, 64, 64) uint8: two digits of MNIST."""
    from saddlepoint.data.mnist import load

    source = load(settings.model_copy(update={"source": "mnist", "limit": None, "size": None}))
    assert source.held_out is not None, "MNIST has a test part"
    return _make("moving-mnist", source.x[:, 0], source.held_out.x[:, 0], 64, settings)


def digits(settings: DataSettings) -> Dataset:
    """(N, 1, 20, 32, 32) uint8: two digits of scikit-learn; one in five is for held-out videos alone."""
    from saddlepoint.data.digits import load

    source = load(settings.model_copy(update={"source": "digits", "limit": None, "size": None, "held_out": 0.2}))
    assert source.held_out is not None, "a fifth is held out"
    return _make("moving-digits", _enlarge(source.x), _enlarge(source.held_out.x), 32, settings)


def _enlarge(images: Tensor) -> Tensor:
    """(N, 1, 8, 8) with values 0 to 16 -> (N, 16, 16) uint8 with values 0 to 255."""
    bigger = interpolate(images.float() * (255 / 16), (ENLARGED, ENLARGED), mode="bilinear", align_corners=False)
    return bigger[:, 0].round().to(torch.uint8)


def _make(name: str, train: Tensor, test: Tensor, usual: int, settings: DataSettings) -> Dataset:
    """The dataset of videos made of digits (M, S, S)."""
    height, width = settings.size or (usual, usual)
    smallest = train.shape[-1]
    if min(height, width) <= smallest:
        raise DataError(f"{name}: data.size is {height}x{width}; give more than the digits' own {smallest} pixels.")
    length, count = settings.length or FRAMES, settings.points or VIDEOS
    require_memory(2 * count * length * height * width, f"{name}: {count:,} videos", "lower data.points")
    generator = torch.Generator().manual_seed(settings.split_seed)
    parts = [
        Part(moving_digits(images, number, length, (height, width), generator)[:, None])
        for images, number in ((train, count), (test, round(count * settings.held_out)))
    ]
    event = Event((1, length, height, width), "video", "uint8", 0.0, 255.0)
    return assemble(name, event, parts[0], settings, test=parts[1])


def moving_digits(
    images: Tensor, n: int, length: int, size: tuple[int, int], generator: torch.Generator, *, digits: int = DIGITS
) -> Tensor:
    """Videos of digits that move and bounce.

    Args:
        images: (M, S, S) uint8, the digits to choose from.
        n: number of videos.
        length: frames of each.
        size: height and width of a frame, larger than S.
        generator: of the choice, the first places and the directions.
        digits: of each video.

    Returns:
        (n, length, H, W) uint8.
    """
    side = images.shape[-1]
    room = torch.tensor([size[0] - side, size[1] - side], dtype=torch.float64)
    chosen = torch.randint(len(images), (n, digits), generator=generator)
    places = (room * paths(n * digits, length, generator)).long().view(n, digits, length, 2)
    offset = torch.arange(side)
    videos = torch.zeros(n, length, *size, dtype=torch.uint8)
    for start in range(0, n, CHUNK):
        frames = videos[start : start + CHUNK]
        video = torch.arange(len(frames))[:, None, None, None]
        frame = torch.arange(length)[None, :, None, None]
        for digit in range(digits):
            place = places[start : start + CHUNK, digit]
            rows = (place[..., 0, None] + offset)[..., :, None]
            columns = (place[..., 1, None] + offset)[..., None, :]
            shape = images[chosen[start : start + CHUNK, digit]][:, None]
            at = (video, frame, rows, columns)
            frames[at] = torch.maximum(frames[at], shape.expand(-1, length, -1, -1))
    return videos


def paths(n: int, length: int, generator: torch.Generator) -> Tensor:
    """Paths (n, length, 2) in the unit square: straight, in steps of length `STEP`, reversed in an axis where they reach its end."""
    place = torch.rand(n, 2, dtype=torch.float64, generator=generator)
    angle = 2 * torch.pi * torch.rand(n, dtype=torch.float64, generator=generator)
    velocity = torch.stack([angle.sin(), angle.cos()], 1)
    found = []
    for _ in range(length):
        place = place + STEP * velocity
        velocity = torch.where((place <= 0) | (place >= 1), -velocity, velocity)
        place = place.clamp(0, 1)
        found.append(place)
    return torch.stack(found, 1)
