"""`grader export`: marks and feedback in the form that a course system takes."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.errors import ExportError

if TYPE_CHECKING:
    from grader.exports.gradescope import Visibility
    from grader.exports.marks import ClassMarks, NotWritten, Unreviewed, Written
    from grader.model import Rubric
    from grader.sheets import Sheet

FOLDER = "exports"
"""Folder among the results that files go to where nothing else is said."""

MOST_NAMED = 30
"""Marks that the terminal names; the list beside the file has all of them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for: the options, as given."""

    out: Path
    gradebook: Path | None
    column: str | None
    unreviewed: Unreviewed | None
    scale: bool
    comments: bool
    assignment: str
    visibility: Visibility
    rubric: Rubric | None

    def sheet(self) -> Sheet:
        """Return the file to fill (ExportError where none was given)."""
        from grader.sheets import Sheet

        if self.gradebook is None:
            raise ExportError("give the file to fill in with --gradebook: it goes back as it is, but for the marks")
        return Sheet.read(self.gradebook)

    def waiting(self) -> Unreviewed:
        """Return what happens with unreviewed marks in a gradebook: they wait, unless asked otherwise."""
        return self.unreviewed or "hold"


def _csv(_: Asked, marks: ClassMarks) -> Written:
    from grader.exports.tables import class_csv

    return _all(marks, class_csv(marks))


def _json(_: Asked, marks: ClassMarks) -> Written:
    from grader.exports.tables import class_json

    return _all(marks, class_json(marks))


def _excel(_: Asked, marks: ClassMarks) -> Written:
    from grader.exports.tables import class_excel

    return _all(marks, class_excel(marks))


def _nbgrader(asked: Asked, marks: ClassMarks) -> Written:
    from grader.exports.tables import nbgrader_csv

    return _all(marks, nbgrader_csv(marks, asked.assignment or asked.out.absolute().name))


def _canvas(asked: Asked, marks: ClassMarks) -> Written:
    from grader.exports.canvas import fill_canvas

    return fill_canvas(asked.sheet(), marks, asked.column, asked.waiting(), scale=asked.scale)


def _canvas_rubric(asked: Asked, marks: ClassMarks) -> Written:
    from grader.exports.canvas import canvas_rubric
    from grader.exports.marks import Written

    if asked.rubric is None:
        raise ExportError("give the rubric with --rubric: this class was judged by one that isn't known here")
    del marks
    return Written(canvas_rubric(asked.rubric), (), (), ("in Canvas: Rubrics > Import Rubric",))


def _moodle(asked: Asked, marks: ClassMarks) -> Written:
    from grader.exports.feedback import report_language
    from grader.exports.marks import Mark
    from grader.exports.moodle import comment_html, fill_moodle, read_worksheet
    from grader.reports.language import speaking
    from grader.reports.summary import comment_lines, summarise
    from grader.storage import read_grade

    def comment(mark: Mark) -> str:
        grade = read_grade(asked.out / mark.submission / "grade.json")
        with speaking(report_language(asked.out, mark)):
            return comment_html(comment_lines(summarise(grade, asked.rubric)))

    worksheet = read_worksheet(asked.sheet(), asked.column)
    return fill_moodle(worksheet, marks, asked.waiting(), comment if asked.comments else None, scale=asked.scale)


def _moodle_feedback(asked: Asked, marks: ClassMarks) -> Written:
    from grader.exports.feedback import moodle_zip, own_participants
    from grader.exports.moodle import moodle_ids, read_worksheet

    if asked.gradebook is None:
        return moodle_zip(asked.out, marks, own_participants(marks))
    return moodle_zip(asked.out, marks, moodle_ids(read_worksheet(asked.sheet(), asked.column), marks))


def _gradescope(asked: Asked, marks: ClassMarks) -> Written:
    from grader.exports.gradescope import class_results

    return class_results(asked.out, marks, asked.rubric, asked.visibility)


def _feedback(asked: Asked, marks: ClassMarks) -> Written:
    from grader.exports.feedback import feedback_zip

    return feedback_zip(asked.out, marks, asked.rubric)


def _all(marks: ClassMarks, content: bytes) -> Written:
    from grader.exports.marks import Written

    waiting = sum(mark.result.needs_review for mark in marks.marks)
    note = (f"{waiting} of them wait for a person's look: column needs_review",) if waiting else ()
    return Written(content, tuple(mark.submission for mark in marks.marks), (), note)


FORMATS: Mapping[str, tuple[Callable[[Asked, ClassMarks], Written], str]] = {
    "csv": (_csv, "grades.csv"),
    "json": (_json, "grades.json"),
    "excel": (_excel, "grades.xlsx"),
    "canvas": (_canvas, "canvas-gradebook.csv"),
    "canvas-rubric": (_canvas_rubric, "canvas-rubric.csv"),
    "moodle": (_moodle, "moodle-worksheet.csv"),
    "moodle-feedback": (_moodle_feedback, "moodle-feedback.zip"),
    "gradescope": (_gradescope, "results.json"),
    "nbgrader": (_nbgrader, "nbgrader.csv"),
    "feedback": (_feedback, "feedback.zip"),
}
"""What each format is written by, and the name of its file."""


@click.command(name="export")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--to", "form", type=click.Choice(list(FORMATS)), required=True, help="The form to write.")
@click.option(
    "--gradebook",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The file to fill in: the gradebook that Canvas exports, or Moodle's grading worksheet. It isn't changed.",
)
@click.option("--column", metavar="NAME", help="Which assignment of the gradebook: its title, header or number.")
@click.option(
    "--roster",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The class list (CSV), where the names of the submissions don't say whose they are.",
)
@click.option(
    "--unreviewed",
    type=click.Choice(["hold", "include"]),
    help="Marks that a person should look at first: hold leaves them out of Canvas's and Moodle's file and lists "
    "them, include writes them as they stand. The other forms always have them, and say so.  [default: hold]",
)
@click.option(
    "--scale/--no-scale", default=True, show_default=True, help="Bring points to the maximum that the gradebook has."
)
@click.option(
    "--comments/--no-comments", default=True, show_default=True, help="Fill in Moodle's feedback comments as well."
)
@click.option(
    "--assignment", default="", metavar="NAME", help="What nbgrader calls the assignment.  [default: OUT's name]"
)
@click.option(
    "--visibility",
    type=click.Choice(["visible", "hidden", "after_due_date", "after_published"]),
    default="visible",
    show_default=True,
    help="When students see the tests in Gradescope.",
)
@click.option(
    "--rubric",
    metavar="NAME|FILE",
    help="The rubric it was judged by, for its names.  [default: what the class was graded by, where that is known]",
)
@click.option(
    "--file", "target", type=click.Path(path_type=Path), help="Where to write.  [default: OUT/exports/, by the form]"
)
@click.pass_context
def command(
    ctx: click.Context,
    out: Path,
    form: str,
    gradebook: Path | None,
    column: str | None,
    roster: Path | None,
    unreviewed: Unreviewed | None,
    scale: bool,  # noqa: FBT001 - click passes flags by position of meaning
    comments: bool,  # noqa: FBT001
    assignment: str,
    visibility: Visibility,
    rubric: str | None,
    target: Path | None,
) -> None:
    """Write the marks of the class in OUT, or its feedback, in the form that another system takes.

    \b
    csv, json, excel   the class as a table, with who waits for review
    canvas             your gradebook export, one assignment filled in (--gradebook, --column)
    canvas-rubric      the rubric as a file that Canvas imports
    moodle             the grading worksheet filled in, in any language (--gradebook)
    moodle-feedback    reports as "feedback files in a zip"
    gradescope         results.json (one per submission, in a zip, where there are several)
    nbgrader           what `nbgrader export` writes
    feedback           a zip of the students' reports, with a summary of each to mail

    Students are found by ids first, then by names; whose name two could have is left out and listed, never guessed.
    Exit status: 0 where every mark is in the file, 1 where some are not (they are listed here and in a file beside
    it), 2 for bad usage.
    """  # noqa: D301 - click's own mark of lines that stay lines
    from grader.durable import write_atomically
    from grader.exports.marks import read_marks
    from grader.roster import load_roster

    make, name = FORMATS[form]
    marks = read_marks(out, None if roster is None else load_roster(roster))
    asked = Asked(
        out, gradebook, column, unreviewed, scale, comments, assignment, visibility, _rubric(rubric, out, marks)
    )
    if form == "gradescope" and len(marks.marks) > 1:
        name = "gradescope.zip"
    target = target or out / FOLDER / name
    if gradebook is not None and target.resolve() == gradebook.resolve():
        raise ExportError(f"--file {target} is the gradebook itself, which stays as it is: give another name")
    written = make(asked, marks)
    write_atomically(target, written.content)
    _list_left(target, written.left)
    _tell(target, written)
    ctx.exit(1 if written.left else 0)


def _rubric(given: str | None, out: Path, marks: ClassMarks) -> Rubric | None:
    """Return the rubric asked for; else what the class was graded by, a recalibrated one too; None for others."""
    from grader.regrading import class_rubric
    from grader.rubrics import load_rubric

    return load_rubric(given) if given is not None else class_rubric(out, (mark.result for mark in marks.marks))


def _list_left(target: Path, left: tuple[NotWritten, ...]) -> None:
    """Write who is left out to a file beside the export; one of an earlier call goes away where nobody is."""
    from grader.durable import write_atomically
    from grader.reports.spreadsheet import defused

    path = _left_path(target)
    if not left:
        path.unlink(missing_ok=True)
        return
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["submission", "student", "points", "why"])
    for item in left:
        points = "" if item.points is None else f"{item.points:g}"
        writer.writerow([defused(item.submission), defused(item.names), points, defused(item.why)])
    write_atomically(path, file.getvalue())


def _left_path(target: Path) -> Path:
    return target.with_name(f"{target.stem}-left-out.csv")


def _tell(target: Path, written: Written) -> None:
    from grader.reports.text import visible

    if written.written:
        count = len(written.written)
        click.echo(f"{count} {'submission' if count == 1 else 'submissions'} in {target}")
    else:
        click.echo(f"Written: {target}")
    for note in written.notes:
        click.echo(f"  {visible(note)}")
    if not written.left:
        return
    click.echo(f"\nNot in it: {len(written.left)} (all in {_left_path(target)})")
    for item in written.left[:MOST_NAMED]:
        who = item.submission if item.names == item.submission else f"{item.submission} ({item.names})"
        click.echo(f"  {visible(who)}: {visible(item.why)}")
