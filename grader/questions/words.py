"""About what the student wrote: a sentence that the facts contradict, a next step, a reason that was given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from grader.model import Evidence, Finding, Passage, Question
from grader.questions.wording import quoted

CONTRADICTED = ("write_up.score_honest", "understanding.consistent", "understanding.overfitting")
"""Checks that set a sentence beside a measurement."""


def about_words(evidence: Evidence, findings: Sequence[Finding]) -> Iterator[Question]:
    """Yield a question on a contradicted sentence, one on the next step, one on a choice that was justified and one on
    a cause that was named.
    """
    yield from _contradiction(findings)
    yield from _next_step(_first(evidence, "next_step", "next_step_reason"))
    yield from _choice(_first(evidence, "choice_reason"))
    yield from _cause(_first(evidence, "failure_reasons"))


def _contradiction(findings: Sequence[Finding]) -> Iterator[Question]:
    measured = [item for item in findings if item.outcome == "fail" and item.origin != "static"]
    wrong = next((item for name in CONTRADICTED for item in measured if item.check == name), None)
    if wrong is not None:
        yield Question(
            "contradiction",
            f"{wrong.summary} Where does what you wrote come from?",
            "the output it was read from, or another run, other rows, a rounding; what the sentence should say now.",
            wrong.cells,
            100,
        )


def _next_step(step: Passage | None) -> Iterator[Question]:
    if step is not None:
        yield Question(
            "next_step",
            f"As a next step you name {quoted(step.quote)}. Which result of it would tell you that it did not help?",
            "a figure and the rows it is taken on (validation, not test); one change at a time; the error it is to "
            "mend; more than one seed where the gain is small.",
            (step.cell,),
            70,
        )


def _choice(reason: Passage | None) -> Iterator[Question]:
    if reason is not None:
        yield Question(
            "choice",
            f"You write {quoted(reason.quote)}. What did you see that made you choose so, and what happens without it?",
            "something measured in this notebook (a curve, a score, two runs compared), not only what is usual.",
            (reason.cell,),
            58,
        )


def _cause(cause: Passage | None) -> Iterator[Question]:
    if cause is not None:
        yield Question(
            "cause",
            f"You explain errors by {quoted(cause.quote)}. How could you test that this is the cause?",
            "a prediction that could fail: errors counted with and without it, the inputs changed, examples looked at.",
            (cause.cell,),
            48,
        )


def _first(evidence: Evidence, *topics: str) -> Passage | None:
    """Return the fullest sentence on a topic: what is explained before what is only named."""
    said = [item for item in evidence.prose.passages if item.topic in topics]
    return min(said, key=lambda item: item.strength != "explained", default=None)
