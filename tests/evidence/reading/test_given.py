"""The assignment's own text earns nothing, however it was re-wrapped, dotted or half filled in."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.evidence.collecting import collect_evidence
from grader.evidence.given import without_given
from grader.evidence.reading.given import Given
from grader.model import Cell, Evidence, Run, Submission

TEXT = (
    "## Conclusion\n"
    "Overfitting means that a network learns its training rows by heart, so that the validation loss rises.\n"
    "My test accuracy is ____ because ____.\n"
)
CODE = "# Convolution layers look for small patterns, because pictures are made of edges.\nmodel = build()"


GIVEN = Given.of((Cell(0, "markdown", TEXT), Cell(1, "code", CODE)))


@pytest.mark.parametrize(
    ("written", "own"),
    [
        ("Overfitting means that a network learns its training rows by heart, so that the validation loss rises.", ""),
        (
            "overfitting means, that a network **learns** its training rows by heart so that the validation loss rises",
            "",
        ),
        (
            "Overfitting means that a network learns its noisy training rows by heart, so that the validation loss rises.",
            "noisy",
        ),
        ("Our validation loss rises from epoch 4 while the training loss falls.", None),
        ("My test accuracy is ____ because ____.", ""),
        ("My test accuracy is 0.91 because digits are easy.", "My test accuracy is 0.91 because digits are easy"),
        ("My test accuracy is high because convolutions share weights.", "high convolutions share weights"),
    ],
)
def test_only_what_was_put_in_is_the_students(written: str, own: str | None) -> None:
    """The same words, slightly changed, filled in; a sentence of one's own stays whole."""
    assert GIVEN.own_part(written) == (written if own is None else own)


def test_lines_broken_anew_and_lists_are_the_same_text() -> None:
    """A paragraph wrapped in another way is the template's; headings stay, as they say what follows."""
    text = TEXT.replace("heart, so", "heart,\nso") + "\n- Shirts are taken for coats.\n"
    assert GIVEN.own_markdown(text).split() == ["##", "Conclusion", "-", "Shirts", "are", "taken", "for", "coats."]


def evidence_of(*given: Cell) -> Evidence:
    submission = Submission("ada", Path("a.ipynb"), None, "0", "", given)
    return collect_evidence(submission, Run("not_run", "none", 0.0))


def test_evidence_says_what_is_the_students_and_is_stable() -> None:
    """Prose is read anew; the cells are shown as they are; once done it is done, and it can be undone."""
    notebook = (
        Cell(0, "markdown", TEXT),
        Cell(1, "code", CODE),
        Cell(2, "code", "# keep the best epoch\nmodel = build(2)"),
    )
    whole = evidence_of(*notebook)
    own = without_given(whole, GIVEN)
    assert "overfitting" in {item.topic for item in whole.prose.passages}
    assert {item.quote for item in own.prose.passages} <= {"keep the best epoch"}
    assert [cell.is_given for cell in own.cells] == [False, True, False]
    assert [cell.source for cell in own.cells] == [cell.source for cell in whole.cells]
    assert [cell.comment_lines for cell in own.cells] == [0, 0, 1]
    assert without_given(own, GIVEN) is own
    assert without_given(own, Given()) == whole


def classmates(count: int, sharing: int) -> list[Submission]:
    shared = "A loss says how wrong the answers are, and training makes it smaller."
    return [
        Submission(
            f"s{number}", Path("a.ipynb"), None, "0", "",
            (Cell(0, "markdown", f"{shared if number < sharing else ''}\n\nIn my run number {number} things went their way."),),
        )
        for number in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("count", "sharing", "found"), [(8, 5, True), (8, 4, False), (4, 4, False), (10, 5, False), (5, 5, True)]
)
def test_most_of_a_class_has_it_from_the_assignment(count: int, sharing: int, found: bool) -> None:
    """Three in five and at least five; in whatever order they come; what each wrote alone is theirs."""
    students = classmates(count, sharing)
    given = Given.shared(students)
    assert given == Given.shared(students[::-1])
    assert len(given.sentences) == found
