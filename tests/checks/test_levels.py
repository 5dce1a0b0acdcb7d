"""From evidence to levels by the shipped rubric: the policy's own cases, each one change away from a good notebook."""

from __future__ import annotations

from dataclasses import replace

import pytest
from examples import GOOD, TABLE, claim, claiming, cut_short, model, scoring, training, verified, without

from grader.checks import run_checks
from grader.judge import grade
from grader.model import LayerFacts, Overlap, ProseFacts
from grader.rubrics import load_rubric

RUBRIC = load_rubric("unit1")
DENSE = (LayerFacts("f", "Flatten", 0, trainable=True), LayerFacts("d", "Dense", 10, trainable=True))


def levels(evidence):
    result = grade(evidence, RUBRIC, run_checks(evidence))
    return {item.criterion: item.level for item in result.judgements}


def test_a_good_notebook_reaches_the_top_of_everything():
    """Work that is all there is exemplary in all five, without a review."""
    result = grade(GOOD, RUBRIC, run_checks(GOOD))
    assert {item.level for item in result.judgements} == {"exemplary"}
    assert not result.needs_review
    assert (result.points, result.max_points) == (20, 20)
    assert result.measured["test_score"] == {"stated": 0.89, "saved": 0.89, "rerun": 0.89, "verified": 0.89}


PROSE = GOOD.prose
SCORE_ONLY = replace(PROSE, closing_words=9, passages=(), claims=PROSE.claims)
FAILED_CELLS = tuple(
    replace(item, run_status="error", exception="NameError") if item.index == 8 else item for item in GOOD.cells
)


@pytest.mark.parametrize(
    ("evidence", "criterion", "level"),
    [
        (replace(GOOD, drawings=GOOD.drawings[:1], metric_calls=GOOD.metric_calls[1:]), "evaluation", "developing"),
        (replace(GOOD, metric_calls=GOOD.metric_calls[:1], cells=GOOD.cells[:8]), "evaluation", "proficient"),
        (
            replace(GOOD, trainings=(training(validation_rows="test"),), scorings=(scoring(role="validation"),)),
            "evaluation",
            "developing",
        ),
        (replace(GOOD, scorings=(scoring(rows="val", role="validation"),)), "evaluation", "developing"),
        (replace(GOOD, scorings=(scoring(rows="train", role="train"),)), "evaluation", "emerging"),
        (replace(GOOD, overlaps=(Overlap("test", "train", 100, 100, 100, 0.0),)), "evaluation", "emerging"),
        (replace(GOOD, overlaps=(Overlap("test", "train", 60, 60, 100, 0.6),)), "evaluation", "developing"),
        (
            claiming(GOOD, claim("accuracy: 0.987", 0.987, digits=3, where="rerun_output", literal=True)),
            "evaluation",
            "developing",
        ),
        (claiming(GOOD, claim("Test accuracy was 99.9 %", 0.999, digits=3)), "evaluation", "proficient"),
        (claiming(GOOD, claim("Test accuracy was 99.9 %", 0.999, digits=3)), "write_up", "developing"),
        (replace(GOOD, models=(model(layers=DENSE),)), "model", "developing"),
        (replace(GOOD, models=(model(output_activation="relu"),)), "model", "developing"),
        (replace(GOOD, verified=(verified(accuracy=0.34),)), "model", "developing"),
        (replace(GOOD, trainings=(training(weights_changed=False),)), "model", "emerging"),
        (without(GOOD, "choice_reason"), "model", "proficient"),
        (replace(GOOD, verified=(verified(accuracy=0.8),)), "model", "exemplary"),
        (replace(GOOD, prose=SCORE_ONLY), "write_up", "developing"),
        (replace(GOOD, prose=ProseFacts()), "write_up", "emerging"),
        (without(GOOD, "insight"), "write_up", "proficient"),
        (replace(GOOD, prose=ProseFacts()), "understanding", "emerging"),
        (without(GOOD, "training"), "understanding", "developing"),
        (without(GOOD, "trade_offs"), "understanding", "proficient"),
        (
            replace(GOOD, cells=FAILED_CELLS, run=replace(GOOD.run, status="error", failed_cell=8)),
            "code_quality",
            "emerging",
        ),
        (replace(GOOD, code=replace(GOOD.code, heading_count=0)), "code_quality", "proficient"),
        (replace(GOOD, seeds=(), code=replace(GOOD.code, seeds=())), "code_quality", "proficient"),
        (
            replace(
                GOOD, cells=tuple(replace(c, comment_lines=0, code_lines=5) for c in GOOD.cells if c.kind == "code")
            ),
            "code_quality",
            "developing",
        ),
        (TABLE, "evaluation", "exemplary"),
        (replace(TABLE, drawings=()), "evaluation", "developing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_policys_cases(evidence, criterion, level):
    """Each change to a good notebook gives the level the policy names for it."""
    assert levels(evidence)[criterion] == level


def test_a_claim_alone_does_not_give_the_top():
    """Nothing could be recomputed: the run's word is proficient, the range reaches the top, a person decides."""
    unsealed = replace(GOOD, verified=())
    judgement = next(
        item for item in grade(unsealed, RUBRIC, run_checks(unsealed)).judgements if item.criterion == "evaluation"
    )
    assert (judgement.level, judgement.high, judgement.needs_review) == ("proficient", "exemplary", True)


def test_no_training_where_the_run_was_cut_short_is_open():
    """Cut before training: emerging to exemplary, a person decides; the prose is judged all the same."""
    result = grade(cut_short(GOOD), RUBRIC, run_checks(cut_short(GOOD)))
    judged = {item.criterion: item for item in result.judgements}
    assert (judged["model"].low, judged["model"].high) == ("emerging", "exemplary")
    assert judged["model"].needs_review
    assert judged["understanding"].level == "exemplary"


def test_our_own_failure_gives_nobody_a_level():
    """Null levels, null total, a review."""
    ours = cut_short(GOOD, "infrastructure_failure")
    result = grade(ours, RUBRIC, run_checks(ours))
    assert {item.level for item in result.judgements} == {None}
    assert result.points is None
