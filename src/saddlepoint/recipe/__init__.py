"""A recipe contains all settings of a run: data, model, training and evaluation. It suffices to repeat the run.

A recipe is loaded by name (`dcgan-digits`), from a YAML file or from a run folder. Overrides with dotted names
(`training.steps`) change it. It is saved with all defaults. This package imports only the `settings.py` modules, so that the
command line, forms and docs can use it without torch.
"""

from saddlepoint.models.settings import FAMILIES
from saddlepoint.recipe.fields import SettingField, fields
from saddlepoint.recipe.recipe import Recipe, recipes, shipped_names

__all__ = ["FAMILIES", "Recipe", "SettingField", "fields", "recipes", "shipped_names"]
