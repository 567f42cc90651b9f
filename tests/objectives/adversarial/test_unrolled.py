import pytest
import torch
from torch import nn
from torch.nn.functional import softplus

from saddlepoint.networks.mlp import MLP
from saddlepoint.objectives.adversarial.game import adversarial_game, discriminator_loss, generator_loss
from saddlepoint.objectives.adversarial.noise import GameNoise
from saddlepoint.objectives.adversarial.unrolled import unrolled
from saddlepoint.objectives.phase import Batch
from tests.objectives.adversarial.parts import parts

X = torch.randn(6, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) + 1
Z = torch.randn(6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
RATE = 0.3
ANSWER = discriminator_loss(parts(), detached=False)


def players():
    torch.manual_seed(0)
    return {"d": MLP((2,), (), (4,), "tanh").double(), "g": MLP((3,), (2,), (4,), "tanh").double()}


def gradients(loss, nets):
    mean = loss(nets, Batch(X), GameNoise(Z))[0].mean()
    return mean.detach(), torch.autograd.grad(mean, list(nets["g"].parameters()))


@pytest.mark.parametrize("objective", ["non-saturating", "minimax", "relativistic"])
def test_no_steps_are_the_plain_loss(objective):
    nets = players()
    plain = adversarial_game(parts(objective))[1].loss
    for mine, other in zip(
        gradients(unrolled(plain, ANSWER, 0, RATE), nets), gradients(plain, nets), strict=True
    ):  # fmt: skip
        torch.testing.assert_close(mine, other)


def test_one_step_is_the_step_by_hand_and_its_gradient_goes_through_it():
    nets = {"d": nn.Linear(2, 1, dtype=torch.float64), "g": players()["g"]}
    mean, found = gradients(unrolled(generator_loss(parts()), ANSWER, 1, RATE), nets)

    w, b = nets["d"].weight[0], nets["d"].bias
    made = nets["g"](Z)
    real, fake = X @ w + b, made @ w + b
    # The derivatives of softplus(-a) and softplus(a) are -sigmoid(-a) and sigmoid(a).
    of_real, of_fake = -torch.sigmoid(-real), torch.sigmoid(fake)
    w = w - RATE * (of_real[:, None] * X + of_fake[:, None] * made).mean(0)
    b = b - RATE * (of_real + of_fake).mean()
    expected = softplus(-(made @ w + b)).mean()
    torch.testing.assert_close(mean, expected.detach())
    torch.testing.assert_close(found, torch.autograd.grad(expected, list(nets["g"].parameters())))

    cut = gradients(unrolled(generator_loss(parts()), discriminator_loss(parts()), 1, RATE), nets)[1]
    assert (cut[0] - found[0]).abs().max() > 1e-6


def test_steps_follow_each_other_and_the_discriminator_stays_where_it_is():
    nets = players()
    before = {name: value.clone() for name, value in nets["d"].state_dict().items()}
    moved = players()["d"]
    for _ in range(3):
        made = nets["g"](Z)
        mean = ANSWER({"d": moved, "g": lambda z, made=made: made}, Batch(X), GameNoise(Z))[0].mean()
        steps = torch.autograd.grad(mean, list(moved.parameters()))
        with torch.no_grad():
            for parameter, step in zip(moved.parameters(), steps, strict=True):
                parameter -= RATE * step
    loss, _ = unrolled(generator_loss(parts()), ANSWER, 3, RATE)(nets, Batch(X), GameNoise(Z))
    torch.testing.assert_close(loss, generator_loss(parts())({**nets, "d": moved}, Batch(X), GameNoise(Z))[0])
    for name, value in nets["d"].state_dict().items():
        assert torch.equal(value, before[name])


def test_running_statistics_stay_as_they_are():
    nets = players() | {"d": MLP((2,), (), (4,), "tanh", batch_norm=True).double()}
    norm = nets["d"].layers[1]
    gradients(unrolled(generator_loss(parts()), ANSWER, 2, RATE), nets)
    assert norm.track_running_stats
    assert norm.num_batches_tracked == 0
    assert torch.equal(norm.running_mean, torch.zeros(4, dtype=torch.float64))


def test_a_discriminator_that_is_no_module_is_refused_in_a_sentence():
    nets = players()
    with pytest.raises(TypeError, match=r"nets\['d'\] is a function: give the network itself"):
        unrolled(generator_loss(parts()), ANSWER, 1, RATE)(
            {**nets, "d": lambda x: nets["d"](x)}, Batch(X), GameNoise(Z)
        )


def test_the_generator_makes_its_samples_once():
    nets = players()
    calls = []

    def counted(z):
        calls.append(z)
        return players()["g"](z)

    unrolled(generator_loss(parts()), ANSWER, 2, RATE)(nets | {"g": counted}, Batch(X), GameNoise(Z))
    assert len(calls) == 1


def test_an_unrolled_game_uses_data():
    discriminator, generator = adversarial_game(parts("minimax"), unrolled_steps=2)
    assert generator.uses_data
    assert generator.shares == "output"
    torch.testing.assert_close(
        generator.loss(players(), Batch(X), GameNoise(Z))[0].detach(),
        unrolled(adversarial_game(parts("minimax"))[1].loss, ANSWER, 2, 0.1)(players(), Batch(X), GameNoise(Z))[
            0
        ].detach(),
    )
    assert discriminator.repeats == 1


def test_labels_reach_both_players_by_name():
    class Conditional(nn.Module):
        def __init__(self, outputs):
            super().__init__()
            self.layer = nn.Linear(2, outputs)

        def forward(self, x, *, labels):
            return self.layer(x) + labels[:, None]

    def critic_loss(nets, batch, noise):
        made = nets["g"](noise.latent, labels=batch.y)
        real, fake = (nets["d"](x, labels=batch.y)[:, 0] for x in (batch.x, made))
        return softplus(-real) + softplus(fake), {}

    def generator_loss(nets, batch, noise):
        made = nets["g"](noise.latent, labels=batch.y)
        return softplus(-nets["d"](made, labels=batch.y)[:, 0]), {}

    nets = {"d": Conditional(1), "g": Conditional(2)}
    batch = Batch(torch.randn(5, 2), torch.arange(5.0))
    ahead = unrolled(generator_loss, critic_loss, 2, 0.1, conditional=True)
    loss, _ = ahead(nets, batch, GameNoise(torch.randn(5, 2)))
    assert loss.shape == (5,)
    assert torch.autograd.grad(loss.mean(), nets["g"].layer.weight)[0].any()
