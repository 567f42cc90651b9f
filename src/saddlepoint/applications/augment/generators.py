"""Conditional models that generate examples of a class: which recipe suits the data, its fit in memory, and draws by class."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from saddlepoint.applications.augment.examples import Examples, Images, Labels, Rows
from saddlepoint.applications.augment.settings import AUTO
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.split import Part, describe_parts
from saddlepoint.data.tabular.codec import TableCodec
from saddlepoint.data.tabular.narrowing import narrow_schema
from saddlepoint.data.tabular.source import from_frame
from saddlepoint.errors import SettingError
from saddlepoint.experiment.in_memory import train_in_memory
from saddlepoint.models import build
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import SamplesClasses, has
from saddlepoint.recipe import Recipe

if TYPE_CHECKING:
    import pandas as pd

SMALL = 1_024  # numbers of an image up to which a network without convolutions learns it
MANY = 1_000  # images of each class from which on a network is trained
PART = 1_000  # images drawn together


@dataclass(frozen=True, eq=False)
class Generator:
    """A trained conditional model.

    Attributes:
        model: it draws samples of given classes.
        template: examples like those that it draws.
        codec: of the rows of a table, that the model was trained on.
    """

    model: Model
    template: Examples
    codec: TableCodec | None = None

    def draw(self, labels: Labels, seed: int) -> Examples:
        """Draw examples of the classes labels (N,); the same seed gives the same ones."""
        classes = torch.from_numpy(np.ascontiguousarray(labels))
        if self.codec is not None:
            return self._draw_rows(classes, seed)
        assert isinstance(self.template, Images)
        generator = torch.Generator(self.model.device).manual_seed(seed)
        parts = [
            self.model.sample(len(part), labels=part, generator=generator).cpu() for part in torch.split(classes, PART)
        ]
        return Images(torch.cat(parts), classes, self.template.event)

    def _draw_rows(self, classes: torch.Tensor, seed: int) -> Rows:
        import pandas as pd

        from saddlepoint.experiment.rows import draw_rows

        assert isinstance(self.template, Rows)
        assert self.codec is not None
        frames: list[pd.DataFrame] = list(draw_rows(self.model, self.codec, len(classes), labels=classes, seed=seed))
        drawn = pd.concat(frames, ignore_index=True)
        # A categorical type lists all categories of the table; the codec knows those of the rows it was fitted to.
        categorical = self.template.frame.select_dtypes("category").dtypes
        return Rows(
            drawn.astype({name: dtype for name, dtype in categorical.items() if name in drawn}), self.template.schema
        )


def choose_recipe(examples: Examples, model: str | Path = AUTO, steps: int | None = None) -> Recipe:
    """The recipe to train, with a model that draws given classes.

    Args:
        examples: to learn from.
        model: name or file of a recipe, or the folder of a run; "auto" chooses by the kind and size of the data.
        steps: of training; None for the recipe's.

    Raises:
        SettingError: the recipe's model cannot draw a class.
    """
    name = str(model)
    recipe = Recipe.load(_suitable(examples) if name == AUTO else name)
    changes: dict[str, object] = {} if steps is None else {"training.steps": steps}
    if "conditional" in type(recipe.model).model_fields and not getattr(recipe.model, "conditional", True):
        changes["model.conditional"] = True
    return recipe.override(changes, where="augment") if changes else recipe


def _suitable(examples: Examples) -> str:
    if isinstance(examples, Rows):
        return "trees-table"
    assert isinstance(examples, Images)
    if examples.event.size > SMALL:
        return "photographs-conditional"
    # Principal components of each class learn from ten images; a diffusion model of so few would repeat them.
    return "pca-digits" if examples.counts.min() < MANY else "diffusion-digits-conditional"


def fit_generator(recipe: Recipe, examples: Examples, seed: int) -> Generator:
    """Train a recipe on examples, in memory.

    Args:
        recipe: with a conditional model; its data section says only how rows are encoded.
        examples: all of them are trained on.
        seed: of the training.

    Raises:
        SettingError: the model cannot draw a class, or cannot be trained on these examples.
    """
    dataset = dataset_of(examples, recipe)
    check_classes(build(recipe.model, dataset.event, seed=seed), recipe.name)
    return Generator(train_in_memory(recipe, dataset, seed), examples.take([0]), dataset.table)


def dataset_of(examples: Examples, recipe: Recipe) -> Dataset:
    """The examples as a dataset without a held-out part; rows are encoded by a codec that is fitted to them alone."""
    if isinstance(examples, Rows):
        settings = DataSettings(source="table", held_out=0.0, target=examples.target, encoding=recipe.data.encoding)
        return from_frame(examples.frame, settings, "table", narrow_schema(examples.schema, examples.frame))
    assert isinstance(examples, Images)
    return describe_parts("images", examples.event, Part(examples.x, examples.y))


def check_classes(model: Model, name: str) -> None:
    """Raise SettingError where a model cannot draw a class; `name` is that of its recipe or run."""
    if not has(model, SamplesClasses):
        raise SettingError(
            f"augment: the model of {name} cannot draw a class; choose a conditional recipe, such as trees-table for tables or "
            "pca-digits for small images."
        )
