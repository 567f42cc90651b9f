import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from saddlepoint.data import Batches, Dataset, DataSettings, image_cache, images, load
from saddlepoint.data.folder import Listing, list_images
from saddlepoint.errors import DataError
from tests.data.test_decoding import bomb, deep_colours

BLUE, RED = (0, 0, 255), (255, 0, 0)


def fill(folder: Path, n: int, colour=BLUE, size=(6, 4), suffix="png") -> None:
    """n pictures that differ in their green."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(n):
        Image.new("RGB", size, (colour[0], i, colour[2])).save(folder / f"{i:03d}.{suffix}")


def loaded(folder: Path, **settings) -> Dataset:
    return load(DataSettings(source=str(folder), cache=str(folder.parent / "cache"), **settings))


@pytest.fixture
def pets(tmp_path):
    fill(tmp_path / "pets" / "dog", 10, RED)
    fill(tmp_path / "pets" / "cat", 10, BLUE)
    return tmp_path / "pets"


def test_class_folders_become_labels(pets):
    dataset = loaded(pets)
    assert dataset.event.class_names == ("cat", "dog")
    assert dataset.event.shape == (3, 4, 6)
    assert (dataset.event.low, dataset.event.high) == (0, 255)
    assert (len(dataset), len(dataset.held_out)) == (18, 2)
    for part in (dataset, dataset.held_out):
        assert torch.equal(part.x[:, 0, 0, 0] == 255, part.y == 1)


def test_the_second_start_decodes_nothing(pets, monkeypatch):
    first = loaded(pets)
    monkeypatch.setattr(image_cache, "decode", None)
    second = loaded(pets)
    assert second.fingerprint == first.fingerprint
    assert second.notes == first.notes
    assert torch.equal(second.x, first.x)
    assert torch.equal(second.y, first.y)


def test_other_shares_and_limits_use_the_same_pixels(pets, monkeypatch):
    loaded(pets)
    monkeypatch.setattr(image_cache, "decode", None)
    parts = [loaded(pets, held_out=share, limit=limit) for share, limit in ((0.5, None), (0.0, None), (0.1, 3))]
    assert [(len(p), len(p.held_out) if p.held_out else 0) for p in parts] == [(10, 10), (20, 0), (3, 2)]
    assert len({p.fingerprint for p in parts}) == 3
    for part in parts:
        assert part.event.mean[0] == pytest.approx(part.x.double().mean().item())
        assert part.event.std[0] == pytest.approx(part.x.double().std(correction=0).item())


def test_a_copied_folder_has_the_same_fingerprint(pets, tmp_path):
    shutil.copytree(pets, tmp_path / "copy", copy_function=shutil.copyfile)
    assert loaded(tmp_path / "copy").fingerprint == loaded(pets).fingerprint


def list_without_times(root: Path) -> Listing:
    """The folder's listing with every size and time made equal, as after an unpacking that gives all files one time."""
    found = list_images(root)
    for part in found.parts:
        for directory in part.directories:
            directory.examples[:] = [(name, 100, 0, 0) for name, *_ in directory.examples]
    return found


def test_two_folders_with_similar_files_do_not_share_a_cache(tmp_path, monkeypatch):
    fill(tmp_path / "one", 10, RED)
    fill(tmp_path / "two", 10, BLUE)
    monkeypatch.setattr(images, "list_images", list_without_times)
    assert loaded(tmp_path / "one").fingerprint != loaded(tmp_path / "two").fingerprint


@pytest.mark.parametrize("change", ["edit", "edit in disguise", "add", "remove", "rename class"])
def test_a_changed_folder_is_decoded_again(pets, change):
    before = loaded(pets)
    path = pets / "cat" / "003.png"
    if change.startswith("edit"):
        facts = path.stat()
        other = Image.new("RGB", (6, 4), (9, 9, 9))
        other.save(path)
        path.write_bytes(path.read_bytes().ljust(facts.st_size, b"\0"))
        assert path.stat().st_size == facts.st_size
        os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns + (change == "edit")))
    elif change == "add":
        fill(pets / "dog", 11, RED)
    elif change == "remove":
        path.unlink()
    else:
        (pets / "cat").rename(pets / "hamster")
    assert loaded(pets).fingerprint != before.fingerprint


