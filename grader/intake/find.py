"""Finding submissions in a folder, and giving each a name that is safe to use as a folder's."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.errors import SubmissionError, SubmissionsNotFoundError
from grader.intake.read import load_notebook
from grader.model import Submission, Unreadable
from grader.resources import holds_results

MAX_ID_CHARACTERS = 100
"""File systems allow 255 bytes in a name; four-byte letters and a suffix must still fit."""

MAX_DEPTH = 4
"""How deep a student's folder is searched for a notebook: unpacked archives wrap one or two folders."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A submission that was found: the name it goes by, and its notebook or the reason why there is none."""

    name: str
    notebook: Path
    folder: Path | None
    problem: str = ""


def load_submissions(path: Path) -> tuple[Submission | Unreadable, ...]:
    """Read all submissions at `path`: one notebook, a folder of notebooks, or a folder per student.

    What can't be read comes back as Unreadable under its name; the others are unaffected.

    Raises:
        SubmissionsNotFoundError: where there is no such path, or nothing that looks like a submission.
    """
    if not path.exists():
        raise SubmissionsNotFoundError(f"{path} does not exist; give a notebook or a folder of notebooks")
    candidates = [_single(path)] if path.is_file() else sorted(_in_folder(path), key=lambda item: item.name)
    if not candidates:
        raise SubmissionsNotFoundError(
            f"{path} holds no notebook; it should hold .ipynb files, or one folder per student with a notebook in it"
        )
    taken: set[str] = set()
    return tuple(_load(candidate, _unique(safe_id(candidate.name), taken)) for candidate in candidates)


def load_submission(path: Path) -> Submission:
    """Read one notebook with the files beside it, as `grader check` does.

    Raises:
        SubmissionsNotFoundError: where the path is not a notebook file.
        SubmissionError: where the notebook can't be read.
    """
    if not path.is_file():
        raise SubmissionsNotFoundError(f"{path} is not a file; give the notebook to check, a file ending in .ipynb")
    candidate = _single(path)
    if candidate.problem:
        raise SubmissionError(f"{path.name} {candidate.problem}")
    return load_notebook(candidate.notebook, safe_id(candidate.name), path.absolute().parent)


def safe_id(name: str) -> str:
    """Return `name` as an id that can be a folder's name anywhere: letters, digits, `-_. @+` and no leading dot."""
    text = unicodedata.normalize("NFC", name)
    text = "".join(letter if letter.isalnum() or letter in "-_. @+" else "_" for letter in text)
    text = re.sub(r"\s+", " ", text).strip(" .")[:MAX_ID_CHARACTERS].strip(" .")
    return text or "unnamed"


def _single(path: Path) -> Candidate:
    if path.suffix.lower() != ".ipynb":
        return Candidate(path.stem, path, None, "is not a notebook: its name doesn't end in .ipynb")
    notebook = path.absolute()
    others = any(_is_notebook(entry) and entry != notebook for entry in _visible(notebook.parent))
    # Beside other people's notebooks, what lies there may be theirs.
    return Candidate(path.stem, notebook, None if others else notebook.parent)


def _in_folder(folder: Path) -> Iterator[Candidate]:
    """Yield the submissions of a class folder, or of one student's own project folder."""
    folder = folder.absolute()
    loose = [entry for entry in _visible(folder) if _is_notebook(entry)]
    inside = {entry: list(_notebooks(entry, MAX_DEPTH)) for entry in _visible(folder) if _is_folder(entry)}
    if len(loose) == 1 and not any(inside.values()):
        yield Candidate(loose[0].stem, loose[0], folder)  # a single project with its data beside it
        return
    for notebook in loose:
        yield Candidate(notebook.stem, notebook, None)
    for student, notebooks in inside.items():
        if notebooks or not loose:
            yield _student_folder(student, notebooks)


def _student_folder(student: Path, notebooks: list[Path]) -> Candidate:
    shallowest = min((len(path.parts) for path in notebooks), default=0)
    best = [path for path in notebooks if len(path.parts) == shallowest]
    if len(best) == 1:
        return Candidate(student.name, best[0], best[0].parent)
    if not best:
        return Candidate(student.name, student, None, "holds no notebook (.ipynb); ask the student for it")
    names = ", ".join(path.name for path in best[:5])
    return Candidate(
        student.name, student, None, f"holds {len(best)} notebooks ({names}); keep the one that is to be graded"
    )


def _notebooks(folder: Path, depth: int) -> Iterator[Path]:
    for entry in _visible(folder):
        if _is_notebook(entry):
            yield entry
        elif depth > 0 and _is_folder(entry):
            yield from _notebooks(entry, depth - 1)


def _visible(folder: Path) -> list[Path]:
    try:
        return sorted(
            entry for entry in folder.iterdir() if not entry.name.startswith((".", "__")) and not holds_results(entry)
        )
    except OSError:
        return []


def _is_notebook(entry: Path) -> bool:
    return entry.suffix.lower() == ".ipynb" and not entry.name.endswith("-checkpoint.ipynb") and not entry.is_dir()


def _is_folder(entry: Path) -> bool:
    return entry.is_dir() and not entry.is_symlink()


def _load(candidate: Candidate, submission_id: str) -> Submission | Unreadable:
    if candidate.problem:
        return Unreadable(submission_id, candidate.notebook, candidate.problem)
    try:
        return load_notebook(candidate.notebook, submission_id, candidate.folder)
    except SubmissionError as error:
        return Unreadable(submission_id, candidate.notebook, str(error))


def _unique(name: str, taken: set[str]) -> str:
    """Two names that a case-blind file system would merge are told apart by a number."""
    unique, number = name, 1
    while unique.casefold() in taken:
        number += 1
        unique = f"{name}-{number}"
    taken.add(unique.casefold())
    return unique
