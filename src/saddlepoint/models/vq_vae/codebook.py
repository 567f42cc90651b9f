"""A codebook that moving averages train.

With N_k the average number of vectors a step that choose code k, and M_k the average of their sum, the code is M_k / N_k: for one
batch and no memory the centroid of its vectors, as in k-means.

References:
    Neural Discrete Representation Learning (Aaron van den Oord, Oriol Vinyals, Koray Kavukcuoglu, 2017), appendix A.1,
        https://arxiv.org/abs/1711.00937
    Jukebox: A Generative Model for Music (Prafulla Dhariwal, Heewoo Jun, Christine Payne, Jong Wook Kim, Alec Radford, Ilya
        Sutskever, 2020), section 3, https://arxiv.org/abs/2005.00341 (restarts)
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from saddlepoint.objectives.phase import Observations
from saddlepoint.objectives.quantisation import CANDIDATES, COUNTS, SUMS

FEWEST = 1e-5  # vectors a step, below which a code that nothing chose keeps its place


class AveragedCodebook:
    """The averages behind a codebook.

    Args:
        codebook: (K, D), which updates change in place.
        decay: of the averages, in [0, 1).
        restart_below: average number of vectors a step below which a code is replaced; 0 for never.

    Attributes:
        counts: (K,), N_k.
        sums: (K, D), M_k.
    """

    def __init__(self, codebook: Tensor, decay: float, restart_below: float) -> None:
        self.decay, self.restart_below = decay, restart_below
        self.counts = torch.ones_like(codebook[:, 0])
        self.sums = codebook.detach().clone()

    def update(self, codebook: Tensor, observations: Observations) -> None:
        """Take the counts, sums and candidates of a batch from its observations, and remove them there.

        Args:
            codebook: (K, D), changed in place.
            observations: of the update.
        """
        counts, sums, candidates = (observations.pop(name).to(codebook) for name in (COUNTS, SUMS, CANDIDATES))
        with torch.no_grad():
            self.counts = torch.lerp(counts, self.counts, self.decay)
            self.sums = torch.lerp(sums, self.sums, self.decay)
            means = self.sums / self.counts.clamp_min(FEWEST)[:, None]
            codebook.copy_(torch.where((self.counts > FEWEST)[:, None], means, codebook))
            if self.restart_below > 0:
                self._restart(codebook, candidates)

    def _restart(self, codebook: Tensor, candidates: Tensor) -> None:
        """Replace codes that are hardly chosen by vectors (B, D) of the batch."""
        unused = self.counts < self.restart_below
        chosen = candidates[torch.arange(len(codebook), device=codebook.device) % len(candidates)]
        codebook.copy_(torch.where(unused[:, None], chosen, codebook))
        # As many vectors as a code needs not to be replaced again at once, until the next one could be chosen.
        start = max(1.0, 2 * self.restart_below)
        self.sums = torch.where(unused[:, None], chosen * start, self.sums)
        self.counts = torch.where(unused, torch.full_like(self.counts, start), self.counts)

    def to(self, device: torch.device) -> None:
        """Move the averages to a device."""
        self.counts, self.sums = self.counts.to(device), self.sums.to(device)

    def state(self) -> dict[str, Tensor]:
        """Return the averages, to save them."""
        return {"codebook/counts": self.counts, "codebook/sums": self.sums}

    def load(self, state: Mapping[str, Tensor], device: torch.device) -> None:
        """Restore what `state` returned."""
        if "codebook/counts" in state:
            self.counts, self.sums = state["codebook/counts"].to(device), state["codebook/sums"].to(device)