def test_the_mapped_pixels_may_be_written_without_touching_the_cache(pets):
    before = loaded(pets).x.clone()
    loaded(pets).x.fill_(7)
    assert torch.equal(loaded(pets).x, before)


@pytest.mark.parametrize(("train", "test"), [("train", "test"), ("Training", "val"), ("train", "validation")])
@pytest.mark.parametrize("classes", [True, False])
def test_a_split_on_disk_is_taken(tmp_path, train, test, classes):
    root = tmp_path / "split"
    for part, n in ((train, 8), (test, 3)):
        fill(root / part / "a" if classes else root / part, n, RED if part == train else BLUE)
        if classes:
            fill(root / part / "b", n)
    dataset = loaded(root)
    assert (len(dataset), len(dataset.held_out)) == ((16, 6) if classes else (8, 3))
    assert dataset.event.class_names == (("a", "b") if classes else None)
    assert (dataset.held_out.x[:, 0] == 0).all()


def test_the_test_part_is_held_out_rather_than_val_and_that_is_reported(tmp_path):
    root = tmp_path / "three"
    for part, n in (("train", 8), ("val", 4), ("test", 3)):
        fill(root / part, n)
    dataset = loaded(root)
    assert (len(dataset), len(dataset.held_out)) == (8, 3)
    assert "images in val were left aside" in dataset.notes[0]


def test_a_class_may_be_called_train(tmp_path):
    for name in ("train", "bus"):
        fill(tmp_path / "vehicles" / name, 5)
    assert loaded(tmp_path / "vehicles").event.class_names == ("bus", "train")


def test_images_without_classes_and_below_one_folder_have_no_labels(tmp_path):
    fill(tmp_path / "flat", 5)
    fill(tmp_path / "one" / "all", 5)
    for name in ("flat", "one"):
        dataset = loaded(tmp_path / name)
        assert dataset.y is None
        assert dataset.event.class_names is None
    assert loaded(tmp_path / "flat").fingerprint == loaded(tmp_path / "one").fingerprint


def test_hidden_and_other_files_are_left_aside(pets):
    (pets / ".DS_Store").write_bytes(b"x")
    (pets / ".thumbnails").mkdir()
    (pets / ".thumbnails" / "0.png").write_bytes(b"x")
    (pets / "README.txt").write_text("my pets")
    (pets / "empty").mkdir()
    dataset = loaded(pets)
    assert dataset.event.class_names == ("cat", "dog")
    assert dataset.notes == ("One file that is no image was left aside: README.txt.",)


def test_a_link_back_up_is_no_endless_walk(pets):
    (pets / "cat" / "loop").symlink_to(pets)
    assert len(loaded(pets)) == 18


def test_mixed_sizes_want_a_size(pets):
    fill(pets / "eel", 3, size=(5, 9))
    with pytest.raises(DataError) as error:
        loaded(pets)
    message = str(error.value)
    assert "cat/000.png is 4x6" in message
    assert "eel/000.png 9x5" in message
    assert "--data.size 4" in message
    dataset = loaded(pets, size=(30, 45))
    assert dataset.event.shape == (3, 30, 45)
    assert dataset.notes == ("Images of 2 sizes were brought to 30x45 by crop.",)


