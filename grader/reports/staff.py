"""The staff's page of one submission: what to ask the student, why a person should look, and what is not certain.

It is no part of what students are given: nothing on their own page leads here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from markupsafe import Markup

from grader.model import UNDECIDED, Decisions, Evidence, Finding, Grade, Level, Outcome, Question, Rubric
from grader.reports.criteria import range_words
from grader.reports.numbers import cell_number, count
from grader.reports.page import render
from grader.reports.similar import place_of
from grader.reports.text import capitalised, sentence
from grader.reports.wording import ORIGINS, OUTCOMES, level_names

MOST_NAMED = 20
"""Most that are named who handed in the same: an untouched template may be handed in by many."""


@dataclass(frozen=True, slots=True)
class QuestionView:
    """One question: `cells` are numbers of the cells it is about, as the report counts them."""

    text: Markup
    listen_for: Markup
    cells: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OpinionView:
    """What a language model said of one check, beside the grader's own finding."""

    check: str
    own: str
    said: str
    votes: str
    quotes: tuple[str, ...]
    differs: bool
    note: str


@dataclass(frozen=True, slots=True)
class DecidedView:
    """What a person put in the grader's place, and where the evidence contradicts it since."""

    what: str
    value: str
    author: str
    reason: str
    contradicted: str


@dataclass(frozen=True, slots=True)
class UncertainView:
    """A criterion whose level is open, and what could not be told of it."""

    id: str
    title: str
    range: str
    open: tuple[Markup, ...]


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """Why a person should look; `criterion` and `title` name the criterion it belongs to, empty for none."""

    criterion: str
    title: str
    reason: Markup


def render_staff(
    grade: Grade,
    evidence: Evidence,
    questions: Sequence[Question],
    rubric: Rubric | None = None,
    same_as: Sequence[str] = (),
    similar_page: str = "",
    decisions: Decisions = UNDECIDED,
) -> str:
    """Return the staff's page as one HTML page, as bare of scripts and remote loads as the report is.

    `same_as` are the ids of those who handed in the very same. `similar_page` is where the class's passages in common
    are, seen from here; empty for nowhere. `decisions` are people's, with notes that no student reads.
    """
    return render(
        "staff.html.j2",
        grade=grade,
        rubric_title=rubric.title if rubric else grade.rubric_id,
        questions=tuple(
            QuestionView(sentence(item.text), sentence(item.listen_for), tuple(map(cell_number, item.cells)))
            for item in questions
        ),
        review=_review_lines(grade),
        uncertain=_uncertain(grade, rubric),
        similar_page=f"{similar_page}#{place_of(grade.submission)}" if similar_page else "",
        same_as=tuple(same_as[:MOST_NAMED]),
        more_same=max(0, len(same_as) - MOST_NAMED),
        claims=_claims(grade),
        doubts=_doubts(evidence),
        opinions=_opinions(grade, evidence),
        asked=evidence.opinions[0].model if evidence.opinions else "",
        decided=_decided(grade, decisions, level_names(rubric)),
        said=decisions.comments,
    )


def _decided(grade: Grade, decisions: Decisions, names: Mapping[Level, str]) -> tuple[DecidedView, ...]:
    """Return what people decided, levels first."""
    judged, found = {item.criterion: item for item in grade.judgements}, {item.check: item for item in grade.findings}
    views = []
    for item in (*decisions.levels.values(), *decisions.findings.values()):
        of_level = item.kind == "level"
        mark = (judged if of_level else found).get(item.target)
        if mark is None:
            continue  # of another rubric: it counts again where that one does
        views.append(
            DecidedView(
                what=judged[item.target].title if of_level else item.target,
                value=names[cast("Level", item.value)] if of_level else OUTCOMES[cast("Outcome", item.value)][1],
                author=item.author,
                reason=item.reason,
                contradicted=mark.decided.contradicted if mark.decided is not None else "",
            )
        )
    return tuple(views)


