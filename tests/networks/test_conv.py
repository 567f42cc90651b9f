import copy
import math
from typing import get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

from saddlepoint.errors import SettingError
from saddlepoint.networks.activations import ACTIVATIONS, GAINS, activation_layer
from saddlepoint.networks.conv import Discriminator, Generator, dcgan
from saddlepoint.networks.dcgan_layers import HiddenActivation, Resampling, Style
from saddlepoint.networks.from_point import FROM_POINT, FromPoint
from saddlepoint.networks.initialisation import fan_in_normal_
from saddlepoint.networks.layers import TRANSPOSED_CONVOLUTIONS
from saddlepoint.networks.pyramid import levels

EVENTS = [
    (1, 8, 8),
    (1, 28, 28),
    (3, 32, 32),
    (3, 64, 64),
    (4, 128, 128),
    (3, 30, 45),
    (2, 1, 9),
    (1, 4, 4),
    (2, 50),
    (1, 1000),
    (1, 16, 16, 16),
    (2, 9, 8, 20),
]
FORBIDDEN = (nn.Linear, nn.LazyLinear, nn.Bilinear, nn.Upsample, nn.PixelShuffle)


def convolutions(network):
    return [layer for layer in network.modules() if isinstance(layer, _ConvNd)]


def check_guidelines(network, activation, convolution):
    """The guidelines of the DCGAN paper that both networks share."""
    layers = list(network.layers)
    for layer in network.modules():
        assert not isinstance(layer, FORBIDDEN)
        assert "Pool" not in type(layer).__name__
    assert all(isinstance(layer, convolution) for layer in convolutions(network))
    assert sum(isinstance(layer, _BatchNorm) for layer in layers) == len(convolutions(network)) - 2 + (
        convolution is _ConvTransposeNd
    )
    assert all(isinstance(layer, (_ConvNd, _BatchNorm, activation)) for layer in layers)


@pytest.mark.parametrize("event", EVENTS, ids=str)
def test_generator_gives_the_event_and_keeps_every_guideline(event):
    network = Generator((5,), event, width=2, output_activation="identity")
    assert network(torch.randn(2, 5)).shape == (2, *event)
    check_guidelines(network, nn.ReLU, _ConvTransposeNd)
    layers = list(network.layers)
    # Convolution, BatchNorm, ReLU, again and again; the output layer alone has no BatchNorm.
    assert isinstance(layers[-1], _ConvTransposeNd)
    for at, layer in enumerate(layers[:-1]):
        assert isinstance(layer, (_ConvTransposeNd, _BatchNorm, nn.ReLU)[at % 3])


@pytest.mark.parametrize("event", EVENTS, ids=str)
@pytest.mark.parametrize("outputs", [(), (3,)])
def test_discriminator_gives_a_number_each_and_keeps_every_guideline(event, outputs):
    network = Discriminator(event, outputs, width=2)
    assert network(torch.randn(2, *event)).shape == (2, *outputs)
    check_guidelines(network, nn.LeakyReLU, _ConvNd)
    layers = list(network.layers)
    assert not any(isinstance(layer, _BatchNorm) for layer in (layers[1], layers[-1]))
    assert any(isinstance(layer, _BatchNorm) for layer in layers)
    assert all(layer.negative_slope == 0.2 for layer in layers if isinstance(layer, nn.LeakyReLU))
    assert not any(isinstance(layer, _ConvTransposeNd) for layer in layers)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(size=st.lists(st.integers(1, 40), min_size=1, max_size=2), channels=st.integers(1, 5), latent=st.integers(1, 9))
def test_any_size_and_any_number_of_channels(size, channels, latent):
    event = (channels, *size)
    assert Generator((latent,), event, width=2)(torch.randn(2, latent)).shape == (2, *event)
    assert Discriminator(event, width=2)(torch.randn(2, *event)).shape == (2,)


@settings(max_examples=10, deadline=None)
@given(size=st.lists(st.integers(1, 17), min_size=3, max_size=3))
def test_any_volume(size):
    event = (1, *size)
    assert Generator((3,), event, width=2)(torch.randn(2, 3)).shape == (2, *event)
    assert Discriminator(event, width=2)(torch.randn(2, *event)).shape == (2,)


