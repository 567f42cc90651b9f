"""`saddlepoint sample` on conditional models: classes by name and number, in pictures, folders and arrays."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL.Image import Image

import saddlepoint as sp
from saddlepoint.cli.main import main
from saddlepoint.cli.sample import _labels
from saddlepoint.cli.samples import _own_labels, _picture
from saddlepoint.data import Event
from saddlepoint.errors import SettingError

MODEL = {
    "condition": {"generator": "concatenate", "discriminator": "projection"},
    "latent": 4,
    "generator": {"network": "mlp", "hidden": [8]},
    "discriminator": {"network": "mlp", "hidden": [8]},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A conditional GAN of three named classes, with a sixth of the images in the last."""
    folder = tmp_path_factory.mktemp("conditional")
    generator = np.random.default_rng(0)
    x = generator.integers(0, 256, (60, 1, 6, 6), dtype=np.uint8)
    names = np.array(["circle", "square", "circle", "square", "circle", "star"] * 10)
    np.savez(folder / "shapes.npz", x=x, y=names)
    training = {"steps": 2, "tick": 1, "batch_size": 8}
    data = {"source": str(folder / "shapes.npz")}
    sp.train("gan-digits", data=data, model=MODEL, training=training, run=folder / "run", pictures=False)
    return folder / "run"


def arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as loaded:
        return dict(loaded)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [("2", [2] * 6), ("star", [2] * 6), ("square,0", [1, 0] * 3), (" star , circle ,1", [2, 0, 1] * 2)],
)
def test_classes_are_drawn_in_turn(run: Path, tmp_path: Path, labels: str, expected: list[int]) -> None:
    assert main(["sample", str(run), "-n", "6", "--labels", labels, "--out", str(tmp_path / "x.npz")]) == 0
    found = arrays(tmp_path / "x.npz")
    assert found["y"].tolist() == expected
    assert found["x"].shape == (6, 1, 6, 6)


def test_labels_that_are_numbers_are_asked_for_and_written_as_in_the_data() -> None:
    event = Event((2,), "vector", class_names=("0", "3", "7"))
    assert _labels("7,0", 3, event).tolist() == [2, 0, 2]
    assert _own_labels(torch.tensor([2, 0, 1]), event).tolist() == [7, 0, 3]
    with pytest.raises(SettingError, match=r'no class "1".*The classes are 0, 3, 7'):
        _labels("1", 3, event)


def test_without_labels_classes_have_the_shares_of_the_data(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sample", str(run), "-n", "600", "--json", "--out", str(tmp_path / "x.npz")]) == 0
    counts = json.loads(capsys.readouterr().out)["classes"]
    assert sum(counts.values()) == 600
    assert abs(counts["star"] / 600 - 1 / 6) < 5 * np.sqrt(5 / 36 / 600)
    labels = arrays(tmp_path / "x.npz")["y"]
    assert np.bincount(labels).tolist() == list(counts.values())


def test_a_folder_has_a_folder_for_each_class_which_are_read_back_as_classes(run: Path, tmp_path: Path) -> None:
    assert main(["sample", str(run), "-n", "9", "--labels", "star,square", "--out", f"{tmp_path / 'out'}/"]) == 0
    assert {path.parent.name: 0 for path in (tmp_path / "out").glob("*/*.png")}.keys() == {"star", "square"}
    from saddlepoint.data import load
    from saddlepoint.data.settings import DataSettings

    read = load(DataSettings(source=str(tmp_path / "out"), held_out=0.0))
    assert read.event.class_names == ("square", "star")
    assert np.bincount(read.y.numpy()).tolist() == [4, 5]


def test_a_picture_is_written_with_labels_and_without(run: Path) -> None:
    for asked in ([], ["--labels", "1"], ["--labels", "circle,star"]):
        assert main(["sample", str(run), "-n", "40", *asked]) == 0
    assert {path.name for path in run.glob("samples-40*.png")} == {
        "samples-40.png",
        "samples-40-labels-1.png",
        "samples-40-labels-circle-star.png",
    }


@pytest.mark.parametrize(("counts", "has_rows"), [((3, 3), True), ((4,), True), ((4, 3), False)])
def test_a_picture_has_a_row_for_each_class_only_if_all_have_as_many(counts: tuple[int, ...], has_rows: bool) -> None:
    event = Event((1, 4, 4), "image", "uint8", low=0.0, high=255.0, class_names=("a", "b"))
    labels = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    samples = torch.zeros(len(labels), 1, 4, 4, dtype=torch.uint8)
    drawn = [_picture(samples, given, event) for given in (labels, None)]
    sizes = [picture.size for picture in drawn if isinstance(picture, Image)]
    assert (sizes[0] != sizes[1]) is has_rows


@pytest.mark.parametrize("labels", ["3", "-1", "stra", "1,,2", "", "1.5"])
def test_a_class_that_does_not_exist_is_refused(
    run: Path, labels: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sample", str(run), f"--labels={labels}", "--out", str(tmp_path / "x.npz")]) == 2
    said = capsys.readouterr().err
    assert "there is no class" in said
    assert "circle, square, star" in said
    assert not (tmp_path / "x.npz").exists()


def test_labels_of_an_unconditional_model_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = {name: value for name, value in MODEL.items() if name != "condition"}
    sp.train("gan-digits", model=own, training={"steps": 1}, run=tmp_path / "run", pictures=False)
    assert main(["sample", str(tmp_path / "run"), "--labels", "3"]) == 2
    assert "was trained without labels and cannot sample a class: leave --labels out" in capsys.readouterr().err


def test_a_condition_on_data_without_labels_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "x.npy", np.random.default_rng(0).integers(0, 256, (90, 1, 6, 6), dtype=np.uint8))
    argv = ["train", "gan-digits", "--data.source", str(tmp_path / "x.npy"), "--run", str(tmp_path / "run")]
    condition = ["--model.condition.generator", "concatenate", "--model.condition.discriminator", "projection"]
    assert main([*argv, *condition]) == 2
    assert "model.condition: the data have no labels" in capsys.readouterr().err
    assert main([*argv, "--training.balance_classes", "true"]) == 2
    assert "training.balance_classes" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("count", "said"), [("1", "-n 1 is fewer than the 2 classes"), ("9" * 13, "samples")])
def test_a_number_that_does_not_suit_the_labels_is_refused(
    run: Path, count: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sample", str(run), "-n", count, "--labels", "0,1"]) == 2
    message = capsys.readouterr().err
    assert said in message
    assert "batch_size" not in message


@pytest.mark.slow
def test_codes_of_an_infogan_are_chosen(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = {"generator": {"hidden": [8]}, "discriminator": {"hidden": [8]}}
    infogan = tmp_path / "infogan"
    sp.train("info-digits", model=model, training={"steps": 2, "batch_size": 8}, run=infogan, pictures=False)
    out = tmp_path / "x.npz"
    assert main(["sample", str(infogan), "-n", "5", "--codes", "category-1=3,number-1=-0.5", "--out", str(out)]) == 0
    loaded = sp.load(infogan)
    z = loaded.fixed_noise(5, torch.Generator().manual_seed(0))
    expected = loaded.decode(loaded.named_codes.with_values(z, {"category-1": 3, "number-1": -0.5}))
    assert np.array_equal(arrays(out)["x"], expected.numpy())
    for folder, codes, said in ((infogan, "1", "--codes takes NAME=VALUE"), (run, "number-1=0", "no categorical or")):
        assert main(["sample", str(folder), "--codes", codes]) == 2
        assert said in capsys.readouterr().err
