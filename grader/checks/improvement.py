"""How much better than a baseline: the difference between two measured numbers, as a number."""

from __future__ import annotations

import re

from grader.checks.claims import known_scores
from grader.checks.code_calls import cells_with
from grader.checks.evidence_pack import NUMBER, cell_text, everything
from grader.checks.networks import trained_networks
from grader.checks.observed import SCORING_CALLS, why_unseen
from grader.checks.registry import Limits, Threshold, check_on_request
from grader.checks.tables import tables
from grader.checks.verdicts import Verdict, failed, passed, unknown
from grader.checks.written import cells_of
from grader.model import Evidence

IMPROVEMENT = re.compile(
    r"improv|gain|better|increase|reduc|drop|lift|delta|difference|change|vs\.?\b|over (?:the )?baseline|mejor|"
    r"aumento|diferencia",
    re.IGNORECASE,
)
BASELINE = re.compile(r"baseline|l[ií]nea base|majority|dummy|before|antes|current|actual", re.IGNORECASE)
DIFFERENCE_IN_CODE = re.compile(
    r"(?:improv|gain|delta|diff|lift|mejora)\w*\s*=\s*[^\n=]*-|\b\w*(?:acc|score|f1|mae|rmse|metric|loss|current|"
    r"final|new)\w*"
    r"(?:\[[^\]\n]*\])?\s*-\s*\w*(?:baseline|base|dummy|majority)\w*|\b\w*(?:baseline|base|"
    r"dummy)\w*(?:\[[^\]\n]*\])?\s*-\s*\w*"
    r"(?:acc|score|mae|rmse|current|final|new|model)",
    re.IGNORECASE,
)


@check_on_request(
    "evaluation.improvement_computed",
    title="Improvement over the baseline computed",
    help="Baseline and current metric are both told, and the difference between them is computed.",
    thresholds=(Threshold("slack", 0.006, "a difference of two rounded shares is off by half a percentage point"),),
)
def improvement_computed(evidence: Evidence, limits: Limits) -> Verdict:
    """How much better than before it is, is a number."""
    told = [(part, sentence) for part in everything(evidence) for sentence in part.sentences]
    lines = [(None, line) for cell in evidence.cells for line in cell_text(evidence, cell.index).splitlines()]
    rows = [(None, f"{' '.join(item.columns)} {' '.join(row)}") for item in tables(evidence) for row in item.values]
    for part, text in (*told, *lines, *rows):
        if IMPROVEMENT.search(text) and BASELINE.search(text) and _holds_difference(text, limits["slack"]):
            return passed(
                f"The improvement is computed: “{' '.join(text.split())[:160]}”",
                origin="static",
                cells=cells_of([part]) if part is not None else [],
            )
    measured = _differences(evidence)
    for _, text in (*told, *lines):
        if IMPROVEMENT.search(text) and any(_tells(text, value, limits["slack"]) for value in measured):
            return passed(f"The improvement over another model is told: “{' '.join(text.split())[:160]}”")
    if cells := cells_with(evidence, DIFFERENCE_IN_CODE):
        return passed("The difference to the baseline is computed.", origin="static", cells=cells)
    if reason := why_unseen(evidence, SCORING_CALLS):
        return unknown(f"Whether an improvement is computed could not be seen: {reason}.")
    return failed(
        "The improvement over a baseline is not computed.",
        fix="Score a baseline on the same rows, and print both and their difference: baseline 0.52, current 0.87, "
        "improvement +0.35.",
        cells=[item.cell for item in evidence.scorings],
    )


def _numbers(text: str) -> list[float]:
    return [float(number.replace(",", ".")) for number in NUMBER.findall(text)]


def _holds_difference(text: str, slack: float) -> bool:
    """Whether one of three numbers in a text is the difference of two others, as it is or in percent of the first."""
    numbers = [abs(value) for value in _numbers(text)[:12]]
    for place, first in enumerate(numbers):
        for other, second in enumerate(numbers):
            if place == other or first == second:
                continue
            scale = 100.0 if max(first, second) > 1 else 1.0
            gap = abs(first - second)
            wanted = [gap, gap * 100 / scale, *([100 * gap / first] if first else [])]
            rest = [value for index, value in enumerate(numbers) if index not in {place, other}]
            near = (abs(value - want) <= slack * (100 if want > 1 else 1) for value in rest for want in wanted)
            if gap > slack * scale and any(near):
                return True
    return False


def _differences(evidence: Evidence) -> list[float]:
    """Return by how much models differ on held-out rows, in shares."""
    scores = [item.result.value for item in trained_networks(evidence) if item.result is not None and item.result.value]
    scores += [item.value for item in known_scores(evidence) if item.role == "test" and not item.detail]
    return sorted({abs(a - b) for a in scores for b in scores if a != b})


def _tells(text: str, difference: float, slack: float) -> bool:
    return difference > slack and any(
        abs(abs(value) / unit - difference) <= slack / 2 for value in _numbers(text) for unit in (1, 100)
    )
