"""Laws that every built-in network obeys, with any event that it takes."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from saddlepoint.errors import SettingError
from saddlepoint.networks.attention import SelfAttention
from saddlepoint.networks.build import build
from saddlepoint.networks.settings import NETWORKS, NetworkSettings

CASES = {
    **{name: NetworkSettings(network=name, width=4, hidden=(9, 8)) for name in NETWORKS},
    "mlp-batch-norm": NetworkSettings(hidden=(9, 8), batch_norm=True),
    "dcgan-attention": NetworkSettings(network="dcgan", width=4, arguments={"attention": 16}),
    "dcgan-pooling": NetworkSettings(
        network="dcgan", width=4, arguments={"resampling": "pooling", "fully_connected": 6}
    ),
    "dcgan-no-norm": NetworkSettings(
        network="dcgan",
        width=4,
        arguments={"normalisation": "none", "attention": 16, "activation": "tanh", "fully_connected": 6},
    ),
    "resnet-attention": NetworkSettings(network="resnet", width=4, arguments={"attention": 16}),
    "r3gan-one-block": NetworkSettings(network="r3gan", width=4, arguments={"blocks": 1}),
}
EVENTS = [(1, 28, 28), (3, 32, 32), (1, 45, 30), (2, 1, 9), (2, 50), (1, 9, 8, 13)]
SMALL_EVENTS = [(1, 15, 10), (2, 1, 9), (2, 20), (1, 4, 9, 5)]
CODE = 5


def directions(event: tuple[int, ...]) -> list[tuple[tuple[int, ...], tuple[int, ...] | None]]:
    """Input and output shapes of a generator, a discriminator, an encoder, and a trunk."""
    return [((CODE,), event), (event, ()), (event, (3,)), (event, None)]


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def network_of(case: str, inputs: tuple[int, ...], outputs: tuple[int, ...] | None, seed: int = 0) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build(CASES[case], inputs, outputs).double()


def shaken(network: nn.Module) -> nn.Module:
    """The same network with changed weights, so that none is zero."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)
    return network


@pytest.mark.parametrize("event", EVENTS, ids=str)
@pytest.mark.parametrize("case", CASES)
def test_the_result_has_the_shape_that_was_asked_for(case: str, event: tuple[int, ...]) -> None:
    for inputs, outputs in directions(event):
        result = network_of(case, inputs, outputs)(draw(4, *inputs))
        assert result.isfinite().all()
        if outputs is None:
            assert result.ndim == 2
            assert len(result) == 4
        else:
            assert result.shape == (4, *outputs)


@pytest.mark.parametrize("event", SMALL_EVENTS, ids=str)
@pytest.mark.parametrize("case", CASES)
def test_a_gradient_reaches_every_parameter(case: str, event: tuple[int, ...]) -> None:
    for inputs, outputs in directions(event):
        network = network_of(case, inputs, outputs)
        without = {name for name, _ in network.named_parameters()}
        optimiser = torch.optim.SGD(network.parameters(), 1e-3)
        # A weight that is multiplied by a zero at first has a gradient once the zero is none.
        for step in range(2):
            optimiser.zero_grad()
            result = network(draw(4, *inputs, seed=step))
            (result * draw(*result.shape, seed=9)).sum().backward()
            without -= {
                name for name, value in network.named_parameters() if value.grad is not None and value.grad.any()
            }
            optimiser.step()
        assert without == set()


@pytest.mark.parametrize("event", SMALL_EVENTS, ids=str)
@pytest.mark.parametrize("case", CASES)
def test_an_example_does_not_depend_on_the_others_in_evaluation(case: str, event: tuple[int, ...]) -> None:
    for inputs, outputs in directions(event):
        network = shaken(network_of(case, inputs, outputs)).eval()
        x = draw(4, *inputs)
        together = network(x)
        alone = torch.cat([network(x[i : i + 1]) for i in range(4)])
        torch.testing.assert_close(together, alone)


