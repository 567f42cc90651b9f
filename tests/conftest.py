"""Shared by all tests: one thread, real data by fixture, slow tests last.

There is deliberately no automatic seeding. Randomness in this project comes in through explicit generators; a global
seed would make a forgotten generator look reproducible.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# Before torch is imported, and inherited by the processes that tests start: sums then come out alike on every machine,
# and parallel workers do not fight for cores.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ.setdefault("MPLBACKEND", "Agg")
# Where a test asks for two threads, the one that has nothing to do leaves its core to the other tests.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

DATA_VARIABLE = "SADDLEPOINT_DATA"
if os.environ.get(DATA_VARIABLE):
    # Some tests start processes in other folders: a relative path must go on meaning the same place.
    os.environ[DATA_VARIABLE] = str(Path(os.environ[DATA_VARIABLE]).resolve())

settings.register_profile(
    "quick",
    max_examples=25,
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=500)
settings.load_profile("quick")  # the other: pytest --hypothesis-profile thorough


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)


_asked: set[str] = set()  # those of the marks `pictures` and `result` that the test that runs has; `layout`


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    _asked.clear()
    _asked.update(name for name in ("pictures", "result") if item.get_closest_marker(name))
    if {"figures", "report"} & set(item.path.parts):
        _asked.add("layout")
    if item.get_closest_marker("cuda"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("needs an NVIDIA GPU (torch.cuda.is_available() is false)")


@pytest.fixture(scope="session", autouse=True)
def without_last_pictures() -> Iterator[None]:
    """Training draws no last pictures and writes no report, which take most of a small run's time: but in tests marked
    `pictures`. A fixture of a module or wider that needs them must be in a module in which every test is marked."""
    from saddlepoint.experiment.session_end import SessionEnd

    with pytest.MonkeyPatch.context() as patch:
        for name in ("draw_last", "write_report"):
            original = getattr(SessionEnd, name)
            patch.setattr(
                SessionEnd, name, lambda self, original=original: original(self) if "pictures" in _asked else None
            )
        yield


@pytest.fixture(scope="session", autouse=True)
def without_result() -> Iterator[None]:
    """A run ends, and is evaluated, without the comparison of its samples with the data, which takes most of a small run's
    time: but in tests marked `result`. What is said above of fixtures of a module holds here too."""
    from saddlepoint.evaluation.scorecard.assess import assess as evaluate
    from saddlepoint.experiment import measurement
    from saddlepoint.records import Result

    original = measurement.assess_result

    def assess(*args: Any, **options: Any) -> Result:
        if "result" in _asked:
            return original(*args, **options)
        return replace(Result.not_measured("tests leave it out"), score=0.0)  # NaN would not equal itself

    with pytest.MonkeyPatch.context() as patch:
        for module in (measurement, sys.modules[evaluate.__module__]):
            patch.setattr(module, "assess_result", assess)
        yield


@pytest.fixture(scope="session", autouse=True)
def without_layout() -> Iterator[None]:
    """Figures have matplotlib's default margins, because finding margins takes longer than drawing: but in the tests of
    figures and of reports."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    original = ConstrainedLayoutEngine.execute
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            ConstrainedLayoutEngine, "execute", lambda *given: original(*given) if "layout" in _asked else None
        )
        yield


@pytest.fixture
def as_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Probes and measurements as often as the settings say: runs this short have one at nearly every step otherwise, which
    is most of their time."""
    from saddlepoint.evaluation import settings

    monkeypatch.setattr(settings, "PROBES", 1)
    monkeypatch.setattr(settings, "MEASUREMENTS", 1)


@pytest.fixture(scope="session", autouse=True)
def own_configuration(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Store the trust decisions of tests in a temporary folder, never in the user's."""
    os.environ["SADDLEPOINT_CONFIG"] = str(tmp_path_factory.mktemp("configuration"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with `mnist/*.gz` and `cifar10-folder/{train,test}/CLASS/*.jpg`; the test skips where it is absent."""
    named = os.environ.get(DATA_VARIABLE)
    if not named:
        pytest.skip(f"real data: set {DATA_VARIABLE} to the folder that holds mnist/ and cifar10-folder/")
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"{DATA_VARIABLE} names {folder}, which is not a folder")
    return folder
