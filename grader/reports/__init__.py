"""Reports: pure renderers of grades and evidence; nothing here reads or writes a class's files."""

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
