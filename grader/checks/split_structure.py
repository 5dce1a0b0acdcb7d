"""Checks of what ties rows together across a split: time, groups, and columns that give the label away. All advice."""

from __future__ import annotations

from grader.checks.registry import Limits, Threshold, check
from grader.checks.results import final_result
from grader.checks.verdicts import Verdict, advised, not_applicable, passed
from grader.model import Evidence, LabelProxy


@check(
    "split.no_label_proxy",
    title="No input that gives the label away",
    help="No single column of the inputs tells the label of nearly every held-out row while all others don't. Advice.",
    thresholds=(
        Threshold("agreement", 0.99, "honest measurements that tell so many labels by themselves need no network"),
        Threshold("next_best_error", 0.2, "where a second column tells nearly as much, the task is easy: Iris has two"),
        Threshold(
            "gap", 20, "in spreads within a class: Iris's setosa lies 2 away from the others, a disguised answer dozens"
        ),
    ),
)
def no_label_proxy(evidence: Evidence, limits: Limits) -> Verdict:
    """No column stands for the label."""
    found = evidence.label_proxy
    if found is None:
        return not_applicable("The inputs are no table whose columns could be compared with the labels.")
    cells = [item.cell for item in evidence.trainings]
    measured = {"column": found.column + 1, "agreement": found.agreement, "next_best": found.next_best}
    if _stands_out(found, limits):
        told = (
            f"explains {found.agreement:.1%} of the variance of the target"
            if evidence.task == "regression"
            else f"tells the label of {found.agreement:.1%} of the {found.rows:,} held-out rows"
        )
        return advised(
            f"Column {found.column + 1} of the {found.columns} inputs {told} by itself; the next best comes to "
            f"{found.next_best:.1%}. Such a column mostly holds the answer, or was made after it.",
            fix=f"Look what column {found.column + 1} is; leave it out if it is not known before the answer is.",
            cells=cells,
            measured=measured,
        )
    return passed("No single input gives the label away.", cells=cells, measured=measured)


def _stands_out(found: LabelProxy, limits: Limits) -> bool:
    if found.agreement < limits["agreement"] or found.agreement - found.chance < limits["next_best_error"]:
        return False
    if 1 - found.next_best >= limits["next_best_error"]:
        return True
    return found.gap >= limits["gap"] and found.next_best < limits["agreement"]


@check(
    "split.no_temporal_leakage",
    title="No windows of one series on both sides",
    help="Held-out rows are no windows of a series that lie between training rows, as a shuffled split of lagged "
    "values makes them. Advice.",
    thresholds=(Threshold("share", 0.25, "an ordered split shares windows at its few borders only"),),
)
def no_temporal_leakage(evidence: Evidence, limits: Limits) -> Verdict:
    """Test rows lie after the training rows, not among them."""
    found, result = evidence.series_crossing, final_result(evidence)
    if found is None or result is None or result.scoring.rows != found.rows or not found.sampled:
        return not_applicable("The rows are no overlapping windows of a series.", origin="kernel")
    rows = max(found.before, found.after)
    cells = [result.scoring.cell, *(item.cell for item in evidence.splits)]
    measured = {"continued": rows, "between_two": found.both, "looked_at": found.sampled, "step": found.step}
    if rows < limits["share"] * found.sampled:
        return passed("The held-out rows follow the training rows in time.", cells=cells, measured=measured)
    steps = "one step" if found.step == 1 else f"{found.step} steps"
    return advised(
        f"{rows:,} of {found.sampled:,} test rows that were looked at are training rows moved by {steps}: windows of "
        f"one series on both sides, {found.both:,} of them between two training rows. What is to be predicted stands "
        "in the inputs of training rows.",
        fix="Split by time: train on the earlier part, test on the later (train_test_split(..., shuffle=False)).",
        origin="verified",
        cells=cells,
        measured=measured,
    )


@check(
    "split.no_group_leakage",
    title="No group on both sides",
    help="Rows that belong together (of one speaker, patient, film or folder) stand on one side of the split. Advice.",
    thresholds=(Threshold("share", 0.2, "where few held-out rows have a sibling in training the score hardly gains"),),
)
def no_group_leakage(evidence: Evidence, limits: Limits) -> Verdict:
    """No group of alike rows was divided between training and test."""
    found, result = evidence.group_crossing, final_result(evidence)
    if found is None or result is None or not found.rows:
        return not_applicable("No groups of rows that are alike were seen.", origin="kernel")
    cells = [result.scoring.cell, *(item.cell for item in evidence.splits)]
    measured = {
        "groups_in_test": found.groups,
        "groups_in_both": found.crossing,
        "test_rows_of_trained_groups": found.rows_crossing,
        "neighbour_of_own_group": found.together,
        "by_chance": found.chance,
    }
    if found.rows_crossing <= limits["share"] * found.rows:
        return passed(
            f"Rows come in groups (by {found.column}), and test rows are of groups that were not trained on.",
            cells=cells,
            measured=measured,
        )
    return advised(
        f"{found.rows_crossing:,} of {found.rows:,} test rows belong to groups that were trained on "
        f"({found.crossing:,} of {found.groups:,}; told by {found.source}: {found.column}). "
        "Rows of a group are alike: the nearest training row is "
        f"of the same group in {found.together:.0%} of the cases, by chance in {found.chance:.0%}. "
        "The score holds for known groups, not for new ones.",
        fix="Keep each group on one side (GroupShuffleSplit, GroupKFold), or say that only known groups are meant.",
        cells=cells,
        measured=measured,
    )
