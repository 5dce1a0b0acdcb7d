"""Fixes in the student's own terms: general advice of a check completed by what was measured of this submission."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from grader.judge.measured import final_verification
from grader.model import Evidence, Finding

LONGEST_ERROR = 140
"""Characters of an error message in a next step: enough for its first sentence; the report has all of it."""

LEAST_CONFUSED = 2
"""A pair of classes mixed up once is chance; from two rows on it is worth pointing at."""


def addressed(findings: tuple[Finding, ...], evidence: Evidence) -> tuple[Finding, ...]:
    """Return the findings with the fixes of failures made specific where the evidence allows it."""
    cause = _cause_of_failed_training(findings)
    return tuple(_addressed(item, evidence, cause) for item in findings)


def _addressed(finding: Finding, evidence: Evidence, cause: str) -> Finding:
    if finding.outcome != "fail" or not finding.fix:
        return finding
    if finding.check in {"code.runs_top_to_bottom", "model.trains"}:
        fix = _mend_cell(finding.check, evidence, cause)
    else:
        write = _WRITERS.get(finding.check)
        fix = write(evidence) if write else ""
    return replace(finding, fix=fix) if fix else finding


def _cause_of_failed_training(findings: tuple[Finding, ...]) -> str:
    """Return how to mend a network whose output does not fit its labels, where no training completed; else nothing."""
    failed = {item.check: item for item in findings if item.outcome == "fail"}
    mismatch = failed.get("model.output_matches_labels")
    return (mismatch.fix or "") if mismatch and "model.trains" in failed else ""


def _mend_cell(check: str, evidence: Evidence, cause: str) -> str:
    """Return what to mend in the first failing cell; for training, only where that cell was to train."""
    cell = next((item for item in evidence.cells if item.index == evidence.run.failed_cell), None)
    if cell is None or not cell.exception:
        return ""
    if check == "model.trains" and not any(name.endswith("fit") for name in cell.calls):
        return ""
    message = (cell.message.strip().splitlines() or [""])[0]
    error = f"{cell.exception}: {message}" if message else cell.exception
    error = re.split(r"(?<=\w\w[.;])\s|(?<=\)[.;])\s", error)[0].rstrip(".;")
    if len(error) > LONGEST_ERROR:
        error = error[:LONGEST_ERROR].rstrip() + "\N{HORIZONTAL ELLIPSIS}"
    hint = f" {cause}" if cause else ""
    then = "Then restart the kernel, run all cells, and repeat until none fails."
    return f"Mend cell {cell.index + 1} first ({error}).{hint} {then}"


def _name_weakness(evidence: Evidence) -> str:
    if evidence.task == "regression":
        return "Say for which rows the error is largest (low or high values, which range?), and how large it is there."
    pair = _worst_pair(evidence)
    return f"Say what it gets wrong most, with numbers. Here {pair}." if pair else ""


def _look_at_errors(evidence: Evidence) -> str:
    if evidence.task == "regression":
        return "Look at the rows with the largest errors, and say what about them misleads the model."
    pair = _worst_pair(evidence)
    return f"Look at wrong predictions, and say what about them misleads the model: here {pair}." if pair else ""


def _from_error_to_step(evidence: Evidence) -> str:
    pair = _worst_pair(evidence)
    return f"Begin with an error you saw, and let the next step follow from it. Here {pair}." if pair else ""


def _state_score(evidence: Evidence) -> str:
    score = _measured_score(evidence)
    return f"State the score in the text, with the rows it is of. Measured was {score}." if score else ""


def _correct_score(evidence: Evidence) -> str:
    score = _measured_score(evidence)
    return (
        f"State the number your scoring returned, and say which rows it is of. Measured was {score}." if score else ""
    )


_WRITERS: Mapping[str, Callable[[Evidence], str]] = {
    "evaluation.weakness_named": _name_weakness,
    "write_up.weakness_admitted": _name_weakness,
    "understanding.failure_reasons": _look_at_errors,
    "write_up.next_step_justified": _from_error_to_step,
    "write_up.score_stated": _state_score,
    "write_up.score_honest": _correct_score,
}


# ---------------------------------------------------------------- facts in words
_QUOTED = "\N{LEFT DOUBLE QUOTATION MARK}{}\N{RIGHT DOUBLE QUOTATION MARK}"


def _worst_pair(evidence: Evidence) -> str:
    """Return a clause on the most confused pair of classes; empty where none was recomputed or it may be chance."""
    result, scoring = final_verification(evidence), evidence.scoring(evidence.final_scoring)
    if result is None or not result.confused or scoring is None or scoring.role == "train":
        return ""
    worst = result.confused[0]
    if worst.count < LEAST_CONFUSED:
        return ""
    names = evidence.class_names
    named = all(label.isdecimal() and int(label) < len(names) for label in result.classes)
    true, predicted = (_QUOTED.format(names[int(label)] if named else label) for label in (worst.true, worst.predicted))
    rows = next((item.support for item in result.per_class if item.label == worst.true), None)
    of = f" of {rows:,}" if rows else ""
    return f"{true} is most often taken for {predicted} ({worst.count:,}{of} rows)"


def _measured_score(evidence: Evidence) -> str:
    """Return the recomputed score with the rows it is of; empty for rows that the model knew."""
    result = final_verification(evidence)
    scoring = evidence.scoring(evidence.final_scoring)
    if result is None or scoring is None or scoring.role not in {"test", "validation"}:
        return ""
    rows = f"{result.rows_used:,} {scoring.role} rows"
    if result.accuracy is not None:
        return f"{result.accuracy:.1%} accuracy on {rows}"
    return f"a mean absolute error of {result.mae:.4g} on {rows}" if result.mae is not None else ""
