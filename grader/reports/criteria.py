"""What a report says of each criterion: the level's track, the reasons, the findings, the next step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, cast

from markupsafe import Markup

from grader.model import LEVELS, Criterion, Finding, Grade, Judgement, Level, Outcome, Rubric
from grader.reports.markup import descriptor_parts
from grader.reports.numbers import cell_number, count, decimal, percent
from grader.reports.text import capitalised, phrase, sentence
from grader.reports.wording import ADVICE, ORIGINS, OUTCOMES, in_sentence, level_names

MOST_MEASURED = 8
"""Numbers shown per finding; all of them are in grade.json."""
LONGEST_MEASURED = 80
"""Characters of one measured value that are shown."""

SHARES = (
    "accuracy",
    "share",
    "rate",
    "stated",
    "saved",
    "rerun",
    "verified",
    "score",
    "majority",
    "precision",
    "recall",
    "f1",
)
"""Words in the name of a measured number that is a share where it lies in 0..1."""


@dataclass(frozen=True, slots=True)
class Step:
    """One of the four steps: `state` is `below`, `reached`, `possible` or `above`."""

    level: Level
    name: str
    state: str


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding in words. `anchor` is empty where it is shown a second time: ids are unique in a page.

    `place` is the anchor of where it is shown in full.
    """

    check: str
    anchor: str
    place: str
    outcome: str
    symbol: str
    word: str
    style: str
    origin: str
    origin_words: str
    summary: Markup
    fix: Markup | None
    review: Markup | None
    cells: tuple[int, ...]
    measured: tuple[tuple[str, str], ...]
    decided: str = ""
    """The check's own outcome in words, where a person set another."""


@dataclass(frozen=True, slots=True)
class ReasonView:
    """Why the level is what it is, with the cells of the finding that says so, and that finding's anchor."""

    sentence: Markup
    cells: tuple[int, ...]
    style: str
    symbol: str
    word: str
    check: str = ""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class CriterionView:
    """One criterion as shown. `level` and `range` are in words; `next_descriptor` is what the next level asks for.

    `remark` and `next_remark` are what follows a descriptor's first sentence: it explains, and stands back.
    """

    id: str
    title: str
    level: Level | None
    level_name: str
    level_in_sentence: str
    position: int
    range: str
    """Between which levels a person is to decide; empty where none is."""
    points: float | None
    max_points: float
    descriptor: Markup
    remark: Markup
    steps: tuple[Step, ...]
    reasons: tuple[ReasonView, ...]
    review_reasons: tuple[Markup, ...]
    needs_review: bool
    next_level: str
    next_in_sentence: str
    next_descriptor: Markup
    next_remark: Markup
    next_step: Markup | None
    findings: tuple[FindingView, ...]
    decided: bool = False
    """A person set the level; their reason is the first of `reasons`."""
    comments: tuple[str, ...] = ()
    """What people say to the student about it."""


def criterion_views(
    grade: Grade, rubric: Rubric | None, known_cells: frozenset[int]
) -> tuple[tuple[CriterionView, ...], tuple[FindingView, ...]]:
    """Return the criteria in order, and the findings that belong to none of them."""
    rules = {item.id: item for item in rubric.criteria} if rubric else {}
    names = level_names(rubric)
    found = {item.check: item for item in grade.findings}
    shown: set[str] = set()
    criteria = []
    for judgement in grade.judgements:
        views = []
        for check in judgement.findings:
            if check in found:
                views.append(finding_view(found[check], known_cells, anchored=check not in shown))
                shown.add(check)
        rule = rules.get(judgement.criterion)
        view = _criterion_view(judgement, rule, names, grade.findings, views, known_cells)
        said = tuple(item.text for item in grade.comments if item.criterion == judgement.criterion)
        criteria.append(replace(view, comments=said))
    rest = tuple(finding_view(item, known_cells) for item in grade.findings if item.check not in shown)
    return tuple(criteria), rest


def _criterion_view(
    judgement: Judgement,
    rule: Criterion | None,
    names: Mapping[Level, str],
    findings: Sequence[Finding],
    views: Sequence[FindingView],
    known_cells: frozenset[int],
) -> CriterionView:
    descriptors = {item.level: item.descriptor for item in rule.levels} if rule else {}
    position = LEVELS.index(judgement.level) + 1 if judgement.level else 0
    following = LEVELS[position] if judgement.level and position < len(LEVELS) else None
    own = judgement.descriptor or (descriptors.get(judgement.level, "") if judgement.level else "")
    descriptor, remark = descriptor_parts(own)
    next_descriptor, next_remark = descriptor_parts(descriptors.get(following, "") if following else "")
    return CriterionView(
        id=judgement.criterion,
        title=judgement.title,
        level=judgement.level,
        level_name=names[judgement.level] if judgement.level else "Not judged",
        level_in_sentence=in_sentence(judgement.level, names) if judgement.level else "not judged",
        position=position,
        range=range_words(judgement, names) if judgement.needs_review else "",
        points=judgement.points,
        max_points=judgement.max_points,
        descriptor=descriptor,
        remark=remark,
        steps=_steps(judgement, names),
        reasons=tuple(_reason_view(reason, findings, known_cells) for reason in judgement.reasons),
        review_reasons=tuple(sentence(capitalised(reason), known_cells) for reason in judgement.review_reasons),
        needs_review=judgement.needs_review,
        next_level=names[following] if following else "",
        next_in_sentence=in_sentence(following, names) if following else "",
        next_descriptor=next_descriptor,
        next_remark=next_remark,
        next_step=sentence(judgement.next_step, known_cells) if judgement.next_step else None,
        findings=tuple(sorted(views, key=lambda item: _FINDING_ORDER[item.style])),
        decided=judgement.decided is not None,
    )


