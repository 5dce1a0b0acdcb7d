"""The report of one submission: one self-contained page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from grader.model import LEVELS, Evidence, Grade, Highlight, Level, Rubric, RunFacts
from grader.reports.budgets import budget_sentences
from grader.reports.claims import claim_lines
from grader.reports.criteria import CriterionView, FindingView, criterion_views
from grader.reports.dataflow import data_view
from grader.reports.language import AUTOMATIC, language_of, speaking
from grader.reports.notebook import MOST_CELLS, cell_views
from grader.reports.numbers import cell_number, count, duration
from grader.reports.outcome import final_verification, result_view
from grader.reports.own_data import own_data_view
from grader.reports.page import render
from grader.reports.scores import comparison, score_glance, score_lines
from grader.reports.text import capitalised, link_cells, sentence
from grader.reports.training import training_views
from grader.reports.wording import (
    ORIGIN_MEANINGS,
    ORIGINS,
    OUTCOME_MEANINGS,
    OUTCOMES,
    TIERS,
    in_sentence,
    level_names,
    status_words,
)

GOOD_POSITION = 3
"""From the third of the four steps on a criterion is met."""
MOST_ADVICE = 6
"""Pieces of advice shown beside what moves a level: more would drown it."""


@dataclass(frozen=True, slots=True)
class HighlightView:
    """A criterion that stands out, and the sentence that says why."""

    criterion: CriterionView
    sentence: Markup


@dataclass(frozen=True, slots=True)
class DeliverableView:
    """One line of what was to be handed in."""

    title: str
    symbol: str
    word: str
    style: str
    sentence: Markup


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the run facts."""

    name: str
    value: Markup | str


def render_report(
    grade: Grade,
    evidence: Evidence,
    rubric: Rubric | None = None,
    executed: bytes = b"",
    language: str = AUTOMATIC,
) -> str:
    """Return the student's report as one HTML page: no scripts, nothing loaded from anywhere.

    Same grade, evidence and rubric give the same bytes. `rubric` adds the wording of levels not reached, `executed`
    (the bytes of `executed.ipynb`) the pictures the notebook drew. It is written in the notebook's own language where
    that is known here, else in English; `language` asks for another.
    """
    with speaking(language_of(evidence, language)):
        return _report(grade, evidence, rubric, executed)


def _report(grade: Grade, evidence: Evidence, rubric: Rubric | None, executed: bytes) -> str:
    known = frozenset(cell_number(cell.index) for cell in evidence.cells[:MOST_CELLS])
    criteria, further = criterion_views(grade, rubric, known)
    every_finding = _once([item for criterion in criteria for item in criterion.findings] + list(further))
    return render(
        "report.html.j2",
        grade=grade,
        rubric_title=rubric.title if rubric else grade.rubric_id,
        verdict=_verdict(criteria, level_names(rubric)),
        budget=tuple(link_cells(words, known) for words in budget_sentences(grade.run)),
        deliverables=_deliverable_views(grade, known),
        strongest=_highlight(grade.strongest, criteria, known),
        next_thing=_highlight(grade.next_thing, criteria, known),
        ran_through=grade.run.get("status", evidence.run.status) == "ok",
        comments=tuple(item.text for item in grade.comments if item.criterion not in {one.id for one in criteria}),
        criteria=criteria,
        known_cells=known,
        further=further,
        advice=tuple(item for item in further if item.outcome == "fail")[:MOST_ADVICE],
        glance=score_glance(evidence),
        scores=score_lines(grade, evidence),
        comparison=comparison(evidence),
        trainings=training_views(evidence),
        result=result_view(evidence),
        data=data_view(evidence, known),
        claims=claim_lines(grade),
        own_data=own_data_view(evidence.own_data),
        absent=_absent(evidence),
        notes=tuple(capitalised(note) for note in (evidence.verification_note, evidence.reference_note) if note),
        facts=_run_facts(grade, evidence, known),
        cells=cell_views(evidence, every_finding, executed),
        cells_left_out=max(0, len(evidence.cells) - MOST_CELLS),
        outcomes=[(*OUTCOMES[name], OUTCOME_MEANINGS[name]) for name in OUTCOMES],
        origins=[(ORIGINS[name], ORIGIN_MEANINGS[name]) for name in ORIGINS],
    )


def _once(findings: Sequence[FindingView]) -> tuple[FindingView, ...]:
    return tuple({item.check: item for item in reversed(findings)}.values())[::-1]


def _deliverable_views(grade: Grade, known: frozenset[int]) -> tuple[DeliverableView, ...]:
    return tuple(
        DeliverableView(item.title, *OUTCOMES[item.outcome], item.outcome, sentence(item.sentence, known))
        for item in grade.deliverables
    )


