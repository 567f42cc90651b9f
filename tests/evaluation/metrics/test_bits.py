import math

import pytest
import torch
from torch.distributions import Normal

from saddlepoint.data.event import Event
from saddlepoint.errors import DataError, SettingError
from saddlepoint.evaluation.metrics.bits import bits_per_dimension, dequantise, dequantised_log_likelihood

BYTES = Event((1, 2, 3), "image", "uint8", 0.0, 255.0)


class Density:
    """Independent numbers of one density, in the data's units."""

    log_prob_kind = "exact"

    def __init__(self, log_prob):
        self.log_prob = lambda x: log_prob(x).flatten(1).sum(1)


def test_uniform_bytes_have_eight_bits():
    x = torch.randint(0, 256, (50, 2, 3), dtype=torch.uint8)
    uniform = Density(lambda x: torch.full(x.shape, -math.log(256)))
    values = dequantised_log_likelihood(uniform, x, generator=torch.Generator().manual_seed(0)).values
    torch.testing.assert_close(
        bits_per_dimension(values, BYTES, of="density"), torch.full((50,), 8.0, dtype=torch.float64), rtol=0, atol=1e-5
    )


@pytest.mark.parametrize("kind", ["unit", "symmetric"])
def test_bits_do_not_depend_on_the_units_a_model_works_in(kind):
    x = torch.randint(0, 256, (50, 2, 3)).float()
    scaling = BYTES.scaling(kind)
    scale = scaling.scale[0]
    model = Normal(scaling.to_model(torch.tensor(100.0)), 50 * scale)
    in_model_units = model.log_prob(scaling.to_model(x)).flatten(1).sum(1)
    in_data_units = Normal(100.0, 50.0).log_prob(x).flatten(1).sum(1)
    found = bits_per_dimension(in_model_units + scaling.log_abs_det, BYTES, of="density")
    torch.testing.assert_close(found, bits_per_dimension(in_data_units, BYTES, of="density"))
    # The same data divided by 255: the bin is narrower, the density higher, the bits the same.
    floats = Event((1, 2, 3), "image", "float32", 0.0, 1.0)
    found = bits_per_dimension(in_data_units + 6 * math.log(255), floats, of="density", bin_width=1 / 255)
    torch.testing.assert_close(found, bits_per_dimension(in_data_units, BYTES, of="density"))


def test_a_fair_coin_has_one_bit():
    found = bits_per_dimension(torch.tensor([6 * math.log(0.5)]), BYTES, of="probability")
    assert found.item() == pytest.approx(1)


@pytest.mark.parametrize("std", [0.3, 20.0])
def test_the_bound_of_dequantised_bytes_is_below_the_mass_of_their_bins(std):
    model = Normal(100.0, std)
    x = torch.randint(98, 103, (400, 2, 3), dtype=torch.uint8)
    found = dequantised_log_likelihood(Density(model.log_prob), x, generator=torch.Generator().manual_seed(0))
    cells = model.cdf(x.double() + 0.5) - model.cdf(x.double() - 0.5)
    mass = cells.clamp_min(1e-300).log().flatten(1).sum(1)
    assert found.kind == "lower bound"
    above = found.values - mass  # the flatter the density, the more this is mere scatter of the draws
    assert above.mean() < 5 * above.std() / 400**0.5
    if std == 20.0:  # nearly flat within a cell
        torch.testing.assert_close(found.values.double(), mass, rtol=1e-3, atol=1e-3)


def test_a_spike_at_whole_numbers_gains_nothing():
    """Injected: a density with all its mass within 0.01 of whole numbers, infinite as that narrows."""
    spiky = Density(lambda x: torch.where((x - x.round()).abs() < 0.01, math.log(50 / 256), -60.0))
    x = torch.randint(0, 256, (50, 2, 3), dtype=torch.uint8)
    naive = bits_per_dimension(spiky.log_prob(x.float()), BYTES, of="density").mean()
    held = dequantised_log_likelihood(spiky, x, generator=torch.Generator().manual_seed(0)).values
    assert naive < 3
    assert bits_per_dimension(held, BYTES, of="density").mean() > 8


def test_dequantised_values_round_to_themselves():
    x = torch.arange(256, dtype=torch.uint8)
    found = dequantise(x, torch.Generator().manual_seed(0))
    assert ((found - x.float()).abs() <= 0.5).all()
    assert found.unique().numel() == 256


def test_models_without_bits_are_refused():
    with pytest.raises(SettingError, match="changes with their units; give bin_width"):
        bits_per_dimension(torch.zeros(3), Event((2,), "vector"), of="density")
    with pytest.raises(DataError, match="uint8"):
        dequantise(torch.zeros(3), torch.Generator())
