"""Tables of a project: files handed in or written by the run, tables in documents, tables that the notebook shows."""

from __future__ import annotations

import csv
import html
import re
from dataclasses import dataclass

from grader.checks.written import document_parts, notebook_parts
from grader.model import Evidence

_ROW = re.compile(r"<tr[^>]*>(.*?)</tr>", re.IGNORECASE | re.DOTALL)
_CELL = re.compile(r"<t[hd][^>]*>(.*?)</t[hd]>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_RULE = re.compile(r"^[\s|:-]+$")
MOST_ROWS = 500
"""Rows of one table that are looked at."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its columns. `values` are known where the whole of it could be read; `rows` where it was counted."""

    source: str
    columns: tuple[str, ...]
    values: tuple[tuple[str, ...], ...] = ()
    rows: int | None = None
    cell: int | None = None

    @property
    def count(self) -> int:
        """How many rows there are, as far as is known."""
        return self.rows if self.rows is not None else len(self.values)

    def having(self, words: re.Pattern[str]) -> tuple[int, ...]:
        """Return the places of the columns whose names match."""
        return tuple(place for place, name in enumerate(self.columns) if words.search(name))


def tables(evidence: Evidence) -> tuple[Table, ...]:
    """Return the tables of a project, those in files first."""
    return (*_files(evidence), *_in_documents(evidence), *_shown(evidence))


def _files(evidence: Evidence) -> list[Table]:
    found = []
    for item in evidence.run_files.products:
        if item.kind == "table" and item.columns:
            values = _read(item.head) if item.whole else ()
            found.append(Table(item.path, item.columns, values, item.rows, item.cell))
    known = {table.source.rpartition("/")[2] for table in found}
    saved = [item for item in evidence.run_files.saved if item.what == "table" and item.names]
    found += [
        Table(item.path, item.names, (), item.shape[0] if item.shape else None, item.cell)
        for item in saved
        if item.path.rpartition("/")[2] not in known
    ]
    known |= {table.source.rpartition("/")[2] for table in found}
    handed_in = [item for item in evidence.project if item.kind == "table" and item.columns]
    # What the run writes anew stands there as it was written now.
    found += [
        Table(item.path, item.columns, (), item.rows) for item in handed_in if item.path.rpartition("/")[2] not in known
    ]
    return found


def _read(text: str) -> tuple[tuple[str, ...], ...]:
    line = text.partition("\n")[0]
    try:
        rows = list(csv.reader(text.splitlines()[:MOST_ROWS], delimiter=max(",;\t", key=line.count)))
    except csv.Error:
        return ()
    return tuple(tuple(cell.strip() for cell in row) for row in rows[1:] if row)


def _in_documents(evidence: Evidence) -> list[Table]:
    found = []
    for part in (*document_parts(evidence), *notebook_parts(evidence)):
        rows = [_bars(line) for line in part.text.splitlines() if line.strip().startswith("|") or line.count("|") > 1]
        plain = [row for row in rows if not _RULE.match("|".join(row))]
        if len(rows) > len(plain) and len(plain) > 1:
            found.append(Table(part.source or "notebook", plain[0], tuple(plain[1 : MOST_ROWS + 1]), None, part.cell))
    return found


def _bars(line: str) -> tuple[str, ...]:
    return tuple(cell.strip(" *`") for cell in line.strip().strip("|").split("|"))


def _shown(evidence: Evidence) -> list[Table]:
    """Return the tables that cells show as HTML, which is how pandas shows a frame."""
    found = []
    for cell in evidence.cells:
        for output in (*cell.rerun, *cell.saved):
            if "<table" not in output.html:
                continue
            rows = [tuple(_plain(item) for item in _CELL.findall(row)) for row in _ROW.findall(output.html)[:MOST_ROWS]]
            if len(rows) > 1:
                found.append(Table("notebook", rows[0], tuple(rows[1:]), None, cell.index))
    return found


def _plain(cell: str) -> str:
    return html.unescape(_TAG.sub("", cell)).strip()
