"""`training.no_collapse`: does the model answer with every common class, or with one only?"""

from __future__ import annotations

from grader.checks.missing import MISSING_FIX, missing_values
from grader.checks.registry import Limits, Threshold, check
from grader.checks.results import final_result, is_regression, model_of, twins
from grader.checks.training import last_training
from grader.checks.verdicts import Verdict, advised, not_applicable, passed
from grader.model import Evidence, Verified


@check(
    "training.no_collapse",
    title="No collapse to one class",
    help="The final model doesn't answer one class only, and no common class is left out of its answers. Advice.",
    thresholds=(
        Threshold("rows", 10, "a class with fewer scored rows may be missed by chance"),
        Threshold("share", 0.05, "a class with less than a twentieth of the rows is a matter of imbalance"),
    ),
)
def no_collapse(evidence: Evidence, limits: Limits) -> Verdict:
    """Every common class is answered at least once."""
    if is_regression(evidence):
        return not_applicable("A number is predicted, not a class.")
    verified = _matrix_of(evidence)
    if verified is None:
        return not_applicable("No answers were recomputed that could be counted.", origin="kernel")
    model = model_of(evidence)
    if model is not None and model.output_shape[-1:] == (1,) and len(verified.classes) > 2:
        return not_applicable("A single unit can't answer with more than two classes.", origin="kernel")
    total = sum(map(sum, verified.matrix))
    answered = [sum(column) for column in zip(*verified.matrix, strict=True)]
    support = [sum(row) for row in verified.matrix]
    final = evidence.scoring(evidence.final_scoring)
    cells = [final.cell] if final is not None else []
    if sum(count > 0 for count in support) < 2:
        return not_applicable("The scored rows hold a single class.", origin=verified.origin)
    names = _names(evidence, verified)
    given = [name for name, count in zip(names, answered, strict=True) if count]
    measured = {"answered_classes": len(given), "classes": len(names), "rows": total}
    if len(given) == 1:
        missing = missing_values(evidence, last_training(evidence))
        return advised(
            f"All {total:,} rows are answered with the same class ({given[0]}){': ' * bool(missing)}{missing}.",
            fix=MISSING_FIX if missing else COLLAPSE_FIX,
            origin=verified.origin,
            cells=cells,
            measured=measured,
        )
    missed = [
        f"{name} ({rows:,} rows)"
        for name, rows, count in zip(names, support, answered, strict=True)
        if not count and rows >= max(limits["rows"], limits["share"] * total)
    ]
    if missed:
        return advised(
            f"The model never answers {', '.join(missed)}.",
            fix="Look whether these classes are in the training rows, and give rare ones more weight (class_weight).",
            origin=verified.origin,
            cells=cells,
            measured={**measured, "missed": missed},
        )
    return passed("Every common class is among the answers.", origin=verified.origin, cells=cells, measured=measured)


COLLAPSE_FIX = (
    "Scale the inputs, try a learning rate ten times smaller, and look at the class counts: with few rows of a class, "
    "use class_weight."
)


def _matrix_of(evidence: Evidence) -> Verified | None:
    result = final_result(evidence)
    if result is None:
        return None
    known = [result.verified, *(evidence.verification(item.id) for item in twins(evidence, result.scoring))]
    return next((item for item in known if item is not None and item.matrix), None)


def _names(evidence: Evidence, verified: Verified) -> list[str]:
    named = evidence.class_names
    plain = all(label.isdecimal() and int(label) < len(named) for label in verified.classes)
    return [f"“{named[int(label)]}”" if plain else f"“{label}”" for label in verified.classes]
