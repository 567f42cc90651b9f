"""How far samples drift from the data as they get longer.

A model that draws one symbol after the other is trained on beginnings from the data, and sampled with beginnings of its own. One unlikely
symbol leads to a beginning that it has never seen, and to more such symbols. So the ends of samples differ more from the data than
their beginnings do.

Triples of neighbouring symbols are counted in the first and in the last quarter of samples and of held-out examples, and their shares are
compared by the Jensen-Shannon divergence, 0 to log 2 nats. A finite number of examples makes both divergences larger by about the same
amount, which their difference does not contain. The numbers of sounds and series become symbols by their quartiles.

References:
    Scheduled Sampling for Sequence Prediction with Recurrent Neural Networks (Samy Bengio, Oriol Vinyals, Navdeep Jaitly, Noam Shazeer,
        2015), https://arxiv.org/abs/1506.03099
    Calibration, Entropy Rates, and Memory in Language Models (Mark Braverman, Xinyi Chen, Sham Kakade, Karthik Narasimhan, Cyril Zhang, Yi
        Zhang, 2020), https://arxiv.org/abs/1906.05664
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saddlepoint.data.event import Event

EARLY, LATE, ERROR = "quality/early_divergence", "quality/late_divergence", "quality/drift_error"
TOGETHER = 3  # symbols that are counted together
WINDOWS = 4  # of equal length, of which the first and the last are compared
SHORTEST = 8  # symbols of a window
BINS = 4  # symbols that numbers become
_MOST_NUMBERS = 1 << 20  # of the examples of each side


class Drift:
    """Compares samples with the same held-out examples every time.

    Args:
        reference: (N, *event) held-out examples in the data's units.
        event: what one example is.
    """

    def __init__(self, reference: Tensor, event: Event) -> None:
        self._event = event
        sequences = _sequences(reference, event)
        self._edges = None if event.kind == "text" else _edges(sequences)
        self._reference = self._windows(sequences)

    @staticmethod
    def applies_to(event: Event) -> bool:
        """Whether examples are sequences that are long enough and vary."""
        if event.kind not in ("text", "sound", "series"):
            return False
        channels = 1 if event.kind == "text" else event.shape[event.channel_axis]
        return event.size // channels >= WINDOWS * SHORTEST and len(event.constants) < channels

    def series(self, samples: Tensor) -> dict[str, float]:
        """Compare samples (N, *event) in the data's units with the reference.

        Returns:
            `quality/early_divergence` and `quality/late_divergence`, the Jensen-Shannon divergences of triples of symbols in the first and
            in the last quarter, and `quality/drift_error`, the standard error of their difference; in nats.
        """
        sampled = self._windows(_sequences(samples, self._event))
        early, late = (divergence_terms(*pair) for pair in zip(sampled, self._reference, strict=True))
        variance = sum(float((b - a).var()) / len(a) for a, b in zip(early, late, strict=True) if len(a) > 1)
        return {
            EARLY: float(early[0].mean() + early[1].mean()),
            LATE: float(late[0].mean() + late[1].mean()),
            ERROR: math.sqrt(variance),
        }

    def _windows(self, sequences: Tensor) -> tuple[Tensor, Tensor]:
        """(N, C, T) values -> the triples in the first and in the last window, (N, W) int64 each."""
        count, channels, length = sequences.shape
        if self._edges is None:
            symbols, levels = sequences.long(), self._event.levels or 256
        else:
            numbers = sequences.movedim(1, 0).flatten(1).contiguous()
            symbols, levels = torch.searchsorted(self._edges, numbers).view(channels, count, length).movedim(0, 1), BINS
        triples = (symbols.unfold(2, TOGETHER, 1) * levels ** torch.arange(TOGETHER)).sum(3)
        triples = triples + levels**TOGETHER * torch.arange(channels)[:, None]  # channels have triples of their own
        width = length // WINDOWS - TOGETHER + 1
        return triples[:, :, :width].flatten(1), triples[:, :, -width:].flatten(1)


def divergence_terms(samples: Tensor, reference: Tensor) -> tuple[Tensor, Tensor]:
    """Return what each example adds to the Jensen-Shannon divergence of the shares of symbols (`metrics.divergence.jensen_shannon`).

    Args:
        samples: (N, W) int64 symbols, or groups of them.
        reference: (M, W) of other examples.

    Returns:
        (N,) and (M,) nats float64; the divergence is the sum of both means. Their variances also give its standard error, because they are
        its derivatives with respect to the shares.
    """
    _, places = torch.unique(torch.cat([samples.flatten(), reference.flatten()]), return_inverse=True)
    ours, theirs = places[: samples.numel()], places[samples.numel() :]
    kinds = int(places.max()) + 1
    p, q = (torch.bincount(own, minlength=kinds).double() / own.numel() for own in (ours, theirs))
    middle = 0.5 * (p + q)
    terms = [0.5 * torch.where(own > 0, (own / middle).log(), 0.0) for own in (p, q)]
    return terms[0][ours].view_as(samples).mean(1), terms[1][theirs].view_as(reference).mean(1)


def _sequences(x: Tensor, event: Event) -> Tensor:
    """(N, *event) -> (N, C, T) on the host, without constant channels; at most as many examples as are cheap to count."""
    x = x[: max(2, _MOST_NUMBERS // event.size)].cpu()
    if event.kind == "text":
        return x.flatten(1)[:, None]
    return event.without_constants(x).movedim(1 + event.channel_axis, 1).float()


def _edges(sequences: Tensor) -> Tensor:
    """(N, C, T) -> (C, BINS - 1), the quartiles of each channel; torch.quantile refuses long sounds."""
    ordered = sequences.movedim(1, 0).flatten(1).sort(1).values
    shares = torch.arange(1, BINS) / BINS
    return ordered[:, (shares * (ordered.shape[1] - 1)).long()]
