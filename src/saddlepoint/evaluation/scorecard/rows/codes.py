"""What a variational autoencoder's code holds: units in use, information, and how far all codes lie from the prior."""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.errors import SaddlepointError
from saddlepoint.evaluation.metrics.latent import ACTIVE, surgery, units
from saddlepoint.evaluation.scorecard.scorecard import Score, Skipped
from saddlepoint.evaluation.statistics.intervals import bootstrap
from saddlepoint.models.capabilities import GenerativeModel, HasLatentPosterior, has, lacks
from saddlepoint.progress import Tally

LOOKED_AT = 2_000  # held-out examples; every pair of them is compared
LARGE = 1_000  # posterior means of this many examples are drawn anew for the interval
REDRAWN = 200  # times

TITLES = {
    "active_units": "Active units of the code",
    "code_kl": "KL of the code to the prior",
    "code_information": "Information in the code",
    "prior_gap": "Gap of all codes to the prior",
}


def of_codes(model: GenerativeModel, x: Tensor, seed: int, tally: Tally) -> tuple[list[Score], list[Skipped]]:
    """Of the posteriors of held-out examples x (N, *event); one step of `tally`."""
    tally.start("Codes")
    reason = lacks(model, HasLatentPosterior) or ""
    scores: list[Score] = []
    if has(model, HasLatentPosterior):
        try:
            scores = _scores(model, x[:LOOKED_AT], torch.Generator().manual_seed(seed))
        except SaddlepointError as error:
            reason = str(error)
    tally.advance(1.0)
    return scores, [Skipped(key, title, reason) for key, title in TITLES.items()] if reason else []


def _scores(model: HasLatentPosterior, x: Tensor, generator: torch.Generator) -> list[Score]:
    mean, log_variance = (part.detach().cpu().double() for part in model.heads(x))
    found, cut = units(mean, log_variance), surgery(mean, log_variance, generator=generator)
    active = bootstrap(
        lambda part: (part.var(0, correction=0) > ACTIVE).sum(), mean[:LARGE], generator=generator, repeats=REDRAWN
    )
    number = int(found.active.sum())
    ordered = found.kl.sort(descending=True).values
    silent = int((ordered < ACTIVE).sum())
    whole = cut.kl
    (below, above), (gap_below, gap_above) = cut.information, cut.gap
    saturated = (f"Near log N = {cut.ceiling:.3g}, all that {len(x):,} examples can show: it may be more.",)
    return [
        Score(
            metric="active_units",
            title=TITLES["active_units"],
            value=float(number),
            low=min(active.low, number),
            high=max(active.high, number),
            better="none",
            unit=f"of {len(found.active)}",
            bounds=(0.0, float(len(found.active))),
            repeats=(float(number),),
            meaning=f"Units whose posterior mean varies between examples by more than {ACTIVE}, as a variance.",
        ),
        Score(
            metric="code_kl",
            title=TITLES["code_kl"],
            value=whole.value,
            low=max(0.0, whole.low),
            high=whole.high,
            better="none",
            unit="nats",
            bounds=(0.0, None),
            repeats=(whole.value,),
            notes=(
                f"By unit: {ordered[0]:.3g} at most, {ordered.median():.3g} in the middle, {ordered[-1]:.3g} at least; "
                f"{silent} of {len(ordered)} below {ACTIVE}.",
            ),
            meaning="How much the code of an example costs; it is the information in the code and the gap to the prior.",
        ),
        Score(
            metric="code_information",
            title=TITLES["code_information"],
            value=below.value,
            low=min(max(0.0, below.low), below.value),
            high=above.high,
            better="none",
            unit="nats",
            repeats=(below.value,),
            notes=(
                f"A lower bound; an upper one is {above.value:.3g}, and the interval holds both.",
                *(saturated if cut.saturated else ()),
            ),
            meaning="Mutual information of an example and its code.",
        ),
        Score(
            metric="prior_gap",
            title=TITLES["prior_gap"],
            value=gap_above.value,
            low=min(max(0.0, gap_below.low), gap_above.value),
            high=gap_above.high,
            better="lower",
            unit="nats",
            repeats=(gap_above.value,),
            notes=(f"An upper bound; a lower one is {gap_below.value:.3g}, and the interval holds both.",),
            meaning="KL divergence of the codes of all examples from the prior, which samples are drawn from.",
        ),
    ]
