import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from saddlepoint.errors import SettingError
from saddlepoint.networks.activations import ACTIVATIONS, activation_layer
from saddlepoint.networks.mlp import MLP

shapes = st.lists(st.integers(1, 5), min_size=1, max_size=4).map(tuple)


@settings(max_examples=30, deadline=None)
@given(
    inputs=shapes,
    outputs=shapes | st.just(()),
    hidden=st.lists(st.integers(1, 6), max_size=3),
    batch_norm=st.booleans(),
)
def test_any_shape_becomes_any_shape(inputs, outputs, hidden, batch_norm):
    network = MLP(inputs, outputs, hidden, batch_norm=batch_norm)
    assert network(torch.randn(4, *inputs)).shape == (4, *outputs)


def test_no_outputs_give_the_last_hidden_layer():
    network = MLP((1, 4, 4), None, (7, 5), "tanh")
    assert [layer.out_features for layer in network.layers if isinstance(layer, nn.Linear)] == [7, 5]
    assert network(torch.randn(3, 1, 4, 4)).shape == (3, 5)
    assert MLP((2, 3), None, ())(torch.randn(3, 2, 3)).shape == (3, 6)


def test_without_hidden_layers_it_is_linear():
    network = MLP((3,), (2,), ()).double()
    a, b = torch.randn(2, 5, 3, dtype=torch.float64)
    zero = network(torch.zeros_like(a))
    torch.testing.assert_close(network(a + 2 * b) - zero, network(a) - zero + 2 * (network(b) - zero))


def test_batch_norm_precedes_every_hidden_activation_and_replaces_the_bias():
    kinds = [type(layer) for layer in MLP((4,), (2,), (8, 6), "relu", batch_norm=True).layers]
    assert kinds == [nn.Linear, nn.BatchNorm1d, nn.ReLU, nn.Linear, nn.BatchNorm1d, nn.ReLU, nn.Linear]
    network = MLP((4,), (2,), (8,), "relu", batch_norm=True)
    assert [layer.bias is None for layer in network.layers if isinstance(layer, nn.Linear)] == [True, False]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_makes_a_network(name):
    output = MLP((3,), (2,), (4,), name, output_activation=name)(torch.randn(5, 3))
    assert output.isfinite().all()


def test_leaky_relu_has_the_slope_of_the_paper():
    assert activation_layer("leaky_relu")(torch.tensor(-1.0)).item() == pytest.approx(-0.2)


def test_a_mistyped_activation_and_an_empty_layer_are_named():
    with pytest.raises(SettingError, match=r'no activation "rellu"\. Did you mean "relu"'):
        MLP((3,), (2,), (4,), "rellu")
    with pytest.raises(SettingError, match=r"at least 1, got hidden = \[4, 0\]"):
        MLP((3,), (2,), (4, 0))


def test_glorot_bounds_the_weights_and_clears_the_biases():
    layer = MLP((30,), (20,), ()).layers[0]
    bound = (6 / 50) ** 0.5
    assert layer.weight.abs().max() <= bound
    # 600 uniform draws: the largest lies within 5 % of the bound but for a chance of 0.95^600 < 1e-13.
    assert layer.weight.abs().max() > 0.95 * bound
    assert not layer.bias.any()


@pytest.mark.parametrize("pieces", [2, 5])
def test_a_maxout_unit_is_the_largest_of_its_pieces(pieces):
    network = MLP((3,), (2,), (4,), "maxout", maxout_pieces=pieces)
    x = torch.randn(6, 3)
    first, _, last = network.layers
    assert first.out_features == 4 * pieces
    largest = torch.stack([first(x)[:, k * 4 : (k + 1) * 4] for k in range(pieces)]).max(0).values
    torch.testing.assert_close(network(x), last(largest))
    with pytest.raises(SettingError, match="at least 2 pieces, got 1"):
        MLP((3,), (2,), (4,), "maxout", maxout_pieces=1)


def test_maxout_is_convex_and_with_batch_norm_still_a_network():
    network = MLP((3,), (1,), (4,), "maxout").double()
    with torch.no_grad():
        network.layers[-1].weight.abs_()
    a, b = torch.randn(2, 50, 3, dtype=torch.float64)
    assert (network((a + b) / 2) <= (network(a) + network(b)) / 2 + 1e-12).all()
    assert MLP((3,), (2,), (4, 4), "maxout", batch_norm=True)(torch.randn(5, 3)).shape == (5, 2)


def test_small_weights_are_small():
    weight = MLP((50,), (50,), (200,), weights="small").layers[0].weight
    # 10,000 draws: 5 standard errors.
    assert abs(weight.std().item() - 0.02) < 5 * 0.02 / (2 * weight.numel()) ** 0.5
