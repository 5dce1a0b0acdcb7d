"""Recipes and bands as read from `reference/recipes.yaml`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import cattrs
import yaml

from grader.errors import ReferenceTrainingError
from grader.resources import shipped

RowKind = Literal["image", "table"]
RECIPES_FILE = "recipes.yaml"
SCRIPT_FILE = "train.py"
BUILDERS_FILE = "builders.py"


@dataclass(frozen=True, slots=True)
class Recipe:
    """A network and how it is trained; `reference/recipes.yaml` explains the fields."""

    id: str
    title: str
    fits: tuple[RowKind, ...]
    builder: Literal["linear", "dense", "cnn"]
    settings: Mapping[str, Any]
    epochs: int
    batch_size: int
    most_steps: int
    share: float
    optimizer: str
    learning_rate: float
    decay: bool
    validation_share: float
    patience: int
    seeds: tuple[int, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the recipe's fields by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Band:
    """Where the accuracy of a recipe on a known data set is expected, `low` and `high` included.

    `classes` restricts the data set to those labels; `parameters` is the expected size within PARAMETER_TOLERANCE.
    """

    recipe: str
    low: float
    high: float
    classes: tuple[int, ...] = ()
    parameters: int | None = None


@dataclass(frozen=True, slots=True)
class RecipeBook:
    """All recipes, and the bands by data set."""

    recipes: tuple[Recipe, ...]
    bands: Mapping[str, tuple[Band, ...]]

    def recipe(self, recipe_id: str) -> Recipe | None:
        """Return the recipe of that id, or None."""
        return next((recipe for recipe in self.recipes if recipe.id == recipe_id), None)

    def fitting(self, kind: RowKind) -> tuple[Recipe, ...]:
        """Return the recipes for rows of that kind, cheapest first, as the file lists them."""
        return tuple(recipe for recipe in self.recipes if kind in recipe.fits)


def load_recipes(folder: Path | None = None) -> RecipeBook:
    """Read the recipes shipped with the grader, or those in `folder`.

    Raises:
        ReferenceTrainingError: the file is missing or does not hold what it should.
    """
    path = (folder or shipped("reference")) / RECIPES_FILE
    converter = cattrs.Converter(forbid_extra_keys=True)
    try:
        book = converter.structure(yaml.safe_load(path.read_text(encoding="utf-8")), RecipeBook)
    except (OSError, yaml.YAMLError, cattrs.errors.BaseValidationError) as error:
        raise ReferenceTrainingError(f"The reference recipes in {path} can't be read: {_first_cause(error)}") from error
    ids = [recipe.id for recipe in book.recipes]
    used = [band.recipe for bands in book.bands.values() for band in bands]
    if len(set(ids)) != len(ids) or not set(used) <= set(ids) or not all(map(_trainable, book.recipes)):
        raise ReferenceTrainingError(
            f"The reference recipes in {path} repeat an id, name a recipe that is not there, or lack "
            "seeds, epochs or a share of the budget."
        )
    return book


def _trainable(recipe: Recipe) -> bool:
    return bool(recipe.seeds) and recipe.epochs > 0 and recipe.share > 0


def _first_cause(error: BaseException) -> str:
    if isinstance(error, cattrs.errors.BaseValidationError):
        return "; ".join(cattrs.transform_error(error)[:3])
    return str(error)


def recipes_digest(folder: Path | None = None) -> str:
    """Return a digest of everything that decides what a recipe trains to: the recipes, the builders, the script."""
    source = folder or shipped("reference")
    digest = hashlib.sha256()
    for name in (RECIPES_FILE, BUILDERS_FILE, SCRIPT_FILE):
        digest.update((source / name).read_bytes() + b"\0")
    return digest.hexdigest()
