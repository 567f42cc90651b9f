"""The list of recipes says what their models can do, and it is true."""

from __future__ import annotations

import pytest

from saddlepoint.data.event import Event
from saddlepoint.models import build, capabilities
from saddlepoint.models.capabilities import has
from saddlepoint.models.settings import ABILITIES, FAMILIES
from saddlepoint.recipe import Recipe, shipped_names
from saddlepoint.recipe.catalogue import recipes_by_family

CLASSES = tuple(map(str, range(10)))
DIGITS = Event((1, 8, 8), "image", "uint8", 0.0, 16.0, class_names=CLASSES)
MNIST = Event((1, 28, 28), "image", "uint8", 0.0, 255.0, class_names=CLASSES)
PLANE = Event((2,), "vector", class_names=("0", "1"))
# What one example of a source is; the data themselves are not needed.
EVENTS = {
    "digits": DIGITS,
    "mnist": MNIST,
    "stacked-mnist": Event((3, 28, 28), "image", "uint8", 0.0, 255.0),
    "images": Event((3, 64, 64), "image", "uint8", 0.0, 255.0, class_names=CLASSES),
    "gaussian": Event((1,), "vector"),
    "table": Event((8,), "vector"),
    "drums": Event((1, 2_048), "sound", low=-1.0, high=1.0, class_names=CLASSES[:3], rate=8_000.0),
    "tones": Event((1, 2_048), "sound", low=-1.0, high=1.0, class_names=CLASSES, rate=8_000.0),
    "solids": Event((1, 16, 16, 16), "volume", low=0.0, high=1.0, class_names=CLASSES[:3]),
    "moving-digits": Event((1, 20, 32, 32), "video", "uint8", 0.0, 255.0),
    "moving-mnist": Event((1, 20, 64, 64), "video", "uint8", 0.0, 255.0),
    "waves": Event((64, 2), "series"),
    "sentences": Event((128,), "text", "uint8", 0.0, 29.0, alphabet=tuple(map(chr, range(97, 127)))),
    **dict.fromkeys(("ring", "grid", "moons", "spirals", "checkerboard"), PLANE),
}


@pytest.mark.parametrize("name", shipped_names())
def test_a_recipe_can_do_what_the_list_says(name: str) -> None:
    settings = Recipe.load(name)
    event = EVENTS[settings.data.source]
    side = settings.data.size
    if side is not None and event.kind == "image":
        event = Event((event.shape[0], *side), "image", "uint8", event.low, event.high, class_names=event.class_names)
    model = build(settings.model, event)
    able = tuple(words for words, protocol in ABILITIES.items() if has(model, getattr(capabilities, protocol)))
    assert settings.model.abilities == able


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_has_a_title_and_recommends_recipes_of_its_own(family: str) -> None:
    settings = FAMILIES[family].settings
    assert settings.title
    assert settings.recommended
    first = [recipe.name for recipe in recipes_by_family()[family]][: len(settings.recommended)]
    assert first == list(settings.recommended)
