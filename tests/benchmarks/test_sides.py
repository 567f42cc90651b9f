"""Both sides of a comparison must do the same work: same networks, same data, same losses, step after step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from torch import Tensor

from benchmarks.sides.hand import Hand
from benchmarks.sides.ours import Ours
from benchmarks.sides.pairs import Blocks, quartiles
from benchmarks.sides.published import Images, Published
from benchmarks.sides.sampling import Sampling
from benchmarks.sides.tasks import TASKS
from saddlepoint.data.batches import epoch_order
from saddlepoint.data.split import shuffled_order
from saddlepoint.training.state import derived_seed

BY_HAND = [name for name, task in TASKS.items() if task.against == "hand"]
PUBLISHED = [name for name, task in TASKS.items() if task.against == "published"]


def pictures(n: int = 600) -> Tensor:
    """(n, 1, 28, 28) uint8."""
    return torch.randint(0, 256, (n, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@contextmanager
def our_side(name: str, images: Tensor, folder: Path, precision: str = "auto") -> Iterator[Ours]:
    """Ours with a record a step; its files are closed afterwards."""
    ours = Ours(TASKS[name], images, folder, 1, precision)
    try:
        yield ours
    finally:
        ours.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", BY_HAND)
def test_ours_and_the_hand_written_loop_lose_the_same_at_every_step(name: str, tmp_path: Path) -> None:
    task = TASKS[name]
    # float32 on both sides: sums in another order then part by rounding alone, which a few steps do not let grow.
    with our_side(name, pictures(), tmp_path, "fp32") as ours:
        hand = Hand(
            name,
            task,
            ours.dataset.x,
            "fp32",
            order=lambda epoch: epoch_order(len(ours.dataset), task.training.seed, epoch),
            generator=torch.Generator().manual_seed(derived_seed(task.training.seed, "noise")),
        )
        assert ours.parameters() == hand.parameters()
        with torch.no_grad():
            for player, network in hand.game.players.items():
                for copy, original in zip(network.parameters(), ours.model.players[player].parameters(), strict=True):
                    copy.copy_(original)
            if name == "flow":  # the order of the numbers is no parameter
                orders = [layer.order for layer in ours.model.players["flow"].layers]
                hand.game.players["flow"].orders.copy_(torch.stack(orders))
        for _ in range(5):
            assert hand.losses(1) == pytest.approx(ours.losses(1), rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("name", PUBLISHED)
def test_ours_and_the_published_script_train_equal_networks_on_equal_images(name: str, tmp_path: Path) -> None:
    task, images = TASKS[name], pictures(128)
    torch.manual_seed(0)
    published = Published(name, task, images)
    with our_side(name, images, tmp_path) as ours:
        assert ours.parameters() == published.parameters()
        for player, theirs in (("g", published.g), ("d", published.d)):
            own = ours.model.players[player]
            if task.networks is not None:  # ours, too, seeds its networks with 0
                torch.testing.assert_close(own.state_dict(), theirs.state_dict())
            with torch.no_grad():
                for copy, original in zip(own.parameters(), theirs.parameters(), strict=True):
                    assert copy.shape == original.shape
                    copy.copy_(original)

        transformed = Images(images, task.size)
        expected = torch.stack([transformed[int(i)][0] for i in shuffled_order(len(images), 0)])
        torch.testing.assert_close(ours.model.scaling.to_model(ours.dataset.x), expected, rtol=0, atol=1e-6)

        # At the first step the discriminator cannot tell yet: about 2 log 2 and log 2.
        for losses in (ours.losses(1), published.losses(1)):
            assert losses["d"] == pytest.approx(1.386, rel=0.5)
            assert losses["g"] == pytest.approx(0.693, rel=0.5)


def test_samples_are_written_as_they_were_drawn(tmp_path: Path) -> None:
    import numpy as np

    sampling = Sampling(tmp_path, 300)
    times = sampling.drawn_and_written()
    assert min(times.values()) > 0
    with np.load(tmp_path / "samples.npz") as file:
        assert file["x"].shape == (300, 1, 28, 28)
        assert file["x"].dtype == np.uint8


def test_ratios_are_of_pairs_and_a_speedup_is_the_inverse() -> None:
    blocks = Blocks(ours=[1.0, 2.0, 4.0], other=[2.0, 2.0, 2.0])
    assert blocks.ratios(speedup=False) == [0.5, 1.0, 2.0]
    assert blocks.ratios(speedup=True) == [2.0, 1.0, 0.5]
    assert quartiles(blocks.ratios(speedup=False)) == (0.75, 1.0, 1.5)
