"""The page of a GAN's parts names every registered part, and nothing that is not registered."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from saddlepoint.models.gan.conditions.settings import CONDITIONS
from saddlepoint.models.gan.encoders.settings import ENCODERS
from saddlepoint.objectives.adversarial.settings import CONSTRAINTS, LOSSES, PENALTIES, VIEWS

PAGE = (Path(__file__).parents[2] / "docs" / "gan-parts.md").read_text("utf-8")
REGISTRIES: dict[str, Iterable[str]] = {
    "Losses": LOSSES,
    "Penalties": PENALTIES,
    "Constraints": CONSTRAINTS,
    "Views": VIEWS,
    "Conditions": CONDITIONS,
    "Encoders": ENCODERS,
}


@pytest.mark.parametrize("title", REGISTRIES)
def test_the_page_has_a_row_for_every_part(title: str) -> None:
    section = PAGE.split(f"## {title}")[1].split("\n## ")[0]
    first_cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert {name for cell in first_cells for name in re.findall(r"`([^`]+)`", cell)} == set(REGISTRIES[title])
