"""A notebook before it is written: what it does, in parts that faults can replace.

All code in a draft uses canonical names (`X_train`, `model`, `history`, ...); `writing.py` gives each notebook its own
names, cell layout and words.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

Kind = Literal["image", "table", "text"]


@dataclass(frozen=True, slots=True)
class DataSet:
    """Data that a notebook loads: `load` leaves `X` (float rows, already scaled where `scaled`; sentences) and `y`.

    `y` are whole numbers below `classes`; where `classes` is 0, a number is to be predicted. `shape` is that of one row,
    of a sentence once its words are numbered. `ties` names what ties rows together: an array of that name beside `X`
    says who they are of, or rows are windows of a series, in order. `files` are beside the notebook: their names and where they are on this machine.
    """

    name: str
    kind: Kind
    shape: tuple[int, ...]
    classes: int
    load: str
    scaled: bool = True
    imports: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    ties: Literal["", "groups", "order"] = ""
    paths: str = ""
    """The list of photos that rows were read from, where there is one."""
    longer: int = 1
    """How many times the usual epochs a network needs to learn it."""
    needs: str = ""
    """What a machine must have for it: a path below the folder of real data."""


@dataclass(frozen=True, slots=True)
class Feed:
    """How fit, evaluate and predict are given rows. `arrays` says whether these are arrays or something that batches.

    `test_labels` and `train_labels` are expressions for arrays of integer labels in the order of the rows.
    """

    train: str
    watch: str
    test: str
    test_rows: str
    test_labels: str
    train_rows: str
    train_labels: str
    arrays: bool = True
    watched: str = ""
    """The validation rows as evaluate would be given them; empty where fit cuts them off by `validation_split`."""


@dataclass(frozen=True, slots=True)
class Net:
    """A network: `hidden` and `output` are layers as written; `loss` and `optimizer` as given to compile."""

    hidden: tuple[str, ...]
    output: str
    loss: str
    optimizer: str = "keras.optimizers.Adam(0.01)"


@dataclass(frozen=True, slots=True)
class Draft:
    """A notebook in parts. Empty parts are left out; `scored` is printed as the result."""

    data: DataSet
    style: str
    """Name of the way the model is written and trained (`modelling.py`)."""
    net: Net
    feed: Feed
    split: str
    imports: tuple[str, ...] = ()
    load: str = ""
    explore: str = ""
    before_split: str = ""
    prepare: str = ""
    before_training: str = ""
    model: str = ""
    train: str = ""
    after_training: str = ""
    curves: str = ""
    score: str = ""
    matrix: str = ""
    errors: str = ""
    closing: str = ""
    saved_score: str = ""
    """What the score's cell printed when the notebook was saved; notebooks are saved without outputs where empty."""
    epochs: int = 5
    callbacks: tuple[str, ...] = ()
    marks: frozenset[str] = field(default_factory=frozenset)
    """What is true of it, for faults to ask: `tf.data`, `arrays`, `folders`, `scaler`, ..."""

    def but(self, **changes: Any) -> Draft:
        """Return the same draft with other parts."""
        return replace(self, **changes)

    @property
    def number(self) -> bool:
        """Whether a number is predicted, no class."""
        return self.data.classes == 0

    @property
    def binary(self) -> bool:
        """Whether there are two classes, told by a single sigmoid unit."""
        return self.data.classes == 2
