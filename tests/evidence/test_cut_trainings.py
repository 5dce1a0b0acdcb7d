"""What a budget took from a training is told as that, believed only where there was one, and never the student's fault."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from run_builder import RunBuilder

from grader.evidence.collecting import collect_evidence
from grader.model import Budget, Evidence, SavedOutput, TrainingCut

QUICK = Budget("quick")
RISING = (0.5, 0.45, 0.44, 0.6, 0.8, 1.1, 1.4)
FALLING = (0.9, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
CAPPED = {"steps": 100, "steps_asked": 700, "ended_early": False, "fewer_validated": True}


@pytest.fixture
def made(tmp_path: Path) -> RunBuilder:
    """A run with one training whose curves turn in the fourth epoch."""
    run, x = RunBuilder(tmp_path), np.random.default_rng(0).random((60, 8), dtype=np.float32)
    run.model("m1")
    run.fit("m1", x[:40], np.arange(40) % 2, validation=(x[40:], np.arange(20) % 2), losses=FALLING, val_losses=RISING)
    return run


def under(made: RunBuilder, budget: Budget, **ended: object) -> Evidence:
    """The evidence of the run under a budget; `ended` are further fields of the end of its training."""
    events = tuple(
        replace(item, fields={**item.fields, **ended}) if item.kind == "fit.ended" else item for item in made.events
    )
    return collect_evidence(made.submission(), replace(made.run(), budget=budget, events=events))


def test_a_cut_training_is_told_with_its_steps(made: RunBuilder) -> None:
    """How much was done of what was asked for stands with the training and with the run."""
    evidence = under(made, QUICK, capped=CAPPED)
    assert evidence.run.budget == QUICK
    assert evidence.cut_trainings == evidence.trainings
    assert evidence.trainings[0].cut == TrainingCut(100, 700, ended_early=False, fewer_validated=True)
    assert evidence.trainings[0].how_cut == "given 100 of its 700 steps by the grader's budget"


def test_cut_curves_are_not_diagnosed(made: RunBuilder) -> None:
    """A validation loss that turns is overfitting, but not where each of its points was cut by the grader."""
    assert under(made, QUICK).diagnoses[0].kind == "overfit"
    assert under(made, QUICK, capped=CAPPED).diagnoses[0].kind == "unknown"


def test_a_notebook_can_t_call_its_own_training_cut(made: RunBuilder) -> None:
    """In a full run an event that says so comes from nobody who could know."""
    assert under(made, Budget(), capped=CAPPED).cut_trainings == ()


def test_a_loop_that_a_budget_ended_was_a_training(made: RunBuilder) -> None:
    """It counts as done, as far as it came; ended by anything else it does not."""
    fields = {"completed": False, "loop": "custom", "steps": 396}
    ended = under(made, Budget("seconds", 45.0), error="BudgetSpent", **fields).trainings[0]
    assert ended.completed
    assert ended.cut == TrainingCut(396, ended_early=True)
    stopped = under(made, Budget("seconds", 45.0), error="KeyboardInterrupt", **fields).trainings[0]
    assert (stopped.completed, stopped.cut) == (False, None)


@pytest.mark.parametrize(
    ("exception", "message", "whose"),
    [
        ("IndexError", "list index out of range", "budget"),
        ("ValueError", "x and y must have same first dimension, but have shapes (10,) and (4,)", "budget"),
        ("AssertionError", "", "budget"),
        ("NameError", "name 'histroy' is not defined", "notebook"),
    ],
)
def test_a_failure_that_may_come_of_a_cut_is_not_the_notebook_s(
    made: RunBuilder, exception: str, message: str, whose: str
) -> None:
    """Code that counts on all epochs, or on a good score, fails by our doing; a misspelt name does not."""
    made.failing_cell("plt.plot(range(10), history.history['loss'])", exception, message)
    assert under(made, QUICK, capped=CAPPED).run.failed_by == whose
    assert under(made, QUICK).run.failed_by == "notebook"


def test_an_error_that_was_handed_in_is_the_notebook_s(made: RunBuilder) -> None:
    """Saved with an error, the cell failed before any budget."""
    made.failing_cell(
        "plt.plot(range(10), history.history['loss'])", "ValueError", "x and y must have same first dimension"
    )
    first = made.submission()
    failed = replace(first.cells[0], outputs=(SavedOutput("error", "ValueError: x and y"),))
    events = tuple(
        replace(item, fields={**item.fields, "capped": CAPPED}) if item.kind == "fit.ended" else item
        for item in made.events
    )
    run = replace(made.run(), budget=QUICK, events=events)
    assert collect_evidence(replace(first, cells=(failed,)), run).run.failed_by == "notebook"
    assert collect_evidence(first, run).run.failed_by == "budget"
