import json
import math
import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from saddlepoint.data import SOURCES, DataSettings, from_array, load
from saddlepoint.data.preflight import preflight
from saddlepoint.diagnosis.remedies import propose

WHOLE = DataSettings(held_out=0.0)


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def codes(findings) -> list[tuple[str, str]]:
    return [(finding.code, finding.severity) for finding in findings]


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(SOURCES) - {"mnist", "fashion-mnist", "kmnist"}))
def test_built_in_data_pass(name):
    if name == "stacked-mnist" and not (Path(os.environ.get("SADDLEPOINT_DATA", "/nowhere")) / "mnist").is_dir():
        pytest.skip("$SADDLEPOINT_DATA/mnist is not there, and tests do not download")
    dataset = load(DataSettings(source=name))
    assert (
        preflight(
            dataset, 64, (-1.0, 1.0) if dataset.event.bounded else None, 10_000, dataset.event.scaling("symmetric")
        )
        == []
    )


@pytest.mark.parametrize(("kind", "output"), [("unit", (0.0, 1.0)), ("symmetric", (-1.0, 1.0))])
def test_a_range_that_fits_passes_and_another_fails_with_its_remedy(kind, output):
    dataset = from_array(torch.randint(0, 256, (100, 8, 8)), settings=WHOLE)
    assert preflight(dataset, 10, output, scaling=dataset.event.scaling(kind)) == []
    [finding] = preflight(dataset, 10, output, scaling=dataset.event.scaling("none"), propose=propose)
    assert codes([finding]) == [("DATA401", "failure")]
    assert finding.remedy == {"model.scaling": kind}
    assert finding.evidence["data_high"] == 255


def test_values_beyond_a_tanh_fail_and_no_bounds_never_do():
    dataset = from_array(noise(100, 3), settings=WHOLE)
    standard = dataset.event.scaling("standard")
    assert codes(preflight(dataset, 10, (-1.0, 1.0), scaling=standard)) == [("DATA401", "failure")]
    assert preflight(dataset, 10, None, scaling=standard) == []


def test_data_that_fill_a_corner_of_the_output_are_named():
    dataset = from_array(torch.cat([torch.rand(99, 8, 8) * 200, torch.full((1, 8, 8), 250.0)]), settings=WHOLE)
    small = from_array(torch.rand(100, 8, 8) * 0.2, settings=WHOLE)
    assert preflight(dataset, 10, (0.0, 1.0), scaling=dataset.event.scaling("unit")) == []
    assert codes(preflight(small, 10, (0.0, 1.0), scaling=small.event.scaling("unit"))) == [("DATA401", "warning")]


@pytest.mark.parametrize(("n", "batch", "remedy"), [(100, 101, 64), (7, 64, 4), (1, 2, 1)])
def test_fewer_examples_than_a_batch(n, batch, remedy):
    dataset = from_array(noise(n, 3), settings=WHOLE)
    [finding] = [f for f in preflight(dataset, batch, propose=propose) if f.code == "DATA402"]
    [advised] = [f for f in preflight(dataset, batch) if f.code == "DATA402"]
    assert (advised.advice, advised.remedy) == (finding.advice, None)
    assert finding.severity == "failure"
    assert finding.remedy == {"training.batch_size": remedy}
    assert f"(--training.batch_size {remedy})" in finding.advice
    assert not preflight(from_array(noise(n + 1, 3), settings=WHOLE), min(n, batch))


@pytest.mark.parametrize(("parameters", "found"), [(100_000, False), (100_001, True)])
def test_a_model_far_larger_than_the_data(parameters, found):
    dataset = from_array(noise(100, 10), settings=WHOLE)
    assert codes(preflight(dataset, 10, parameters=parameters)) == [("DATA402", "warning")] * found


