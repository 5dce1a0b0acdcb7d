"""Documents beside the notebook are the student's prose, under the headings they have."""

from __future__ import annotations

from pathlib import Path

from grader.evidence.collecting import collect_evidence
from grader.model import Cell, Evidence, Run, Submission

README = """# Digit reader

This network predicts the digit from an 8x8 picture.

## Performance
The test accuracy is 91 %. It confuses 3 with 8 because their upper halves look alike.

## What next
I would train on shifted pictures, because digits near the border are read wrongly.
"""


def evidence_of(*cells: Cell, modules: tuple[Cell, ...] = ()) -> Evidence:
    submission = Submission("ada", Path("train.py"), None, "0", "", cells, modules=modules)
    return collect_evidence(submission, Run("not_run", "none", 0.0))


def test_a_readme_is_read_as_the_write_up_of_a_script() -> None:
    """Its number, weakness, next step and task are found, and each leads to the cell that shows the document."""
    found = evidence_of(
        Cell(0, "code", "model.fit(x, y)\nmodel.evaluate(a, b)", file="train.py", line=1),
        Cell(1, "markdown", README, file="README.md", line=1),
    )
    assert {claim.value for claim in found.prose.claims} >= {0.91}
    topics = {passage.topic: passage.cell for passage in found.prose.passages}
    assert {"task", "weakness", "next_step"} <= topics.keys()
    assert set(topics.values()) == {1}
    assert found.prose.closing_words > 20


def test_a_documents_sections_can_be_asked_for() -> None:
    """Kind by name, headings with the text under them."""
    found = evidence_of(
        Cell(0, "code", "1", file="train.py", line=1), Cell(1, "markdown", README, file="docs/README.md", line=1),
        Cell(2, "markdown", "# Card\nFor digits only.", file="model_card.md", line=1),
    )  # fmt: skip
    readme, card = found.documents
    assert (readme.kind, readme.cell, card.kind) == ("readme", 1, "model_card")
    assert [(item.heading, item.level) for item in readme.sections] == [
        ("Digit reader", 1), ("Performance", 2), ("What next", 2),
    ]  # fmt: skip
    assert "91 %" in readme.sections[1].text


def test_modules_are_the_students_code_and_no_second_notebook() -> None:
    """What they call is known, and that they import what the script imports is no fault."""
    found = evidence_of(
        Cell(0, "code", "import numpy as np\nfrom nets import build\nprint(np.pi, build())", file="train.py", line=1),
        modules=(Cell(1, "code", "import numpy as np\ndef build():\n    return np.ones(3)", file="nets.py", line=1),),
    )
    assert "np.ones" in found.cells[1].calls
    assert (found.code.lint, found.code.function_count) == ((), 1)
