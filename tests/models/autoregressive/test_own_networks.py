"""Networks of the user's own, the check of their order (AR501), and settings that do not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from saddlepoint.errors import SettingError
from saddlepoint.experiment.objective_checks.check import find_mistakes
from saddlepoint.models import build
from saddlepoint.models.autoregressive.settings import AUTOREGRESSIVE_NETWORKS, AutoregressiveSettings
from tests.models.autoregressive.cases import BINARISED, BYTES, CASES, SERIES, TEXT, VECTOR, build_case, examples

SOURCE = """
import torch
from torch import nn

class Linear(nn.Module):
    def __init__(self, inputs, outputs, diagonal=-1):
        super().__init__()
        self.outputs, self.diagonal = outputs, diagonal
        size = torch.Size(inputs).numel()
        self.weight = nn.Parameter(torch.randn(torch.Size(outputs).numel() // size, size, size))

    def forward(self, x):
        made = torch.einsum("pij,bj->bip", self.weight.tril(self.diagonal), x.flatten(1))
        return made.reshape(len(x), *self.outputs)
"""


class Words(nn.Module):
    """Symbols (B, T) -> logits (B, T, V) of each given the one before it; of the next one, if it is not shifted."""

    def __init__(self, shifted: bool = True) -> None:
        super().__init__()
        self.table, self.shifted = nn.Embedding(5, 4), shifted

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        before = nn.functional.pad(x[:, :-1] + 1, (1, 0)) if self.shifted else x
        logits: Tensor = self.table(before)
        return logits if labels is None else logits + labels[:, None, None] * torch.arange(4)


def settings(**values: Any) -> AutoregressiveSettings:
    return AutoregressiveSettings.model_validate(values)


def codes(model: Any) -> list[str]:
    labels = torch.tensor([0, 2, 1, 0, 1]) if model.classes else None
    return [finding.code for finding in find_mistakes(model, examples(model.event), labels)]


@pytest.mark.parametrize("shifted", [True, False])
def test_a_network_that_predicts_the_same_at_first_is_tested_for_its_order(shifted: bool) -> None:
    network = Words(shifted)
    nn.init.zeros_(network.table.weight)
    model = build(settings(), TEXT, modules={"network": network})
    assert codes(model) == ([] if shifted else ["AR501"])
    assert not network.table.weight.any(), "the weights are restored"


@pytest.mark.parametrize("diagonal", [-1, 0])
def test_a_network_by_import_path_is_tested_for_its_order(
    diagonal: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"own_order_{diagonal + 1}.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    network = {"network": f"own_order_{diagonal + 1}:Linear", "arguments": {"diagonal": diagonal}}
    for event, likelihood in ((BYTES, BINARISED), (SERIES, {"components": 2})):
        model = build(settings(network=network, **likelihood), event)
        assert codes(model) == ([] if diagonal < 0 else ["AR501"])
        assert model.sample(3).shape == (3, *event.shape)
        assert model.log_prob(examples(event)).shape == (5,)


@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize("shifted", [False, True])
def test_a_network_as_an_object_gets_the_symbols_of_a_text(shifted: bool, conditional: bool) -> None:
    model = build(settings(conditional=conditional), TEXT, modules={"network": Words(shifted)})
    assert codes(model) == ([] if shifted else ["AR501"])
    uniforms = torch.rand(3, *model.uniforms)
    assert model.sample_from(uniforms, torch.tensor([0, 1, 2]) if conditional else None).shape == (3, 6)
    assert any(layer is model.player.body.module for layer in model.player.modules())


@pytest.mark.parametrize("case", CASES)
def test_built_in_networks_keep_to_the_order(case: str) -> None:
    assert codes(build_case(case)) == []


def test_masks_of_the_wrong_type_are_found() -> None:
    made, pixelcnn = build_case("made-few"), build_case("pixelcnn-few", conditional=True)
    made.player.body.output.mask.fill_(1)
    pixelcnn.player.body.first.mask[:, :, -1, pixelcnn.player.body.first.side] = 1
    assert codes(made) == codes(pixelcnn) == ["AR501"]


WRONG: dict[str, tuple[Any, dict[str, Any], str]] = {
    "images": (TEXT, {"network": {"network": "pixelcnn"}}, "network of images.*use made, transformer or wavenet"),
    "order": (BYTES, {"network": {"network": "pixelcnn"}, "ordering": "random"}, "model.ordering"),
    "binarise": (BYTES, {"binarise": "threshold", "likelihood": "categorical"}, "model.binarise: it needs"),
    "greys": (BYTES, {"likelihood": "bernoulli"}, "256 levels: set model.binarise"),
    "bernoulli": (VECTOR, {"likelihood": "bernoulli"}, "lowest and a highest value"),
    "density": (BYTES, {"likelihood": "gaussian-mixture"}, "no upper bound"),
    "levels": (VECTOR, {"likelihood": "categorical"}, "real numbers"),
    "bins": (TEXT, {"likelihood": "categorical", "bins": 9}, "fewer than 9 bins"),
    "symbols": (TEXT, {"likelihood": "logistic-mixture"}, "have no order"),
    "heads": (TEXT, {"network": {"network": "transformer", "width": 10, "heads": 4}}, "4 heads do not divide"),
    "hidden": (VECTOR, {"network": {"network": "nade", "hidden": []}}, "at least one hidden layer"),
    "arguments": (VECTOR, {"network": {"arguments": {"a": 1}}}, "made takes none"),
    "elsewhere": (VECTOR, {"network": {"network": "gpt"}}, 'Here it is called "transformer"'),
    "kernel": (BYTES, {"network": {"kernel": 4}}, "take an odd number"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_fit_is_explained(case: str) -> None:
    event, values, said = WRONG[case]
    with pytest.raises((SettingError, ValueError), match=said):
        build(settings(**values), event)


def test_a_conditional_model_needs_labels() -> None:
    from dataclasses import replace

    with pytest.raises(SettingError, match=r"model\.conditional: it is true, which needs labels"):
        build(settings(conditional=True), replace(BYTES, class_names=None))


def test_wrong_completions_are_explained() -> None:
    model = build_case("made-vector")
    with pytest.raises(SettingError, match="complete: known is"):
        model.complete(examples(model.event), torch.ones(5, 4))
    x = torch.full((2, 4), torch.nan)
    x[:, 0] = 3.0
    filled = model.complete(x, ~x.isnan(), generator=torch.Generator().manual_seed(0))
    assert filled.isfinite().all()
    assert (filled[:, 0] == 3).all()


@pytest.mark.parametrize("network", AUTOREGRESSIVE_NETWORKS)
def test_rough_bounds_are_above_the_true_sizes(network: str) -> None:
    for case, (event, values) in CASES.items():
        if not case.startswith(f"{network}-") or isinstance(values["network"], dict):
            continue
        model = build_case(case)
        weights, _ = model.settings.network.rough_size(event.size, event.levels)
        assert weights >= sum(parameter.numel() for parameter in model.player.parameters())
