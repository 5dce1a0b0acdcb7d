"""Checks of reading the code: commented, structured, clean."""

from __future__ import annotations

from grader.checks.registry import Limits, Threshold, check
from grader.checks.verdicts import Verdict, failed, passed, unknown
from grader.model import CellFacts, Evidence

STAR_IMPORTS = frozenset({"F403", "F405"})
"""Tutorials use star imports; a name that comes from one is no fault of the cell that uses it."""
IMPORT_RULES = frozenset({"E402", "I001"})
"""Where imports stand is judged by code.structured, once."""


@check(
    "code.commented",
    title="Steps explained",
    help="Comments or markdown say what the steps do; commented-out code is no comment.",
    thresholds=(
        Threshold("explained_share", 0.5, "half of the steps explained lets a reader follow"),
        Threshold("lines_per_comment", 20, "more lines than fit half a screen need a word in between"),
        Threshold("short_cell", 2, "a cell of one or two lines says itself what it does"),
    ),
)
def commented(evidence: Evidence, limits: Limits) -> Verdict:
    """Most steps of more than a line or two say what they do."""
    steps = [(cell, _introduced(evidence, cell)) for cell in _code(evidence) if cell.code_lines > limits["short_cell"]]
    if not steps:
        return passed("Every cell is short enough to speak for itself.", origin="static")
    explained = [cell for cell, introduced in steps if _explained(cell, introduced, limits["lines_per_comment"])]
    share = len(explained) / len(steps)
    measured = {"steps": len(steps), "explained": len(explained)}
    if share >= limits["explained_share"]:
        return passed(
            f"Comments or text explain {len(explained)} of {len(steps)} steps.", origin="static", measured=measured
        )
    return failed(
        f"Comments or text explain only {len(explained)} of {len(steps)} steps."
        if explained
        else "Neither comments nor text explain what the code does.",
        fix="Put a sentence before each step (markdown), or a comment in it, saying what it does and why.",
        origin="static",
        cells=[cell.index for cell, _ in steps if cell not in explained],
        measured=measured,
    )


@check(
    "code.structured",
    title="Well structured",
    help="Headings or sections, imports together, no long copy-paste, functions where code repeats.",
    thresholds=(
        Threshold("headings", 3, "data, model and evaluation make three parts"),
        Threshold("import_cells", 3, "one block of imports, plus a late one or two"),
        Threshold("repeated_lines", 12, "two copies of a model of a dozen lines should be a function"),
        Threshold("lines_per_cell", 60, "a cell longer than a screen holds several steps"),
    ),
)
def structured(evidence: Evidence, limits: Limits) -> Verdict:
    """A reader finds the way: sections, imports together, no copy-paste, steps in cells of their own."""
    code = evidence.code
    repeated = sum(lines for _, _, lines in code.repeated_blocks)
    # In files, functions and modules are what cells and headings are in a notebook.
    inner = [cell for cell in _code(evidence) if cell.file and cell.defines_functions]
    longest = max(
        (cell for cell in _code(evidence) if cell not in inner), key=lambda cell: cell.code_lines, default=None
    )
    import_cells = sorted(set(code.import_cells))
    faults = []
    sections = max(code.heading_count, sum(_introduced(evidence, cell) for cell in _code(evidence)))
    sections += sum(cell.defines_functions for cell in inner)
    if sections < limits["headings"]:
        faults.append(f"{sections or 'no'} section{'s'[: sections != 1]} with a heading or text")
    if len(import_cells) > limits["import_cells"]:
        faults.append(f"imports in {len(import_cells)} cells")
    if repeated >= limits["repeated_lines"]:
        faults.append(f"{repeated} lines of copied code")
    if longest is not None and longest.code_lines > limits["lines_per_cell"]:
        faults.append(f"a cell of {longest.code_lines} lines")
    measured = {
        "sections": sections,
        "import_cells": len(import_cells),
        "repeated_lines": repeated,
        "functions": code.function_count,
        "longest_cell": longest.code_lines if longest is not None else 0,
    }
    if not faults:
        return passed("Sections, imports and steps are in good order.", origin="static", measured=measured)
    cells = [cell for first, second, _ in code.repeated_blocks for cell in (first, second)]
    return failed(
        f"The notebook is hard to follow: {', '.join(faults)}.",
        fix="Give each part a heading and its own cells, import once at the top, and turn copied code into a function.",
        origin="static",
        cells=cells,
        measured=measured,
    )


