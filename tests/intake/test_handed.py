"""Submissions that are found and read later: known again by their files' names, sizes and times."""

from __future__ import annotations

import os
import time
from pathlib import Path

from grader.intake import find_submissions, load_submissions
from grader.reuse import Store
from grader.scheduling.briefs import look_over
from tests.conftest import WriteNotebook

AGO = time.time() - 3600


def age(folder: Path) -> None:
    """Let files look as if they had lain there for an hour (their change of status does not: it is waited for)."""
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (AGO, AGO))


def write_class(folder: Path, write_notebook: WriteNotebook) -> None:
    """Two of the same content, one with a file, one that is none."""
    for name in ("ann", "ben"):
        write_notebook(
            "x = 1", "md:We all found the very same thing in the end.", name=f"{name}/work.ipynb", folder=folder
        )
    (folder / "ben" / "work.ipynb").write_bytes((folder / "ann" / "work.ipynb").read_bytes())
    write_notebook("x = 2", name="cleo/work.ipynb", folder=folder)
    (folder / "cleo" / "data.csv").write_text("a\n1\n")
    (folder / "dan").mkdir()
    age(folder)


def test_what_is_found_is_what_would_be_loaded(tmp_path: Path, write_notebook: WriteNotebook) -> None:
    """The same submissions in the same order, each read when asked for."""
    write_class(tmp_path, write_notebook)
    assert tuple(item.load() for item in find_submissions(tmp_path)) == load_submissions(tmp_path)


def test_a_signature_changes_with_any_file(tmp_path: Path, write_notebook: WriteNotebook, monkeypatch) -> None:
    """Of the notebook or beside it, also where size and time of change are kept; what changed just now has none."""
    write_class(tmp_path, write_notebook)
    cleo = find_submissions(tmp_path)[2]
    assert cleo.signature() == ""
    monkeypatch.setattr("grader.intake.handed.SETTLED_S", -60.0)
    before = cleo.signature()
    assert before
    assert find_submissions(tmp_path)[2].signature() == before
    (tmp_path / "cleo" / "data.csv").write_text("a\n2\n")
    age(tmp_path / "cleo")
    assert cleo.signature() not in {"", before}
    after = cleo.signature()
    (tmp_path / "cleo" / "more.csv").write_text("")
    assert cleo.signature() not in {"", after}


def test_a_class_is_looked_over_once(tmp_path: Path, write_notebook: WriteNotebook, monkeypatch) -> None:
    """The second time nothing is read but what has changed, and everything known is the same."""
    monkeypatch.setattr("grader.intake.handed.SETTLED_S", -60.0)
    write_class(tmp_path / "class", write_notebook)
    store = Store(tmp_path / "cache", 10**9)
    first = look_over(find_submissions(tmp_path / "class"), store)
    assert first == look_over(find_submissions(tmp_path / "class"), None)
    assert first.briefs["ann"].content == first.briefs["ben"].content != first.briefs["cleo"].content
    assert not first.briefs["dan"].readable
    read = []
    monkeypatch.setattr("grader.intake.find._load", lambda candidate, name: read.append(name))
    handed = [item for item in find_submissions(tmp_path / "class") if item.id != "dan"]
    again = look_over(handed, store)
    assert read == []
    assert {name: again.briefs[name] for name in ("ann", "ben", "cleo")} == {
        name: first.briefs[name] for name in ("ann", "ben", "cleo")
    }
    assert [[item.id for item in group] for group in again.groups(handed)] == [["ann", "ben"], ["cleo"]]


def test_several_processes_look_alike(tmp_path: Path, write_notebook: WriteNotebook, monkeypatch) -> None:
    """A large class is read by several: the same overview in the same order."""
    write_class(tmp_path, write_notebook)
    handed = find_submissions(tmp_path)
    alone = look_over(handed, None)
    monkeypatch.setattr("grader.scheduling.briefs.LEAST_EACH", 2)
    together = look_over(handed, None, processes=2)
    assert together == alone
    assert list(together.briefs) == ["ann", "ben", "cleo", "dan"]