@pytest.mark.parametrize("event", SMALL_EVENTS, ids=str)
@pytest.mark.parametrize("case", CASES)
def test_a_network_is_restored_from_its_state_and_copied(case: str, event: tuple[int, ...]) -> None:
    for inputs, outputs in directions(event):
        network = shaken(network_of(case, inputs, outputs))
        x = draw(4, *inputs)
        network(x)  # BatchNorm's running statistics move
        restored = network_of(case, inputs, outputs, seed=2)
        restored.load_state_dict(load(save(network.state_dict())))
        copied = copy.deepcopy(network)
        for mode in (True, False):
            expected = network.train(mode)(x)
            assert torch.equal(restored.train(mode)(x), expected)
            assert torch.equal(copied.train(mode)(x), expected)


@pytest.mark.parametrize("event", [event for event in SMALL_EVENTS if len(event) == 3], ids=str)
@pytest.mark.parametrize("case", CASES)
def test_the_memory_layout_changes_nothing(case: str, event: tuple[int, ...]) -> None:
    for inputs, outputs in directions(event):
        network = shaken(network_of(case, inputs, outputs))
        other = copy.deepcopy(network).to(memory_format=torch.channels_last)
        x = draw(4, *inputs)
        results = [network(x), other(x)]
        for result in results:
            (result * draw(*result.shape, seed=9)).sum().backward()
        torch.testing.assert_close(*results)
        for one, two in zip(network.parameters(), other.parameters(), strict=True):
            torch.testing.assert_close(one.grad, two.grad)


@pytest.mark.parametrize("event", SMALL_EVENTS, ids=str)
@pytest.mark.parametrize("case", CASES)
def test_a_discriminator_has_the_second_derivatives_of_gradient_penalties(case: str, event: tuple[int, ...]) -> None:
    network = shaken(network_of(case, event, ()))
    x, direction = draw(2, *event).requires_grad_(), draw(2, *event, seed=3)

    def slope(at: Tensor) -> Tensor:
        (gradient,) = torch.autograd.grad(network(at).sum(), at, create_graph=True)
        return gradient.square().sum()

    (second,) = torch.autograd.grad(slope(x), x, allow_unused=True)
    step = 1e-6
    with torch.enable_grad():
        ends = [slope((x + sign * step * direction).detach().requires_grad_()).item() for sign in (1, -1)]
    expected = (ends[0] - ends[1]) / (2 * step)
    found = 0.0 if second is None else (second * direction).sum().item()
    # Central differences are exact to step^2 and to rounding (1e-16 / step), relative to the slope; a rectifier's kink that
    # lies between the ends has a jump, of which at this step there is next to none.
    assert math.isclose(found, expected, rel_tol=1e-4, abs_tol=1e-5 * max(abs(ends[0]), 1))


@pytest.mark.parametrize("case", CASES)
def test_the_output_activation_is_the_last_layer(case: str) -> None:
    for inputs, outputs in directions((1, 9, 8))[:3]:
        results = []
        for activation in ("identity", "sigmoid"):
            torch.manual_seed(0)
            network = build(CASES[case], inputs, outputs, activation).double().eval()
            results.append(network(draw(3, *inputs)))
        torch.testing.assert_close(results[0].sigmoid(), results[1])


@pytest.mark.parametrize("name", [name for name, entry in NETWORKS.items() if entry.convolutional])
@pytest.mark.parametrize(("inputs", "outputs"), [((2,), (3,)), ((2,), ()), ((1, 8, 8), (1, 8, 8)), ((2,), None)])
def test_a_convolutional_network_refuses_vectors_and_says_what_to_do(
    name: str, inputs: tuple[int, ...], outputs: tuple[int, ...] | None
) -> None:
    with pytest.raises(
        SettingError, match=rf"^model\.generator\.network: {name} maps a flat code .* set both networks to mlp"
    ):
        build(NetworkSettings(network=name), inputs, outputs, where="model.generator")