_FINDING_ORDER = {"fail": 0, "unknown": 1, "error": 2, "pass": 3, "advice": 4, "not_applicable": 5}
"""What asks for something comes first; among equals the rubric's order stays."""


def range_words(judgement: Judgement, names: Mapping[Level, str]) -> str:
    """Return between which levels it is open, empty where the level is certain."""
    if judgement.low is None or judgement.high is None or judgement.low == judgement.high:
        return ""
    return f"{names[judgement.low]} to {names[judgement.high]}"


def _steps(judgement: Judgement, names: Mapping[Level, str]) -> tuple[Step, ...]:
    at = LEVELS.index(judgement.level) if judgement.level else -1
    highest = LEVELS.index(judgement.high) if judgement.high and judgement.needs_review else at
    return tuple(
        Step(
            level,
            names[level],
            "below" if index < at else "reached" if index == at else "possible" if index <= highest else "above",
        )
        for index, level in enumerate(LEVELS)
    )


def _reason_view(reason: str, findings: Sequence[Finding], known_cells: frozenset[int]) -> ReasonView:
    """Link a reason to the cells of the finding whose sentence it is."""
    source = next((item for item in findings if item.summary and item.summary in reason), None)
    words = sentence(reason, known_cells)
    if source is None:
        return ReasonView(words, (), "plain", "", "")
    symbol, word, style = _outcome(source)
    # Cells that the sentence itself links are not repeated behind it.
    cells = tuple(cell for cell in _shown_cells(source, known_cells) if f'"#cell-{cell}"' not in words)
    return ReasonView(words, cells, style, symbol, word, source.check, anchor_of(source.check))


def finding_view(finding: Finding, known_cells: frozenset[int], *, anchored: bool = True) -> FindingView:
    """Return one finding in words."""
    symbol, word, style = _outcome(finding)
    return FindingView(
        check=finding.check,
        anchor=anchor_of(finding.check) if anchored else "",
        place=anchor_of(finding.check),
        outcome=finding.outcome,
        symbol=symbol,
        word=word,
        style=style,
        origin=finding.origin,
        origin_words=ORIGINS[finding.origin],
        summary=sentence(finding.summary, known_cells),
        fix=sentence(finding.fix, known_cells) if finding.fix else None,
        review=sentence(capitalised(finding.review), known_cells) if finding.review else None,
        cells=_shown_cells(finding, known_cells),
        measured=measured_pairs(finding.measured),
        decided=OUTCOMES[cast("Outcome", finding.decided.computed)][1] if finding.decided else "",
    )


def anchor_of(check: str) -> str:
    """Return the id under which a page shows a check's finding in full."""
    return f"finding-{check}"


def _shown_cells(finding: Finding, known_cells: frozenset[int]) -> tuple[int, ...]:
    """Return the numbers of the cells a finding rests on, those that the page shows."""
    return tuple(number for index in finding.cells if (number := cell_number(index)) in known_cells)


def _outcome(finding: Finding) -> tuple[str, str, str]:
    if finding.outcome == "fail" and not finding.moves_level:
        return (*ADVICE, "advice")
    return (*OUTCOMES[finding.outcome], finding.outcome)


def measured_pairs(measured: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return measured values as (name, text), the simple ones only: tables belong into pictures."""
    pairs = ((key.replace("_", " "), text) for key, value in measured.items() if (text := _measured_text(key, value)))
    return tuple(islice(pairs, MOST_MEASURED))


def _measured_text(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return _number_text(key, value)
    if value is None or isinstance(value, Mapping):
        return ""
    if isinstance(value, (list, tuple)):
        parts = [_measured_text(key, item) for item in value if not isinstance(item, (list, tuple, Mapping))]
        value = ", ".join(part for part in parts if part)
    text = phrase(str(value))
    return text if len(text) <= LONGEST_MEASURED else text[:LONGEST_MEASURED] + " \N{HORIZONTAL ELLIPSIS}"


def _number_text(key: str, value: float) -> str:
    if isinstance(value, int):
        return count(value)
    if 0 <= value <= 1 and any(word in key for word in SHARES):
        return percent(value)
    return decimal(value)
