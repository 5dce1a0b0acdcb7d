"""Checks of an experiment log: what was tried on which data, with what result, one change at a time."""

from __future__ import annotations

import re
from itertools import pairwise

from grader.checks.registry import Limits, Threshold, check_on_request
from grader.checks.tables import Table, tables
from grader.checks.verdicts import Verdict, failed, not_applicable, passed, unknown
from grader.model import Evidence

COLUMNS = {
    "data version": re.compile(r"\bdata|dataset|\bversion|split|datos", re.IGNORECASE),
    "model": re.compile(r"model|architect|network|backbone|modelo|arquitect", re.IGNORECASE),
    "settings": re.compile(
        r"setting|param|\blr\b|rate|epoch|batch|config|dropout|augment|optimi|frozen|unfreez|ajuste|tasa|[eé]poca",
        re.IGNORECASE,
    ),
    "results": re.compile(
        r"acc|loss|f1|score|result|recall|precision|auc|mae|metric|exactitud|resultado", re.IGNORECASE
    ),
    "notes": re.compile(r"note|comment|observ|remark|why|reason|conclu|learn(?:ed|t)|nota|comentario", re.IGNORECASE),
}
"""What an experiment log holds, by words in the names of its columns."""
CHANGE = re.compile(r"change|cambio|what'?s new|difference", re.IGNORECASE)
SEVERAL = re.compile(r",| and |;|\+| y ", re.IGNORECASE)
TRIED = ("data version", "model", "settings")
FEWEST_COLUMNS = 3
"""A table with fewer of the five kinds of columns is another table."""
LOG_FIX = (
    "Keep a table with the columns data, model, settings, result and notes, and a row for each training you compare."
)


@check_on_request(
    "project.experiment_log",
    title="Experiment log",
    help="A table (a file, in a document or in the notebook) has data version, model, settings, results and notes of "
    "each experiment.",
    thresholds=(
        Threshold("rows", 2, "a single experiment is compared with nothing"),
        Threshold("columns", 5, "data version, model, settings, results, notes: each tells what the others don't"),
    ),
)
def experiment_log(evidence: Evidence, limits: Limits) -> Verdict:
    """What was tried is written down."""
    log = find_log(evidence)
    if log is None:
        return failed("There is no experiment log.", fix=LOG_FIX, origin="static")
    there = [name for name, words in COLUMNS.items() if log.having(words)]
    missing = [name for name in COLUMNS if name not in there]
    measured = {"file": log.source, "rows": log.count, "missing": missing}
    cells = [log.cell]
    if len(there) < limits["columns"]:
        return failed(
            f"The experiment log lacks {', '.join(missing)}.",
            fix=LOG_FIX,
            origin="static",
            cells=cells,
            measured=measured,
        )
    if log.count < limits["rows"]:
        return failed(
            f"The experiment log holds {log.count} experiment{'s'[: log.count != 1]}.",
            fix=LOG_FIX,
            origin="static",
            cells=cells,
            measured=measured,
        )
    return passed(
        f"{log.count} experiments are logged with {', '.join(there)}.", origin="static", cells=cells, measured=measured
    )


@check_on_request(
    "project.one_change_at_a_time",
    title="One major change at a time",
    help="From one row of the experiment log to the next, one thing changes: the data, the model or a setting.",
    thresholds=(Threshold("changes", 1, "of two changes at once nobody can tell which one helped"),),
)
def one_change_at_a_time(evidence: Evidence, limits: Limits) -> Verdict:
    """What made a difference can be told."""
    log = find_log(evidence)
    if log is None:
        return failed("There is no experiment log, so what changed can't be told.", fix=LOG_FIX, origin="static")
    cells = [log.cell]
    if not log.values:
        return unknown(
            f"The rows of the experiment log ({log.source}) could not be read.", origin="static", cells=cells
        )
    if len(log.values) < 2:
        return not_applicable("The experiment log holds a single experiment.")
    told = log.having(CHANGE)
    if told:
        many = [row for row in log.values[1:] if SEVERAL.search(_at(row, told[0]))]
    else:
        compared = sorted(
            {place for name in TRIED for place in log.having(COLUMNS[name])} - set(log.having(COLUMNS["results"]))
        )
        many = [b for a, b in pairwise(log.values) if sum(_at(a, p) != _at(b, p) for p in compared) > limits["changes"]]
    if not many:
        return passed("From one experiment to the next one thing changes.", origin="static", cells=cells)
    example = ", ".join(filter(None, many[0]))[:120]
    return failed(
        f"In {len(many)} of {len(log.values) - 1} steps several things change at once: {example}.",
        fix="Change one thing, write down what it did, then change the next.",
        origin="static",
        cells=cells,
        measured={"steps": len(log.values) - 1, "several": len(many)},
    )


def find_log(evidence: Evidence) -> Table | None:
    """Return the table that is most like an experiment log, None where none is."""
    scored = [
        (sum(bool(item.having(words)) for words in COLUMNS.values()), item.count, item) for item in tables(evidence)
    ]
    likely = [
        item
        for item in scored
        # Results of settings: a table of figures by class is no log.
        if item[0] >= FEWEST_COLUMNS and item[2].having(COLUMNS["results"]) and item[2].having(COLUMNS["model"])
    ]
    return max(likely, key=lambda item: item[:2])[2] if likely else None


def _at(row: tuple[str, ...], place: int) -> str:
    return row[place] if place < len(row) else ""
