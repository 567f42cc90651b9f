"""Who may import whom: the map of the design, held against every import in the source.

An arrow that is not in the map is a decision to take, not a line to add casually: change the design first, then the map.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.imports import ROOT, imports, modules, reached_on_load

EVERYTHING = {
    "records", "networks", "objectives", "optimisers", "games", "figures", "data", "models", "training", "evaluation",
    "diagnosis", "lanes", "studies", "applications", "report", "web", "recipe", "experiment", "cli", "integrations",
}  # fmt: skip

MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "arguments": set(),
    "open_sections": set(),
    "settings": set(),
    "yaml_text": set(),
    "markup": set(),
    "progress": set(),
    "records": set(),
    "networks": set(),
    "objectives": set(),
    "optimisers": set(),
    "games": {"objectives", "optimisers"},
    "figures": set(),
    "data": {"records"},
    "models": {"networks", "objectives", "data"},
    "training": {"records", "data", "models", "networks", "objectives", "optimisers"},
    # A replica is a single run, so it takes that run's schedules, averages, seeds and settings from their one place.
    "lanes": {"data", "models", "objectives", "optimisers", "records", "training"},
    "evaluation": {"data", "models", "networks", "objectives", "records"},
    "diagnosis": {"records"},
    # diagnosis: whether an injected failure is found is what two claims are about; rules read records, and know no training.
    "studies": {
        "data",
        "models",
        "networks",
        "objectives",
        "optimisers",
        "games",
        "evaluation",
        "records",
        "figures",
        "training",
        "lanes",
        "diagnosis",
        "recipe",  # a study's base is a recipe
        "applications",  # whether augmentation helps is what a claim is about
    },
    "applications": {
        "data",
        "networks",
        "objectives",
        "models",
        "training",
        "evaluation",
        "records",
        "report",  # their pages
        "figures",
        "recipe",  # which a generator is trained by
        "experiment",
    },
    "report": {"records", "diagnosis", "evaluation", "figures"},
    "web": {"records", "diagnosis", "figures", "report", "recipe"},
    "recipe": set(),  # and every settings file, see below
    "experiment": EVERYTHING - {"applications", "studies", "web", "cli", "experiment", "integrations"},
    "integrations": {"experiment", "diagnosis", "records"},
    "cli": EVERYTHING - {"cli"},
    "__main__": {"cli"},
    "": EVERYTHING,  # the package's own __init__, which re-exports lazily
}
# To all: errors, checks of arguments, the base of settings and their open sections, YAML read within limits, HTML as a type, and
# progress.
OPEN = {"errors", "arguments", "open_sections", "settings", "yaml_text", "markup", "progress"}
HOLDS_TORCH = {"torch", "torchvision", "functorch"}


def part(module: str) -> str:
    """The project's package that a dotted name belongs to: `saddlepoint.data.idx` -> `data`; the root -> the empty name."""
    return [*module.split("."), ""][1]


def is_settings(module: str) -> bool:
    return module.split(".")[-1] == "settings"


def holds_torch(target: str) -> bool:
    return target.split(".")[0] in HOLDS_TORCH or target == "safetensors.torch"


def broken_rule(importer: str, target: str) -> str | None:
    """The rule that the arrow `importer -> target` breaks, in words; None if it is allowed."""
    own = part(importer)
    if own not in MAY_IMPORT:
        return f'"{own}" is not in the map of packages'
    if (own == "records" or own == "recipe" or is_settings(importer)) and holds_torch(target):
        return "records, recipe and settings files are free of torch, in functions too"
    if target.split(".")[0] != ROOT:
        return None
    theirs = part(target)
    if theirs in OPEN or theirs.startswith("__"):
        return None  # also names such as __version__
    if is_settings(importer):
        return None if is_settings(target) else "a settings file imports only settings files and errors"
    if theirs == own:
        return None
    if own == "diagnosis" and is_settings(target):
        return None  # the names of losses, and what their scores mean
    if own == "recipe":
        return None if is_settings(target) else "recipe imports only settings files and errors"
    if theirs not in EVERYTHING:
        return "no package of that name; the public API is for users, inside we import the package itself"
    if theirs in MAY_IMPORT[own]:
        return None
    return f"{own or ROOT} may import {', '.join(sorted(MAY_IMPORT[own])) or 'nothing of ours'} (and errors)"


def violations(text: str, module: str, known: set[str], *, is_package: bool = False, where: str = "") -> list[str]:
    return [
        f"{where or module}:{found.line}: {module} -> {found.target}: {rule}"
        for found in imports(text, module, known, is_package=is_package)
        if (rule := broken_rule(module, found.target))
    ]


def test_every_import_follows_the_map() -> None:
    files = modules()
    broken = [
        line
        for module, path in files.items()
        for line in violations(
            path.read_text("utf-8"), module, set(files), is_package=path.name == "__init__.py", where=str(path)
        )
    ]
    assert not broken, "\n".join(["arrows against the design:", *broken])


def test_the_map_has_no_cycle() -> None:
    for package, targets in MAY_IMPORT.items():
        reached, waiting = set(), list(targets)
        while waiting:
            target = waiting.pop()
            if target not in reached:
                reached.add(target)
                waiting.extend(MAY_IMPORT[target])
        assert package not in reached, f"{package} reaches itself"


