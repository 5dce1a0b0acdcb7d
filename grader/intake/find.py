"""Finding submissions: in a folder, in a folder per student, in zip archives of either."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path

from grader.errors import SubmissionError, SubmissionsNotFoundError
from grader.intake.archives import Unpacker
from grader.intake.candidates import NO_NOTEBOOK, Candidate, single, why_empty
from grader.intake.finder import Finder
from grader.intake.folders import is_pdf
from grader.intake.handed import Found
from grader.intake.links import refused_list
from grader.intake.names import Ids
from grader.intake.projects import load_scripts, with_project
from grader.intake.read import load_notebook, load_pdf
from grader.model import Submission, Unreadable


def load_submissions(
    path: Path, unpacked: Path | None = None, assignment: str = ""
) -> tuple[Submission | Unreadable, ...]:
    """Read all submissions at `path`: a notebook, a folder of notebooks, a folder per student, or a zip of any of them.

    Downloads of Canvas, Moodle, Gradescope and nbgrader are known by their names: each student's files come together
    under the names they were handed in under, and the submission says whose it is.

    What can't be read comes back as Unreadable under its name; the others are unaffected.

    Args:
        path: the file or folder.
        unpacked: an empty, private folder that zip archives are opened into; it must outlive the submissions.
            Without one, archives are not opened.
        assignment: which of several assignments, where nbgrader's folder holds more than one.

    Raises:
        SubmissionsNotFoundError: where there is no such path, or nothing that looks like a submission.
    """
    return tuple(item.load() for item in find_submissions(path, unpacked, assignment))


def find_submissions(path: Path, unpacked: Path | None = None, assignment: str = "") -> tuple[Found, ...]:
    """Find all submissions at `path`, as `load_submissions` does, and read none of them yet."""
    refused = refused_list(path) if os.path.isfile(path) else ""
    if refused:
        raise SubmissionsNotFoundError(refused)
    finder = Finder(Unpacker(unpacked) if unpacked is not None else None, assignment)
    candidates = sorted(finder.at(path), key=lambda item: item.name)
    if not candidates:
        raise SubmissionsNotFoundError(
            f"{path} holds no notebook; it should hold .ipynb files, or one folder or .zip per student with a notebook "
            "in it"
        )
    ids = Ids()
    return tuple(_found(candidate, ids.new(candidate.name)) for candidate in candidates)


def load_submission(path: Path) -> Submission:
    """Read one notebook with the files beside it, or one project's folder, as `grader check` does.

    Raises:
        SubmissionsNotFoundError: where there is no such file or folder, or nothing in it to run.
        SubmissionError: where the notebook can't be read.
    """
    if os.path.isdir(path):
        return _load_project(path.absolute())
    if not os.path.isfile(path):
        raise SubmissionsNotFoundError(
            f"{path} is not there; give the notebook to check, a file ending in .ipynb, or your project's folder"
        )
    if refused := refused_list(path):
        raise SubmissionsNotFoundError(refused)
    if path.suffix.lower() not in {".ipynb", ".pdf"}:
        raise SubmissionError(f"{path.name} {NO_NOTEBOOK}")
    found = single(path.absolute())
    if is_pdf(path):
        return _read(found, Ids().new(path.stem))
    return _read(replace(found, folder=path.absolute().parent), Ids().new(path.stem))


def _load_project(folder: Path) -> Submission:
    found = Finder(None).of_student(folder)
    if found is None:
        raise SubmissionsNotFoundError(f"{folder} {why_empty(folder)}")
    if found.problem:
        raise SubmissionError(f"{folder.name} {found.problem}")
    return _read(found, Ids().new(folder.name))


def _found(candidate: Candidate, submission_id: str) -> Found:
    told = repr((candidate.problem, candidate.folder, candidate.notebook, candidate.scripts, candidate.chosen))
    place = candidate.root or candidate.folder or candidate.notebook
    return Found(submission_id, candidate.hand_in, place, told, partial(_load, candidate, submission_id))


def _load(candidate: Candidate, submission_id: str) -> Submission | Unreadable:
    if candidate.problem:
        return Unreadable(submission_id, candidate.notebook, candidate.problem, candidate.hand_in)
    try:
        return replace(_read(candidate, submission_id), hand_in=candidate.hand_in)
    except SubmissionError as error:
        return Unreadable(submission_id, candidate.notebook, str(error), candidate.hand_in)


def _read(candidate: Candidate, submission_id: str) -> Submission:
    if is_pdf(candidate.notebook):
        return load_pdf(candidate.notebook, submission_id)
    if candidate.scripts and candidate.root is not None:
        read = load_scripts(candidate.root, submission_id, candidate.scripts)
    else:
        read = load_notebook(candidate.notebook, submission_id, candidate.folder)
    read = replace(read, chosen=candidate.chosen)
    return read if candidate.root is None else with_project(read, candidate.root)
