"""Pages to look at: the queue, one submission, its report and staff page, the audit trail."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping

from flask import Flask, Response, abort, g, make_response, redirect, request

from grader.model import LEVELS, Grade
from grader.questions import ask
from grader.regrading import executed_notebook
from grader.rendering import rendering_of
from grader.reports import render_report, render_staff
from grader.reports.spreadsheet import defused
from grader.reports.wording import level_names
from grader.review.pages import desk, page
from grader.review.queue import SHOWN, ClassList, Filter, pages
from grader.review.security import FRAMED_POLICY
from grader.review.views import OUTCOME_CHOICES, AuditLine, audit_line, framed, moment, queue_row, submission_desk

SHOWN_BESIDE = ("notebook", "report", "staff")
"""What can lie beside the decisions."""

AUDIT_PER_PAGE = 200

MOST_HISTORY = 50
"""Lines of one submission's history on its page; the audit trail has all of them."""

_OWN_PAGES = re.compile(r"/(queue|s/[a-z0-9]{1,20}|agreement|recalibrate|audit)(\?[\w=&%+.*-]*)?(#[\w.-]*)?")
"""Addresses that a form may send its reader back to."""


def way_back(form: Mapping[str, str]) -> str:
    """Return the page a form came from; the queue where it names none of ours."""
    asked = form.get("back", "")
    return asked if _OWN_PAGES.fullmatch(asked) else "/queue"


def submission_of(key: str) -> str:
    """Return the submission that a key stands for, or end with 404."""
    found = desk().submission(key)
    if found is None:
        abort(404)
    return found


def class_list() -> ClassList:
    """Return the class as this person sees it."""
    return ClassList(desk().read(), desk().names, g.blind)


def add_pages(app: Flask) -> None:
    """Add these pages to the app."""
    app.add_url_rule("/queue", view_func=queue)
    app.add_url_rule("/s/<key>", view_func=submission)
    app.add_url_rule("/s/<key>/report.html", view_func=report)
    app.add_url_rule("/s/<key>/staff.html", view_func=staff)
    app.add_url_rule("/audit", view_func=audit)
    app.add_url_rule("/audit.csv", view_func=audit_csv)


def queue() -> str | Response:
    """Show who is to be looked at."""
    if not g.person:
        return redirect("/name", 303)  # type: ignore[return-value]
    wanted, listed, rubric = Filter.of(request.args), class_list(), desk().rubric
    chosen, number, most = pages(listed.chosen(wanted), wanted.page)
    counts = listed.counts(wanted)
    return page(
        "review/queue.html.j2",
        wanted=wanted,
        done=_done(),
        rows=tuple(queue_row(row, listed, rubric) for row in chosen),
        tabs=tuple(
            (wanted.showing(show).query(), words, counts[show], show == wanted.show) for show, words in SHOWN.items()
        ),
        criteria=rubric.criteria,
        levels=tuple((level, level_names(rubric)[level]) for level in LEVELS),
        query=wanted.query(1),
        number=number,
        earlier=wanted.query(number - 1) if number > 1 else "",
        later=wanted.query(number + 1) if number < most else "",
        has_earlier=number > 1,
        has_later=number < most,
        most=most,
        total=len(desk().read().rows),
        rubric_title=rubric.title,
    )


def submission(key: str) -> str | Response:
    """Show one submission: decisions on one side, the notebook on the other."""
    if not g.person:
        return redirect("/name", 303)  # type: ignore[return-value]
    name = submission_of(key)
    opened = desk().open(name)
    wanted = Filter.of(request.args)
    beside = request.args.get("beside", "")
    found = class_list().neighbours(name, wanted)
    keys = desk().names
    return page(
        "review/submission.html.j2",
        it=submission_desk(desk(), name, opened, blind=g.blind),
        beside=beside if beside in SHOWN_BESIDE else "notebook",
        wanted=wanted,
        query=wanted.query(),
        shown_words=SHOWN[wanted.show].lower(),
        previous=keys.key(found.previous) if found.previous else "",
        following=keys.key(found.next) if found.next else "",
        place=found.place,
        listed=found.total,
        done=_done(),
        outcomes=OUTCOME_CHOICES,
        moment=moment,
        history=_history(name),
        stale=_is_stale(name, opened.grade),
    )


def _is_stale(submission: str, grade: Grade) -> bool:
    """Return whether the class's table has other levels: it was judged by an older grader."""
    row = next((row for row in desk().read().rows if row.submission == submission), None)
    stored = {item.criterion: item.level for item in row.criteria} if row is not None else {}
    return stored != {item.criterion: item.level for item in grade.judgements}


def _history(submission: str) -> tuple[tuple[AuditLine, bool], ...]:
    """Return who did what here, the latest first, and whether it can be undone: nothing was changed there since."""
    entries = desk().book.audit(submission)
    newest = {(item.kind, item.criterion): item.number for item in entries}
    return tuple(
        (audit_line(item, desk(), blind=g.blind), newest[item.kind, item.criterion] == item.number)
        for item in entries[::-1][:MOST_HISTORY]
    )


def _done() -> AuditLine | None:
    """Return the line that the last form wrote, here or at the submission before, to be shown with a way to undo it."""
    given = request.args.get("done", "")
    if not (given.isdecimal() and len(given) < 15):
        return None
    entry = desk().book.audit_entry(int(given))
    return audit_line(entry, desk(), blind=g.blind) if entry is not None and entry.submission else None


def report(key: str) -> Response:
    """Show the student's report as it is in effect."""
    name = submission_of(key)
    grade, evidence = framed(desk(), name, desk().open(name), blind=g.blind)
    executed = executed_notebook(desk().out / name)
    return _framed(render_report(grade, evidence, desk().rubric, executed, rendering_of(desk().out).language))


def staff(key: str) -> Response:
    """Show the page for whoever grades."""
    name = submission_of(key)
    opened = desk().open(name)
    grade, evidence = framed(desk(), name, opened, blind=g.blind)
    questions = ask(evidence, grade.findings)
    return _framed(render_staff(grade, evidence, questions, desk().rubric, decisions=opened.decisions))


def _framed(html: str) -> Response:
    response = make_response(html.encode("utf-8", "replace"))
    response.headers["Content-Type"] = "text/html; charset=utf-8"
    response.headers["Content-Security-Policy"] = FRAMED_POLICY
    return response


def audit() -> str:
    """Show who did what, the latest first."""
    given = request.args.get("before", "")
    entries = desk().book.audit()[::-1]
    if given.isdecimal() and len(given) < 15:
        entries = tuple(item for item in entries if item.number < int(given))
    shown = entries[:AUDIT_PER_PAGE]
    return page(
        "review/audit.html.j2",
        lines=tuple(audit_line(item, desk(), blind=g.blind) for item in shown),
        earlier=shown[-1].number if len(entries) > len(shown) else 0,
    )


def audit_csv() -> Response:
    """Return the whole audit trail as a table for spreadsheets, oldest first."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["line", "when", "who", "submission", "what", "about", "before", "after", "why"])
    for entry in desk().book.audit():
        line = audit_line(entry, desk(), blind=g.blind)
        told = (line.author, line.name, line.deed, line.target, line.before, line.after, line.reason)
        author, name, *rest = map(defused, told)
        writer.writerow([line.number, line.iso, author, name, *rest])
    response = make_response(file.getvalue().encode("utf-8", "replace"))
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = "attachment; filename=audit.csv"
    return response