@pytest.mark.parametrize(("n", "found"), [(90, True), (1_000, False)])
def test_a_large_model_of_few_images(n, found):
    """The numbers of an image are not independent: 90 photographs are few, however many pixels they have."""
    images = torch.randint(0, 256, (n, 3, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    dataset = from_array(images, settings=WHOLE)
    assert codes(preflight(dataset, 10, parameters=6_000_000)) == [("DATA402", "warning")] * found


def test_constant_columns_are_named():
    x = noise(50, 6)
    x[:, [1, 4]] = 3.0
    [finding] = preflight(from_array(x, settings=WHOLE), 10)
    assert codes([finding]) == [("DATA403", "info")]
    assert "2 of 6 columns never vary: 2, 5 (counted from 1)" in finding.title
    series = noise(50, 12, 2)
    series[..., 1] = 3.0
    [finding] = preflight(from_array(series, settings=WHOLE), 10)
    assert "1 of 2 channels never vary: 2 (counted from 1)" in finding.title


def test_images_may_have_constant_pixels_but_not_be_all_the_same():
    x = torch.randint(0, 256, (50, 4, 4))
    x[:, 0] = 0
    assert preflight(from_array(x, settings=WHOLE), 10) == []
    same = preflight(from_array(x[:1].expand(50, 4, 4), settings=WHOLE), 10)
    assert [f.title for f in same if "same in every number" in f.title]


@pytest.mark.parametrize(("copies", "severity"), [(1, "info"), (10, "info"), (11, "warning"), (500, "warning")])
def test_exact_copies_are_counted(copies, severity):
    x = noise(1000, 4)
    x[:copies] = x[copies : 2 * copies].clone()
    [finding] = preflight(from_array(x, settings=WHOLE), 10)
    assert (finding.code, finding.severity) == ("DATA403", severity)
    assert finding.evidence["duplicates"] == copies


def test_held_out_examples_that_are_trained_on_are_counted():
    x = noise(100, 4)
    dataset = from_array(torch.cat([x, x]), settings=DataSettings(held_out=0.5))
    both = (dataset.held_out.x[:, None] == dataset.x).all(2).any(1).sum().item()
    [leak] = [f for f in preflight(dataset, 10) if "leaked" in f.evidence]
    assert leak.evidence["leaked"] == both > 0


def test_missing_and_rare_classes_are_named():
    y = torch.tensor([0] * 100 + [1] * 100 + [2] * 4)
    dataset = from_array(noise(204, 3), y, WHOLE)
    event = replace(dataset.event, class_names=("0", "1", "3", "2"))
    missing, rare = preflight(replace(dataset, y=torch.where(dataset.y == 2, 3, dataset.y), event=event), 10)
    assert codes([missing, rare]) == [("DATA404", "warning")] * 2
    assert "have no training examples: 3" in missing.title
    assert "less than a tenth of an equal share of the examples: 2" in rare.title


def test_large_data_are_checked_in_part(monkeypatch):
    monkeypatch.setattr("saddlepoint.data.preflight.CHECKED", 100)
    x = noise(1, 4).expand(1050, 4)
    found = preflight(from_array(x + 0.0, settings=WHOLE), 10)
    assert max(f.evidence.get("checked", 0) for f in found) == math.ceil(1050 / 11)


def test_findings_are_plain_json():
    x = noise(20, 3)
    x[:, 1] = 0
    for finding in preflight(from_array(x, settings=WHOLE), 64, (-1.0, 1.0), 10**9):
        assert json.loads(json.dumps(finding.to_json()))["code"] == finding.code
        assert finding.advice
        assert finding.evidence


def test_a_rectifier_cannot_output_negative_values():
    below = from_array(noise(100, 3), settings=WHOLE)
    (found,) = preflight(below, 10, (0.0, float("inf")), propose=propose)
    assert (found.code, found.severity, found.remedy) == ("DATA401", "failure", {"model.scaling": "unit"})
    assert preflight(from_array(100 * noise(100, 3).abs(), settings=WHOLE), 10, (0.0, float("inf"))) == []
