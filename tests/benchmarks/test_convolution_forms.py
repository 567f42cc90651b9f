"""Every form of a layer that the benchmark times computes what torch's own computes."""

from __future__ import annotations

import pytest

from benchmarks.sides.forms import LAYERS, Layer, check


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_forms_agree(layer: Layer) -> None:
    check(layer)
