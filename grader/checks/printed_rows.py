"""Rows of the data printed as they are: arrays, tables, texts. Known by what the output looks like."""

from __future__ import annotations

import re

from grader.model import CellFacts, Evidence

PRINTS = frozenset({"print", "display", "pprint"})

ABOUT_RESULTS = frozenset(
    {
        "confusion_matrix", "crosstab", "corr", "cov", "corrcoef", "pivot_table", "groupby", "isna", "isnull",
        "value_counts", "classification_report", "cross_tab",
    }
)  # fmt: skip
"""Tables of these show what was counted of the rows, not rows."""

ARRAY = re.compile(r"\[\s*\[([^\[\]]*)\]")
"""The first row of an array of two dimensions or more."""

TABLE = re.compile(
    r"^\d+ rows? x \d+ columns?\]?$|^\[\d+ rows x \d+ columns\]$|^0 +\S+ +\S.*\n1 +\S+ +\S", re.MULTILINE
)
"""A data frame: its size below it, or its first two rows with two columns or more."""

ONE_ROW = re.compile(r"\[\s*-?\d[\d.eE+-]*(?:[\s,]+-?\d[\d.eE+-]*){2,}[\s,]*\]")
"""Each piece can be matched in one way only: hostile output must not cost more than its length."""

NUMBER = re.compile(r"-?\d[\d.eE+-]*")
WORD = re.compile(r"[^\W\d_]{2,}")
ONE_OF_MANY = re.compile(r"\[\s*-?\w+\s*\]")
"""`x[0]`, `texts[i]`: one of many things is shown."""

FEWEST_TOKENS = 20
"""Numbers of a text's words, before it is made as long as all others."""

FEWEST_NEW_WORDS = 4
"""So many words that the code doesn't hold are no caption."""


def prints_rows(evidence: Evidence, cell: CellFacts) -> bool:
    """Whether a cell shows some rows of the data in words or numbers."""
    called = {call.rpartition(".")[2] for call in cell.calls}
    outputs = [item for item in (*cell.rerun, *cell.saved) if item.kind != "error" and item.text]
    shown = [item.text for item in outputs if called & PRINTS or item.kind == "execute_result"]
    if called & ABOUT_RESULTS or not shown:
        return False
    if any(TABLE.search(text) or any(map(NUMBER.search, ARRAY.findall(text))) for text in shown):
        return True
    one = bool(ONE_OF_MANY.search(cell.source))
    if one and any(_is_one_row(found, evidence) for text in shown for found in ONE_ROW.findall(text)):
        return True
    lines = [line for text in shown for line in text.split("\n")] if evidence.input_kind == "text" else []
    written = set(WORD.findall(cell.source))
    return any(len(set(WORD.findall(line)) - written) >= FEWEST_NEW_WORDS for line in lines)


def _is_one_row(found: str, evidence: Evidence) -> bool:
    """Whether a list of numbers is as long as the rows are, or as a text is."""
    size = len(NUMBER.findall(found))
    widths = {item.shape[0] for item in evidence.row_sets if len(item.shape) == 1}
    return size in widths or (evidence.input_kind in {"text", "sequence"} and size >= FEWEST_TOKENS)
