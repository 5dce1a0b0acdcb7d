"""Forms: each is one change, stored with its line in the audit trail before it is answered."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps

from flask import Flask, Response, abort, g, make_response, redirect, request

from grader.errors import StaleDecisionError
from grader.model import LEVELS, Override
from grader.reports.wording import OUTCOMES, level_names
from grader.review.desk import Wish
from grader.review.looking import submission_of, way_back
from grader.review.pages import desk, page
from grader.review.views import OUTCOME_CHOICES, moment

LONGEST_TEXT = 5_000
"""Characters of a reason or a comment: two pages."""


def add_pages(app: Flask) -> None:
    """Add these forms to the app."""
    app.add_url_rule("/s/<key>/level", view_func=level, methods=["POST"])
    app.add_url_rule("/s/<key>/finding", view_func=finding, methods=["POST"])
    app.add_url_rule("/s/<key>/withdraw", view_func=withdraw, methods=["POST"])
    app.add_url_rule("/s/<key>/reviewed", view_func=reviewed, methods=["POST"])
    app.add_url_rule("/s/<key>/comment", view_func=comment, methods=["POST"])
    app.add_url_rule("/s/<key>/remove-comment", view_func=remove_comment, methods=["POST"])
    app.add_url_rule("/undo", view_func=undo, methods=["POST"])


def _wish(key: str, *, reason_needed: bool = True) -> Wish:
    """Return what a form asks for, or end with 400 where it lacks something."""
    reason = _text("reason")
    if reason_needed and not reason:
        abort(400, "A reason is needed: the student reads it, and whoever looks after you.")
    seen = request.form.get("version", "")
    return Wish(
        submission_of(key),
        _text("target"),
        _text("value"),
        reason,
        g.person,
        int(seen) if seen.isdecimal() and len(seen) < 15 else -1,
    )


def _text(name: str) -> str:
    return request.form.get(name, "").strip().replace("\r\n", "\n")[:LONGEST_TEXT]


def _back(key: str, number: int | None, anchor: str) -> Response:
    """Go back to the submission, which tells what was done."""
    address = way_back(request.form).partition("#")[0]
    if not address.startswith(f"/s/{key}"):
        address = f"/s/{key}"
    path, _, query = address.partition("?")
    kept = [part for part in query.split("&") if part and not part.startswith("done=")]
    if number is not None:
        kept.append(f"done={number}")
    return redirect(f"{path}?{'&'.join(kept)}#{anchor}", 303)  # type: ignore[return-value]


def _both_sides(change: Callable[[str], Response]) -> Callable[[str], Response]:
    """Where somebody was faster, show what they decided beside what this person wanted; nothing is stored."""

    @wraps(change)
    def guarded(key: str) -> Response:
        try:
            return change(key)
        except StaleDecisionError as error:
            return make_response(_conflict(key, str(error)), 409)

    return guarded


@_both_sides
def level(key: str) -> Response:
    """Set a level."""
    wish = _wish(key)
    if wish.target not in {item.id for item in desk().rubric.criteria} or wish.value not in LEVELS:
        abort(400, "There is no such criterion or level.")
    return _back(key, desk().set_level(wish), f"criterion-{wish.target}")


@_both_sides
def finding(key: str) -> Response:
    """Set the outcome of a check."""
    wish = _wish(key)
    if wish.value not in dict(OUTCOME_CHOICES) or wish.target not in desk().checks(wish.submission):
        abort(400, "There is no such check or outcome.")
    return _back(key, desk().set_outcome(wish), f"finding-{wish.target}")


@_both_sides
def withdraw(key: str) -> Response:
    """Let the grader's own word count again."""
    wish, kind = _wish(key, reason_needed=False), request.form.get("kind", "")
    if kind not in {"level", "finding", "reviewed"}:
        abort(400, "That can't be taken back.")
    anchor = {"level": "criterion-", "finding": "finding-"}.get(kind, "main") + wish.target
    return _back(key, desk().withdraw(wish, kind), anchor)


