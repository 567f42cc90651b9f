"""The contract of sources, tested for each of them through the registry."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from saddlepoint.data import SOURCES, Dataset, DataSettings, describe_sources, load
from saddlepoint.errors import DataError

DOWNLOADED = {"mnist", "fashion-mnist", "kmnist", "stacked-mnist", "moving-mnist"}
FOLDERS = {
    "stacked-mnist": "mnist",
    "moving-mnist": "mnist",
}  # of what a source is made, where it has no folder of its own


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """What a source keeps stays in the test."""
    monkeypatch.setenv("SADDLEPOINT_CACHE", str(tmp_path))


# Examples that are made where they can be: fewer videos, and every one of the 1,000 classes of stacked-mnist.
MADE = {"moving-mnist": 100, "moving-digits": 200, "stacked-mnist": 20_000}
FEW = 150  # in the other tests


def loaded(name: str, **settings) -> Dataset:
    folder = Path(os.environ.get("SADDLEPOINT_DATA", "/nowhere")) / FOLDERS.get(name, name)
    if name in DOWNLOADED and not folder.is_dir():
        pytest.skip(f"$SADDLEPOINT_DATA/{folder.name} is not there")
    return load(DataSettings(source=name, **settings))


@pytest.mark.slow
@pytest.mark.parametrize("name", SOURCES)
def test_a_source_keeps_the_contract(name):
    dataset = loaded(name, points=MADE.get(name, 3_000))
    event = dataset.event
    assert len(dataset) > 0
    assert dataset.x.isfinite().all() if dataset.x.is_floating_point() else dataset.x.dtype == torch.uint8
    assert dataset.held_out is not None
    assert dataset.held_out.event == event
    if event.bounded:
        assert event.low <= dataset.x.min().item()
        assert dataset.x.max().item() <= event.high
    if dataset.y is not None:
        assert set(dataset.y.unique().tolist()) == set(range(len(event.class_names)))
    rows = dataset.x.double().reshape(-1, event.shape[-1] if event.has_columns else 1).T.contiguous()
    torch.testing.assert_close(rows.mean(1), torch.tensor(event.mean).double())
    torch.testing.assert_close(rows.std(1, correction=0), torch.tensor(event.std).double())


@pytest.mark.parametrize("name", SOURCES)
def test_the_same_settings_give_the_same_data(name):
    first, second = loaded(name, points=FEW), loaded(name, points=FEW)
    assert first.fingerprint == second.fingerprint
    assert len(first.fingerprint) == 64
    assert torch.equal(first.x, second.x)
    assert torch.equal(first.held_out.x, second.held_out.x)


@pytest.mark.parametrize("name", sorted(set(SOURCES) - DOWNLOADED))
def test_another_split_seed_gives_another_split(name):
    first, second = loaded(name, points=FEW), loaded(name, points=FEW, split_seed=1)
    assert first.fingerprint != second.fingerprint
    assert len(first) == len(second)


@pytest.mark.parametrize("name", SOURCES)
def test_a_limit_takes_the_first_of_a_fixed_order(name):
    few, more = loaded(name, limit=50, points=FEW), loaded(name, limit=80, points=FEW)
    assert (len(few), len(more)) == (50, 80)
    assert torch.equal(few.x, more.x[:50])
    assert torch.equal(few.held_out.x, more.held_out.x)
    assert few.fingerprint != more.fingerprint


def test_digits_are_the_1797_of_the_original_and_no_example_is_in_both_parts():
    from sklearn.datasets import load_digits

    dataset = loaded("digits", held_out=0.25)
    assert (len(dataset), len(dataset.held_out)) == (1797 - 449, 449)
    together = torch.cat([dataset.x, dataset.held_out.x]).flatten(1).sort(dim=0).values
    original = torch.from_numpy(load_digits().data).to(torch.uint8).sort(dim=0).values
    assert torch.equal(together, original)


def test_mnist_is_the_official_split():
    dataset = loaded("mnist")
    assert (len(dataset), len(dataset.held_out)) == (60_000, 10_000)
    assert dataset.y[:5].tolist() == [5, 0, 4, 1, 9]
    assert dataset.held_out.y[:5].tolist() == [7, 2, 1, 0, 4]
    assert torch.bincount(dataset.y).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]


def test_a_held_out_share_of_zero_holds_nothing_out():
    assert loaded("digits", held_out=0.0).held_out is None
    assert loaded("ring", held_out=0.0).held_out is None


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("digitz", 'neither a built-in name nor a file or folder. Did you mean "digits"?'),
        ("fashion_mnist", 'Did you mean "fashion-mnist"?'),
        ("no/such/folder", "there is no such file or folder"),
        ("images", "this needs your own folder of pictures: --data.source FOLDER"),
        ("table", "this needs your own table: --data.source FILE.csv"),
        ("missing.npz", "there is no such file or folder"),
    ],
)
def test_a_source_that_does_not_exist_is_named(source, message):
    with pytest.raises(DataError) as error:
        load(DataSettings(source=source))
    assert message in str(error.value)
    assert source in str(error.value)


def test_the_advice_for_a_text_of_numbers_makes_a_readable_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    x = np.random.default_rng(0).normal(size=(30, 2)).astype(np.float32)
    (tmp_path / "t.txt").write_text("\n".join(["a b", *(f"{a} {b}" for a, b in x)]))
    with pytest.raises(DataError, match=r"\.txt files of numbers are not read") as raised:
        load("t.txt")
    advice = str(raised.value).split("give that file: ")[1].removesuffix(".")
    exec(advice, {"numpy": np})
    assert len(load("t.npy")) + len(load("t.npy").held_out or ()) == 30


def test_the_searched_folder_is_named_unless_the_path_is_absolute(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no such file or folder \(searched in"):
        load("nowhere/x.npy")
    with pytest.raises(DataError, match=r"no such file or folder; check"):
        load(tmp_path / "x.npy")


def test_a_source_alone_is_its_settings_at_their_defaults():
    assert load("digits").fingerprint == load(DataSettings(source="digits")).fingerprint


def test_every_source_has_a_description():
    assert set(describe_sources()) == set(SOURCES)
    assert all(describe_sources().values())


def test_the_package_and_its_settings_import_without_torch():
    code = "import sys, saddlepoint.data, saddlepoint.data.settings; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