TORCH_FREE = [
    name for name in modules() if name == ROOT or is_settings(name) or part(name) in {"records", "errors", "recipe"}
]


@pytest.mark.parametrize("module", TORCH_FREE)
def test_loading_it_loads_no_torch(module: str) -> None:
    reached = reached_on_load(module, modules())
    asked = [f"{name} (asked for by {asker})" for name, asker in reached.items() if holds_torch(name)]
    assert not asked, f"loading {module} loads {', '.join(asked)}"


KNOWN = {
    ROOT, "saddlepoint.data", "saddlepoint.data.settings", "saddlepoint.models", "saddlepoint.training",
    "saddlepoint.records", "saddlepoint.experiment", "saddlepoint.errors", "saddlepoint.cli.main",
}  # fmt: skip

PLANTED = {
    "plain": ("saddlepoint.data.idx", "import saddlepoint.models"),
    "from": ("saddlepoint.data.idx", "from saddlepoint.models.base import Model"),
    "from the root": ("saddlepoint.data.idx", "from saddlepoint import models"),
    "the public API": ("saddlepoint.training.loop", "from saddlepoint import train"),
    "relative": ("saddlepoint.data.idx", "from ..models import base"),
    "relative, the bare package": ("saddlepoint.data.idx", "from .. import models"),
    "in a function": ("saddlepoint.objectives.phase", "def f():\n    from saddlepoint.data import dataset"),
    "in a method": ("saddlepoint.networks.mlp", "class A:\n    async def f(self):\n        import saddlepoint.models"),
    "in try": ("saddlepoint.networks.mlp", "try:\n    import saddlepoint.models\nexcept ImportError:\n    pass"),
    "for types": ("saddlepoint.figures.grids", "if TYPE_CHECKING:\n    from saddlepoint.models.base import Model"),
    "else of types": ("saddlepoint.figures.grids", "if TYPE_CHECKING:\n    pass\nelse:\n    import saddlepoint.data"),
    "by name": ("saddlepoint.web.page", "importlib.import_module('saddlepoint.training')"),
    "web trains": ("saddlepoint.web.page", "from saddlepoint.experiment import run"),
    "experiment commands": ("saddlepoint.experiment", "from saddlepoint.cli.main import main"),
    "recipe reads data": ("saddlepoint.recipe", "from saddlepoint.data import dataset"),
    "recipe, torch": ("saddlepoint.recipe", "def f():\n    import torch"),
    "records, torch": ("saddlepoint.records.store", "def f():\n    from torch import Tensor"),
    "records, errors' neighbour": ("saddlepoint.records.store", "from saddlepoint.data.settings import DataSettings"),
    "settings, torch": ("saddlepoint.data.settings", "if TYPE_CHECKING:\n    import torch"),
    "settings, weights": ("saddlepoint.models.settings", "import safetensors.torch"),
    "settings, their package": ("saddlepoint.models.settings", "from saddlepoint.models.base import Model"),
    "errors know nobody": ("saddlepoint.errors", "from saddlepoint.records import Finding"),
    "a package without a place": ("saddlepoint.helpers.things", "import math"),
}
ALLOWED = {
    "settings, by their package": ("saddlepoint.recipe", "from saddlepoint.data import settings"),
    "settings, by name": ("saddlepoint.recipe", "from saddlepoint.data.settings import DataSettings"),
    "errors": ("saddlepoint.records.store", "from saddlepoint.errors import RunError"),
    "errors from the root": ("saddlepoint.figures.grids", "from saddlepoint import errors"),
    "the version": ("saddlepoint.training.checkpoint", "from saddlepoint import __version__"),
    "a neighbour": ("saddlepoint.data.idx", "from .dataset import Dataset"),
    "an arrow of the map": ("saddlepoint.training.loop", "from saddlepoint.models.base import Model"),
    "others": ("saddlepoint.networks.mlp", "import torch\nfrom torch import nn"),
}


@pytest.mark.parametrize("case", PLANTED)
def test_an_injected_violation_is_found(case: str) -> None:
    module, text = PLANTED[case]
    found = violations(text, module, KNOWN)
    assert len(found) == 1
    assert found[0].startswith(f"{module}:")


@pytest.mark.parametrize("case", ALLOWED)
def test_allowed_imports_pass(case: str) -> None:
    module, text = ALLOWED[case]
    assert violations(text, module, KNOWN) == []


def test_only_what_loading_runs_counts_as_loaded(tmp_path: Path) -> None:
    root = tmp_path / ROOT
    (root / "data").mkdir(parents=True)
    (root / "__init__.py").write_text("")
    (root / "data" / "__init__.py").write_text("import torch\n")
    (root / "data" / "settings.py").write_text("def f():\n    import torch\n")
    (root / "recipe.py").write_text("from saddlepoint.data.settings import f\n")
    files = modules(root)
    assert reached_on_load("saddlepoint.recipe", files)["torch"] == "saddlepoint.data"
    (root / "data" / "__init__.py").write_text("if TYPE_CHECKING:\n    import torch\n")
    assert "torch" not in reached_on_load("saddlepoint.recipe", files)
