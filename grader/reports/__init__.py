"""Reports: pure renderers of grades and evidence; nothing here reads or writes a class's files.

Names are looked up when they are used: a command's help must not load the templates' engine.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.reports.classroom import render_index
    from grader.reports.language import AUTOMATIC, LANGUAGES
    from grader.reports.links import STAFF_PAGE
    from grader.reports.similar import SIMILAR_PAGE, render_similar
    from grader.reports.spreadsheet import grades_csv
    from grader.reports.staff import render_staff
    from grader.reports.student import render_report

__all__ = [
    "AUTOMATIC",
    "LANGUAGES",
    "SIMILAR_PAGE",
    "STAFF_PAGE",
    "grades_csv",
    "render_index",
    "render_report",
    "render_similar",
    "render_staff",
]

_MODULES = {
    "AUTOMATIC": "language",
    "LANGUAGES": "language",
    "SIMILAR_PAGE": "similar",
    "STAFF_PAGE": "links",
    "grades_csv": "spreadsheet",
    "render_index": "classroom",
    "render_report": "student",
    "render_similar": "similar",
    "render_staff": "staff",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
