"""The codebook of a VQ-VAE: collapse onto a few codes (VAE207)."""

from __future__ import annotations

from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

PROBES = 3
BEGUN, FIRST = 0.3, 100  # share of the run, and steps, in which codes may still come into use
FEW, FEWEST = 0.12, 2.5  # perplexity over the codebook's size, and perplexity, below which the codebook has collapsed
LEAST_CODES = 8  # in a codebook, with fewer a share says little


@rule("VAE207", traits={"vq-vae"}, unless={"NUM304", "NUM302"}, opens=3, closes=3)
def codebook_collapse(
    vq_perplexity: Series,
    run: Facts,
    vq_held_out_perplexity: Series | None = None,
    vq_used_share: Series | None = None,
) -> Finding | None:
    """The codes in use, by the perplexity of the codes of held-out examples and of a batch, are few of those in the codebook.

    A batch of N examples with P places has at most N P codes, however many the model uses; held-out examples are more.

    Neural Discrete Representation Learning (Aaron van den Oord, Oriol Vinyals, Koray Kavukcuoglu, 2017),
    https://arxiv.org/abs/1711.00937; Jukebox: A Generative Model for Music (Prafulla Dhariwal et al., 2020), section 3.1,
    https://arxiv.org/abs/2005.00341 (collapse, and restarts against it)
    """
    step, used, codes = vq_perplexity.step, vq_perplexity.level(PROBES), run.settings.get("model.codes")
    if vq_held_out_perplexity is not None:
        used = max(used, vq_held_out_perplexity.level(PROBES))
    if step < FIRST or run.progress(step) < BEGUN or (codes is not None and codes < LEAST_CODES):
        return None
    if not used < (FEWEST if codes is None else max(FEWEST, FEW * codes)):
        return None
    of = "" if codes is None else f" of {codes}"
    return Finding(
        "VAE207",
        "failure" if used < FEWEST else "warning",
        step,
        f"Codebook collapse: examples use about {used:.1f}{of} codes.",
        {
            "perplexity": round(used, 4),
            **({} if vq_used_share is None else {"used_share": round(vq_used_share.level(PROBES), 4)}),
        },
        f"The other codes are never the nearest, so they never learn. {run.advice('restart_codes')}",
        run.remedy("restart_codes"),
    )
