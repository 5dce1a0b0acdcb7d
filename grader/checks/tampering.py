"""Code that reaches into what watches it. A person reads it: the words alone prove nothing, and move no level."""

from __future__ import annotations

import re

from grader.checks.registry import Limits, check
from grader.checks.verdicts import Verdict, advised, passed
from grader.model import CellFacts, Evidence

REACHES = re.compile(
    r"_grader_probe|GRADER_PROBE|__observed__|PostImportFinder|sys\s*\.\s*meta_path|/proc/self/(?:fd|mem|maps)|"
    r"gc\s*\.\s*get_(?:objects|referrers|referents)|sys\s*\.\s*addaudithook|cell_contents|session\s*\.\s*send\b|"
    r"socket\s*\([^)]*fileno|builtins\s*\.\s*print\s*=(?!=)|"
    r"(?:Model|Sequential|Layer|Trainer)\s*\.\s*(?:fit|evaluate|predict|__call__)\s*=(?!=)|"
    r"\b(?:(?:post|pre)_run_cell\b|do_execute\b|run_cell(?:_async)?\s*=|showtraceback\s*=|os\s*\.\s*dup2?\s*\(|"
    r"(?:sklearn\.)?metrics\s*\.\s*(?:confusion_matrix|accuracy_score)\s*=(?!=))"
)
"""The probe's own names, ways to find its objects and descriptors, the shell's inner methods, and libraries' scoring
functions set to something else."""


@check(
    "code.leaves_the_run_alone",
    title="Leaves the run alone",
    help="No code replaces the libraries' scoring functions or reaches into the kernel that runs it. Advice.",
)
def leaves_the_run_alone(evidence: Evidence, _limits: Limits) -> Verdict:
    """No cell reaches into what runs and watches it."""
    found = [(cell, word) for cell in evidence.cells if (word := _reach(cell)) is not None]
    if not found:
        return passed("No cell reaches into what runs it.", origin="static")
    cell, word = found[0]
    return advised(
        f"Cell {cell.index + 1} reaches into what runs the notebook (`{word}`).",
        fix="Leave the kernel and the libraries' functions as they are.",
        origin="static",
        cells=[item.index for item, _ in found],
        measured={"words": sorted({word for _, word in found})},
        review=f"cell {cell.index + 1} reaches into what runs and watches the notebook (`{word}`)",
    )


def _reach(cell: CellFacts) -> str | None:
    if cell.kind != "code":
        return None
    match = REACHES.search(cell.source)
    return None if match is None else " ".join(match.group(0).split())[:60]
