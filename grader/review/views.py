"""What the pages of the desk show, in words: every text is escaped by the templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from markupsafe import Markup

from grader.gradebook.people import AuditEntry
from grader.model import LEVELS, Comment, Evidence, Grade, Level, Override, Result, Rubric
from grader.regrading import executed_notebook
from grader.reports.criteria import CriterionView, FindingView, criterion_views
from grader.reports.notebook import MOST_CELLS, CellView, cell_views
from grader.reports.numbers import cell_number, points
from grader.reports.text import capitalised, house_style, sentence
from grader.reports.wording import OUTCOMES, level_names, status_words
from grader.review.bank import offered
from grader.review.desk import Desk, Opened
from grader.review.naming import HIDDEN_FILE, Cover
from grader.review.queue import ClassList

OUTCOME_CHOICES = (("pass", "Met"), ("fail", "Not met"), ("not_applicable", "Does not apply"))
"""Outcomes that a person can set, as the reports call them."""

DEEDS: Mapping[tuple[str, str], str] = {
    ("override", "level"): "set the level of",
    ("override", "finding"): "overruled",
    ("withdraw", "level"): "took back the level of",
    ("withdraw", "finding"): "took back the outcome of",
    ("withdraw", "reviewed"): "asked for another look",
    ("review", "reviewed"): "marked it as reviewed",
    ("comment", "comment"): "wrote a comment",
    ("comment", "note"): "wrote a private note",
    ("remove", "comment"): "removed a comment",
    ("remove", "note"): "removed a private note",
    ("undo", "level"): "undid a change of",
    ("undo", "finding"): "undid a change of",
    ("undo", "reviewed"): "undid a mark as reviewed",
    ("undo", "comment"): "undid a comment",
    ("undo", "note"): "undid a private note",
    ("rubric", "rubric"): "applied another rubric",
}
"""What was done, by action and kind of a line of the audit trail."""


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One submission's line in the queue."""

    key: str
    name: str
    people: str
    notebook: str
    status: str
    points: str
    max_points: str
    levels: tuple[tuple[str, str, bool, bool], ...]
    """Criterion by criterion: the level's name, its style, whether it is open, whether a person set it."""
    reasons: tuple[str, ...]
    reviewed: bool
    comments: int


@dataclass(frozen=True, slots=True)
class FindingDesk:
    """A finding, who decided on it, and its version for the form."""

    view: FindingView
    override: Override | None
    version: int


@dataclass(frozen=True, slots=True)
class CriterionDesk:
    """A criterion, who set its level, and what its forms need."""

    view: CriterionView
    choices: tuple[tuple[Level, str, bool], ...]
    own_level: str
    override: Override | None
    version: int
    contradicted: str
    findings: tuple[FindingDesk, ...]
    comments: tuple[Comment, ...]
    bank: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SubmissionDesk:
    """One submission on the desk: the decisions on one side, the notebook on the other."""

    key: str
    name: str
    people: str
    notebook: str
    status: str
    points: str
    max_points: str
    reasons: tuple[Markup, ...]
    reasons_digest: str
    reviewed: Override | None
    is_reviewed: bool
    criteria: tuple[CriterionDesk, ...]
    further: tuple[FindingDesk, ...]
    comments: tuple[Comment, ...]
    bank: tuple[str, ...]
    cells: tuple[CellView, ...]
    known_cells: frozenset[int]
    cells_left_out: int


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One line of the audit trail in words; `key` is empty where the submission is not there any more."""

    number: int
    when: str
    iso: str
    author: str
    deed: str
    target: str
    before: str
    after: str
    reason: str
    key: str
    name: str


def moment(iso: str) -> str:
    """Return a moment as people read it: `26 Nov 2026, 14:02 UTC`; a text that is none stays as it is."""
    try:
        when = datetime.fromisoformat(iso).astimezone(UTC)
    except ValueError:
        return iso
    return f"{when.day} {when:%b %Y, %H:%M} UTC"


# ---------------------------------------------------------------- the queue
def queue_row(row: Result, listed: ClassList, rubric: Rubric) -> QueueRow:
    """Return a submission's line."""
    found = {item.criterion: item for item in row.criteria}
    names = level_names(rubric)
    levels = []
    for criterion in rubric.criteria:
        item = found.get(criterion.id)
        if item is None or item.level is None:
            levels.append(("No level", "no-level", False, False))
        else:
            levels.append((names[item.level], item.level, item.low != item.high, bool(item.decided)))
    decisions = listed.read.decisions.get(row.submission)
    over = Cover("", (row.submission, *listed.read.people.get(row.submission, ()))).over if listed.blind else str
    return QueueRow(
        key=listed.names.key(row.submission),
        name=listed.names.alias(row.submission) if listed.blind else row.submission,
        people="" if listed.blind else ", ".join(listed.read.people.get(row.submission, ())),
        notebook=HIDDEN_FILE if listed.blind else row.notebook,
        status="" if row.status == "ok" else status_words(row.status),
        points=points(row.points),
        max_points=points(row.max_points),
        levels=tuple(levels),
        reasons=tuple(house_style(capitalised(over(reason))) for reason in row.review_reasons),
        reviewed=row.reviewed,
        comments=len(decisions.comments) if decisions else 0,
    )


