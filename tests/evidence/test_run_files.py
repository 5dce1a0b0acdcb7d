"""What a run saved, loaded and left, from events that nobody vouches for."""

from __future__ import annotations

from grader.evidence.parsing import parse_events
from grader.evidence.records import Fault
from grader.evidence.run_files import collect_run_files, is_of_files
from grader.model import Event


def files(*events: tuple[str, dict[str, object]]):
    log = parse_events(Event(seq, 3, kind, fields) for seq, (kind, fields) in enumerate(events))
    return collect_run_files(log), log.faults


def test_a_table_has_its_header_and_rows_and_stands_as_it_was_left_last():
    """A prediction file written twice is one product: its columns are the first line's, its rows those below."""
    found, faults = files(
        ("file.left", {"path": "out.csv", "size": 4, "head": ["a\n1\n"], "lines": 2, "whole": True}),
        ("file.left", {"path": "out.csv", "size": 40, "head": ["file,first,", "second\nx,1,2\n"], "lines": 9}),
        ("file.left", {"path": "metrics.json", "size": 17, "head": ['{"accuracy": 0.5}'], "whole": True}),
    )
    table = found.product("out.csv")
    assert table is not None
    assert (table.size, table.columns, table.rows) == (40, ("file", "first", "second"), 8)
    assert [item.keys for item in found.products] == [("accuracy",), ()]
    assert faults == 0


def test_files_that_were_not_told_leave_everything_else_known():
    """A notebook that writes a picture per row is watched as well as any; only its list of files is not whole."""
    told = ("file.left", {"path": "a.png", "size": 4})
    dropped = {"what": "files written", "why": "more than 300"}
    found, _ = files(told, ("probe.dropped", dropped))
    assert not found.all_told
    assert is_of_files(Fault("dropped files written: more than 300"))
    assert files(told, ("probe.dropped", {**dropped, "what": "rows"}))[0].all_told


def test_numbers_alone_are_no_header():
    """A table written without a header has rows only."""
    found, _ = files(("file.left", {"path": "x.csv", "size": 8, "head": ["1,2\n3,4\n"], "lines": 2, "whole": True}))
    assert (found.products[0].columns, found.products[0].rows) == ((), 2)


def test_odd_events_are_dropped_and_counted():
    """Paths that are none, kinds that don't exist, sizes that can't be: counted, and nothing else is lost."""
    found, faults = files(
        ("file.saved", {"path": "m.keras", "how": "save_model", "what": "model", "weights": "w1", "model": "m1"}),
        ("file.saved", {"path": 3, "how": "save_model", "what": "model"}),
        ("file.loaded", {"path": "m.keras", "how": "load_model", "what": "soup"}),
        ("file.left", {"path": " ", "size": 3}),
        ("file.left", {"path": "x", "size": -3}),
    )
    assert [(item.path, item.weights, item.cell) for item in found.saved] == [("m.keras", "w1", 3)]
    assert (found.loaded, found.products, faults) == ((), (), 4)
