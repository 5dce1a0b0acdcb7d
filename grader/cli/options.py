"""What options that several commands share mean: rubric, isolation, folders, addresses."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

from grader.errors import DatasetError, ResultsError, SandboxUnavailableError
from grader.resources import holds_results, usual_datasets

if TYPE_CHECKING:
    from grader.model import Rubric, Tier
    from grader.sandbox import TierReport
    from grader.urls import UrlFile

DEFAULT_RUBRIC = "unit1"
"""What is judged by where nothing else is said or known."""


def class_rubric(asked: str | None, out: Path) -> Rubric:
    """Return the rubric to judge the class in `out` by: the one asked for, else what it was graded by, else unit1.

    Raises:
        ResultsError: its gradebook can't be read.
        RubricError: the one asked for is not there or has mistakes.
    """
    from grader.gradebook import Gradebook
    from grader.regrading import class_rubric as graded_by
    from grader.resources import GRADEBOOK
    from grader.rubrics import load_rubric

    if asked is not None:
        return load_rubric(asked)
    found = None
    if (out / GRADEBOOK).is_file():
        with Gradebook.open_existing(out) as book:
            found = graded_by(out, book.results())
    return found or load_rubric(DEFAULT_RUBRIC)


def require_tier(isolation: str) -> TierReport:
    """Return the isolation for other people's notebooks: `auto` is the best that works here.

    Raises:
        SandboxUnavailableError: no tier works here, or not the one that was named.
    """
    report = own_tier(isolation)
    if report.tier == "none":
        mend = f" To mend it: {report.remedy.rstrip('.')}." if report.remedy else ""
        raise SandboxUnavailableError(
            f"no isolation works on this machine: {report.why_not_better}.{mend} "
            "Or, only for notebooks you trust as much as your own: --unsafe-no-sandbox"
        )
    return report


def own_tier(isolation: str) -> TierReport:
    """Return the isolation for one's own notebook, which may run without any where none works.

    Raises:
        SandboxUnavailableError: a tier was named and does not work here.
    """
    from grader.sandbox import detect_tier, exact_tier

    return detect_tier() if isolation == "auto" else exact_tier(cast("Tier", isolation))


def url_files(mapping: Path | None) -> tuple[UrlFile, ...]:
    """Return what a mapping file says; nothing where none is given.

    Raises:
        UrlMapError: the file has mistakes.
    """
    if mapping is None:
        return ()
    from grader.urls import load_urls

    return load_urls(mapping)


def data_folder(data: Path | None) -> Path | None:
    """Return the data sets' folder that was given, or Keras's own where it exists.

    Raises:
        DatasetError: the folder given is not there.
    """
    if data is None:
        usual = usual_datasets()
        return usual if usual.is_dir() else None
    if not data.is_dir():
        raise DatasetError(f"--data {data} is not a folder; it should be laid out like ~/.keras/datasets")
    return data.absolute()


def output_folder(out: Path, submissions: Path) -> Path:
    """Return the folder for results, made if need be; a folder that holds something else is left alone.

    Raises:
        ResultsError: it can't be made or written, is the submissions' own folder, or holds other things.
    """
    out = out.absolute()
    if out == submissions.absolute():
        raise ResultsError(f"--out {out} is the folder of the submissions itself; give another one")
    if out.is_dir() and not holds_results(out) and any(out.iterdir()):
        raise ResultsError(f"--out {out} holds other things than results of grader; give a new or an empty folder")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResultsError(f"--out {out} can't be made ({error.strerror}); give another folder") from error
    if not os.access(out, os.W_OK):
        raise ResultsError(f"--out {out} can't be written to; give another folder")
    return out