def reviewed(key: str) -> Response:
    """Note that this person has looked at the submission, and go on to another one where the form names it."""
    number = desk().mark_reviewed(submission_of(key), g.person, request.form.get("reasons", ""))
    if "then" not in request.form:
        return _back(key, number, "main")
    query = way_back(request.form).partition("#")[0].partition("?")[2]
    kept = "&".join(part for part in query.split("&") if part and not part.startswith("done="))
    following = request.form["then"]
    page_after = "/queue" if desk().submission(following) is None else f"/s/{following}"
    return redirect(f"{page_after}?{kept}&done={number}", 303)  # type: ignore[return-value]


def comment(key: str) -> Response:
    """Say something to the student, or to other staff."""
    wish = _wish(key, reason_needed=False)
    if not wish.value:
        abort(400, "The comment is empty.")
    if wish.target and wish.target not in {item.id for item in desk().rubric.criteria}:
        abort(400, "There is no such criterion.")
    number = desk().comment(wish, private=request.form.get("private") == "1")
    return _back(key, number, f"criterion-{wish.target}" if wish.target else "whole")


def remove_comment(key: str) -> Response:
    """Remove a comment."""
    given = request.form.get("number", "")
    name = submission_of(key)
    if not (given.isdecimal() and len(given) < 15) or int(given) not in {item.number for item in desk().comments(name)}:
        abort(404)
    return _back(key, desk().remove_comment(name, int(given), g.person), "main")


def undo() -> Response:
    """Undo one line of the audit trail."""
    given = request.form.get("number", "")
    if not (given.isdecimal() and len(given) < 15):
        abort(400, "That is no line of the audit trail.")
    entry = desk().undo(int(given), g.person)
    back = way_back(request.form)
    if back.startswith("/s/"):
        key = desk().names.key(entry.submission)
        return _back(key, desk().book.audit(entry.submission)[-1].number, "main")
    return redirect(re.sub(r"&?done=\d+", "", back), 303)  # type: ignore[return-value]


# ---------------------------------------------------------------- two at once
def _conflict(key: str, message: str) -> str:
    """Return the page that shows both sides."""
    name, target, value = submission_of(key), _text("target"), _text("value")
    kind = {"level": "level", "finding": "finding"}.get((request.endpoint or ""), request.form.get("kind", ""))
    decisions = desk().book.decisions(name)
    there: Override | None = (decisions.levels if kind == "level" else decisions.findings).get(target)
    opened = desk().open(name)
    now = next((item.level for item in opened.grade.judgements if item.criterion == target), None)
    outcome = next((item.outcome for item in opened.grade.findings if item.check == target), None)
    present = now if kind == "level" else outcome
    last = [item for item in desk().book.audit(name) if item.kind == kind and item.criterion == target]
    return page(
        "review/conflict.html.j2",
        message=message,
        key=key,
        action="withdraw" if request.endpoint == "withdraw" else kind,
        kind=kind,
        target=target,
        value=value,
        title=next((item.title for item in desk().rubric.criteria if item.id == target), target),
        name=desk().names.alias(name) if g.blind else name,
        theirs=_words(kind, there.value if there else present),
        their_reason=there.reason if there else "",
        who=last[-1].author if last else "",
        when=moment(last[-1].happened_at) if last else "",
        yours=_words(kind, value) if value else "the grader's own",
        your_reason=_text("reason"),
        version=desk().book.version(name, kind, target),
        form_back=way_back(request.form),
    )


def _words(kind: str, value: str | None) -> str:
    if value is None:
        return "no level"
    if kind == "level":
        return level_names(desk().rubric).get(value, value)  # type: ignore[call-overload, no-any-return]
    return OUTCOMES[value][1] if value in OUTCOMES else value  # type: ignore[index]
