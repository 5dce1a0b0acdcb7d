"""Questions to ask a student about this work: built from what was measured and found, a pure function of both.

They are for the person who talks with the student, who sees from the answers what no notebook shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from grader.model import Evidence, Finding, Question
from grader.questions.decisions import about_decisions
from grader.questions.failures import about_failures
from grader.questions.plain import about_anything
from grader.questions.results import about_results
from grader.questions.words import about_words

MOST = 6
"""As many as a talk of ten minutes has room for."""

LEAST = 3
"""Below so many the general ones fill up: every notebook was cut into cells, and says something."""

__all__ = ["LEAST", "MOST", "ask"]


def ask(evidence: Evidence, findings: Sequence[Finding]) -> tuple[Question, ...]:
    """Return three to six questions, the most telling first; none where nothing of the work could be read."""
    asked = [
        *about_failures(evidence, findings),
        *about_words(evidence, findings),
        *about_results(evidence),
        *about_decisions(evidence),
    ]
    chosen = list(_distinct(sorted(asked, key=lambda item: -item.weight)))[:MOST]
    if len(chosen) < LEAST and (chosen or evidence.cells):
        topics = {item.topic for item in chosen}
        chosen += [item for item in about_anything(evidence) if item.topic not in topics][: LEAST - len(chosen)]
    return tuple(chosen)


def _distinct(questions: Iterable[Question]) -> Iterator[Question]:
    seen: set[str] = set()
    for item in questions:
        if item.topic not in seen:
            seen.add(item.topic)
            yield item
