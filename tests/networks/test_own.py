import pytest
import torch
from torch import nn

from saddlepoint.errors import SettingError
from saddlepoint.networks.build import build
from saddlepoint.networks.own import check_network
from saddlepoint.networks.settings import NetworkSettings

SOURCE = """
import torch
from torch import nn

class Generator(nn.Module):
    def __init__(self, inputs, outputs, width=4):
        super().__init__()
        self.outputs = outputs
        self.layers = nn.Sequential(nn.Linear(inputs[0], width), nn.BatchNorm1d(width), nn.Linear(width, 12))

    def forward(self, z):
        return self.layers(z).reshape(len(z), *self.outputs)

def breaks(inputs, outputs):
    raise ValueError("no luck")

NOT_A_NETWORK = dict
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_networks_for_test.py").write_text(SOURCE)
    (tmp_path / "own_networks_that_fail.py").write_text("import a_package_that_is_not_there\n")
    (tmp_path / "own_networks_with_a_slip.py").write_text("1 / 0\n")
    return "own_networks_for_test"


def test_an_import_path_finds_a_file_beside_the_user(own):
    network = build(NetworkSettings(network=f"{own}:Generator", arguments={"width": 9}), (3,), (1, 3, 4))
    assert network.layers[0].out_features == 9
    assert network.training


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("no_such_module_here:Generator", 'there is no module "no_such_module_here"'),
        ("torch.no_such_part:Generator", 'there is no module "torch.no_such_part"'),
        ("own_networks_for_test:Generater", 'has no "Generater". Did you mean "Generator"'),
        ("own_networks_that_fail:Generator", "No module named 'a_package_that_is_not_there'"),
        ("own_networks_with_a_slip:Generator", "ZeroDivisionError"),
        ("own_networks_for_test:breaks", "ValueError: no luck"),
        ("own_networks_for_test:NOT_A_NETWORK", "a torch.nn.Module is needed, got dict"),
    ],
)
def test_invalid_networks_are_reported(own, path, message):
    with pytest.raises(SettingError) as error:
        build(NetworkSettings(network=path), (3,), (1, 3, 4), where="model.generator")
    assert message in str(error.value)
    assert str(error.value).startswith("model.generator.network: ")


def test_unknown_arguments_are_reported(own):
    with pytest.raises(SettingError, match="unexpected keyword argument 'depth'"):
        build(NetworkSettings(network=f"{own}:Generator", arguments={"depth": 2}), (3,), (1, 3, 4))


def test_a_wrong_shape_is_found_before_training():
    with pytest.raises(SettingError, match=r"batch of shape \(2, 3\) into \(2, 5\), but \(2, 4\) is needed"):
        check_network(nn.Linear(3, 5), (3,), (4,), "generator")
    with pytest.raises(SettingError, match=r"fails on a batch of shape \(2, 3\)"):
        check_network(nn.Linear(4, 5), (3,), (5,), "generator")


@pytest.mark.parametrize("shape", [(2,), (2, 1), (2, 1, 1, 1)])
def test_one_number_an_example_may_have_trailing_ones(shape):
    class Ones(nn.Module):
        def forward(self, x):
            return torch.ones(shape)

    assert isinstance(check_network(Ones(), (3,), (), "discriminator"), Ones)
    with pytest.raises(SettingError):
        check_network(nn.Linear(3, 2), (3,), (), "discriminator")


def test_the_trial_leaves_the_network_as_it_was():
    network = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(), nn.Linear(3, 2)).double()
    network[1].eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    check_network(network, (3,), (2,), "generator")
    assert [layer.training for layer in network] == [True, False, True]
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)


def test_the_generator_error_explains_that_its_input_is_the_code():
    with pytest.raises(SettingError, match=r"shape \(2, 32\), which is \(N, model\.latent\)"):
        check_network(nn.Linear(5, 4), (32,), (4,), "model.generator.network")
