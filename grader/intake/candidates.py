"""Submissions that were found, and what of a student's files is the work."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from grader.intake.folders import is_notebook, is_pdf, unwrapped, visible
from grader.intake.links import only_links
from grader.intake.projects import Project, fullest
from grader.model import UNSAID, HandIn, Script

NO_NOTEBOOK = "is not a notebook: its name doesn't end in .ipynb"

LINKED_FOLDER = "is a link to a folder; copy the folder itself here"

EMPTY = "holds no notebook (.ipynb) and no script that is plainly the one to run; ask the student for it"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A submission that was found: the name it goes by, and its notebook or the reason why there is none.

    `root` is the folder that was handed in as a project (`folder` is the notebook's own, in it), `scripts` what is run
    of a project without a notebook, `chosen` why this one of several notebooks.
    """

    name: str
    notebook: Path
    folder: Path | None
    problem: str = ""
    root: Path | None = None
    scripts: tuple[Script, ...] = ()
    chosen: str = ""
    hand_in: HandIn = UNSAID


def single(path: Path) -> Candidate:
    """Return the submission that one file is."""
    if is_pdf(path):
        return Candidate(path.stem, path, None)
    if path.suffix.lower() != ".ipynb":
        return Candidate(path.stem, path, None, NO_NOTEBOOK)
    others = any(is_notebook(entry) and entry != path for entry in visible(path.parent))
    # Beside other people's notebooks, what lies there may be theirs.
    return Candidate(path.stem, path, None) if others else Candidate(path.stem, path, path.parent, root=path.parent)


def only_one(name: str, root: Path, notebooks: list[Path]) -> Candidate:
    """Return the notebook that lies highest; of several the one that is plainly meant."""
    root = unwrapped(root)
    shallowest = min(len(path.parts) for path in notebooks)
    best = [path for path in notebooks if len(path.parts) == shallowest]
    if len(best) == 1:
        return Candidate(name, best[0], best[0].parent, root=root)
    chosen = fullest(best, root)
    if chosen is None:
        return several(name, root, best, "notebooks")
    return Candidate(name, chosen[0], chosen[0].parent, root=root, chosen=chosen[1])


def of_scripts(name: str, root: Path) -> Candidate | None:
    """Return what is run of a project without a notebook; None where nothing plainly is."""
    base = unwrapped(root)
    project = Project.at(base)
    scripts = project.to_run(project.documents())
    if not scripts:
        return None
    return Candidate(name, base / scripts[0].working / scripts[0].path, base, root=base, scripts=scripts)


def of_pdfs(name: str, root: Path) -> Candidate | None:
    """Return the only PDF that lies in a student's folder; None where there is none."""
    pdfs = [entry for entry in visible(unwrapped(root)) if is_pdf(entry)]
    if len(pdfs) == 1:
        return Candidate(name, pdfs[0], None)
    return several(name, root, pdfs, "PDFs and no notebook") if pdfs else None


def several(name: str, where: Path, found: list[Path], what: str) -> Candidate:
    """Return a submission of which nobody can tell what is to be graded."""
    names = ", ".join(path.name for path in found[:5])
    return Candidate(name, where, None, f"holds {len(found)} {what} ({names}); keep the one that is to be graded")


def why_empty(folder: Path) -> str:
    """Say why nothing was found in a folder."""
    if not os.access(folder, os.R_OK | os.X_OK):
        return "can't be opened; check the folder's permissions"
    return only_links([entry for entry in visible(unwrapped(folder)) if not os.path.isdir(entry)]) or EMPTY
