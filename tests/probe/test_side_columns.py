"""What a real kernel tells of tables and files that it read: columns that repeat, names in order, places after a split."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import kernel

READ = """
import pandas as pd
from sklearn.model_selection import train_test_split
frame = pd.read_csv('patients.csv')
kept = frame.dropna()
train, test = train_test_split(kept[['a', 'b']], test_size=10, random_state=0)
print(pd.read_csv.__module__, frame.shape)
"""
FILES = """
from pathlib import Path
texts = [path.read_text() for path in sorted(Path('notes').glob('*.txt'))]
again = [open(path, 'rb').read() for path in sorted(Path('notes').glob('*.txt'))]
Path('made.txt').write_text('not read')
"""


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """A kernel that read a table of 40 rows with one gap, and forty files."""
    folder: Path = tmp_path_factory.mktemp("side")
    lines = [f"p{row % 8},{row},{row / 7:.3f},{'' if row == 3 else row / 3:.4}" for row in range(40) if row != 3]
    lines.insert(3, "p3,3,0.429,")
    (folder / "patients.csv").write_text("\n".join(["patient,number,a,b", *lines]))
    (folder / "notes").mkdir()
    for row in range(40):
        (folder / "notes" / f"{row % 4}_ann_{row:02}.txt").write_text("x")
    with kernel(folder) as running:
        assert running.run(READ) == "pandas (40, 4)\n"
        running.run(FILES)
        yield running


def test_columns_that_repeat_are_sent_and_measurements_are_not(watched):
    """The patient tells groups; a running number and fractions don't."""
    (table,) = watched.since(0, "data.columns")
    assert table["count"] == 40
    assert [(item["name"], item["distinct"]) for item in table["columns"]] == [("patient", 8)]
    codes = watched.array(table["columns"][0]["codes"])
    assert codes.tolist() == [row % 8 for row in range(40)]


def test_a_split_frame_says_where_its_rows_stood(watched):
    """After rows were dropped the index is what is left of the places."""
    (split,) = watched.since(0, "split.made")
    train, test = (watched.array(item).tolist() for item in split["places"])
    assert sorted(train + test) == [row for row in range(40) if row != 3]
    assert len(test) == 10


def test_files_are_named_once_in_the_order_they_were_read(watched):
    """A second reading says nothing new; what was written was not read."""
    (read,) = watched.since(0, "data.files")
    assert read["names"] == sorted(read["names"])
    assert read["names"][0] == "notes/0_ann_00.txt"
    assert len(read["names"]) == 40
    assert not watched.since(0, "probe.fault")
