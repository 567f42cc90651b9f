import torch

from saddlepoint.models.mixture import LARGEST_FIT, CodeMixture

CENTRES = torch.tensor([[0.0, 0.0], [5.0, 1e-3], [10.0, 0.0]], dtype=torch.float64)


def codes(n, generator):
    which = torch.arange(n) % 3
    spread = torch.tensor([0.1, 1e-5], dtype=torch.float64)
    return CENTRES[which] + spread * torch.randn(n, 2, generator=generator, dtype=torch.float64)


def test_it_finds_the_clusters_and_samples_follow_the_codes():
    generator = torch.Generator().manual_seed(0)
    x = codes(3_000, generator)
    mixture = CodeMixture.fit(x, 3, generator)
    order = mixture.means[:, 0].argsort()
    # 1,000 points a cluster: 6 standard errors of a mean.
    assert ((mixture.means[order] - CENTRES).abs() < 6 * torch.tensor([0.1, 1e-5]) / 1000**0.5).all()
    samples = mixture.sample(30_000, generator).double()
    assert samples.shape == (30_000, 2)
    # 6 standard errors of both means; the mixture reproduces the codes' mean, and their covariance but for its 1e-4.
    error = x.std(0) * (1 / 3_000**0.5 + 1 / 30_000**0.5)
    assert ((samples.mean(0) - x.mean(0)).abs() < 6 * error).all()
    torch.testing.assert_close(torch.corrcoef(samples.T), torch.corrcoef(x.T), atol=0.05, rtol=0)


def test_few_constant_and_many_codes_are_all_fitted():
    generator = torch.Generator().manual_seed(0)
    assert CodeMixture.fit(torch.randn(5, 3), 10, generator).means.shape == (2, 3)
    assert CodeMixture.fit(torch.ones(50, 3), 4, generator).sample(9, generator).isfinite().all()
    assert CodeMixture.fit(torch.randn(LARGEST_FIT + 7, 1), 1, generator).weights.tolist() == [1.0]


def test_the_same_generator_fits_the_same_mixture():
    fits = [CodeMixture.fit(codes(90, g), 3, g) for g in (torch.Generator().manual_seed(4) for _ in range(2))]
    assert all(torch.equal(fits[0].state()[name], fits[1].state()[name]) for name in fits[0].state())
