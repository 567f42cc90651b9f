"""Laws of features: the same for the same example, however they are streamed, and named by all that decides them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from saddlepoint.data import Dataset, Event, from_array, load
from saddlepoint.errors import DataError, MissingExtraError, SettingError
from saddlepoint.evaluation.features import FEATURES, Features, build_features, default_features, pretrained
from saddlepoint.evaluation.features import fitting as fitting_module
from saddlepoint.evaluation.features.contrastive import contrastive_loss, random_affine

PRETRAINED = ("inception", "clip", "dino")
OWN = tuple(name for name in FEATURES if name not in PRETRAINED)  # what needs no download
WORK_OF_USERS = fitting_module._MOST_SEEN
LEARNED = ("classifier", "self-supervised")
FITTED = (*LEARNED, "pca")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Weights of tests go to a folder of their own, and learning takes a moment."""
    monkeypatch.setenv("SADDLEPOINT_CACHE", str(tmp_path))
    monkeypatch.setattr(fitting_module, "_MOST_SEEN", 800)
    monkeypatch.setattr(fitting_module, "_LEAST_STEPS", 4)
    return tmp_path


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load("digits")


@pytest.fixture(scope="module")
def few(digits: Dataset) -> Dataset:
    """Enough to learn from; how well does not matter."""
    assert digits.y is not None
    return replace(digits, x=digits.x[:300], y=digits.y[:300], fingerprint="few")


def examples(kind: str, shape: tuple[int, ...], n: int = 60) -> Dataset:
    """Two classes of noise that differ in their mean."""
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(n) % 2
    x = torch.randn(n, *shape, generator=generator) + 2 * y.view(n, *[1] * len(shape))
    return Dataset("noise", x, Event(shape, kind, class_names=("low", "high")), y)  # type: ignore[arg-type]


