"""Laws of VAEs with labels: conditional and semi-supervised."""

import math

import pytest
import torch
from torch.distributions import Normal

from saddlepoint.data.event import Event
from saddlepoint.errors import SettingError
from saddlepoint.models import build
from saddlepoint.models.class_samples import sample_with_labels
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.objectives.evidence import BoundNoise
from saddlepoint.objectives.phase import Batch

SMALL = NetworkSettings(hidden=(7,), activation="tanh")
BOTH = {"encoder": SMALL, "decoder": SMALL, "classifier": SMALL, "latent": 2}
SHARES = (0.5, 0.3, 0.2)


def event_of(*names, shares=None):
    return Event((1, 4, 4), "image", "uint8", 0.0, 255.0, class_names=names, class_shares=shares)


def model_of(event, **settings):
    return build(VAESettings(**BOTH, **settings), event)


def bytes_of(n=6):
    return torch.randint(0, 256, (n, 1, 4, 4), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)


def noise_of(n=6):
    epsilon = torch.randn(n, 2, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    return BoundNoise(epsilon, torch.tensor(0.7, dtype=torch.float64))


def test_one_class_is_no_condition():
    conditional, plain = model_of(event_of("only"), conditional=True), model_of(event_of())
    own = conditional.player.state_dict()
    for name, weight in plain.player.state_dict().items():
        place = name.replace("trunk.", "trunk.network.").replace("decoder.", "decoder.network.")
        if own[place].shape == weight.shape:
            own[place].copy_(weight)
        else:  # the label's weights, which a bias can hold
            own[place].copy_(torch.cat([weight, torch.zeros(len(weight), 1)], 1))
    x = bytes_of()
    labels = torch.zeros(6, dtype=torch.int64)
    torch.testing.assert_close(conditional.class_log_prob(x, labels), plain.log_prob(x))
    torch.testing.assert_close(conditional.log_prob(x), plain.log_prob(x).double())


def test_codes_end_with_the_class_and_given_classes_are_sampled():
    model = model_of(event_of("a", "b", "c", shares=SHARES), conditional=True)
    codes = model.fixed_noise(2_000, torch.Generator().manual_seed(0))
    z, weights = model.split_codes(codes)
    assert z.shape == (2_000, 2)
    assert (weights.mean(0) - torch.tensor(SHARES)).abs().max() < 5 * 0.5 / 2_000**0.5
    labels = torch.arange(2_000) % 3
    assert torch.equal(model.split_codes(model.with_labels(codes, labels))[1].argmax(1), labels)
    drawn, found = sample_with_labels(model, 7, None, torch.Generator().manual_seed(3))
    assert torch.equal(drawn, model.sample(7, generator=torch.Generator().manual_seed(3)))
    assert torch.equal(found, model.split_codes(model.fixed_noise(7, torch.Generator().manual_seed(3)))[1].argmax(1))


def test_the_label_of_an_example_is_given_or_found():
    model = model_of(event_of("a", "b", "c"), conditional=True)
    x, labels = bytes_of(), torch.arange(6) % 3
    given = model.encode(x, labels)
    assert torch.equal(given[:, 2:].argmax(1), labels)
    found = model.encode(x)[:, 2:].argmax(1)
    assert torch.equal(model.encode(x, torch.full((6,), -1)), model.encode(x, found))
    assert torch.equal(model.encode(x, torch.where(labels == 1, -1, labels))[labels != 1], given[labels != 1])


def test_unknown_classes_may_be_encoded_and_wrong_ones_may_not():
    model, plain = model_of(event_of("a", "b", "c"), conditional=True), model_of(event_of())
    x = bytes_of(2)
    for function in (model.encode, model.heads, lambda x, y: model.infer(model.model_units(x), y)):
        for wrong in ([99, 0], [0, -2], [0]):
            with pytest.raises(SettingError, match="labels"):
                function(x, torch.tensor(wrong))
    with pytest.raises(SettingError, match="without labels"):
        plain.encode(x, torch.tensor([0, 0]))


def test_the_best_class_of_two_layers_is_that_of_the_joint_density():
    """p(z1 | z2) is far from N(0, I), to which the KL would prefer other classes."""
    model = model_of(event_of("a", "b", "c"), conditional=True, layers=2, top_latent=2)
    player, x = model.player, bytes_of(200)
    with torch.no_grad():
        for weight in player.parameters():
            weight.mul_(2)
        player.top.down.mean.bias.add_(4.0)
    inputs, bounds = model.model_units(x), []
    for label in range(3):
        labels = torch.full((200,), label)
        mean, log_variance = player.heads(inputs, labels)
        above, above_log_variance = player.top.up(mean)
        below, below_log_variance = player.top.down(above)
        prior = Normal(0.0, 1.0).log_prob(above).sum(1) + Normal(below, (below_log_variance / 2).exp()).log_prob(
            mean
        ).sum(1)
        # At the mean of a Gaussian of standard deviation s, the log density is -log s, apart from constants.
        entropy = (log_variance.sum(1) + above_log_variance.sum(1)) / 2
        fit = model.likelihood.log_prob(inputs, player.decoder(mean, labels), player.log_std)
        bounds.append(fit + prior + entropy)
    assert torch.equal(model.encode(x)[:, -3:].argmax(1), torch.stack(bounds, 1).argmax(1))


def test_all_classes_judge_the_same_black_and_white_example():
    model = model_of(event_of("a", "b", "c"), conditional=True, binarise="stochastic", likelihood="bernoulli")
    with torch.no_grad():
        for weight in model.player.parameters():
            weight.zero_()
        [layer for layer in model.player.decoder.modules() if isinstance(layer, torch.nn.Linear)][-1].bias.fill_(2.0)
    found = model.log_prob(bytes_of(20), generator=torch.Generator().manual_seed(5))
    # For k white pixels of 16 it is 2 k - 16 log(1 + e^2), and a mean over classes with other k would lie in between.
    white = (found + 16 * math.log1p(math.exp(2.0))) / 2
    torch.testing.assert_close(white, white.round(), rtol=0, atol=1e-4)


def semi_supervised():
    event = event_of("a", "b", "c", shares=SHARES)
    model = model_of(event, conditional=True, semi_supervised=True, classifier_weight=4.0)
    plain = model_of(event, conditional=True)
    state = model.player.state_dict()
    plain.player.load_state_dict({name: state[name] for name in plain.player.state_dict()})
    for each in (model, plain):
        each.player.double()
    x = model.model_units(bytes_of())
    log_q = model.player.logits(x).log_softmax(1).detach()
    prior = torch.tensor(SHARES, dtype=torch.float64).log()
    costs = []
    for label in range(3):
        batch = Batch(x, torch.full((6,), label))
        costs.append(plain.phases[0].loss(plain.players, batch, noise_of())[0].detach() - prior[label])
    return model, x, torch.stack(costs, 1), log_q


def test_with_its_label_an_example_costs_its_conditional_bound_and_the_classifier():
    model, x, costs, log_q = semi_supervised()
    y = torch.tensor([0, 1, 2, 2, 1, 0])
    loss = model.phases[0].loss(model.players, Batch(x, y), noise_of())[0].detach()
    rows = torch.arange(6)
    torch.testing.assert_close(loss, costs[rows, y] - 4.0 * log_q[rows, y])


def test_without_its_label_an_example_costs_the_mean_over_classes_less_the_entropy():
    model, x, costs, log_q = semi_supervised()
    y = torch.full((6,), -1)
    loss = model.phases[0].loss(model.players, Batch(x, y), noise_of())[0].detach()
    torch.testing.assert_close(loss, (log_q.exp() * (costs + log_q)).sum(1))
    # No classifier does better than Bayes' rule, for which the cost is that of the sum over classes.
    assert (loss >= -(-costs).logsumexp(1) - 1e-9).all()
    torch.testing.assert_close(model.posterior(bytes_of()), log_q.exp())
