"""What ties rows together across a split: time, groups, and columns that hold the answer. Advice, told with numbers."""

from __future__ import annotations

from dataclasses import replace

from examples import GOOD, TABLE, find, outcome

from grader.model import GroupCrossing, LabelProxy, SeriesCrossing

WINDOWS = SeriesCrossing("test", sampled=100, before=80, after=78, both=62, alike=0, step=1, width=7)
PROXY = LabelProxy(column=8, columns=9, agreement=1.0, next_best=0.71, chance=0.6, rows=100)


def test_test_windows_among_training_windows_are_told():
    """Eighty of a hundred test windows are training windows moved by a step."""
    found = find("split.no_temporal_leakage", replace(TABLE, series_crossing=WINDOWS))
    assert (found.outcome, found.moves_level) == ("fail", False)
    assert "80 of 100 test rows" in found.summary
    assert "62 of them between two" in found.summary
    assert "shuffle=False" in (found.fix or "")


def test_windows_of_borders_only_are_fine():
    """A split by time meets at its borders; rows that are no windows have no time to leak."""
    borders = replace(WINDOWS, before=2, after=2, both=0)
    assert outcome("split.no_temporal_leakage", replace(TABLE, series_crossing=borders)) == "pass"
    assert outcome("split.no_temporal_leakage", TABLE) == "not_applicable"


def test_a_column_that_holds_the_answer_is_told():
    """One of nine columns tells every label, the next best three quarters of them."""
    found = find("split.no_label_proxy", replace(GOOD, label_proxy=PROXY))
    assert (found.outcome, found.moves_level) == ("fail", False)
    assert "Column 9 of the 9 inputs" in found.summary


def test_an_easy_task_has_no_proxy():
    """Where two columns tell nearly everything, or chance does, no column gives anything away."""
    for honest in (
        replace(PROXY, agreement=0.96),
        replace(PROXY, next_best=0.95),
        replace(PROXY, next_best=0.867, rows=30),  # Iris: petal width, by luck, and petal length
        replace(PROXY, chance=0.97),
    ):
        assert outcome("split.no_label_proxy", replace(GOOD, label_proxy=honest)) == "pass"
    assert outcome("split.no_label_proxy", GOOD) == "not_applicable"


def test_an_answer_in_bands_is_told_where_the_task_is_easy():
    """The next best column tells 94 % too, but in no other way than measurements do: its classes meet."""
    easy = replace(PROXY, next_best=0.94)
    assert outcome("split.no_label_proxy", replace(GOOD, label_proxy=replace(easy, gap=50.0))) == "fail"
    for honest in (replace(easy, gap=2.0), replace(easy, gap=50.0, next_best=1.0)):
        assert outcome("split.no_label_proxy", replace(GOOD, label_proxy=honest)) == "pass"


def test_groups_on_both_sides_are_told():
    """All test rows are of speakers who were trained on; of held-out speakers none is, and a few crossings are fine."""
    mixed = GroupCrossing("speaker", "a column of the table", 30, 30, 100, 100, together=0.93, chance=0.04)
    found = find("split.no_group_leakage", replace(GOOD, group_crossing=mixed))
    assert (found.outcome, found.moves_level) == ("fail", False)
    assert "100 of 100 test rows" in found.summary
    assert "speaker" in found.summary
    for fair in (replace(mixed, crossing=0, rows_crossing=0), replace(mixed, rows_crossing=10)):
        assert outcome("split.no_group_leakage", replace(GOOD, group_crossing=fair)) == "pass"
    assert outcome("split.no_group_leakage") == "not_applicable"