@pytest.mark.parametrize(
    ("modes", "count", "note"),
    [(("L", "L"), 1, False), (("L", "RGB"), 3, False), (("RGBA", "RGBA"), 4, False), (("RGB", "RGBA"), 3, True)],
)
def test_channels_are_what_the_files_have(tmp_path, modes, count, note):
    for i, mode in enumerate(modes * 2):
        (tmp_path / "mixed").mkdir(exist_ok=True)
        Image.new(mode, (4, 4)).save(tmp_path / "mixed" / f"{i}.png")
    dataset = loaded(tmp_path / "mixed")
    assert dataset.event.shape == (count, 4, 4)
    assert bool(dataset.notes) == note
    assert loaded(tmp_path / "mixed", channels="grey").event.shape == (1, 4, 4)


def test_without_a_terminal_or_with_many_workers_the_pixels_are_the_same(pets, monkeypatch):
    parallel = loaded(pets).fingerprint
    shutil.rmtree(pets.parent / "cache")
    monkeypatch.setattr(image_cache.os, "cpu_count", lambda: 1)
    monkeypatch.setattr(image_cache, "CHUNK", 3)
    assert loaded(pets).fingerprint == parallel


def add_bad_files(pets: Path) -> dict[str, str]:
    """Five bad files among the good ones, and what is wrong with each."""
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8))
    noise.save(pets / "cat" / "cut.png")
    content = (pets / "cat" / "cut.png").read_bytes()
    (pets / "cat" / "cut.png").write_bytes(content[: len(content) - 40])
    (pets / "cat" / "text.jpg").write_bytes(b"no picture")
    (pets / "dog" / "empty.webp").write_bytes(b"")
    (pets / "dog" / "bomb.png").write_bytes(bomb(10_000, 10_000))
    return {
        "cat/cut.png": "is truncated",
        "cat/text.jpg": "is not an image that can be read",
        "dog/empty.webp": "is empty (0 bytes)",
        "dog/bomb.png": "decompression bomb",
    }


def test_bad_files_are_named_or_skipped(pets):
    good = loaded(pets, size=(4, 6))
    bad = add_bad_files(pets)
    for name, reason in bad.items():
        others = pets.parent / name.replace("/", "-")
        shutil.copytree(pets, others)
        for other in set(bad) - {name}:
            (others / other).unlink()
        with pytest.raises(DataError) as error:
            loaded(others, size=(4, 6))
        assert str(others / name) in str(error.value)
        assert reason in str(error.value)
        assert "--data.on_bad skip" in str(error.value)
    dataset = loaded(pets, size=(4, 6), on_bad="skip")
    assert len(dataset) + len(dataset.held_out) == 20
    assert "4 files were skipped" in dataset.notes[-1]
    assert "cat/cut.png is truncated" in dataset.notes[-1]
    together = [torch.cat([d.x, d.held_out.x]).flatten(1).unique(dim=0) for d in (dataset, good)]
    assert torch.equal(*together)
    with pytest.raises(DataError, match="cannot be read"):
        loaded(pets, size=(4, 6))


def test_a_failed_start_leaves_nothing_in_the_cache(pets):
    add_bad_files(pets)
    with pytest.raises(DataError):
        loaded(pets)
    assert list((pets.parent / "cache" / "images").iterdir()) == []


def test_bad_layouts_have_their_own_messages(tmp_path, pets):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="empty: the folder is empty"):
        loaded(tmp_path / "empty")
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.md").write_text("a")
    with pytest.raises(DataError, match=r"holds 1 files but no images .* only such as a\.md"):
        loaded(tmp_path / "texts")
    fill(tmp_path / "single" / "many", 5)
    fill(tmp_path / "single" / "one", 1)
    with pytest.raises(DataError, match="the class 'one' has only one image"):
        loaded(tmp_path / "single")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "a.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"none of its 1 image files can be read"):
        loaded(tmp_path / "broken", on_bad="skip")
    fill(pets, 1)
    with pytest.raises(DataError, match=r"both in class folders \(cat, dog\) and beside them \(000\.png\)"):
        loaded(pets)


