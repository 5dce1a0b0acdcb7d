"""Checks of running the code: top to bottom, seeded, the same score again, saved in order."""

from __future__ import annotations

from itertools import pairwise

from grader.checks.claims import saved_score
from grader.checks.observed import CUT_SHORT, NOT_OURS_TO_JUDGE, holds_no_work, why_unseen
from grader.checks.registry import Limits, Threshold, check
from grader.checks.results import StudentResult, agreement, final_result, metric_unit
from grader.checks.verdicts import Verdict, failed, not_applicable, passed, unknown
from grader.model import CellFacts, Evidence, Repeat

STUDENTS_OWN = frozenset({"output_flood"})
"""Cut runs that are the notebook's doing on any machine; time, memory and disk may be ours."""
SURELY_OWN_ERRORS = ("NameError", "SyntaxError", "IndentationError", "TabError", "UnboundLocalError")
"""Errors no missing module, file or network can cause in the first cell that fails."""
WEIGHT_SEEDS = (
    "set_random_seed",
    "set_seed",
    "manual_seed",
    "manual_seed_all",
    "seed_everything",
    "enable_op_determinism",
)
ROW_SEEDS = (*WEIGHT_SEEDS, "seed", "default_rng", "RandomState")


@check(
    "code.runs_top_to_bottom",
    title="Runs top to bottom",
    help="Every cell ran in order in a clean kernel. Unknown where it needs a GPU, network, module or file that the "
    "grading machine lacks, or more time or memory than it gives.",
)
def runs_top_to_bottom(evidence: Evidence, _limits: Limits) -> Verdict:
    """Every cell ran, in order, in a clean kernel."""
    run = evidence.run
    if run.status in NOT_OURS_TO_JUDGE:
        return unknown(f"The notebook was not run{': ' + run.message if run.message else ''}.")
    bad = [cell for cell in evidence.cells if cell.run_status in {"error", "interrupted"}]
    if run.status == "ok" and not bad and holds_no_work(evidence):
        return failed(
            "Nothing in the notebook trains or scores a model: there is no work whose run could be judged.",
            fix="Fill in the code that builds, trains and scores your model.",
            measured={"cells": sum(cell.run_status == "ok" for cell in evidence.cells)},
        )
    if run.status == "ok" and not bad:
        count = sum(cell.run_status == "ok" for cell in evidence.cells)
        which = "The one code cell" if count == 1 else f"All {count:,} code cells"
        return passed(f"{which} ran in order in a clean kernel.", measured={"cells": count})
    first = _first_failing(evidence, bad)
    cells = [first.index] if first is not None else [run.failed_cell]
    why = run.diagnosis or run.message or "a cell failed"
    measured = {"status": run.status, "failed_cells": [cell.index for cell in bad], "needs": list(run.needs)}
    if run.status in CUT_SHORT - STUDENTS_OWN and run.failed_by != "notebook":
        # The diagnosis is of the first cell that failed, which need not be where the run ended.
        said = run.message or f"The run was cut short ({run.status.replace('_', ' ')})"
        return unknown(f"{said.rstrip('.')}.", cells=cells, measured=measured)
    if run.failed_by == "budget" and first is not None:
        return unknown(
            f"Cell {first.index + 1} failed ({first.exception}), perhaps because a training before it had been cut at "
            "the grader's own budget. With --budget full it would show.",
            cells=cells,
            measured=measured,
        )
    own = first is not None and first.exception.rpartition(".")[2] in SURELY_OWN_ERRORS
    if run.needs and not own and run.failed_by != "notebook":
        return unknown(
            f"It needs what the grading machine lacks: {', '.join(run.needs)}. {run.diagnosis}".rstrip(),
            cells=cells,
            measured=measured,
        )
    error = f"{first.exception}: {first.message}".strip(": ") if first is not None else ""
    why = f"{why[:1].upper()}{why[1:].rstrip('.')}."
    reason = why if run.diagnosis or not error else f"{error.splitlines()[0][:160].rstrip('.')}."
    return failed(
        f"The notebook does not run from the first cell to the last in a clean kernel. {reason}",
        fix="Restart the kernel and run all cells; mend the first one that fails, and repeat until all run.",
        cells=cells,
        measured=measured,
    )


@check(
    "code.seeded",
    title="Random state fixed",
    help="Random state is fixed before the data is split and before weights are made.",
)
def seeded(evidence: Evidence, _limits: Limits) -> Verdict:
    """The split and the weights come out the same each time."""
    calls = [(item.function, item.cell) for item in evidence.seeds] or list(evidence.code.seeds)
    if not evidence.trainings:
        if reason := why_unseen(evidence, ("fit",)):
            return unknown(f"No training was seen: {reason}.")
        return failed("Nothing was trained, so nothing was seeded.", fix="Train a model first.")
    first_model = min(
        [item.cell for item in evidence.trainings] + [m.cell for m in evidence.models if m.cell is not None]
    )
    weights = [cell for name, cell in calls if _last(name) in WEIGHT_SEEDS and cell <= first_model]
    loose = [
        item.cell
        for item in evidence.splits
        if item.shuffle is not False
        and item.random_state in {"", "None"}
        and not any(_last(name) in ROW_SEEDS and cell <= item.cell for name, cell in calls)
    ]
    cells = [cell for _, cell in calls]
    if weights and not loose:
        return passed(
            "Random state is fixed before the split and the weights.",
            cells=cells,
            origin="kernel" if evidence.seeds else "static",
        )
    missing = [part for part, is_missing in (("the split", loose), ("the weights", not weights)) if is_missing]
    return failed(
        f"No seed fixes {' and '.join(missing)}: each run gives another result.",
        fix="Call keras.utils.set_random_seed(0) in the first cell, and give train_test_split a random_state.",
        cells=[*cells, *loose],
        measured={"seeds": [name for name, _ in calls]},
    )


