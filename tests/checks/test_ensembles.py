"""What several models answer together is known where it is shown or stated, and stays apart from the result."""

from __future__ import annotations

from dataclasses import replace

from examples import GOOD, MATRIX, claim, find, outcome, scoring, verified

from grader.model import Drawing, Evidence

BETTER = ((70, 0, 0), (2, 9, 0), (1, 0, 18))
SHOWN = Drawing("f1", "a1", 7, "image", shape=(3, 3), values=BETTER, order=12)


def averaged(*, known: bool) -> Evidence:
    """Two models scored on the test rows; what is drawn and printed is of the mean of their answers."""
    together = verified(scoring="mean-of-s1+s2", model="m1+m2", matrix=BETTER, accuracy=0.97)
    printed = claim("Ensemble test accuracy: 0.97", 0.97, cell=6, where="rerun_output")
    return replace(
        GOOD,
        scorings=(scoring(), scoring(id="s2", model="m2")),
        metric_calls=(),
        drawings=(*(item for item in GOOD.drawings if item.values != MATRIX), SHOWN),
        prose=replace(GOOD.prose, claims=(printed,)),
        ensembles=(together,) if known else (),
    )


def test_its_matrix_is_no_wrong_one():
    """A matrix of averaged answers belongs to the models that were averaged."""
    found = find("evaluation.confusion_matrix_correct", averaged(known=True))
    assert found.outcome == "pass"
    assert "2 models together" in found.summary
    assert outcome("evaluation.confusion_matrix_correct", averaged(known=False)) == "fail"


def test_its_score_is_not_made_up():
    """What the mean of the answers scores was measured, and is a score on the test rows."""
    assert outcome("evaluation.printed_score_genuine", averaged(known=True)) == "pass"
    assert outcome("evaluation.printed_score_genuine", averaged(known=False)) == "fail"
