"""Examples keep their places, names and classes, whatever the source; recipes suit every kind of data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from saddlepoint.applications.cluster.settings import RECIPES
from saddlepoint.applications.cluster.sources import is_run, read_data
from saddlepoint.applications.cluster.training import check_encodes, choose_recipe
from saddlepoint.data.event import Event
from saddlepoint.data.settings import DataSettings
from saddlepoint.errors import DataError, SettingError


def test_an_index_is_the_place_in_the_source() -> None:
    from sklearn.datasets import load_digits

    digits = load_digits()
    for settings in (DataSettings(), DataSettings(limit=50, held_out=0.3)):
        subject = read_data("digits", settings).subject(None, "all", 10_000, 0)
        assert subject.y is not None
        np.testing.assert_array_equal(subject.y, digits.target[subject.index])
        own = subject.x.flatten(1).double().numpy()
        assert np.corrcoef(own.ravel(), digits.data[subject.index].ravel())[0, 1] > 0.999
        assert len(set(subject.index.tolist())) == len(subject)


@pytest.mark.parametrize("folders", [("a", "b"), ("train/a", "train/b", "test/a", "test/b")])
def test_images_of_a_folder_have_the_names_of_their_files(tmp_path: Path, folders: tuple[str, ...]) -> None:
    for number, folder in enumerate(folders):
        (tmp_path / folder).mkdir(parents=True)
        for n in range(4):
            Image.new("L", (4, 4), 20 * n + number).save(tmp_path / folder / f"{n}.png")
    subject = read_data(tmp_path, DataSettings(held_out=0.25)).subject(None, "all", 100, 0)
    assert len(subject) == 4 * len(folders)
    for x, name, label, part in zip(subject.x, subject.names, subject.y, subject.parts, strict=True):  # type: ignore[arg-type]
        assert int(x[0, 0, 0]) == np.asarray(Image.open(tmp_path / name))[0, 0]
        assert subject.classes[label] == Path(name).parent.name
        assert "test" not in name or part == "held-out"


def test_rows_of_a_table_are_numbered_and_a_missing_class_is_none(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    rows = [f"{n + 0.5},{n % 3 + 0.25},{'' if n == 7 else 'yes' if n % 2 else 'no'}" for n in range(30)]
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(["x,y,answer", *rows]) + "\n")
    subject = read_data(path, DataSettings(target="answer")).subject(None, "all", 100, 0)
    assert subject.classes == ("no", "yes")
    assert subject.y is not None
    assert subject.table is not None
    for index, name, label in zip(subject.index, subject.names, subject.y, strict=True):
        assert name == f"row {index + 1}"
        assert label == (-1 if index == 7 else index % 2)
    decoded = subject.table.decode(subject.x.numpy())["x"].to_numpy(dtype=float)
    np.testing.assert_allclose(decoded, subject.index + 0.5, atol=0.2)


def test_arrays_with_and_without_labels() -> None:
    x = np.arange(40, dtype=np.float32).reshape(20, 2)
    subject = read_data((x, np.arange(20) % 2), DataSettings()).subject(None, "all", 100, 0)
    assert subject.x[:, 0].tolist() == (2.0 * subject.index).tolist()
    assert subject.y is not None
    assert subject.y.tolist() == (subject.index % 2).tolist()
    assert read_data(x, DataSettings()).subject(None, "all", 100, 0).y is None
    one_class = read_data((x, np.zeros(20, dtype=int)), DataSettings()).subject(None, "all", 100, 0)
    assert one_class.y is None  # nothing to score by


def test_parts_and_the_limit_are_kept() -> None:
    source = read_data("digits", DataSettings())
    held_out = source.subject(None, "held-out", 10_000, 0)
    assert set(held_out.parts) == {"held-out"}
    some, same = (source.subject(None, "training", 100, 3) for _ in range(2))
    assert set(some.parts) == {"training"}
    assert len(some) == 100
    assert some.index.tolist() == same.index.tolist()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (np.array([[1.0, 2.0], [np.nan, 3.0], [2.0, 1.0]]), "NaN in 1"),
        (np.array([[1.0, 2.0]]), "one example"),
        ("nothing/here", "no such file"),
        (object(), "array"),
    ],
)
def test_bad_data(source: object, said: str) -> None:
    with pytest.raises((DataError, SettingError), match=said):
        read_data(source, DataSettings()).subject(None, "all", 100, 0)


EVENTS = {
    "small image": Event((1, 8, 8), "image", low=0.0, high=16.0),
    "image": Event((1, 28, 28), "image", "uint8", 0.0, 255.0),
    "large image": Event((3, 64, 64), "image", "uint8", 0.0, 255.0),
    "table": Event((5,), "vector", mean=(0.0,) * 5, std=(1.0,) * 5),
    "vector": Event((2,), "vector", mean=(0.0,) * 2, std=(1.0,) * 2),
    "series": Event((16, 2), "series", mean=(0.0,) * 2, std=(1.0,) * 2),
    "sound": Event((1, 256), "sound", low=-1.0, high=1.0),
    "volume": Event((1, 8, 8, 8), "volume", low=0.0, high=1.0),
}


@pytest.mark.parametrize("kind", RECIPES)
def test_the_recipe_of_every_kind_of_data_encodes(kind: str) -> None:
    event = EVENTS[kind]
    recipe = choose_recipe(event, kind == "table", None, 7, 3)
    assert (recipe.training.steps, recipe.training.seed) == (7, 3)
    assert recipe.name == RECIPES[kind].recipe
    check_encodes(recipe, event)


def test_unbounded_images_have_a_recipe_and_texts_have_none() -> None:
    event = Event((1, 8, 8), "image", mean=(0.0,), std=(1.0,))
    check_encodes(choose_recipe(event, False, None, None, 0), event)
    text = Event((8,), "text", "uint8", 0.0, 1.0, alphabet=("a", "b"))
    with pytest.raises(SettingError, match="no recipe is recommended for texts"):
        choose_recipe(text, False, None, None, 0)
    with pytest.raises(SettingError, match="has no codes"):
        check_encodes(choose_recipe(EVENTS["small image"], False, "dcgan-digits", None, 0), EVENTS["small image"])


def test_a_folder_of_images_is_no_run(tmp_path: Path) -> None:
    assert not is_run(tmp_path)
    assert not is_run("digits")
    assert not is_run(torch.zeros(2))
