"""Does the notebook do when graded what it did when it was handed in?

Its saved outputs are set beside those of the run. Chance is no difference: an unseeded training scores a few points
otherwise each time. A notebook saved without outputs has nothing to compare, and that is no fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from grader.checks.observed import NOT_OURS_TO_JUDGE
from grader.checks.registry import Limits, Threshold, check
from grader.checks.results import agreement, final_result, metric_unit
from grader.checks.statistics import rounding
from grader.checks.verdicts import Verdict, advised, not_applicable, passed, unknown
from grader.model import CellFacts, Evidence, NumberClaim, SavedOutput

SHAPE = re.compile(r"\((\d{1,9}(?:, ?\d{1,9}){1,4}),?\)")
"""A shape as Python prints it: `(1437, 8, 8)`."""

COMPARED = frozenset({"accuracy", "error", "f1", "precision", "recall"})
"""Shares: their chance is known from the number of rows. Losses and errors of other scales swing more."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What a cell showed when it was saved and what it showed when it was run again."""

    cell: int
    what: str
    saved: str
    rerun: str


@check(
    "code.same_when_graded",
    title="The same as handed in",
    help="The saved outputs (errors, shapes, scores) are those of the run, chance aside. Advice, with a review.",
    thresholds=(
        Threshold("deviations", 4, "of many numbers compared, none of an honest re-run is four standard errors away"),
        Threshold("least", 0.15, "unseeded trainings of small networks differ by up to ten points now and then"),
    ),
)
def same_when_graded(evidence: Evidence, limits: Limits) -> Verdict:
    """The run did what the saved outputs show."""
    if evidence.run.status in NOT_OURS_TO_JUDGE:
        return unknown("The notebook was not run.")
    compared = [cell for cell in evidence.cells if cell.saved and cell.run_status in {"ok", "error"}]
    if not compared:
        return not_applicable("The notebook was handed in without outputs.")
    found = [*_errors(compared), *_shapes(compared), *_scores(evidence, compared, limits)]
    if not found:
        return passed("The saved outputs are those of the run.", cells=[cell.index for cell in compared])
    first = found[0]
    said = f"Cell {first.cell + 1} showed {first.what} {first.saved} when it was saved, {first.rerun} when it was run"
    more = f" ({len(found) - 1} more such differences)" if len(found) > 1 else ""
    return advised(
        f"{said}{more}.",
        fix="Restart the kernel, run all cells, and save before handing in.",
        cells=[item.cell for item in found],
        measured={"differences": [[item.cell, item.what, item.saved, item.rerun] for item in found[:20]]},
        review=f"{said}: does the notebook behave differently when graded?" if first.what != "the error" else None,
    )


def _errors(cells: list[CellFacts]) -> Iterator[Difference]:
    """Yield the cells that failed when saved and did not when run; the other way round is the run's matter."""
    for cell in cells:
        names = [output.text.split(":")[0].strip() for output in cell.saved if output.kind == "error"]
        if names and cell.run_status == "ok":
            yield Difference(cell.index, "the error", names[0][:80] or "an error", "none")


def _shapes(cells: list[CellFacts]) -> Iterator[Difference]:
    """Yield cells of which every printed shape is another one. Shapes are not left to chance."""
    for cell in cells:
        saved, rerun = _shapes_in(cell.saved), _shapes_in(cell.rerun)
        if saved and rerun and len(saved) == len(rerun) and saved != rerun:
            old, new = next((old, new) for old, new in zip(saved, rerun, strict=True) if old != new)
            yield Difference(cell.index, "the shape", f"({old})", f"({new})")


def _shapes_in(outputs: tuple[SavedOutput, ...]) -> list[str]:
    return [found for output in outputs if output.kind != "error" for found in SHAPE.findall(output.text)]


def _scores(evidence: Evidence, cells: list[CellFacts], limits: Limits) -> Iterator[Difference]:
    """Yield the scores that differ by more than chance: of each cell the last number of each metric and split."""
    result = final_result(evidence)
    size = result.size if result is not None else 0
    for cell in cells:
        saved, rerun = (_last_claims(evidence, cell.index, where) for where in ("saved_output", "rerun_output"))
        for key in sorted(saved.keys() & rerun.keys()):
            old, new = saved[key], rerun[key]
            slack = agreement(new.value, "accuracy", size, min(old.digits, new.digits), limits["deviations"])
            if abs(old.value - new.value) > max(limits["least"], slack) + rounding(old.digits):
                unit = "accuracy" if key[0] in COMPARED else key[0]
                yield Difference(cell.index, key[0], metric_unit(unit, old.value), metric_unit(unit, new.value))


def _last_claims(evidence: Evidence, cell: int, where: str) -> dict[tuple[str, str], NumberClaim]:
    claims = (item for item in evidence.prose.claims if item.cell == cell and item.where == where)
    return {(item.metric, item.split): item for item in claims if item.metric in COMPARED and 0 <= item.value <= 1}
