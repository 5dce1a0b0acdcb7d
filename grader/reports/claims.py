"""What the text claims, beside what was measured: one line a claim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grader.model import Grade
from grader.reports.numbers import cell_number

CLAIMS_CHECK = "prose.claims_checked"
MOST_CLAIMS = 20
"""Lines of the table; contradictions come first, so that none of them is left out for the many that agree."""
VERDICTS = {
    "contradicted": ("✗", "contradicted"),
    "agrees": ("✓", "agrees"),
    "not_checkable": ("?", "can't be checked"),
}


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """A claim in its sentence, what was measured, and how the two stand."""

    about: str
    quote: str
    said: str
    measured: str
    symbol: str
    verdict: str
    cell: int
    contradicted: bool


def claim_lines(grade: Grade) -> tuple[ClaimLine, ...]:
    """Return the claims of the text, contradicted ones first, then in the notebook's order."""
    finding = next((item for item in grade.findings if item.check == CLAIMS_CHECK), None)
    stored: list[Mapping[str, Any]] = list((finding.measured.get("claims") or []) if finding is not None else [])
    lines = [_line(item) for item in stored if item.get("verdict") in VERDICTS]
    return tuple(sorted(lines, key=lambda item: (not item.contradicted, item.cell))[:MOST_CLAIMS])


def _line(item: Mapping[str, Any]) -> ClaimLine:
    symbol, verdict = VERDICTS[item["verdict"]]
    return ClaimLine(
        str(item["about"]),
        str(item["quote"]),
        str(item["said"]),
        str(item["measured"]),
        symbol,
        verdict,
        cell_number(int(item["cell"])),
        item["verdict"] == "contradicted",
    )
