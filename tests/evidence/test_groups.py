"""Groups of rows that are alike, told by columns and file names, and whether they stand on both sides of a split."""

from __future__ import annotations

import numpy as np
import pytest
from run_builder import RunBuilder

RANDOM = np.random.default_rng(0)
SPEAKERS = np.repeat(np.arange(30), 12)
VOICES = RANDOM.normal(size=(30, 8))[SPEAKERS] * 3 + RANDOM.normal(size=(360, 8)) * 0.4
WORDS = RANDOM.integers(0, 3, 360)
APART = np.isin(SPEAKERS, [3, 11, 17, 20, 25, 28])
MIXED = np.isin(np.arange(360), RANDOM.permutation(360)[:72])


@pytest.fixture
def made(tmp_path):
    return RunBuilder(tmp_path)


def crossing(made, rows, held_out, labels=WORDS, *, place=None):
    """Show the whole set, train on a part and score the other; `place` sends the index that frames keep."""
    whole = made.rows(rows)
    parts = [rows[~held_out], rows[held_out]]
    outputs = [made.rows(part) for part in parts]
    places = [] if place is None else [made.artifact(place[~held_out]), made.artifact(place[held_out])]
    made.send("split.made", function="split", sizes=[], settings={}, inputs=[whole], outputs=outputs, places=places)
    made.rows(parts[0], values=True)
    made.model(units=3)
    made.fit("m1", parts[0], labels[~held_out])
    made.evaluate("m1", parts[1], labels[held_out])
    return made.evidence().group_crossing


def table_with(made, **columns):
    """Send what the probe says of a table that was read."""
    made.send(
        "data.columns",
        count=len(next(iter(columns.values()))),
        columns=[
            {"name": name, "distinct": len(np.unique(codes)), "codes": made.artifact(np.asarray(codes, np.int32))}
            for name, codes in columns.items()
        ],
    )


def test_speakers_on_both_sides_are_counted(made):
    """A column that was not used tells speakers; a random split has all of them on both sides."""
    table_with(made, speaker=SPEAKERS, recording=np.arange(360) % 12)
    found = crossing(made, VOICES, MIXED)
    assert found.column == "speaker"
    assert (found.rows, found.rows_crossing) == (72, 72)
    assert found.crossing == found.groups
    assert found.together > 0.9
    assert found.chance < 0.2


def test_speakers_that_were_held_out_whole_do_not_cross(made):
    """Six speakers kept for the test: groups there are, and none stands on both sides."""
    table_with(made, speaker=SPEAKERS)
    found = crossing(made, VOICES, APART)
    assert (found.groups, found.crossing, found.rows_crossing) == (6, 0, 0)


def test_names_of_files_tell_speakers(made):
    """`0_s3_7.wav`: the part of the name by which recordings are alike, however few speakers there are."""
    voices = RANDOM.normal(size=(3, 8))[SPEAKERS % 3] * 3 + RANDOM.normal(size=(360, 8))
    names = [f"audio/{WORDS[place]}_s{SPEAKERS[place] % 3}_{place % 40}.wav" for place in range(360)]
    made.send("data.files", names=names)
    found = crossing(made, voices, MIXED)
    assert found.column.startswith("part 2 of the name")
    assert found.rows_crossing == 72


def test_frames_that_lost_rows_are_known_by_their_index(made):
    """Rows were dropped before the split: the index that the frame kept says which speaker a row is."""
    table_with(made, speaker=SPEAKERS)
    kept = np.sort(RANDOM.permutation(360)[:300])
    found = crossing(made, VOICES[kept], MIXED[kept], WORDS[kept], place=kept)
    assert found.rows_crossing == int(MIXED[kept].sum())


@pytest.mark.parametrize(
    "column",
    [
        RANDOM.integers(0, 30, 360),
        SPEAKERS % 4,
        np.arange(360) // 2 * 0 + (np.arange(360) == 5),
        np.searchsorted(np.quantile(VOICES[:, 0], np.linspace(0, 1, 13)[1:-1]), VOICES[:, 0]),
    ],
    ids=["no group at all", "a few values", "one exception", "a range of one input"],
)
def test_attributes_are_no_groups(made, column):
    """Columns by which rows are not alike, or that have few values, tell nobody apart."""
    table_with(made, column=column)
    assert crossing(made, VOICES, MIXED) is None


def test_an_input_with_many_values_is_no_group(made):
    """A city that is an input by itself brings its rows together only through itself."""
    table_with(made, city=SPEAKERS)
    rows = np.column_stack([np.eye(30)[SPEAKERS] * 5, RANDOM.normal(size=(360, 4))])
    assert crossing(made, rows, MIXED) is None


def test_a_column_that_is_the_label_is_no_group(made):
    """Names of classes as file names or in a column are the label in other words."""
    kinds = np.repeat(np.arange(12), 30)
    table_with(made, kind=kinds)
    assert crossing(made, RANDOM.normal(size=(12, 8))[kinds] * 4 + RANDOM.normal(size=(360, 8)), MIXED, kinds) is None


def test_rows_of_unknown_places_have_no_groups(made):
    """A table of another length says nothing of these rows."""
    table_with(made, speaker=SPEAKERS[:300])
    assert crossing(made, VOICES, MIXED) is None
