"""Where a submission's pages lie, seen from the class page."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

REPORT_PAGE = "report.html"
STAFF_PAGE = "staff.html"
"""File of a submission's folder that is for staff only."""


@dataclass(frozen=True, slots=True)
class SubmissionLink:
    """A submission's name and the address of its report."""

    submission: str
    link: str


def page_link(submission: str, page: str) -> str:
    """Return the address of a page in a submission's folder, relative to the class page: one path segment, quoted."""
    return f"{quote(submission.encode('utf-8', 'replace'), safe='')}/{page}"


def submission_link(submission: str) -> SubmissionLink:
    """Return a submission with the address of its report."""
    return SubmissionLink(submission, page_link(submission, REPORT_PAGE))
