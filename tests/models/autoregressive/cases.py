"""Small models of every network, likelihood and kind of data."""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.data.event import Event
from saddlepoint.models import build
from saddlepoint.models.autoregressive.model import Autoregressive
from saddlepoint.models.autoregressive.settings import AUTOREGRESSIVE_NETWORKS, AutoregressiveSettings

CLASSES = ("a", "b", "c")
BYTES = Event((1, 5, 4), "image", "uint8", 0.0, 255.0, class_names=CLASSES)
COLOUR = Event((3, 4, 3), "image", "uint8", 0.0, 255.0, class_names=CLASSES)
FEW = Event((2, 3, 3), "image", "uint8", 0.0, 4.0, class_names=CLASSES)
TEXT = Event((6,), "text", "uint8", 0.0, 3.0, class_names=CLASSES, alphabet=tuple("abcd"))
VECTOR = Event((4,), "vector", "float32", mean=(5.0,), std=(2.0,), class_names=CLASSES)
SERIES = Event((3, 2), "series", "float32", mean=(3.0, -1.0), std=(2.0, 0.5), class_names=CLASSES)
SOUND = Event((2, 3), "sound", "float32", mean=(3.0, -1.0), std=(2.0, 0.5), class_names=CLASSES)
WAVE = Event((2, 3), "sound", "float32", low=-1.0, high=1.0, class_names=CLASSES)
CONSTANT = Event((3,), "vector", "float32", mean=(1.0, 7.0, 2.0), std=(2.0, 0.0, 1.0), constants=((1, 7.0),))

SMALL = {"hidden": [9, 7], "activation": "tanh", "width": 8, "layers": 2, "heads": 2, "first_kernel": 5}
IMAGES = {name for name, entry in AUTOREGRESSIVE_NETWORKS.items() if entry.convolutional}
BINARISED = {"likelihood": "bernoulli", "binarise": "stochastic"}
CASES: dict[str, tuple[Event, dict[str, object]]] = {
    **{f"{name}-bernoulli": (BYTES, {"network": name, **BINARISED}) for name in AUTOREGRESSIVE_NETWORKS},
    **{f"{name}-few": (FEW, {"network": name}) for name in AUTOREGRESSIVE_NETWORKS},
    **{f"{name}-logistic": (COLOUR, {"network": name, "components": 3}) for name in AUTOREGRESSIVE_NETWORKS},
    **{
        f"{name}-{kind}": (event, {"network": name, "components": 3})
        for name in AUTOREGRESSIVE_NETWORKS
        if name not in IMAGES
        for kind, event in (("text", TEXT), ("vector", VECTOR), ("series", SERIES), ("sound", SOUND))
    },
    **{
        f"{name}-mu-law": (WAVE, {"network": name, "likelihood": "mu-law", "bins": 16})
        for name in AUTOREGRESSIVE_NETWORKS
        if name not in IMAGES
    },
    "wavenet-cycles": (
        BYTES,
        {"network": {"network": "wavenet", "layers": 5, "cycle": 2, "positions": False}, **BINARISED},
    ),
    "made-threshold": (BYTES, {"network": "made", "likelihood": "bernoulli", "binarise": "threshold"}),
    "made-bins": (BYTES, {"network": "made", "likelihood": "categorical", "bins": 7}),
    "transformer-bins": (BYTES, {"network": "transformer", "likelihood": "categorical", "bins": 7}),
    "made-random": (BYTES, {"network": "made", "ordering": "random", **BINARISED}),
    "transformer-random": (FEW, {"network": "transformer", "ordering": "random"}),
    "nade-random": (VECTOR, {"network": "nade", "ordering": "random"}),
    "made-constant": (CONSTANT, {"network": "made", "components": 2}),
    "made-belief-network": (BYTES, {"network": {"network": "made", "hidden": []}, **BINARISED}),
}


def settings_of(case: str, **changes: object) -> AutoregressiveSettings:
    """The settings of a case."""
    _, values = CASES[case]
    network = values["network"]
    own = network if isinstance(network, dict) else {"network": network}
    return AutoregressiveSettings.model_validate({**values, "network": {**SMALL, **own}, **changes})


def build_case(case: str, seed: int = 0, **changes: object) -> Autoregressive:
    """The model of a case; its last layers are larger than they begin, so that predictions differ."""
    model = build(settings_of(case, **changes), CASES[case][0], seed=seed)
    assert isinstance(model, Autoregressive)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.player.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
    return model


def examples(event: Event, n: int = 5) -> Tensor:
    """Random examples in the data's units."""
    generator = torch.Generator().manual_seed(1)
    if event.dtype == "uint8":
        high = int(event.high or 0) + 1
        return torch.randint(0, high, (n, *event.shape), generator=generator, dtype=torch.uint8)
    x = torch.randn(n, *event.shape, generator=generator) * 2 + 3
    if event.bounded:
        x = (x - 3) / 8  # in [-1, 1], but for one in 30,000
    return event.with_constants(x)
