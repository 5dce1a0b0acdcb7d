"""CSV files of course systems come back byte for byte, but for the cells that were changed."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import SheetError
from grader.sheets import Sheet

CELLS = st.text(alphabet=st.sampled_from('ab,;"\n\té =0'), max_size=6)
TABLES = st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=5)
HEADER = ["Student", "ID", "Mark"]


def written(rows: list[list[str]], end: str = "\n", separator: str = ",", quoting: int = csv.QUOTE_MINIMAL) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator=end, delimiter=separator, quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    return file.getvalue()


@given(st.binary(max_size=60))
def test_any_bytes_come_back_as_they_were(content):
    """Whatever a file holds, taking it apart and together again changes nothing."""
    try:
        sheet = Sheet.of(content)
    except SheetError:
        return
    assert sheet.content() == content


@given(
    TABLES,
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
)
def test_values_are_those_that_were_written(rows, end, quoting, mark):
    """Quotes, separators and line ends inside cells are read as Python's own writer meant them."""
    sheet = Sheet.of(mark + written([HEADER, *rows], end, quoting=quoting).encode())
    assert [list(sheet.values(row)) for row in range(len(sheet.rows))] == [HEADER, *rows]


@given(TABLES, CELLS, st.data())
def test_only_the_changed_cell_is_another(rows, value, data):
    """What is put into one cell can be read back, and no other cell is touched."""
    sheet = Sheet.of(written([HEADER, *rows], "\r\n").encode())
    row, column = data.draw(st.integers(1, len(rows))), data.draw(st.integers(0, 2))
    sheet.set(row, column, value)
    expected = [HEADER, *(list(line) for line in rows)]
    expected[row][column] = value
    assert list(csv.reader(io.StringIO(sheet.content().decode(), newline=""))) == expected


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_is_found(separator):
    """Systems in other languages write semicolons; a comma inside a name misleads nobody."""
    sheet = Sheet.of(written([HEADER, ["Lovelace, Ada", "1", "2,5"]], separator=separator).encode())
    assert (sheet.separator, sheet.values(1)) == (separator, ("Lovelace, Ada", "1", "2,5"))


def test_quotes_and_encoding_are_kept():
    """A column whose cells are quoted gets a quoted value; a file of Windows' western code page stays one."""
    content = 'Name,"Mark"\r\n"Peña","3"\r\n"Öz",""\r\n'.encode("cp1252")
    sheet = Sheet.of(content)
    sheet.set(2, 1, "7")
    sheet.set(1, 0, "Núñez € B")
    assert sheet.content() == 'Name,"Mark"\r\n"Núñez € B","3"\r\n"Öz","7"\r\n'.encode("cp1252")


def test_what_is_no_csv_is_said_to_be_none(tmp_path: Path):
    """An Excel file under the name of a CSV, an empty file and a missing one each get a sentence."""
    for content, words in ((b"PK\x03\x04rest", "Excel"), (b"\xef\xbb\xbf \r\n", "empty")):
        with pytest.raises(SheetError, match=words):
            Sheet.of(content)
    with pytest.raises(SheetError, match="can't be read"):
        Sheet.read(tmp_path / "none.csv")
