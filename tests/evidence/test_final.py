"""Which scoring is the result: not a look that belongs to the training."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from grader.evidence.final import find_final
from grader.model import Scoring

STORE: Any = SimpleNamespace(records={}, exact=lambda _rows: None)


def scoring(name: str, how: Any, rows: str, role: Any, cell: int, during: str = "") -> Scoring:
    return Scoring(name, "m1", cell, how, rows, role, f"w{name}", trained_by=("f1",), during=during)


LOOP = (
    scoring("s1", "call", "r2", "validation", 5, during="f1"),
    scoring("s2", "call", "r2", "validation", 5),
)


def test_the_last_look_of_a_loop_is_no_result() -> None:
    """A loop looks at its validation rows after every epoch; what is scored afterwards is the result, whatever it is."""
    assert find_final((*LOOP, scoring("s3", "predict", "r1", "train", 6)), (), frozenset({"m1"}), STORE).id == "s3"


def test_without_any_other_scoring_the_look_is_the_result() -> None:
    """Where the loop's own looks are all there is, the last one counts, with its role."""
    assert find_final(LOOP, (), frozenset({"m1"}), STORE).role == "validation"


def test_a_validation_score_of_its_own_stays_the_result() -> None:
    """Scored once more in another cell, the validation rows were meant to be the result, as after `fit`."""
    again = scoring("s3", "call", "r2", "validation", 7)
    assert (
        find_final((*LOOP, again, scoring("s4", "predict", "r1", "train", 8)), (), frozenset({"m1"}), STORE).id == "s3"
    )
