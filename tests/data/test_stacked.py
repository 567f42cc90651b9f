import pytest
import torch

from saddlepoint.data import DataSettings, load, mnist
from saddlepoint.data.stacked import draw_digits, labels
from saddlepoint.errors import DataError


@pytest.fixture
def stacked(real_data, tmp_path):
    if not (real_data / "mnist").is_dir():
        pytest.skip("$SADDLEPOINT_DATA/mnist is not there")
    return lambda **settings: load(
        DataSettings(source="stacked-mnist", cache=str(tmp_path), **{"points": 600, "held_out": 0.5, **settings})
    )


@pytest.mark.slow
def test_every_channel_is_a_digit_of_mnist_and_the_label_reads_them(stacked):
    dataset, mnist = stacked(), load("mnist")
    assert dataset.x.shape == (600, 3, 28, 28)
    assert len(dataset.held_out) == 300
    assert dataset.event.class_names[407] == "407"
    for part, source, number in ((dataset, mnist, 0), (dataset.held_out, mnist.held_out, 1)):
        which = draw_digits(len(source), len(part), 0, number)
        digits = torch.stack([part.y // 100, part.y // 10 % 10, part.y % 10], 1)
        assert torch.equal(digits, source.y[which])
        for channel in range(3):
            assert torch.equal(part.x[:, channel], source.x[which[:, channel], 0])


def test_the_modes_are_as_unequal_as_the_docstring_says(real_data):
    if not (real_data / "mnist").is_dir():
        pytest.skip("$SADDLEPOINT_DATA/mnist is not there")
    shares = torch.bincount(load("mnist").y).double() / 60_000
    # Of three independent digits the divergences add up.
    assert round(float(3 * (shares * (10 * shares).log()).sum()), 3) == 0.004


def test_splits_and_seeds_are_independent_draws():
    assert not torch.equal(draw_digits(10_000, 50, 0, 0), draw_digits(10_000, 50, 0, 1))
    assert not torch.equal(draw_digits(10_000, 50, 0, 0), draw_digits(10_000, 50, 1, 0))


def test_fewer_points_are_the_first_of_more():
    assert torch.equal(draw_digits(100, 50, 0, 0), draw_digits(100, 80, 0, 0)[:50])


def test_draws_are_uniform_and_channels_independent():
    which = draw_digits(10, 60_000, 3, 0)
    modes = torch.bincount(labels(which), minlength=1_000).double()
    chi_squared = ((modes - 60) ** 2 / 60).sum()
    assert abs(chi_squared - 999) < 5 * (2 * 999) ** 0.5


def test_labels_run_from_0_to_999():
    assert labels(torch.tensor([[0, 0, 0], [4, 0, 7], [9, 9, 9]])).tolist() == [0, 407, 999]


@pytest.mark.slow
def test_the_same_seed_gives_the_same_data_and_another_one_others(stacked):
    first, again, other = stacked(), stacked(), stacked(split_seed=1)
    assert first.fingerprint == again.fingerprint != other.fingerprint
    assert torch.equal(first.x, again.x)
    assert not torch.equal(first.x, other.x)


@pytest.mark.slow
def test_the_images_are_mapped_from_a_file_that_stays_as_it_is(stacked, tmp_path):
    first = stacked()
    files = sorted((tmp_path / "stacked-mnist").glob("*"))
    assert [file.suffix for file in files] == [".npy", ".npy"]
    made = [file.stat().st_mtime_ns for file in files]
    first.x[0] = 7
    assert not torch.equal(stacked().x[0], first.x[0])
    assert [file.stat().st_mtime_ns for file in files] == made


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"", b"no array", None], ids=["empty", "text", "cut short"])
def test_a_damaged_file_of_the_cache_is_made_again(stacked, tmp_path, content):
    first = stacked().x.clone()
    for file in (tmp_path / "stacked-mnist").glob("*.npy"):
        whole = file.read_bytes()
        file.unlink()
        file.write_bytes(whole[: len(whole) // 2] if content is None else content)
    assert torch.equal(stacked().x, first)


def test_a_limit_and_no_held_out_part(stacked):
    dataset = stacked(limit=50, held_out=0.0)
    assert len(dataset) == 50
    assert dataset.held_out is None
    assert len(dataset.event.class_names) == 1_000


def test_without_mnist_the_message_says_where_to_put_it(monkeypatch, tmp_path):
    def fail(url, *_, **__):
        raise DataError(f"{url}: cannot be reached.")

    monkeypatch.delenv("SADDLEPOINT_DATA", raising=False)
    monkeypatch.setattr(mnist, "download", fail)
    with pytest.raises(DataError, match=r"put the four files of mnist into \$SADDLEPOINT_DATA/mnist/"):
        load(DataSettings(source="stacked-mnist", cache=str(tmp_path)))