@pytest.mark.slow
def test_real_photographs(tmp_path):
    root = Path(os.environ.get("SADDLEPOINT_DATA", "/nowhere")) / "cifar10-folder"
    if not root.is_dir():
        pytest.skip("$SADDLEPOINT_DATA/cifar10-folder is not there")
    dataset = load(DataSettings(source=str(root), cache=str(tmp_path), limit=512))
    whole = load(DataSettings(source=str(root), cache=str(tmp_path)))
    assert whole.event.shape == (3, 32, 32)
    assert len(whole.event.class_names) == 10
    assert len(whole) == len(list((root / "train").rglob("*.jpg")))
    assert len(whole.held_out) == len(list((root / "test").rglob("*.jpg")))
    path = sorted((root / "train" / "ship").iterdir())[7]
    expected = torch.from_numpy(np.asarray(Image.open(path)).transpose(2, 0, 1).copy())
    found = (whole.x == expected).flatten(1).all(1).nonzero().flatten()
    assert [whole.event.class_names[whole.y[i]] for i in found] == ["ship"]
    x, _ = Batches(dataset, 64, 0, "cpu", dataset.event.scaling("symmetric"))[0]
    assert x.shape == (64, 3, 32, 32)
    assert x.min() >= -1
    assert x.max() <= 1


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux tells what a process maps")
def test_no_file_is_mapped_when_it_is_renamed(pets, monkeypatch):
    """Windows refuses to rename one that is."""
    Image.effect_noise((60, 60), 90).save(pets / "cat" / "cut.jpg")
    whole = (pets / "cat" / "cut.jpg").read_bytes()
    (pets / "cat" / "cut.jpg").write_bytes(whole[: len(whole) // 2])  # found when it is decoded, and then left out
    renamed = []

    def watched(how):
        def rename(path, target):
            renamed.append(path.name)
            assert str(path) not in Path("/proc/self/maps").read_text()
            assert str(target) not in Path("/proc/self/maps").read_text()
            return how(path, target)

        return rename

    for name in ("rename", "replace"):
        monkeypatch.setattr(Path, name, watched(getattr(Path, name)))
    loaded(pets, size=(4, 6), on_bad="skip")
    assert renamed[0] == "kept.npy"
    assert len(renamed) == 2


def deep(folder: Path, top: int) -> None:
    """Ten pictures of 16 bits with grey levels from 0 to `top`."""
    folder.mkdir()
    for i in range(10):
        levels = np.random.default_rng(i).integers(0, top, (24, 24), endpoint=True).astype(np.uint16)
        levels[0, :2] = 0, top
        Image.fromarray(levels).save(folder / f"{i}.png")


@pytest.mark.parametrize(("top", "bits"), [(4095, 12), (3470, 12), (1000, 10), (200, 8)])
def test_images_of_twelve_bits_keep_their_levels_with_a_note(tmp_path, top, bits):
    deep(tmp_path / "deep", top)
    dataset = loaded(tmp_path / "deep", held_out=0)
    assert dataset.x.max() == round(top * 255 / (2**bits - 1))
    # Of 5,760 random levels nearly all values are hit.
    assert len(dataset.x.unique()) > 0.95 * min(top, 255 * top // (2**bits - 1))
    assert f"read as {bits} bits: 0 to {2**bits - 1:,} became 0 to 255" in dataset.notes[-1]


def test_images_of_sixteen_bits_are_as_they_were(tmp_path):
    deep(tmp_path / "deep", 65535)
    dataset = loaded(tmp_path / "deep", held_out=0)
    assert (dataset.x.min(), dataset.x.max(), dataset.notes) == (0, 255, ())


@pytest.mark.parametrize(("value", "said"), [(65535, False), (4095, True)])
def test_colours_of_sixteen_bits_that_lose_their_levels_are_named(tmp_path, value, said):
    (tmp_path / "deep").mkdir()
    for i in range(4):
        (tmp_path / "deep" / f"{i}.png").write_bytes(deep_colours([value - i, 300, 0]))
    notes = loaded(tmp_path / "deep", held_out=0).notes
    assert any("reach only 15 of 255" in note for note in notes) == said
