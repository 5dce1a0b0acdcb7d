"""The report of one submission: one self-contained page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from grader.model import Evidence, Grade, Rubric
from grader.reports.criteria import CriterionView, FindingView, criterion_views
from grader.reports.dataflow import data_view
from grader.reports.notebook import MOST_CELLS, cell_views
from grader.reports.numbers import cell_number, count, duration
from grader.reports.outcome import result_view
from grader.reports.page import render
from grader.reports.scores import comparison, score_lines
from grader.reports.text import link_cells
from grader.reports.training import training_views
from grader.reports.wording import ORIGIN_MEANINGS, ORIGINS, OUTCOME_MEANINGS, OUTCOMES, TIERS, status_words

GOOD_POSITION = 3
"""From the third of the four steps on a criterion is met."""


@dataclass(frozen=True, slots=True)
class Highlight:
    """A criterion that stands out, and the sentence that says why."""

    criterion: CriterionView
    sentence: Markup


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """Why a person should look; `criterion` and `title` name the criterion it belongs to, empty for none."""

    criterion: str
    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the run facts."""

    name: str
    value: Markup | str


def render_report(grade: Grade, evidence: Evidence, rubric: Rubric | None = None) -> str:
    """Return the student's report as one HTML page: no scripts, nothing loaded from anywhere.

    Same grade, evidence and rubric give the same bytes. `rubric` adds the wording of levels not reached.
    """
    known = frozenset(cell_number(cell.index) for cell in evidence.cells[:MOST_CELLS])
    criteria, further = criterion_views(grade, rubric, known)
    every_finding = _once([item for criterion in criteria for item in criterion.findings] + list(further))
    return render(
        "report.html.j2",
        grade=grade,
        rubric_title=rubric.title if rubric else grade.rubric_id,
        verdict=_verdict(criteria),
        strongest=_strongest(criteria),
        next_thing=_next_thing(criteria),
        review=_review_lines(grade),
        criteria=criteria,
        known_cells=known,
        further=further,
        scores=score_lines(grade, evidence),
        comparison=comparison(evidence),
        trainings=training_views(evidence),
        result=result_view(evidence),
        data=data_view(evidence, known),
        notes=tuple(note for note in (evidence.verification_note, evidence.reference_note) if note),
        facts=_run_facts(grade, evidence, known),
        cells=cell_views(evidence, every_finding),
        cells_left_out=max(0, len(evidence.cells) - MOST_CELLS),
        outcomes=[(*OUTCOMES[name], OUTCOME_MEANINGS[name]) for name in OUTCOMES],
        origins=[(ORIGINS[name], ORIGIN_MEANINGS[name]) for name in ORIGINS],
    )


def _once(findings: Sequence[FindingView]) -> tuple[FindingView, ...]:
    return tuple({item.check: item for item in reversed(findings)}.values())[::-1]


def _verdict(criteria: Sequence[CriterionView]) -> str:
    """Return the one sentence that says how it stands."""
    judged = [item for item in criteria if item.level]
    if not judged:
        return "Nothing could be judged yet; a person will look at this submission."
    good = sum(item.position >= GOOD_POSITION for item in judged)
    if good == len(criteria):
        best = sum(item.position > GOOD_POSITION for item in judged)
        verb = "is" if best == 1 else "are"
        tail = f"{best} of {len(criteria)} {verb} exemplary" if best else "none is exemplary yet"
        return f"Every criterion is proficient or better; {tail}."
    weakest = min(judged, key=lambda item: item.position)
    verb = "is" if good == 1 else "are"
    lead = (
        f"{good} of {len(criteria)} criteria {verb} proficient or better" if good else "No criterion is proficient yet"
    )
    return f"{lead}; \N{LEFT DOUBLE QUOTATION MARK}{weakest.title}\N{RIGHT DOUBLE QUOTATION MARK} has the most to gain."


def _strongest(criteria: Sequence[CriterionView]) -> Highlight | None:
    judged = [item for item in criteria if item.level]
    if not judged:
        return None
    best = max(judged, key=lambda item: item.position)
    reason = next((reason.sentence for reason in best.reasons if reason.style in {"pass", "plain"}), None)
    return Highlight(best, reason if reason is not None else Markup("{}").format(best.descriptor))


def _next_thing(criteria: Sequence[CriterionView]) -> Highlight | None:
    """Return the next step of the lowest criterion: what lifts the work most for one change."""
    open_ones = [item for item in criteria if item.level and item.next_step is not None]
    if not open_ones:
        return None
    # A step that only says that a person will look is nothing to do: a finding's own fix comes first.
    weakest = min(open_ones, key=lambda item: (all(item.next_step != one.fix for one in item.findings), item.position))
    return None if weakest.next_step is None else Highlight(weakest, weakest.next_step)


def _review_lines(grade: Grade) -> tuple[ReviewLine, ...]:
    """Return every reason once. Where nothing could be judged the criteria all say the same: only the grade speaks."""
    own = [_review_line(reason, grade) for reason in grade.review_reasons]
    if all(item.level is None for item in grade.judgements):
        return tuple(line for line in own if not line.criterion) or tuple(own)
    said = [line.reason for line in own]
    return (
        *own,
        *(
            ReviewLine(item.criterion, item.title, reason)
            for item in grade.judgements
            for reason in item.review_reasons
            if reason not in said
        ),
    )


def _review_line(reason: str, grade: Grade) -> ReviewLine:
    """Split a reason that starts with a criterion's title into both."""
    for item in grade.judgements:
        if item.title and reason.startswith(f"{item.title}: "):
            return ReviewLine(item.criterion, item.title, reason.removeprefix(f"{item.title}: "))
    return ReviewLine("", "", reason)


def _run_facts(grade: Grade, evidence: Evidence, known: frozenset[int]) -> tuple[Fact, ...]:
    run = evidence.run
    status = grade.run.get("status", run.status)
    isolation = "nothing was run" if status in {"not_run", "infrastructure_failure"} else TIERS[run.isolation]
    gaps = "; ".join(run.isolation_gaps)
    facts = [
        Fact("Status", status_words(status)),
        Fact("Time", duration(grade.run.get("wall_s"))),
        Fact("Isolation", f"{isolation}. Not covered here: {gaps}" if gaps else isolation),
    ]
    if run.failed_cell is not None:
        facts.append(Fact("First failing cell", link_cells(f"cell {cell_number(run.failed_cell)}", known)))
    facts += [
        Fact(name, link_cells(words, known))
        for name, words in (
            ("What happened", run.message or ""),
            ("Why", run.diagnosis),
            ("Needed, but not here", ", ".join(run.needs)),
            ("Watched", ", ".join(run.watched)),
        )
        if words
    ]
    if run.probe_faults or run.channel_faults:
        lost = count(run.channel_faults, "message")
        facts.append(
            Fact("Gaps in what was seen", f"{lost} unreadable; {len(run.probe_faults)} faults of the observer")
        )
    facts.append(Fact("Notebook's SHA-256", grade.sha256))
    facts.append(Fact("Rubric", f"{grade.rubric_id} (SHA-256 {grade.rubric_sha256[:12]})"))
    return tuple(facts)