SAID = {"pass": "accepted", "fail": "found wanting", "none": "no opinion"}
"""A verdict of a language model in words."""


def _opinions(grade: Grade, evidence: Evidence) -> tuple[OpinionView, ...]:
    known = {item.check: item for item in grade.findings}
    views = []
    for item in evidence.opinions:
        finding = known.get(item.check)
        votes = {"pass": item.votes_pass, "fail": item.votes_fail}.get(item.verdict, 0)
        asked = item.votes_pass + item.votes_fail + item.discarded
        outcome = finding.outcome if finding is not None else ""
        views.append(
            OpinionView(
                check=item.check,
                own=OUTCOMES[finding.outcome][1] if finding is not None else "",
                said=SAID[item.verdict],
                votes=f"{votes} of {asked}" if votes else "",
                quotes=item.quotes,
                differs=item.verdict != "none" and outcome in {"pass", "fail"} and outcome != item.verdict,
                note=item.note,
            )
        )
    return tuple(sorted(views, key=lambda view: not view.differs))


def _uncertain(grade: Grade, rubric: Rubric | None) -> tuple[UncertainView, ...]:
    """Return the criteria whose level could be another, with what was not seen."""
    known = {item.check: item for item in grade.findings}
    names = level_names(rubric)
    return tuple(
        UncertainView(
            judgement.criterion,
            judgement.title,
            words,
            tuple(sentence(known[name].summary) for name in judgement.findings if _open(known.get(name))),
        )
        for judgement in grade.judgements
        if (words := range_words(judgement, names))
    )


def _open(finding: Finding | None) -> bool:
    return finding is not None and finding.outcome in {"unknown", "error"}


def _claims(grade: Grade) -> str:
    """Say how much of what passed rests on the run's own word."""
    required = {name for item in grade.judgements for name in item.findings}
    passed = [item for item in grade.findings if item.check in required and item.outcome == "pass"]
    if not passed:
        return ""
    told = [(ORIGINS[name], sum(item.origin == name for item in passed)) for name in ORIGINS]
    parts = ", ".join(f"{number} {words}" for words, number in told if number)
    return f"Of {count(len(passed), 'finding')} that are {OUTCOMES['pass'][1].lower()}: {parts}."


def _doubts(evidence: Evidence) -> tuple[str, ...]:
    """Return what the run itself left open."""
    run = evidence.run
    said = [f"Watching failed in places: {fault}." for fault in run.probe_faults[:3]]
    if run.channel_faults:
        said.append(f"{count(run.channel_faults, 'line')} of the record of the run could not be read.")
    said += [f"In cell {cell_number(gap.cell)} the watching was undone: {gap.detail}." for gap in run.watch_gaps[:3]]
    said += [note for note in (evidence.verification_note, evidence.reference_note) if note]
    if evidence.repeat is not None and evidence.repeat.note:
        said.append(f"The third run: {evidence.repeat.note}")
    return tuple(said)


def _review_lines(grade: Grade) -> tuple[ReviewLine, ...]:
    """Return every reason for a look once. Where nothing could be judged all say the same: only the grade speaks."""
    own = [_review_line(reason, grade) for reason in grade.review_reasons]
    if all(item.level is None for item in grade.judgements):
        own = [line for line in own if not line[0]] or own
    else:
        said = [reason for _, _, reason in own]
        own += [
            (item.criterion, item.title, reason)
            for item in grade.judgements
            for reason in item.review_reasons
            if reason not in said
        ]
    return tuple(
        ReviewLine(criterion, title, sentence(reason if title else capitalised(reason)))
        for criterion, title, reason in own
    )


def _review_line(reason: str, grade: Grade) -> tuple[str, str, str]:
    """Split a reason that starts with a criterion's title into both."""
    for item in grade.judgements:
        if item.title and reason.startswith(f"{item.title}: "):
            return item.criterion, item.title, reason.removeprefix(f"{item.title}: ")
    return "", "", reason
