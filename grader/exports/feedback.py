"""Feedback to hand out: per submission the student's report and a summary to mail; never a page that is for staff."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from grader.errors import ResultsError
from grader.exports.marks import ClassMarks, Mark, NotWritten, Written, not_written
from grader.intake.names import Ids, safe_id
from grader.model import Grade, Rubric
from grader.reports.language import ENGLISH, speaking
from grader.reports.summary import language_of_page, summarise, summary_html, summary_text
from grader.storage import read_grade

REPORT = "report.html"
GRADE = "grade.json"

MOODLE_FOLDER = "{name}_{number}_assignsubmission_file_"
"""What Moodle calls a student's folder in its downloads, and by which "Upload multiple feedback files" knows it."""

_PACKED_AT = (1980, 1, 1, 0, 0, 0)
"""Every entry has the same time: the same feedback gives the same bytes."""


def report_language(out: Path, mark: Mark) -> str:
    """Return the language of a student's report, in which all else is said to them too; English where there is none."""
    try:
        return language_of_page(_report(out, mark))
    except ResultsError:
        return ENGLISH


def feedback_zip(out: Path, marks: ClassMarks, rubric: Rubric | None) -> Written:
    """Return a zip with a folder per submission: `report.html`, `summary.txt`, `summary.html`, `message.eml`.

    The message is a draft to the addresses that are known, with both forms of the summary.
    """
    ids = Ids()

    def files(mark: Mark) -> Iterator[tuple[str, bytes]]:
        folder = ids.new(mark.names.replace(",", "") if mark.hand_in.students else mark.submission)
        report = _report(out, mark)
        yield f"{folder}/{REPORT}", report
        with speaking(language_of_page(report)):
            summary = summarise(_grade(out, mark), rubric)
            text, page = summary_text(summary), summary_html(summary)
        yield f"{folder}/summary.txt", text.encode()
        yield f"{folder}/summary.html", page.encode()
        yield f"{folder}/message.eml", _message(mark, summary.title, text, page)

    return _packed(marks, files)


def moodle_zip(out: Path, marks: ClassMarks, participants: Mapping[str, tuple[tuple[str, str], ...]]) -> Written:
    """Return a zip for Moodle's "Upload multiple feedback files in a zip": a folder per participant with the report.

    `participants` are the (name, number) of each submission's students. Whose number isn't known is left out, and said.
    """

    def files(mark: Mark) -> Iterator[tuple[str, bytes]]:
        known = participants.get(mark.submission, ())
        if not known:
            raise ResultsError("no participant's number is known: grade Moodle's own download, or give --gradebook")
        report = _report(out, mark)
        for name, number in known:
            plain = safe_id(name or mark.submission).replace("_", " ").strip()  # Moodle cuts the name at its `_`
            yield f"{MOODLE_FOLDER.format(name=plain or 'Participant', number=number)}/{REPORT}", report

    return _packed(marks, files)


def own_participants(marks: ClassMarks) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return the participants of each submission as Moodle's download, or a roster, told them."""
    return {
        mark.submission: known
        for mark in marks.marks
        if (known := tuple((one.name, one.moodle_id) for one in mark.hand_in.students if one.moodle_id))
    }


def _packed(marks: ClassMarks, files: Callable[[Mark], Iterator[tuple[str, bytes]]]) -> Written:
    buffer = io.BytesIO()
    written: list[str] = []
    left: list[NotWritten] = []
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for mark in marks.marks:
            try:
                entries = list(files(mark))
            except ResultsError as error:
                left.append(not_written(mark, str(error)))
                continue
            for name, content in entries:
                archive.writestr(zipfile.ZipInfo(name, _PACKED_AT), content, zipfile.ZIP_DEFLATED)
            written.append(mark.submission)
    return Written(buffer.getvalue(), tuple(written), tuple(left))


def _grade(out: Path, mark: Mark) -> Grade:
    return read_grade(out / mark.submission / GRADE)


def _report(out: Path, mark: Mark) -> bytes:
    try:
        return (out / mark.submission / REPORT).read_bytes()
    except OSError as error:
        raise ResultsError(f"{REPORT} is missing ({error.strerror}): `grader regrade` writes it") from error


def _message(mark: Mark, title: str, text: str, page: str) -> bytes:
    """Return an e-mail that isn't sent yet; names and addresses that can't stand in its head are left out of it."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = _one_line(title)
    message["X-Unsent"] = "1"  # mail programs open it as a draft
    addresses = [one.email for one in mark.hand_in.students if _is_address(one.email)]
    if addresses:
        message["To"] = ", ".join(addresses)
    message.set_content(text)
    message.add_alternative(page, subtype="html")
    boundary = f"=_{mark.result.submission.encode().hex()[:32]}_grader"
    message.set_boundary(boundary)
    return message.as_bytes()


def _is_address(text: str) -> bool:
    name, at, host = text.rpartition("@")
    return bool(at and name and host) and text.isascii() and not any(mark in text for mark in ' ,;<>"\r\n()[]')


def _one_line(text: str) -> str:
    return " ".join(text.split())
