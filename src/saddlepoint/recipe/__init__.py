"""A recipe says everything a run needs: data + model + training + evaluation settings. It alone repeats the run.

A recipe comes from a name (`dcgan-digits`), a YAML file or a run folder, is changed by overrides with dotted names
(`training.steps`), and is saved whole, defaults included. This package knows the `settings.py` files and nothing else,
so that the command line, forms and docs can use it without torch.
"""

from saddlepoint.models.settings import FAMILIES
from saddlepoint.recipe.fields import SettingField, fields
from saddlepoint.recipe.recipe import Recipe, recipes, shipped_names

__all__ = ["FAMILIES", "Recipe", "SettingField", "fields", "recipes", "shipped_names"]
