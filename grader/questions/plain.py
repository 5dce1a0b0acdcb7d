"""Questions that any notebook allows, for where little of it could be measured."""

from __future__ import annotations

from collections.abc import Iterator

from grader.model import Evidence, Question

CODE_WORTH_ASKING = 3
"""Lines from which on a cell does something that can be explained."""


def about_anything(evidence: Evidence) -> Iterator[Question]:
    """Yield general questions, the first tied to this notebook's longest cell."""
    code = [cell for cell in evidence.cells if cell.kind == "code" and cell.code_lines >= CODE_WORTH_ASKING]
    longest = max(code, key=lambda cell: cell.code_lines, default=None)
    if longest is not None:
        yield Question(
            "cell",
            f"Walk me through cell {longest.index + 1}: what goes in, what comes out, and which line could go?",
            "shapes and types in and out, in the student's own words; the purpose before the syntax.",
            (longest.index,),
        )
    yield Question(
        "task",
        "What does your model get as input, what does it answer, and how would you know that an answer is wrong?",
        "one row described concretely; where the true answers come from; rows the model has not seen.",
    )
    yield Question(
        "missing",
        "What did you mean to do that is not in the notebook, and what stopped you?",
        "a step named, the obstacle named, and a first thing to try.",
    )
    yield Question(
        "again",
        "If you began again today, which decision would you take otherwise, and because of which result?",
        "a decision of this notebook, tied to something seen in it.",
    )
