"""Where the files shipped beside the code are, and what marks a folder of results."""

from __future__ import annotations

from pathlib import Path

GRADEBOOK = "gradebook.db"
"""The file that makes a folder one of results: no student's work, and never shown to one."""

STUDENTS = "students.json"
"""The file beside it that says whose the submissions are. It is for staff, and never enters a sandbox."""

PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """Return the folder `name` (`rubric`, `reference`, `templates`, `submissions`).

    An installed wheel carries them inside the package; a checkout has them at its top level.
    """
    installed = PACKAGE / "_assets" / name
    return installed if installed.is_dir() else PACKAGE.parent / name


def usual_datasets() -> Path:
    """Return the folder in which Keras keeps its data sets."""
    return Path.home() / ".keras" / "datasets"


def holds_results(folder: Path) -> bool:
    """Return whether this is a folder that an earlier call wrote its results to."""
    return folder.is_dir() and (folder / GRADEBOOK).exists()