SHAPES = {
    "grey image": ("image", (1, 8, 8)),
    "colour image": ("image", (3, 12, 20)),
    "large image": ("image", (3, 100, 70)),
    "sound": ("sound", (2, 500)),
    "volume": ("volume", (1, 8, 10, 8)),
    "vector": ("vector", (20,)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("what", SHAPES)
def test_any_example_has_a_finite_row_whatever_the_chunk(name: str, what: str) -> None:
    kind, shape = SHAPES[what]
    data = examples(kind, shape)
    if (name == "random" and kind == "vector") or (name == "self-supervised" and kind != "image"):
        with pytest.raises(DataError, match="use "):
            build_features(name, data)
        return
    if name == "self-supervised":
        data = examples(kind, shape, 64)
    features = build_features(name, data)
    rows = features(data.x)
    assert rows.shape == (len(data), features.dimension)
    assert rows.dtype == torch.float32
    assert rows.isfinite().all()
    scale = float(rows.abs().max())
    torch.testing.assert_close(features(data.x, chunk=7), rows, rtol=1e-4, atol=1e-5 * scale)
    torch.testing.assert_close(features(data.x.numpy()), rows, rtol=1e-4, atol=1e-5 * scale)


@pytest.mark.parametrize("name", OWN)
def test_building_again_gives_the_same_features(name: str, few: Dataset, own_cache: Path) -> None:
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = build_features(name, few)
    kept = build_features(name, few)  # from the cache, where there is something to keep
    for file in own_cache.glob("features/*"):
        file.unlink()
    fresh = build_features(name, few)
    assert first.fingerprint == kept.fingerprint == fresh.fingerprint
    assert first.name == kept.name
    assert first.notes == kept.notes == fresh.notes
    x = few.x[:50]
    assert torch.equal(first(x), kept(x))
    assert torch.equal(first(x), fresh(x))
    assert torch.equal(torch.get_rng_state(), state), "torch's global generator was used"


@pytest.mark.parametrize("name", LEARNED)
def test_damaged_weights_are_fitted_again(name: str, few: Dataset, own_cache: Path) -> None:
    first = build_features(name, few)
    (file,) = own_cache.glob("features/*.safetensors")
    whole = file.read_bytes()
    file.write_bytes(whole[:1000])
    assert build_features(name, few).fingerprint == first.fingerprint
    assert file.read_bytes() == whole


def test_a_cache_that_cannot_be_written_is_no_failure(
    digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SADDLEPOINT_CACHE", str(tmp_path / "file"))
    assert build_features("classifier", digits)(digits.x[:2]).shape == (2, 64)


@pytest.mark.parametrize("name", FITTED)
def test_the_fingerprint_follows_seed_and_data(name: str, few: Dataset) -> None:
    other = replace(few, x=few.x.flip(3), fingerprint="")
    prints = {
        build_features(name, few, 0).fingerprint,
        build_features(name, few, 1).fingerprint,
        build_features(name, other, 0).fingerprint,
        build_features(name, few.subset(torch.arange(200)), 0).fingerprint,
    }
    assert len(prints) == 4


def test_random_convolutions_follow_the_seed(digits: Dataset) -> None:
    first, second = build_features("random", digits, 0), build_features("random", digits, 1)
    assert first.fingerprint != second.fingerprint
    assert not torch.equal(first(digits.x[:3]), second(digits.x[:3]))


def test_raw_features_lose_nothing(digits: Dataset) -> None:
    features = build_features("raw", digits)
    assert features.name == "pixels"
    assert torch.equal(features(digits.x).to(torch.uint8).view_as(digits.x), digits.x)


def test_pca_is_that_of_scikit_learn(digits: Dataset) -> None:
    from sklearn.decomposition import PCA

    x = digits.x.flatten(1).double().numpy()
    pca = PCA(svd_solver="full").fit(x)
    count = int((pca.explained_variance_ratio_.cumsum() < 0.95).sum()) + 1
    features = build_features("pca", digits)
    assert features.dimension == count
    assert features.name == f"PCA-{count}"
    ours, theirs = features(digits.x).double().numpy(), pca.transform(x)[:, :count]
    signs = np.sign((ours * theirs).sum(0))  # a component's sign is a convention
    np.testing.assert_allclose(ours * signs, theirs, atol=1e-3 * theirs.std())


def test_columns_of_a_table_have_no_units_in_pca() -> None:
    data = examples("vector", (20,))
    units = torch.logspace(-2, 3, 20)
    other = replace(data, x=data.x * units, fingerprint="")
    first, second = build_features("pca", data)(data.x), build_features("pca", other)(other.x)
    torch.testing.assert_close(torch.cdist(first, first), torch.cdist(second, second), rtol=1e-3, atol=1e-2)


def test_random_convolutions_see_a_shift_less_than_pixels_do(digits: Dataset) -> None:
    """The distance to the shifted image, in units of the distance to other images."""
    x = digits.x[:200].repeat_interleave(3, 2).repeat_interleave(3, 3)
    data = Dataset("large digits", x, replace(digits.event, shape=(1, 24, 24)))
    raw, random = build_features("raw", data), build_features("random", data)
    for pixels in (1, 2, 4):
        assert _moved_away(random, x, pixels) < _moved_away(raw, x, pixels)


def _moved_away(features: Features, x: Tensor, pixels: int) -> float:
    rows = features(x)
    shifted = (rows - features(x.roll(pixels, 3))).norm(dim=1).mean()
    return float(shifted / (rows - rows.roll(1, 0)).norm(dim=1).mean())


@pytest.mark.slow
def test_a_classifier_tells_held_out_digits_apart(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting_module, "_MOST_SEEN", WORK_OF_USERS)
    features = build_features("classifier", digits)
    assert features.name == "digits classifier"
    held_out = digits.held_out
    assert held_out is not None
    probabilities = features.probabilities(held_out.x)
    torch.testing.assert_close(probabilities.sum(1), torch.ones(len(held_out)))
    accuracy = float((probabilities.argmax(1) == held_out.y).double().mean())
    assert accuracy >= 0.97  # 0.99 is usual; one of 180 is 0.0056
    assert f"{accuracy:.3f} on 180 held-out" in features.notes[0]


def test_a_classifier_without_held_out_labels_is_tested_on_examples_it_was_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fitting_module, "_MOST_SEEN", WORK_OF_USERS)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(400, 30, generator=generator)
    y = torch.randint(2, (400,), generator=generator)  # labels that nothing predicts
    features = build_features("classifier", Dataset("coin", x, Event((30,), "vector"), y))
    assert "on 40 training examples it was not shown" in features.notes[0]
    assert float(features.notes[0].split()[3]) < 0.8  # its 360 others it knows by heart
    assert (features.probabilities(x).argmax(1) == y).double().mean() > 0.8


def test_a_class_without_examples_is_reported() -> None:
    data = examples("vector", (20,))
    data = replace(data, event=replace(data.event, class_names=("low", "high", "never")))
    features = build_features("classifier", data)
    assert any("2 of 3 classes" in note for note in features.notes)
    assert features.probabilities(data.x).shape == (60, 3)


@pytest.mark.slow
def test_mnist_is_learned_within_a_fifth_of_the_work_allowed(real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting_module, "_MOST_SEEN", WORK_OF_USERS // 5)
    mnist = load("mnist")
    assert mnist.held_out is not None
    features = build_features("classifier", mnist)
    accuracy = float((features.probabilities(mnist.held_out.x).argmax(1) == mnist.held_out.y).double().mean())
    assert accuracy >= 0.975  # 0.984 is usual, and 0.990 with all of the work


def test_contrast_of_equal_and_of_opposite_pairs() -> None:
    """Pairs alike and others at a right angle: the partner's share of exp(1/t) among 2n - 2 of exp(0)."""
    rows = torch.eye(4, dtype=torch.float64)
    value = contrastive_loss(rows, 3 * rows, temperature=0.5)
    expected = -np.log(np.exp(2) / (np.exp(2) + 6))
    assert float(value) == pytest.approx(expected)
    assert contrastive_loss(rows, rows.roll(1, 0), temperature=0.5) > value


def test_moved_images_keep_their_range_and_follow_the_generator(digits: Dataset) -> None:
    x = digits.x[:20].float()
    first = random_affine(x, torch.Generator().manual_seed(3))
    assert torch.equal(first, random_affine(x, torch.Generator().manual_seed(3)))
    assert first.min() >= x.min()
    assert first.max() <= x.max()
    constant = torch.full((5, 3, 9, 7), 2.5)
    torch.testing.assert_close(random_affine(constant, torch.Generator().manual_seed(0)), constant)


def column_sums(x: Tensor) -> Tensor:
    return x.sum(2)


class HalfMeans(nn.Module):
    """Mean of an image's left and right half, after dropout that must be off."""

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight))
        self.dropout = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * self.dropout(torch.stack([half.flatten(1).mean(1) for half in x.chunk(2, 3)], 1))


def test_own_functions_and_modules(digits: Dataset) -> None:
    features = build_features(column_sums, digits)
    assert features.name == "own: column_sums"
    assert torch.equal(features(digits.x), digits.x.float().sum(2).flatten(1))
    assert "not its code" in features.notes[0]
    one, two = build_features(HalfMeans(), digits), build_features(HalfMeans(2.0), digits)
    assert one.fingerprint == build_features(HalfMeans(), digits).fingerprint != two.fingerprint
    torch.testing.assert_close(2 * one(digits.x), two(digits.x))


def test_own_features_by_import_path(digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_own_features.py").write_text("def mean(x):\n    return x.flatten(1).mean(1, keepdim=True)\n")
    monkeypatch.chdir(tmp_path)
    path = list(sys.path)
    features = build_features("my_own_features:mean", digits)
    assert features.name == "own: mean"
    assert features.dimension == 1
    assert sys.path == path
    for wrong in ("my_own_features:median", "no_such_module_of_mine:mean", "math:pi"):
        with pytest.raises(SettingError, match=wrong):
            build_features(wrong, digits)


@pytest.mark.parametrize("function", [lambda x: x.mean(), lambda x: x[:1].flatten(1), lambda x: x @ "no"])
def test_own_features_that_do_not_fit_are_refused(function: Callable[[Tensor], Tensor], digits: Dataset) -> None:
    with pytest.raises(DataError, match="own features"):
        build_features(function, digits)


def test_own_features_that_are_not_finite_are_refused(digits: Dataset) -> None:
    features = build_features(lambda x: x.flatten(1).log(), digits)
    with pytest.raises(DataError, match="NaN or infinite"):
        features(digits.x)


def test_unknown_names_are_suggested_for(digits: Dataset) -> None:
    with pytest.raises(SettingError, match='Did you mean "classifier"'):
        build_features("clasifier", digits)


def test_built_features_pass_through(digits: Dataset) -> None:
    features = build_features("raw", digits)
    assert build_features(features, digits) is features


def test_progress_counts_every_example_once(digits: Dataset) -> None:
    reported: list[int] = []
    build_features("raw", digits)(digits.x, reported.append, chunk=500)
    assert reported == [500, 500, 500, len(digits) - 1500]


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
@pytest.mark.parametrize("name", OWN)
def test_values_that_are_not_finite_are_refused(name: str, value: float) -> None:
    data = examples("image", (1, 8, 8), 64)
    good = build_features(name, data)
    x = data.x.clone()
    x[5, 0, 2, 2] = value
    with pytest.raises(DataError, match=r"1 of 64 examples .* NaN or infinite"):
        good(x)
    if name in FITTED:
        with pytest.raises(DataError, match="NaN or infinite"):
            build_features(name, replace(data, x=x))


@pytest.mark.parametrize("name", FITTED)
def test_one_example_is_refused(name: str, digits: Dataset) -> None:
    with pytest.raises(DataError, match=r"digits.*or more.*got 1"):
        build_features(name, digits.subset(torch.tensor([0])))


def test_data_that_cannot_teach_are_refused(digits: Dataset) -> None:
    with pytest.raises(DataError, match="same label"):
        build_features("classifier", digits.subset((digits.y == 3).nonzero()[:, 0]))
    with pytest.raises(DataError, match="have none"):
        build_features("classifier", replace(digits, y=None))
    with pytest.raises(DataError, match="are the same"):
        build_features("pca", digits.subset(torch.zeros(50, dtype=torch.int64)))


def test_other_shapes_and_no_examples_are_refused(digits: Dataset) -> None:
    features = build_features("raw", digits)
    with pytest.raises(DataError, match=r"\(1, 8, 8\)"):
        features(torch.zeros(3, 1, 9, 9))
    with pytest.raises(DataError, match="no examples"):
        features(digits.x[:0])
    with pytest.raises(DataError, match="no class probabilities"):
        features.probabilities(digits.x)


def test_defaults_suit_the_data(digits: Dataset) -> None:
    assert default_features(load("ring")).name == "raw values"
    assert default_features(digits).name == "digits classifier"
    without = replace(digits, y=None)
    assert default_features(without).name == "self-supervised"
    assert default_features(without.subset(torch.arange(10))).name == "random convolutions"
    assert default_features(digits.subset((digits.y == 3).nonzero()[:, 0])).name == "self-supervised"
    assert default_features(replace(examples("vector", (20,)), y=None)).name.startswith("PCA-")
    assert default_features(replace(examples("sound", (1, 100)), y=None)).name == "random convolutions"


class StubExtractor(nn.Module):
    """The public interface of torch-fidelity's extractors."""

    def __init__(self, name: str, features_list: list[str]) -> None:
        super().__init__()
        self.seen: Tensor | None = None
        self.register_buffer("weight", torch.ones(3))

    def forward(self, x: Tensor) -> tuple[Tensor]:
        assert x.dtype == torch.uint8
        assert x.shape[1] == 3
        return (x.float().flatten(2).mean(2),)


def test_pretrained_features_get_bytes_of_three_channels(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    package, module = ModuleType("torch_fidelity"), ModuleType("torch_fidelity.feature_extractor_inceptionv3")
    module.FeatureExtractorInceptionV3 = StubExtractor  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, package.__name__, package)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    features = build_features("inception", digits)
    assert features.name == "Inception"
    brightness = (digits.x.float() * 255 / 16).round().flatten(1).mean(1).cpu()
    torch.testing.assert_close(features(digits.x), brightness[:, None].expand(-1, 3), rtol=0, atol=0.5)
    assert "repeated to 3 channels" in features.notes[0]
    with pytest.raises(DataError, match="grey or RGB"):
        build_features("inception", examples("vector", (20,)))


@pytest.mark.parametrize("chosen", [pretrained.INCEPTION, pretrained.CLIP, pretrained.DINO])
def test_torch_fidelity_has_the_required_functions(chosen: pretrained.Pretrained) -> None:
    registry = pytest.importorskip(
        "torch_fidelity.registry", reason="torch-fidelity (the extra fid) is not installed", exc_type=ImportError
    )
    extractor = registry.FEATURE_EXTRACTORS_REGISTRY[chosen.name]
    assert f"{extractor.__module__}:{extractor.__name__}" == chosen.extractor
    assert chosen.layer in extractor.get_provided_features_list()


@pytest.mark.parametrize("name", PRETRAINED)
def test_without_the_extra_its_name_is_reported(name: str, digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    for loaded in {"torch_fidelity", *(name for name in sys.modules if name.startswith("torch_fidelity."))}:
        monkeypatch.setitem(sys.modules, loaded, None)  # an import of it then fails
    with pytest.raises(MissingExtraError, match=r"saddlepoint\[fid\]"):
        build_features(name, digits)


def test_features_are_what_their_function_gives() -> None:
    """A custom `Features` object, as applications and tests use it."""
    features = Features("first two", "0" * 64, 2, lambda x: x[:, :2])
    x = torch.arange(12.0).view(4, 3)
    assert torch.equal(features(x), x[:, :2])
    with pytest.raises(DataError, match=r"\(4, 3\)"):
        Features("wrong", "0" * 64, 3, lambda x: x[:, :2])(x)


def test_columns_in_different_units_are_compared_in_standard_deviations() -> None:
    x = torch.randn(200, 3, generator=torch.Generator().manual_seed(0))
    units = torch.tensor([1.0, 1e6, 1e-3])
    constant = torch.full((200, 1), 7.1)
    alike = build_features("raw", from_array(x))
    assert alike.name == "raw values"
    made = build_features("raw", from_array(torch.cat([x * units, constant], 1)))
    assert (made.name, made.dimension) == ("standardised values", 3)
    rows = made(torch.cat([x * units, constant], 1))
    assert rows.std(0).tolist() == pytest.approx([1.0, 1.0, 1.0], rel=0.1)


def test_series_have_features_of_their_columns() -> None:
    x = np.random.default_rng(0).normal(size=(80, 24, 2)) * [1.0, 1e6]
    dataset = from_array(x)
    assert default_features(dataset).name.startswith("PCA")
    with pytest.raises(DataError, match="these are series"):
        build_features("random", dataset)
