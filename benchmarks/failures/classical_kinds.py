"""Injected failures of models that are fitted by EM."""

from __future__ import annotations

from functools import partial

from failures.kind import FEW, Kind, setting

STEPS = 120
_whole = partial(setting, whole=True)
CLASSICAL_KINDS = (
    # EM801: the likelihood falls, because every step fits its own few examples.
    Kind("small-batches-ring", "mixture-ring", "EM801", (12, 100), _whole("training.batch_size"), steps=STEPS),
    Kind("small-batches-digits", "mixture-digits", "EM801", (25, 200), _whole("training.batch_size"), steps=STEPS),
    # EM802: far more components than the examples can support.
    Kind(
        "spare-components-ring",
        "mixture-ring",
        "EM802",
        (50, 150),
        _whole("model.components"),
        {"data.points": 200},
        steps=STEPS,
    ),
    Kind(
        "spare-components-digits",
        "mixture-digits",
        "EM802",
        (100, 300),
        _whole("model.components"),
        {"data.limit": 400, "model.covariance": "diagonal"},
        steps=STEPS,
    ),
    # EM804: far more parameters than the examples can determine.
    Kind("few-gaussian-digits", "gaussian-digits", "EM804", (100, 300), FEW, steps=100, seeds=6),
    Kind(
        "few-mixture-digits",
        "mixture-digits",
        "EM804",
        (80, 200),
        FEW,
        {"model.components": 3, "model.reg_covar": 1e-3},
        steps=STEPS,
        seeds=5,
    ),
    # EM803: far more states than there are steps to explain.
    Kind(
        "spare-states-waves", "hmm-waves", "EM803", (60, 150), _whole("model.states"), {"data.points": 4}, steps=STEPS
    ),
    Kind(
        "spare-states-sentences",
        "hmm-sentences",
        "EM803",
        (100, 200),
        _whole("model.states"),
        {"data.points": 3},
        steps=STEPS,
    ),
)
