"""Where samples lie: among real examples, wherever these are, more than once, or upon training examples."""

from __future__ import annotations

from saddlepoint.evaluation.scorecard import measures
from saddlepoint.evaluation.scorecard.metric import ALL, COUNT, PAST_FLOOR, SHARE, Metric

SUPPORT: dict[str, Metric] = {
    "precision": Metric(
        "Precision",
        "higher",
        measures.neighbours,
        "Share of samples that lie among real examples.",
        ("noise",),
        unit="share",
        bounds=SHARE,
        work=34.0,
    ),
    "recall": Metric(
        "Recall",
        "higher",
        measures.neighbours,
        "Share of real examples that lie among samples.",
        ("repeat",),
        unit="share",
        bounds=SHARE,
        share_of="examples",
    ),
    "density": Metric(
        "Density",
        "higher",
        measures.neighbours,
        "How many real neighbourhoods a sample lies in; about 1 for real data.",
        ("noise",),
        bounds=COUNT,
        notes=("Above 1 where samples crowd in dense regions.",),
    ),
    "coverage": Metric(
        "Coverage",
        "higher",
        measures.neighbours,
        "Share of real neighbourhoods that hold a sample.",
        ("repeat",),
        unit="share",
        bounds=SHARE,
        share_of="examples",
    ),
    "bins": Metric(
        "Different bins (NDB / K)",
        "lower",
        measures.cells,
        "Share of the data's regions that samples visit too often or too rarely, each tested at 5 %.",
        ALL,
        interval=measures.cells_pooled,
        notes=("In simulations the interval held the expectation in 91 % on the floor, in 95 % elsewhere.",),
        floor="held-out",  # the regions are those of the training examples, who would visit them just so often
        unit="share",
        bounds=SHARE,
        work=0.5,
    ),
    "vendi": Metric(
        "Vendi diversity",
        "higher",
        measures.spectrum,
        "The effective number of unlike samples.",
        ("repeat",),
        bounds=(1.0, None),
        notes=(f"Of {measures.SPECTRUM:,} samples at most. Blind to quality: noise is diverse. {PAST_FLOOR}",),
        work=5.0,
    ),
    "spread": Metric(
        "Mean distance of samples",
        "higher",
        measures.spread,
        "The mean distance between two samples over that between two real examples.",
        ("repeat",),
        bounds=COUNT,
        notes=(PAST_FLOOR,),
        work=1.0,
    ),
    "birthday": Metric(
        "Different samples (birthday test)",
        "higher",
        measures.birthday,
        "About how many different samples the model can make; infinite where no two were alike.",
        ("repeat",),
        interval=measures.birthday_pooled,
        bounds=COUNT,
        notes=(
            "The interval takes the closest pair of real examples, which says what counts as alike, as given; in simulations it "
            "held the expected share of batches with a duplicate in 90 to 95 %. Other real examples move the score by more.",
        ),
        work=4.0,
    ),
    "near_copies": Metric(
        "Near copies of training examples",
        "lower",
        measures.near_copies,
        f"Share of samples nearer to a training example than all but {measures.NEAR:.0%} of held-out examples are.",
        ("copies",),
        needs=("held-out",),
        floor="halves",
        unit="share",
        bounds=SHARE,
    ),
    "data_copying": Metric(
        "Data copying C_T",
        "none",
        measures.copying,
        "Whether samples lie nearer to training examples than held-out examples do, as a normal score.",
        ("copies",),
        needs=("held-out",),
        floor="halves",
        notes=(
            "Below 0: nearer to training examples than honest data, down to copies; above 0: too far from them. 0 is best. "
            "Collapse, too, sends it far from 0, to either side: read recall, coverage and diversity before taking it for "
            "copying.",
        ),
    ),
}