@pytest.mark.parametrize("name", NETWORKS)
def test_arguments_are_checked_against_the_builder(name: str) -> None:
    def mistake(arguments: dict[str, object]) -> str:
        with pytest.raises(SettingError) as error:
            build(NetworkSettings(network=name, arguments=arguments), (3,), (1, 8, 8), where="model.generator")
        return str(error.value)

    assert mistake({"depht": 2}).startswith(f"model.generator.arguments: {name} has no argument depht; it takes ")
    used = NETWORKS[name].uses[0]
    assert mistake({used: 2}) == (
        f"model.generator.arguments: {used} is a setting of {name}, not an argument: set it beside `network`."
    )
    for given in ("inputs", "outputs", "output_activation", "self"):
        assert f"has no argument {given}" in mistake({given: 2})


def test_wrong_values_of_arguments_are_said_in_one_sentence() -> None:
    def mistake(network: str, arguments: dict[str, object]) -> str:
        with pytest.raises(SettingError) as error:
            build(NetworkSettings(network=network, arguments=arguments), (3,), (1, 32, 32), where="model.generator")
        return str(error.value)

    assert mistake("resnet", {"attention": "far"}) == (
        "model.generator.arguments.attention cannot be 'far': it must be a whole number."
    )
    assert mistake("r3gan", {"blocks": 0}) == "model.generator.arguments.blocks cannot be 0: it must be at least 1."
    assert 'Did you mean "attention"?' in mistake("resnet", {"atention": 16})
    assert "set attention to at least 4, or to 0 for none" in mistake("dcgan", {"attention": 3})
    assert "it must be 'strided' or 'pooling'" in mistake("dcgan", {"resampling": "nearest"})
    assert "model.generator.arguments.activation cannot be 'maxout'" in mistake("dcgan", {"activation": "maxout"})
    assert "model.generator.arguments.fully_connected cannot be -1" in mistake("dcgan", {"fully_connected": -1})


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("dcgann", 'Did you mean "dcgan"?'),
        ("SNGAN", 'Here it is called "resnet".'),
        ("transformer", f"Known: {', '.join(NETWORKS)}, or module:Name of your own"),
    ],
)
def test_an_unknown_network_is_refused_before_it_is_built(name: str, hint: str) -> None:
    with pytest.raises(ValueError, match="there is no network") as error:
        NetworkSettings(network=name)
    assert hint in str(error.value)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_registry_names_settings_that_there_are(name: str) -> None:
    assert set(NETWORKS[name].uses) <= set(NetworkSettings.model_fields) - {"network", "arguments"}


@pytest.mark.parametrize("size", [(7,), (5, 4), (3, 2, 4)], ids=str)
def test_attention_begins_as_the_identity_and_then_reads_from_every_place(size: tuple[int, ...]) -> None:
    layer = SelfAttention(6).double()
    x = draw(2, 6, *size).requires_grad_()
    assert torch.equal(layer(x), x)
    with torch.no_grad():
        layer.gamma.fill_(0.5)
    (layer(x)[0].flatten(1)[:, 0].sum()).backward()
    assert x.grad is not None
    assert (x.grad[0].flatten(1).abs().sum(0) > 0).all()  # of every place
    assert not x.grad[1].any()  # of its own example alone


@pytest.mark.parametrize("size", [(7,), (5, 4)], ids=str)
def test_attention_commutes_with_any_order_of_the_places(size: tuple[int, ...]) -> None:
    layer = shaken(SelfAttention(6).double())
    x = draw(2, 6, math.prod(size))
    order = torch.randperm(math.prod(size), generator=torch.Generator().manual_seed(0))
    one = layer(x.reshape(2, 6, *size)).flatten(2)[:, :, order]
    torch.testing.assert_close(layer(x[:, :, order].reshape(2, 6, *size)).flatten(2), one)