def shapes_inside(network, x):
    shapes = []
    hooks = [
        layer.register_forward_hook(lambda _, __, result: shapes.append(tuple(result.shape[1:])))
        for layer in convolutions(network)
    ]
    network(x)
    for hook in hooks:
        hook.remove()
    return shapes


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ((1, 28, 28), [(128, 7, 7), (64, 14, 14), (1, 28, 28)]),
        ((3, 64, 64), [(512, 4, 4), (256, 8, 8), (128, 16, 16), (64, 32, 32), (3, 64, 64)]),
        ((1, 8, 8), [(128, 2, 2), (64, 4, 4), (1, 8, 8)]),
        ((3, 30, 45), [(256, 4, 6), (128, 8, 12), (64, 15, 23), (3, 30, 45)]),
    ],
    ids=str,
)
def test_the_pyramid_is_the_classical_one_and_the_discriminator_its_mirror(event, expected):
    assert shapes_inside(Generator((100,), event), torch.randn(2, 100)) == expected
    mirrored = [(expected[-2 - i]) for i in range(len(expected) - 1)]
    assert shapes_inside(Discriminator(event), torch.randn(2, *event)) == [*mirrored, (1, *(1,) * (len(event) - 1))]


def test_even_axes_take_kernel_4_and_odd_axes_kernel_3_at_stride_2():
    generator = Generator((4,), (1, 30, 45), width=2)
    assert [(layer.kernel_size, layer.stride) for layer in convolutions(generator)] == [
        ((4, 6), (1, 1)),
        ((4, 4), (2, 2)),
        ((3, 3), (2, 2)),
        ((4, 3), (2, 2)),
    ]
    assert all(layer.output_padding == (0, 0) for layer in convolutions(generator))


def test_channels_stop_doubling_at_16_times_the_width():
    assert max(layer.in_channels for layer in convolutions(Discriminator((1, 4000), width=2))) == 32
    assert len(levels((4000,))) > 7


@pytest.mark.parametrize("make", [lambda: Generator((100,), (3, 64, 64)), lambda: Discriminator((3, 64, 64))])
def test_weights_are_initialised_as_in_the_paper(make):
    for layer in make().modules():
        if isinstance(layer, _ConvNd):
            wanted, centre = 0.02, 0.0
        elif isinstance(layer, _BatchNorm):
            wanted, centre = 0.02, 1.0
        else:
            continue
        weight, count = layer.weight.detach(), layer.weight.numel()
        # Standard errors of a mean and of a standard deviation of `count` normal draws; 6 of them.
        assert (weight.mean() - centre).abs() < 6 * wanted / count**0.5
        assert (weight.std() - wanted).abs() < 6 * wanted / (2 * count) ** 0.5
        assert layer.bias is None or not layer.bias.any()


@pytest.mark.parametrize("event", [(1, 28, 28), (3, 64, 64), (2, 50), (1, 16, 16, 16)], ids=str)
def test_without_normalisation_signals_keep_their_scale(event):
    generator = Generator((100,), event, 32, "identity", style=Style("relu", normalisation="none"))
    discriminator = Discriminator(event, (50,), 32, style=Style("leaky_relu", normalisation="none"))
    for network, x in ((generator, torch.randn(20, 100)), (discriminator, torch.randn(20, *event))):
        assert not any(isinstance(layer, _BatchNorm) for layer in network.modules())
        # Borders of the smallest levels are padded with zeros, which takes up to half of the mean square a level.
        assert 0.1 < network(x).square().mean() < 4


def gain(layer):
    """Standard deviation of a layer's weights times the root of the number of inputs that one output depends on on average."""
    deviation = float(layer.weight.detach().std())
    if isinstance(layer, FromPoint):  # a product: each output reads one number of each channel
        return deviation * layer.in_channels**0.5
    ones = copy.deepcopy(layer).double().requires_grad_(False)
    nn.init.ones_(ones.weight)
    channels = layer.in_features if isinstance(layer, nn.Linear) else layer.in_channels
    counts = ones(torch.ones(1, channels, *[20] * (layer.weight.ndim - 2), dtype=torch.float64))
    for axis in range(2, counts.ndim):
        counts = counts.narrow(axis, 4, 4)  # whole strides of 1 and 2, away from the borders
    return deviation * float(counts.mean()) ** 0.5


def is_near(layer, expected):
    """Whether a layer's gain is the expected one, up to 6 standard errors of a standard deviation of normal draws."""
    return abs(gain(layer) / expected - 1) < 6 / (2 * layer.weight.numel()) ** 0.5


@pytest.mark.parametrize("activation", get_args(HiddenActivation))
@pytest.mark.parametrize("resampling", get_args(Resampling))
def test_the_gain_of_a_layer_is_that_of_the_activation_it_reads(activation, resampling):
    arguments = {"normalisation": "none", "activation": activation, "resampling": resampling, "fully_connected": 40}
    for inputs, outputs in (((100,), (3, 28, 28)), ((3, 28, 28), (50,))):
        first, *others = convolutions(dcgan(inputs, outputs, 32, **arguments))
        assert is_near(first, 1.0)
        assert all(is_near(layer, GAINS[activation]) for layer in others)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Linear(50, 40),
        nn.Conv2d(12, 18, 3, groups=3),
        nn.ConvTranspose2d(12, 18, 4, stride=2, padding=1, groups=3),
        nn.ConvTranspose1d(12, 90, 3, stride=2),
        FROM_POINT[2](20, 10, 5, bias=False),
    ],
    ids=str,
)
def test_initial_weights_have_the_gain_that_was_asked_for(layer):
    fan_in_normal_(layer, 1.3)
    assert is_near(layer, 1.3)
    assert layer.bias is None or not layer.bias.any()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gains_restore_the_mean_square_of_a_standard_normal_input(activation):
    z = torch.linspace(-12, 12, 240_001, dtype=torch.float64)
    density = (-z.square() / 2).exp() / (2 * math.pi) ** 0.5
    mean_square = torch.trapezoid(activation_layer(activation)(z).square() * density, z)
    assert GAINS[activation] ** 2 * float(mean_square) == pytest.approx(1, abs=2e-6)


