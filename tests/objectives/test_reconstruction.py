import pytest
import torch
from torch.distributions import Bernoulli, Laplace, Normal

from saddlepoint.objectives.precision import at_least_float32
from saddlepoint.objectives.reconstruction import RECONSTRUCTIONS, bernoulli, l1, l2

EVENT = (2, 3, 4)


@pytest.fixture
def pair():
    torch.manual_seed(0)
    return torch.randn(5, *EVENT, dtype=torch.float64), torch.rand(5, *EVENT, dtype=torch.float64)


@pytest.mark.parametrize("name", RECONSTRUCTIONS)
def test_one_number_an_example_whatever_the_others(name, pair):
    output, x = pair
    losses = RECONSTRUCTIONS[name](output, x)
    assert losses.shape == (5,)
    alone = torch.cat([RECONSTRUCTIONS[name](output[i : i + 1], x[i : i + 1]) for i in range(5)])
    torch.testing.assert_close(losses, alone)


def test_each_is_a_log_likelihood_up_to_a_constant(pair):
    output, x = pair
    flat = (1, 2, 3)
    # -log N(x; m, 1/2) = (x - m)^2 + log(pi)/2, and -log Laplace(x; m, 1) = |x - m| + log 2.
    normal = -Normal(output, 0.5**0.5).log_prob(x).sum(flat)
    torch.testing.assert_close(l2(output, x), normal - 24 * 0.5 * torch.tensor(torch.pi).double().log())
    laplace = -Laplace(output, 1.0).log_prob(x).sum(flat)
    torch.testing.assert_close(l1(output, x), laplace - 24 * torch.tensor(2.0).double().log())
    torch.testing.assert_close(
        bernoulli(output, x), -Bernoulli(logits=output, validate_args=False).log_prob(x).sum(flat)
    )


@pytest.mark.parametrize("logit", [1e4, -1e4])
def test_bernoulli_stays_finite_at_extreme_logits(logit):
    output = torch.full((1, 3), logit, requires_grad=True)
    right = torch.full((1, 3), float(logit > 0))
    assert bernoulli(output, right).item() == 0
    wrong = bernoulli(output, 1 - right)
    assert wrong.item() == 3e4
    (gradient,) = torch.autograd.grad(wrong.sum(), output)
    assert gradient.abs().eq(1).all()


def test_half_precision_outputs_are_summed_in_full():
    # 1,000 errors of 1 sum to 1,000 exactly; bfloat16 would stop at 256, where adding 1 no longer changes anything.
    assert l2(torch.ones(1, 1000, dtype=torch.bfloat16), torch.zeros(1, 1000)).item() == 1000
    kinds = (torch.bfloat16, torch.float16, torch.float32, torch.float64)
    assert [at_least_float32(torch.zeros(1, dtype=kind)).dtype for kind in kinds] == [torch.float32] * 3 + [kinds[3]]