def _verdict(criteria: Sequence[CriterionView], names: Mapping[Level, str]) -> str:
    """Return the one sentence that says how it stands."""
    judged = [item for item in criteria if item.level]
    if not judged:
        return "Nothing could be judged yet; a person will look at this submission."
    met, top = in_sentence(LEVELS[GOOD_POSITION - 1], names), in_sentence(LEVELS[GOOD_POSITION], names)
    good = sum(item.position >= GOOD_POSITION for item in judged)
    if good == len(criteria):
        best = sum(item.position > GOOD_POSITION for item in judged)
        verb = "is" if best == 1 else "are"
        tail = f"{best} of {len(criteria)} {verb} {top}" if best else f"none is {top} yet"
        return f"Every criterion is {met} or better; {tail}."
    weakest = min(judged, key=lambda item: item.position)
    verb = "is" if good == 1 else "are"
    lead = f"{good} of {len(criteria)} criteria {verb} {met} or better" if good else f"No criterion is {met} yet"
    return f"{lead}; \N{LEFT DOUBLE QUOTATION MARK}{weakest.title}\N{RIGHT DOUBLE QUOTATION MARK} has the most to gain."


def _absent(evidence: Evidence) -> tuple[str, ...]:
    """Say plainly which parts of what is usually measured are not there, and why as far as it is known."""
    if not (evidence.trainings or evidence.scorings):
        return ("Nothing was measured: no training and no scoring of a model was seen in this run.",)
    said = []
    if not evidence.trainings:
        said.append("No training of a model was seen in this run.")
    if not evidence.scorings:
        said.append("No scoring of a trained model was seen, so there is no score to recompute.")
    elif final_verification(evidence) is None and not evidence.verification_note:
        scoring = evidence.scoring(evidence.final_scoring)
        why = f": {scoring.seal_note}" if scoring is not None and scoring.seal_note else ""
        said.append(f"The score could not be recomputed outside the notebook{why}.")
    elif not evidence.references and not evidence.reference_note:
        said.append("No reference was trained: there were no held-out rows to score it on, or no recipe for this task.")
    return tuple(said)


def _highlight(
    item: Highlight | None, criteria: Sequence[CriterionView], known: frozenset[int]
) -> HighlightView | None:
    criterion = next((one for one in criteria if item is not None and one.id == item.criterion), None)
    return HighlightView(criterion, sentence(item.sentence, known)) if item is not None and criterion else None


def _no_better(run: RunFacts) -> str:
    """Return why no better isolation was used, and the line that would mend it."""
    if run.why_not_better is None:
        return ""
    return f"{run.why_not_better}. To mend it: {run.remedy}" if run.remedy else run.why_not_better


def _interpreter(run: RunFacts) -> str:
    """Return which Python ran the notebook and what it has of the libraries that results hang on."""
    used = run.interpreter
    if not used.python:
        return ""
    shown = ("tensorflow", "keras", "tf_keras", "numpy", "scikit-learn")
    packages = ", ".join(f"{name} {used.version_of(name)}" for name in shown if used.version_of(name))
    variables = ", ".join(f"{name}={value}" for name, value in used.variables)
    extra = "; ".join(part for part in (packages, variables) if part)
    where = f"environment {used.name}: " if used.name else ""
    return f"{where}Python {used.python}" + (f" with {extra}" if extra else "")


def _budget(run: RunFacts) -> str:
    return "" if run.budget.kind == "full" else f"{run.budget}{' s' if run.budget.kind == 'seconds' else ''}"


def _given(evidence: Evidence) -> str:
    cells = [cell_number(cell.index) for cell in evidence.cells if cell.own is not None]
    many = f" and {len(cells) - MOST_GIVEN} more" if len(cells) > MOST_GIVEN else ""
    numbers = ", ".join(map(str, cells[:MOST_GIVEN]))
    return f"in cells {numbers}{many}: left out where words and comments are judged" if cells else ""


MOST_GIVEN = 20


def _run_facts(grade: Grade, evidence: Evidence, known: frozenset[int]) -> tuple[Fact, ...]:
    run = evidence.run
    status = grade.run.get("status", run.status)
    isolation = "nothing was run" if status in {"not_run", "infrastructure_failure"} else TIERS[run.isolation]
    facts = [
        Fact("Status", status_words(status)),
        Fact("Time", duration(grade.run.get("wall_s"))),
        Fact("Isolation", isolation),
    ]
    if run.failed_cell is not None:
        facts.append(Fact("First failing cell", link_cells(f"cell {cell_number(run.failed_cell)}", known)))
    facts += [
        Fact(name, link_cells(words, known))
        for name, words in (
            ("Not covered by it", "; ".join(run.isolation_gaps)),
            ("No better isolation", _no_better(run)),
            ("Ran in", _interpreter(run)),
            ("Training budget", _budget(run)),
            ("What happened", run.message or ""),
            ("Why", run.diagnosis),
            ("Needed, but not here", ", ".join(run.needs)),
            ("Graded", evidence.chosen),
            ("The assignment's own text", _given(evidence)),
            ("Done in another way here", "; ".join(run.substituted)),
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