def test_features_are_the_smallest_level_and_heads_of_any_activation_can_follow():
    assert Discriminator((1, 28, 28), None, width=4)(torch.randn(2, 1, 28, 28)).shape == (2, 8 * 7 * 7)
    assert dcgan((1, 8, 8), (3,), 4, "sigmoid")(torch.randn(2, 1, 8, 8)).min() >= 0


@pytest.mark.parametrize(("inputs", "outputs"), [((2,), (3,)), ((2,), ()), ((1, 8, 8), (1, 8, 8)), ((2,), None)])
def test_vectors_are_refused_with_what_to_do(inputs, outputs):
    with pytest.raises(SettingError, match="set both networks to mlp"):
        dcgan(inputs, outputs)


def test_the_error_for_a_table_names_both_options_to_set():
    with pytest.raises(SettingError, match=r"--model\.generator\.network mlp --model\.discriminator\.network mlp"):
        dcgan((100,), (3,))


# Each argument that leaves out a guideline, and the kinds of layers that it adds to and removes from both networks.
GUIDELINES = [
    ({"resampling": "pooling"}, (nn.Upsample, "MaxPool"), _ConvTransposeNd),
    ({"normalisation": "none"}, (), _BatchNorm),
    ({"activation": "tanh"}, (nn.Tanh,), (nn.ReLU, nn.LeakyReLU)),
]


@pytest.mark.parametrize("event", [(1, 28, 28), (2, 50), (1, 9, 8, 13)], ids=str)
@pytest.mark.parametrize(("arguments", "added", "removed"), GUIDELINES, ids=str)
def test_a_guideline_is_left_out_in_both_networks(event, arguments, added, removed):
    networks = [dcgan((5,), event, 2, **arguments), dcgan(event, (), 2, **arguments)]
    # The first layer of a generator is the product of the code with a kernel, whatever comes after.
    layers = [layer for network in networks for layer in list(network.layers)[1:]]
    assert not any(isinstance(layer, removed) for layer in layers)
    for kind in added:
        found = [kind in type(layer).__name__ if isinstance(kind, str) else isinstance(layer, kind) for layer in layers]
        assert any(found), kind


@pytest.mark.parametrize("event", [(1, 28, 28), (2, 50), (1, 9, 8, 13)], ids=str)
def test_a_fully_connected_hidden_layer_is_next_to_the_code_and_to_the_output(event):
    width = 7
    layers = convolutions(dcgan((5,), event, 2, fully_connected=width))
    assert (layers[0].in_channels, layers[0].out_channels, layers[1].in_channels) == (5, width, width)
    network = dcgan(event, (), 2, fully_connected=width)
    assert convolutions(network)[-1].in_channels == width
    assert dcgan(event, None, 2, fully_connected=width)(torch.randn(3, *event)).shape == (3, width)


@pytest.mark.parametrize("dimensions", FROM_POINT)
@pytest.mark.parametrize("channels_last", [False, True])
def test_the_first_layer_is_a_transposed_convolution_to_its_gradients(dimensions, channels_last):
    if channels_last and dimensions == 1:
        pytest.skip("torch knows no channels-last layout for sound")
    shape = {"kernel_size": (3, 5, 2)[:dimensions], "bias": False}
    ours = FROM_POINT[dimensions](4, 6, **shape).double()
    theirs = TRANSPOSED_CONVOLUTIONS[dimensions](4, 6, **shape).double()
    theirs.load_state_dict(ours.state_dict())
    if channels_last:
        ours.to(memory_format={2: torch.channels_last, 3: torch.channels_last_3d}[dimensions])
    z = torch.randn(7, 4, *[1] * dimensions, dtype=torch.float64)
    outputs, gradients = [], []
    for layer in (ours, theirs):
        code = z.clone().requires_grad_()
        output = layer(code)
        (output.sin() * torch.arange(output[0].numel()).view_as(output[0])).sum().backward()
        outputs.append(output.detach())
        gradients.append((code.grad, layer.weight.grad))
    torch.testing.assert_close(*outputs)
    torch.testing.assert_close(*gradients)
