"""CSV files of course systems, changed cell by cell: whatever is not changed stays byte for byte as it was.

Spreadsheets and course systems differ in separator, quoting, line ends, encoding and byte order mark, and read back
only what they wrote. So a file is taken apart into its cells as they are written, and put together again.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from grader.errors import SheetError

MAX_BYTES = 64 * 1024**2
"""A gradebook of 2,000 students and 100 columns takes 4 MB."""

SEPARATORS = (",", ";", "\t")

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(slots=True)
class Row:
    """One row: its cells as written, quotes and all, and the line end behind it (none behind the last)."""

    cells: list[str]
    end: str = ""


@dataclass(slots=True)
class Sheet:
    """A CSV file in memory. Rows and columns count from 0; row 0 is the header."""

    rows: list[Row]
    separator: str = ","
    encoding: str = "utf-8"
    mark: bytes = b""
    _quoting: dict[int, bool] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Sheet:
        """Read a file.

        Raises:
            SheetError: it is not there, too large, empty, or no text.
        """
        try:
            if path.stat().st_size > MAX_BYTES:
                raise SheetError(f"{path} is larger than {MAX_BYTES // 1024**2} MB: is it the right file?")
            return cls.of(path.read_bytes(), str(path))
        except OSError as error:
            raise SheetError(f"{path} can't be read ({error.strerror}); give a CSV file") from error

    @classmethod
    def of(cls, content: bytes, source: str = "the file") -> Sheet:
        """Take a file's bytes apart (SheetError where they are no CSV text)."""
        if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
            raise SheetError(f"{source} is an Excel file; save it as CSV (UTF-8), or export CSV in the first place")
        mark, encoding = next(((mark, name) for mark, name in _MARKS if content.startswith(mark)), (b"", "utf-8"))
        body = content[len(mark) :]
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            encoding = "latin-1" if mark == b"" else encoding  # every byte comes back as it was
            text = body.decode(encoding, "surrogateescape" if mark else "strict")
        if not text.strip():
            raise SheetError(f"{source} is empty; export it again")
        separator = _separator(text)
        return cls(list(_rows(text, separator)), separator, encoding, mark)

    def content(self) -> bytes:
        """Return the file's bytes."""
        text = "".join(self.separator.join(row.cells) + row.end for row in self.rows)
        if self.encoding == "latin-1":
            return _latin(text)
        return self.mark + text.encode(self.encoding, "surrogateescape" if self.mark else "strict")

    @property
    def header(self) -> tuple[str, ...]:
        """The values of the first row."""
        return self.values(0)

    def values(self, row: int) -> tuple[str, ...]:
        """Return a row's values, without quotes."""
        return tuple(_value(cell) for cell in self.rows[row].cells)

    def get(self, row: int, column: int) -> str:
        """Return one value; empty where the row is shorter."""
        cells = self.rows[row].cells
        return _value(cells[column]) if column < len(cells) else ""

    def set(self, row: int, column: int, value: str) -> None:
        """Put a value into a cell: quoted if it has to be, or where the column's cells are."""
        cells = self.rows[row].cells
        cells += [""] * (column + 1 - len(cells))
        if _value(cells[column]) != value:
            cells[column] = self._written(column, value)

    def _written(self, column: int, value: str) -> str:
        if self._needs_quotes(value) or self._is_quoted(column):
            return '"' + value.replace('"', '""') + '"'
        return value

    def _is_quoted(self, column: int) -> bool:
        """Whether every filled cell of a column is quoted, below the header, and some of them without need."""
        if column not in self._quoting:
            filled = [row.cells[column] for row in self.rows[1:] if column < len(row.cells) and row.cells[column]]
            needless = any(not self._needs_quotes(_value(cell)) for cell in filled)
            self._quoting[column] = needless and all(cell.startswith('"') for cell in filled)
        return self._quoting[column]

    def _needs_quotes(self, value: str) -> bool:
        return any(mark in value for mark in (self.separator, '"', "\n", "\r")) or value != value.strip()


def _rows(text: str, separator: str) -> Iterator[Row]:
    """Yield the rows of a text. A quote opens a quoted cell only at the cell's start, as every reader of CSV has it."""
    cells: list[str] = []
    start = position = 0
    quoted = False
    while position < len(text):
        letter = text[position]
        if quoted:
            quoted = letter != '"' or _doubled(text, position)
            position += 2 if letter == '"' and quoted else 1
            continue
        if letter == '"' and position == start:
            quoted = True
        elif letter == separator:
            cells.append(text[start:position])
            start = position + 1
        elif letter in "\r\n":
            end = text[position : position + 2] if text.startswith("\r\n", position) else letter
            cells.append(text[start:position])
            yield Row(cells, end)
            cells = []
            position += len(end)
            start = position
            continue
        position += 1
    if cells or start < len(text):
        yield Row([*cells, text[start:]])


def _doubled(text: str, position: int) -> bool:
    return text.startswith('""', position)


def _value(cell: str) -> str:
    if not cell.startswith('"'):
        return cell
    closing = _closing(cell)
    return cell[1:closing].replace('""', '"') + cell[closing + 1 :]


def _closing(cell: str) -> int:
    """Return where the quotes of a quoted cell close; its end where they don't."""
    position = 1
    while True:
        position = cell.find('"', position)
        if position < 0:
            return len(cell)
        if not _doubled(cell, position):
            return position
        position += 2


def _separator(text: str) -> str:
    """Return what separates the cells: what cuts the first rows into the same number of cells, and the most of them."""

    def fit(separator: str) -> tuple[int, int]:
        sample = io.StringIO("".join(text.splitlines(keepends=True)[:20]))
        try:
            widths = [len(row) for row in csv.reader(sample, delimiter=separator) if row]
        except csv.Error:
            return 0, 0
        first = widths[0] if widths else 0
        return sum(width == first for width in widths) if first > 1 else 0, first

    return max(SEPARATORS, key=fit)


def _latin(text: str) -> bytes:
    """Return text in Windows' western code page as far as it goes: what was there byte for byte, new text readable."""
    return "".join(letter if letter < "\u0100" else _western(letter) for letter in text).encode("latin-1")


def _western(letter: str) -> str:
    try:
        return letter.encode("cp1252").decode("latin-1")
    except UnicodeEncodeError:
        return "?"