@check(
    "code.clean",
    title="Clean",
    help="No unused names, dead cells, leftover code in comments, needless output floods (by the notebook linter).",
    thresholds=(
        Threshold("lint_per_100_lines", 6, "a handful of unused imports is ordinary, one fault in 16 lines is not"),
        Threshold("lint_free", 3, "in a short notebook three slips are no mess"),
        Threshold("dead_share", 0.15, "more than a seventh of the code switched off is left-over work"),
        Threshold("flood_lines", 300, "a reader scrolls past; 60 epochs of progress fit twice"),
        Threshold("empty_cells", 2, "one or two empty cells at the end are a habit of the editor"),
    ),
)
def clean(evidence: Evidence, limits: Limits) -> Verdict:
    """Little that a tidy author would have removed."""
    cells = _code(evidence)
    lines = sum(cell.code_lines for cell in cells)
    lint = [item for item in evidence.code.lint if item.rule not in STAR_IMPORTS | IMPORT_RULES]
    dead = sum(cell.commented_code_lines for cell in cells)
    empty = [cell.index for cell in cells if not cell.source.strip()]
    floods = [cell.index for cell in cells if _output_lines(cell) > limits["flood_lines"]]
    broken = [cell.index for cell in cells if not cell.parses]
    faults = []
    if len(lint) > max(limits["lint_free"], limits["lint_per_100_lines"] * lines / 100):
        faults.append(f"{len(lint)} lint findings in {lines} lines ({_most_common(evidence)})")
    if dead > limits["dead_share"] * max(lines, 1) and dead > limits["lint_free"]:
        faults.append(f"{dead} lines of commented-out code")
    if len(empty) > limits["empty_cells"]:
        faults.append(f"{len(empty)} empty cells")
    if floods:
        faults.append(f"{len(floods)} cells flood the reader with output")
    if broken:
        faults.append(f"{len(broken)} cells are not valid Python")
    measured = {"lint": len(lint), "lines": lines, "dead_lines": dead, "empty_cells": len(empty), "floods": len(floods)}
    if faults:
        return failed(
            f"There is clutter: {'; '.join(faults)}.",
            fix="Remove unused imports and names, commented-out code, empty cells and output nobody reads.",
            origin="static",
            cells=[*(item.cell for item in lint), *empty, *floods, *broken],
            measured=measured,
        )
    if not evidence.code.lint_ran:
        return unknown("The linter did not run, so unused names are not known.", origin="static", measured=measured)
    small = f"{len(lint)} small lint finding{'s'[: len(lint) != 1]}" if lint else "no lint findings"
    return passed(f"The code is clean: {small} in {lines:,} lines.", origin="static", measured=measured)


def _code(evidence: Evidence) -> list[CellFacts]:
    """Return the student's code: cells of the assignment's template that were left as they are, are not."""
    return [cell for cell in evidence.cells if cell.kind == "code" and not cell.is_given]


def _introduced(evidence: Evidence, cell: CellFacts) -> bool:
    """Whether a text cell with more than a title stands right before."""
    before = [item for item in evidence.cells if item.index == cell.index - 1 and item.kind == "markdown"]
    return any(len((item.source if item.own is None else item.own).split()) >= 2 for item in before)


def _explained(cell: CellFacts, introduced: bool, lines_per_comment: float) -> bool:  # noqa: FBT001 - a fact of the cell
    words = cell.comment_lines + introduced
    return words > 0 and cell.code_lines / words <= lines_per_comment


def _output_lines(cell: CellFacts) -> int:
    """Lines a reader sees: a progress bar redraws its line with carriage returns or backspaces."""
    texts = [output.text for output in (cell.saved or cell.rerun) if output.kind != "error"]
    return sum(text.count("\n") + 1 for text in texts if text)


def _most_common(evidence: Evidence) -> str:
    rules = [item.rule for item in evidence.code.lint if item.rule not in STAR_IMPORTS | IMPORT_RULES]
    top = max(sorted(set(rules)), key=rules.count)
    message = next(item.message for item in evidence.code.lint if item.rule == top)
    return f"most often: {message}"