@check(
    "code.reproducible",
    title="The score comes out again",
    help="The re-run score equals the saved one, or that of a third run, within the standard error of the test set's "
    "size.",
    thresholds=(
        Threshold("deviations", 2, "the same rows score the same network twice: two standard errors are generous"),
    ),
)
def reproducible(evidence: Evidence, limits: Limits) -> Verdict:
    """Two runs give one score: the student's and ours, else two of ours."""
    result = final_result(evidence)
    if result is None or result.value is None:
        if reason := why_unseen(evidence, ("evaluate", "predict", "score", "fit")):
            return unknown(f"There is no score to compare: {reason}.")
        return (
            unknown("The score could not be measured.", cells=[result.scoring.cell])
            if result is not None
            else failed("There is no score that could come out again.", fix="Score the trained model.")
        )
    saved = saved_score(evidence, result)
    repeat = evidence.repeat
    if saved is None:
        if repeat is not None and repeat.value is not None:
            return _run_twice(result, result.value, repeat, limits)
        why = f", and {repeat.note}" if repeat is not None and repeat.note else ""
        return unknown(f"There is no saved score to compare the re-run with{why}.", cells=[result.scoring.cell])
    value = saved.value if saved.metric != "error" else 1 - saved.value
    slack = agreement(result.value, result.metric, result.size, saved.digits, limits["deviations"])
    numbers = f"saved {metric_unit(result.metric, value)}, run again {metric_unit(result.metric, result.value)}"
    measured = {"saved": value, "rerun": result.value, "tolerance": slack}
    if abs(value - result.value) <= slack:
        return passed(
            f"The score comes out again: {numbers}.", origin=result.origin, cells=[saved.cell], measured=measured
        )
    if repeat is not None and repeat.value is not None:
        return _run_twice(result, result.value, repeat, limits)
    return failed(
        f"The score does not come out again: {numbers}.",
        fix=REPRODUCIBLE_FIX,
        origin=result.origin,
        cells=[saved.cell],
        measured=measured,
    )


REPRODUCIBLE_FIX = "Fix all seeds in the first cell, run all cells once more from a fresh kernel, and save."


def _run_twice(result: StudentResult, value: float, repeat: Repeat, limits: Limits) -> Verdict:
    """Judge by two runs of ours: the saved score may come from another machine, or there was none."""
    if repeat.metric != result.metric or repeat.value is None:
        return unknown("Run twice, the notebook gave two scores of different kinds.", cells=[result.scoring.cell])
    both = f"{metric_unit(result.metric, value)} and {metric_unit(result.metric, repeat.value)}"
    slack = agreement(value, result.metric, result.size, EXACT, limits["deviations"])
    measured = {"rerun": value, "third": repeat.value, "tolerance": slack}
    cells, origin = [result.scoring.cell], repeat.origin if result.origin == "verified" else result.origin
    if abs(value - repeat.value) <= slack:
        return passed(f"Run twice here, the score came out as {both}.", origin=origin, cells=cells, measured=measured)
    return failed(
        f"The score does not come out again: run twice here, it was {both}.",
        fix=REPRODUCIBLE_FIX,
        origin=origin,
        cells=cells,
        measured=measured,
    )


EXACT = 6
"""Decimals of a score that was measured, not printed."""


@check(
    "code.saved_in_order",
    title="Saved in order",
    help="The execution counts of the saved notebook rise from cell to cell.",
)
def saved_in_order(evidence: Evidence, _limits: Limits) -> Verdict:
    """The saved notebook was run in the order it is read."""
    counted = [cell for cell in evidence.cells if cell.kind == "code" and cell.execution_count is not None]
    if not counted:
        return not_applicable("The notebook was saved without execution counts.")
    falls = [right.index for left, right in pairwise(counted) if _count(right) <= _count(left)]
    if not falls:
        return passed("The cells were run in the order they stand.", origin="static")
    return failed(
        f"{len(falls)} cells were last run before a cell above them.",
        fix="Restart the kernel, run all cells, and save.",
        origin="static",
        cells=falls,
    )


def _first_failing(evidence: Evidence, bad: list[CellFacts]) -> CellFacts | None:
    named = next((cell for cell in bad if cell.index == evidence.run.failed_cell), None)
    return named or (bad[0] if bad else None)


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _count(cell: CellFacts) -> int:
    return cell.execution_count or 0
