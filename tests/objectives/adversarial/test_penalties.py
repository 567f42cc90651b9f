import pytest
import torch
from torch import nn

from saddlepoint.networks.mlp import MLP
from saddlepoint.networks.packing import Packed
from saddlepoint.objectives.adversarial.composition import logits
from saddlepoint.objectives.adversarial.game import discriminator_loss
from saddlepoint.objectives.adversarial.noise import GameNoise
from saddlepoint.objectives.adversarial.penalties import half, logit_and_squared_slope
from saddlepoint.objectives.phase import Batch
from tests.objectives.adversarial.parts import parts

X = torch.randn(6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
Z = torch.randn(6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def identity(value):
    return value


def linear():
    return nn.Linear(3, 1, dtype=torch.float64)


def test_the_penalty_of_a_linear_discriminator_is_its_squared_weights_everywhere():
    network = linear()
    nets = {"d": network, "g": identity}
    plain, _ = discriminator_loss(parts())(nets, Batch(X), GameNoise(Z))
    both, observed = discriminator_loss(parts(r1=0.7, r2=0.5))(nets, Batch(X), GameNoise(Z))
    squared = network.weight.square().sum()
    torch.testing.assert_close(both - plain, (0.6 * squared).expand(6))
    for name in ("real_slope", "fake_slope"):
        torch.testing.assert_close(observed[name], squared.sqrt().expand(6))
    (gradient,) = torch.autograd.grad((both - plain).mean(), network.weight)
    torch.testing.assert_close(gradient, 1.2 * network.weight)


def test_the_penalty_of_a_quadratic_discriminator_is_four_times_the_square_of_x():
    values, slope = logit_and_squared_slope(lambda x: x.square().sum(1), X)
    torch.testing.assert_close(values, X.square().sum(1))
    torch.testing.assert_close(slope, 4 * X.square().sum(1))
    torch.testing.assert_close(3.0 * half(slope), 6 * X.square().sum(1))


def test_each_penalty_uses_its_own_side():
    nets = {"d": lambda x: x.square().sum(1), "g": identity}
    plain, observed = discriminator_loss(parts())(nets, Batch(X), GameNoise(Z))
    assert not {"real_slope", "fake_slope"} & observed.keys()
    for weights, seen in (({"r1": 1.0}, X), ({"r2": 1.0}, Z)):
        penalised, _ = discriminator_loss(parts(**weights))(nets, Batch(X), GameNoise(Z))
        torch.testing.assert_close(penalised - plain, 2 * seen.square().sum(1))


@pytest.mark.parametrize("objective", ["non-saturating", "relativistic", "hinge", "wasserstein"])
def test_transforms_and_the_loop_agree_to_the_second_derivative(objective):
    network = MLP((3,), (), (5, 4), "tanh").double()
    loss = discriminator_loss(parts(objective, r1=0.3, r2=0.2))

    def mean(parameters):
        def called(x):
            return torch.func.functional_call(network, parameters, (x,))

        return loss({"d": called, "g": identity}, Batch(X), GameNoise(Z))[0].mean()

    parameters = {name: value.detach() for name, value in network.named_parameters()}
    by_transform = torch.func.grad(mean)(parameters)
    loss({"d": network, "g": identity}, Batch(X), GameNoise(Z))[0].mean().backward()
    for name, value in network.named_parameters():
        torch.testing.assert_close(by_transform[name], value.grad)
    many = torch.func.vmap(torch.func.grad(mean))({k: torch.stack([v, v]) for k, v in parameters.items()})
    torch.testing.assert_close(many["layers.0.weight"][1], by_transform["layers.0.weight"])


def test_without_gradients_the_value_is_the_same():
    network = MLP((3,), (), (5,), "tanh").double()
    loss = discriminator_loss(parts(r1=1.0))
    expected, _ = loss({"d": network, "g": identity}, Batch(X), GameNoise(Z))
    with torch.no_grad():
        found, _ = loss({"d": network, "g": identity}, Batch(X), GameNoise(Z))
    torch.testing.assert_close(found, expected)


def test_batch_norm_keeps_its_statistics_once_a_call():
    network = MLP((3,), (), (5,), "tanh", batch_norm=True).double()
    loss = discriminator_loss(parts(r1=1.0, r2=1.0))
    loss({"d": network, "g": identity}, Batch(X), GameNoise(Z))[0].mean().backward()
    assert network.layers[1].num_batches_tracked == 2


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_pack_is_penalised_once_whatever_its_size(size):
    """`models.gan` divides the weight by the size of a pack."""
    body = nn.Linear(3 * size, 1, dtype=torch.float64)
    packed = Packed(body, size)
    _, slope = logit_and_squared_slope(lambda x: logits({"d": packed}, x), X)
    torch.testing.assert_close(slope.mean() / size, body.weight.square().sum())


def test_a_penalty_falls_with_its_scale():
    nets = {"d": linear(), "g": identity}
    plain, _ = discriminator_loss(parts())(nets, Batch(X), GameNoise(Z))
    whole, _ = discriminator_loss(parts(r1=1.0, r2=0.5))(nets, Batch(X), GameNoise(Z))
    scale = torch.tensor(0.25, dtype=torch.float64)
    part, _ = discriminator_loss(parts(r1=1.0, r2=0.5))(
        nets, Batch(X), GameNoise(Z, penalty_scales={"r1": scale, "r2": scale})
    )
    torch.testing.assert_close(part - plain, 0.25 * (whole - plain))
