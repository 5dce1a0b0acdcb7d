"""A budget goes into the box with the notebook, and into what a stored run depends on."""

from __future__ import annotations

import json

from grader.execution import RunSettings
from grader.execution.allowance import IN_A_LOOP, QUICK_STEPS, budget_variables, foreseen_trainings
from grader.execution.notebook import new_notebook
from grader.model import Budget
from grader.probe.budget import read_allowance
from grader.probe.wire import BUDGET_VARIABLE
from tests.execution.conftest import submission_of, text_of

ASKING = """
import os
print([name for name in os.environ if "BUDGET" in name])
"""


def test_no_two_budgets_stand_for_one_another():
    """A quick run is never taken for a full one, nor one of 60 seconds for one of 120; full is what was before."""
    budgets = [Budget(), Budget("quick"), Budget("seconds", 60.0), Budget("seconds", 120.0)]
    found = [json.dumps(RunSettings("none", budget=item).identity(), sort_keys=True) for item in budgets]
    assert len(set(found)) == len(budgets)
    assert RunSettings("none").identity() == RunSettings("none", budget=Budget("full")).identity()
    assert "budget" not in RunSettings("none").identity()


def test_the_probe_is_told_what_it_can_read():
    """Each kind of budget comes to the probe as its allowance; a full one not at all."""
    notebook = new_notebook(submission_of("model.fit(x, y, epochs=5)"))
    assert budget_variables(Budget(), notebook) == {}
    quick = read_allowance(budget_variables(Budget("quick"), notebook)[BUDGET_VARIABLE])
    assert quick is not None
    assert (quick.steps, quick.total_s) == (QUICK_STEPS, None)
    seconds = read_allowance(budget_variables(Budget("seconds", 120.0), notebook)[BUDGET_VARIABLE])
    assert seconds is not None
    assert (seconds.steps, seconds.total_s, seconds.trainings) == (None, 120.0, 1)


def test_trainings_are_foreseen_from_the_code():
    """Networks' fits count once, in loops and functions as several; scalers' and what is no Python don't count."""
    cells = ["scaler.fit(x)", "%pip install x\nmodel.fit(x, y, epochs=3)", "for rate in rates:\n    m.fit(x, epochs=2)"]
    assert foreseen_trainings(cells) == 1 + IN_A_LOOP
    assert foreseen_trainings(["for x, y in loader:\n    loss.backward()\n    again.backward()"]) == 1
    assert foreseen_trainings(["def ("]) == 1


def test_a_notebook_sees_nothing_of_its_budget(run_cells, best_tier):
    """The variable is gone before the first cell runs, and the run says what it was allowed."""
    run = run_cells(best_tier, ASKING, budget=Budget("quick"))
    assert (run.status, text_of(run, 0), run.budget) == ("ok", "[]\n", Budget("quick"))
