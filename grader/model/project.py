"""What lies in a submission besides the notebook: documents, files handed in, and files that the run wrote and read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FileKind = Literal["model", "table", "image", "audio", "json", "text", "document", "code", "notebook", "array", "other"]


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A file that a watched call saved (`model.save`, `torch.save`, `np.savez`, `to_csv`): a claim of the kernel.

    `path` is relative to the working folder where it lies in it. `weights` is the digest of the saved model's weights
    at that moment, `during` the training in which it was saved (a checkpoint), `names` the columns of a table or the
    arrays of an archive.
    """

    path: str
    how: str
    what: Literal["model", "weights", "array", "table", "object"]
    cell: int
    model: str = ""
    weights: str = ""
    during: str = ""
    shape: tuple[int, ...] = ()
    dtype: str = ""
    names: tuple[str, ...] = ()
    order: int = 0


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """A file that a watched call loaded; `weights` is the digest of the model's weights once it was loaded."""

    path: str
    how: str
    what: Literal["model", "weights", "array", "table", "object"]
    cell: int
    model: str = ""
    weights: str = ""
    order: int = 0


@dataclass(frozen=True, slots=True)
class Product:
    """A file that the run left in its working folder, as it stood at the end of `cell`, the last that changed it.

    `head` is the beginning of a text file, `whole` whether that is all of it, `columns` the header of a table and
    `rows` its number of rows below it, `keys` the names at the top of a JSON object.
    """

    path: str
    size: int
    cell: int
    kind: FileKind
    head: str = ""
    whole: bool = False
    columns: tuple[str, ...] = ()
    rows: int | None = None
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunFiles:
    """The files of one run: what calls saved and loaded, in order, and what was left."""

    saved: tuple[SavedFile, ...] = ()
    loaded: tuple[LoadedFile, ...] = ()
    products: tuple[Product, ...] = ()
    all_told: bool = True
    """False where more files were written than are told of."""

    def product(self, path: str) -> Product | None:
        """Return what was left under a path, or None."""
        return next((item for item in self.products if item.path == path), None)


DocumentKind = Literal["readme", "model_card", "data_note", "experiment_log", "other"]


@dataclass(frozen=True, slots=True)
class DocumentSection:
    """A heading of a document with the text under it, up to the next heading of whatever level.

    `words` counts those under it, code left out; text before the first heading stands under an empty one.
    """

    heading: str
    level: int
    text: str
    words: int


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """A document beside the notebook, as read; `cell` is the index of the cell that shows it."""

    path: str
    kind: DocumentKind
    cell: int
    words: int
    sections: tuple[DocumentSection, ...]
