"""What was handed in: a notebook, its cells, and the files beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from grader.model.project import FileKind
from grader.model.student import UNSAID, HandIn

CellKind = Literal["code", "markdown", "raw"]

LOOSE = "loose:"
"""How a digest of files begins that covers less than all a run is shown: no proof that two students' are equal."""


@dataclass(frozen=True, slots=True)
class SavedOutput:
    """One output as the student saved it (or as our run produced it).

    `kind` is nbformat's output type; `text` the plain text (stream, repr, error); `html` its HTML form, if any;
    `image_png` says whether a picture came with it. Long texts are cut at intake, with a mark.
    """

    kind: Literal["stream", "display_data", "execute_result", "error"]
    text: str = ""
    html: str = ""
    image_png: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell, by its position in the notebook (0-based, markdown cells counted).

    A cell that is a document or a part of a script says in which `file` it stands and on which `line` it begins
    (1-based); `line` is 0 for a notebook's own cells.
    """

    index: int
    kind: CellKind
    source: str
    execution_count: int | None = None
    outputs: tuple[SavedOutput, ...] = ()
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Script:
    """A script that is run in a notebook's place, as its author's command says.

    `path` is relative to the folder it is run in, `arguments` what stands behind it in the command. `package` is set
    where it is run as a module (`python -m src.train`: `src`), `working` where the command first changes into a folder.
    """

    path: str
    arguments: tuple[str, ...] = ()
    package: str = ""
    working: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A document beside the notebook (README.md, model_card.md): its text, cut at intake; `size` is the file's."""

    path: str
    text: str
    size: int = 0


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """A file of the submission, looked at and never opened by what it says: nothing is executed or unpickled.

    `columns` and `rows` are those of a table of text, `keys` the names at the top of a JSON object; `rows` is None
    where the file is too long to be counted.
    """

    path: str
    size: int
    kind: FileKind
    columns: tuple[str, ...] = ()
    rows: int | None = None
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Submission:
    """One student's hand-in, read and normalised to nbformat 4.

    `folder` holds the files that lie beside the notebook (None where a bare notebook was given); `sha256` covers
    the notebook's bytes; `files_sha256` the names and contents of the files beside it, behind `LOOSE` where some were
    not read.
    """

    id: str
    notebook: Path
    folder: Path | None
    sha256: str
    files_sha256: str
    cells: tuple[Cell, ...]
    language: str = "python"
    saved_format: str = "4.5"
    script: Script | None = None
    """The script that the cells were cut from, None for a notebook."""
    working: str = ""
    """The folder in `folder` that the cells are run in (a notebook's own, a script's), empty where it is `folder`."""
    modules: tuple[Cell, ...] = ()
    """The project's own modules that the code imports, each as one cell: read, and run only by being imported. They
    are counted on from the cells that are run, documents from them."""
    documents: tuple[Document, ...] = ()
    """Documents beside the notebook; they stand among `cells` too, as markdown behind those of the notebook."""
    project: tuple[ProjectFile, ...] = ()
    chosen: str = ""
    """Why this one of several notebooks is graded; empty where there is but one."""
    hand_in: HandIn = UNSAID
    """Whose it is and how it came, where a course system's download says so. No run and no sandbox sees it."""

    @property
    def is_pdf(self) -> bool:
        """Whether this is a PDF export, which is read and not run; its cells are its pages, once they were read."""
        return self.notebook.suffix.lower() == ".pdf"

    @property
    def is_loose(self) -> bool:
        """Whether another student's files may differ from these under the same digest."""
        return self.files_sha256.startswith(LOOSE)

    @property
    def code_cells(self) -> tuple[Cell, ...]:
        """The code cells, in order."""
        return tuple(cell for cell in self.cells if cell.kind == "code")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A submission that could not be read, kept under its name so that it isn't lost."""

    id: str
    path: Path
    reason: str
    hand_in: HandIn = UNSAID