# ---------------------------------------------------------------- one submission
def hidden(opened: Opened, cover: Cover) -> Opened:
    """Return a submission under another name."""
    return replace(opened, evidence=cover.evidence(opened.evidence), grade=cover.grade(opened.grade))


def submission_desk(desk: Desk, submission: str, opened: Opened, *, blind: bool) -> SubmissionDesk:
    """Return all that the page of one submission shows."""
    shown = hidden(opened, desk.cover(submission)) if blind else opened
    grade, evidence = shown.grade, shown.evidence
    known = frozenset(cell_number(cell.index) for cell in evidence.cells[:MOST_CELLS])
    views, further = criterion_views(grade, desk.rubric, known)
    everything = [item for view in views for item in view.findings] + list(further)
    executed = executed_notebook(desk.out / submission)
    versions = desk.book.versions(submission)
    said = [item for one in desk.read().decisions.values() for item in one.comments]
    decisions = opened.decisions
    return SubmissionDesk(
        key=desk.names.key(submission),
        name=grade.submission,
        people="" if blind else ", ".join(desk.read().people.get(submission, ())),
        notebook=grade.notebook,
        status=status_words(grade.run.get("status")),
        points=points(grade.points),
        max_points=points(grade.max_points),
        reasons=_reasons(grade, known),
        reasons_digest=desk.reasons_digest(opened),
        reviewed=decisions.reviewed,
        is_reviewed=grade.reviewed,
        criteria=tuple(_criterion(desk, opened, shown.grade, view, versions, said) for view in views),
        further=tuple(_finding(item, opened, versions) for item in further),
        comments=tuple(item for item in decisions.comments if not item.criterion),
        bank=offered(said, ""),
        cells=cell_views(evidence, _once(everything), executed),
        known_cells=known,
        cells_left_out=max(0, len(evidence.cells) - MOST_CELLS),
    )


def _once(findings: list[FindingView]) -> tuple[FindingView, ...]:
    return tuple({item.check: item for item in reversed(findings)}.values())[::-1]


def _reasons(grade: Grade, known: frozenset[int]) -> tuple[Markup, ...]:
    own = [f"{item.title}: {why}" for item in grade.judgements for why in item.review_reasons]
    told = dict.fromkeys([*grade.review_reasons, *own])
    return tuple(sentence(capitalised(reason), known) for reason in told)


def _criterion(
    desk: Desk, opened: Opened, grade: Grade, view: CriterionView, versions: Mapping[tuple[str, str], int],
    said: list[Comment],
) -> CriterionDesk:  # fmt: skip
    names = level_names(desk.rubric)
    judgement = next(item for item in grade.judgements if item.criterion == view.id)
    findings = max((version for (kind, _), version in versions.items() if kind == "finding"), default=0)
    return CriterionDesk(
        view=view,
        choices=tuple((level, names[level], level == view.level) for level in LEVELS),
        own_level=names[judgement.own_level] if judgement.own_level else "no level",
        override=opened.decisions.levels.get(view.id),
        version=max(versions.get(("level", view.id), 0), findings),
        contradicted=judgement.decided.contradicted if judgement.decided else "",
        findings=tuple(_finding(item, opened, versions) for item in view.findings),
        comments=tuple(item for item in opened.decisions.comments if item.criterion == view.id),
        bank=offered(said, view.id),
    )


def _finding(view: FindingView, opened: Opened, versions: Mapping[tuple[str, str], int]) -> FindingDesk:
    return FindingDesk(view, opened.decisions.findings.get(view.check), versions.get(("finding", view.check), 0))


def framed(desk: Desk, submission: str, opened: Opened, *, blind: bool) -> tuple[Grade, Evidence]:
    """Return what a report or a staff page is rendered from."""
    shown = hidden(opened, desk.cover(submission)) if blind else opened
    return shown.grade, shown.evidence


# ---------------------------------------------------------------- the audit trail
def audit_line(entry: AuditEntry, desk: Desk, *, blind: bool) -> AuditLine:
    """Return a line of the audit trail in words."""
    names = level_names(desk.rubric)
    titles = {item.id: item.title for item in desk.rubric.criteria}
    key = desk.names.key(entry.submission)
    return AuditLine(
        number=entry.number,
        when=moment(entry.happened_at),
        iso=entry.happened_at,
        author=entry.author,
        deed=DEEDS.get((entry.action, entry.kind), f"{entry.action} {entry.kind}"),
        target=titles.get(entry.criterion, entry.criterion) if entry.kind in {"level", "finding"} else "",
        before=_value(entry.kind, entry.before, names),
        after=_value(entry.kind, entry.after, names),
        reason=entry.reason,
        key=key if desk.submission(key) is not None else "",
        name=desk.names.alias(entry.submission) if blind and entry.submission else entry.submission,
    )


def _value(kind: str, value: str | None, names: Mapping[Level, str]) -> str:
    if kind == "reviewed":
        return ""
    if value is None:
        return "" if kind in {"comment", "note", "rubric"} else "the grader's own"
    if kind == "level":
        return names.get(value, value)  # type: ignore[call-overload, no-any-return]
    if kind == "finding":
        return OUTCOMES[value][1] if value in OUTCOMES else value  # type: ignore[index]
    return value[:12] if kind == "rubric" else value
