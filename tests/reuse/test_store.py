"""Entries on disk: whole or not there, bounded, this user's alone."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from grader.errors import ResultsError
from grader.reuse import Store, cache_folder, folder, open_store, require_apart
from grader.reuse.folder import references_folder
from grader.reuse.store import _Entry

KEY, OTHER = "a" * 64, "b" * 64
PARTS = {"run.json": b"{}", "artifacts/rows.npy": b"\0" * 3_000_000, "empty": b""}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache", 13_000_000)


def entry(store: Store, key: str = KEY) -> Path:
    return next(store.folder.rglob(f"{key}.entry"))


def test_what_was_put_comes_back(store, tmp_path):
    """In memory, or as files in a folder; files are taken as they are."""
    rows = tmp_path / "rows.npy"
    rows.write_bytes(PARTS["artifacts/rows.npy"])
    store.put(KEY, PARTS | {"artifacts/rows.npy": rows})
    assert store.get(KEY) == PARTS
    assert store.extract(KEY, tmp_path / "out")
    assert (tmp_path / "out" / "artifacts" / "rows.npy").read_bytes() == PARTS["artifacts/rows.npy"]
    assert store.get(OTHER) is None


@pytest.mark.parametrize("place", [0, 20, 60, 200, -1])
def test_an_altered_entry_is_none(store, tmp_path, place):
    """One flipped byte anywhere: nothing comes back, nothing is left in the folder, and it can be made anew."""
    store.put(KEY, PARTS)
    content = bytearray(entry(store).read_bytes())
    content[place] ^= 1
    entry(store).write_bytes(content)
    assert not store.extract(KEY, tmp_path / "out")
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert store.get(KEY) is None
    store.put(KEY, PARTS)
    assert store.get(KEY) == PARTS


def test_a_torn_or_longer_entry_is_none(store):
    """Cut off in the middle, or with something behind its end."""
    store.put(KEY, PARTS)
    whole = entry(store).read_bytes()
    for content in (whole[:-1], whole[:30], b"", whole + b"x"):
        store.put(KEY, PARTS)
        entry(store).write_bytes(content)
        assert store.get(KEY) is None


def test_a_whole_entry_outlives_faults_of_others(store, tmp_path, monkeypatch):
    """A target that can't be written and a disk that can't be read find nothing, and leave the entry as it is."""
    store.put(KEY, PARTS)
    (tmp_path / "out").write_text("a file where a folder is to be")
    assert not store.extract(KEY, tmp_path / "out")
    assert store.get(KEY) == PARTS
    with monkeypatch.context() as patched:
        patched.setattr(_Entry, "read", unreadable)
        assert store.get(KEY) is None
        patched.setattr(_Entry, "copy", unreadable)
        assert not store.extract(KEY, tmp_path / "other")
        assert not [path for path in (tmp_path / "other").rglob("*") if path.is_file()]
    assert store.get(KEY) == PARTS


def unreadable(*_given):
    """Fail as a disk does."""
    raise OSError(5, "Input/output error")


def test_a_link_is_no_entry(store, tmp_path):
    """An entry lies in the folder itself."""
    store.put(KEY, PARTS)
    moved = entry(store).rename(tmp_path / "elsewhere")
    (store.folder / KEY[:2] / f"{KEY}.entry").symlink_to(moved)
    assert store.get(KEY) is None


def test_parts_stay_in_their_folder(store, tmp_path):
    """An entry whose parts would be written elsewhere is none."""
    store.put(KEY, {"../escaped": b"x"})
    assert not store.extract(KEY, tmp_path / "out")
    assert not (tmp_path / "escaped").exists()


def test_the_folder_is_bounded(store):
    """What was not used for longest goes first."""
    keys = [f"{number:064x}" for number in range(10)]
    for number, key in enumerate(keys):
        store.put(key, {"rows": bytes(2_000_000)})
        os.utime(entry(store, key), (number, number))
        if number == 3:
            assert store.get(keys[0]) is not None  # used again
    kept = [key for key in keys if store.get(key) is not None]
    assert keys[0] in kept
    assert keys[9] in kept
    assert keys[1] not in kept
    assert sum(path.stat().st_size for path in store.folder.rglob("*.entry")) <= store.most_bytes


def test_what_others_can_write_is_not_believed(store):
    """A folder that is open to others finds nothing and keeps nothing."""
    store.put(KEY, PARTS)
    store.folder.chmod(0o777)
    assert store.get(KEY) is None
    store.put(OTHER, PARTS)
    store.folder.chmod(0o700)
    assert store.get(KEY) == PARTS
    assert store.get(OTHER) is None


def test_writing_only(store):
    """`--rerun` takes nothing, and what it makes replaces what was there."""
    store.put(KEY, {"a": b"old"})
    anew = Store(store.folder, store.most_bytes, reads=False)
    assert anew.get(KEY) is None
    anew.put(KEY, {"a": b"new"})
    assert store.get(KEY) == {"a": b"new"}


def test_several_graders_at_once(store):
    """Many write and read the same entries: each reader sees a whole one, or none."""
    seen = []

    def work() -> None:
        own = Store(store.folder, store.most_bytes)
        for _ in range(20):
            own.put(KEY, {"rows": b"x" * 100_000})
            seen.append(own.get(KEY))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {None if found is None else found["rows"] for found in seen} == {b"x" * 100_000}
    assert not list(store.folder.rglob("*.part"))


def test_a_folder_that_cannot_be_made_keeps_nothing(tmp_path):
    """A cache that can't be used costs nothing but itself."""
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file" / "cache", 1000)
    store.put(KEY, PARTS)
    assert store.get(KEY) is None


def test_where_it_is():
    """The user's cache, another folder, or none."""
    assert cache_folder({"XDG_CACHE_HOME": "/x"}) == Path("/x/grader")
    assert cache_folder({}) == Path.home() / ".cache" / "grader"
    assert cache_folder({"GRADER_CACHE": "/y"}) == Path("/y")
    assert cache_folder({"GRADER_CACHE": ""}) is None
    assert open_store(Path("/y"), {"GRADER_CACHE_GB": "2"}).most_bytes == 2 * 1024**3
    with pytest.raises(ResultsError, match="GRADER_CACHE_GB"):
        open_store(Path("/y"), {"GRADER_CACHE_GB": "much"})


def test_references_are_of_one_grader_and_one_tensorflow(tmp_path, monkeypatch):
    """Another version of either has a folder of its own; the same one finds its own again."""
    monkeypatch.setattr(folder, "source_digest", lambda: "grader 1")
    monkeypatch.setattr(folder, "environment_digest", lambda _python: "tensorflow 1")
    first = references_folder(tmp_path)
    assert first.parent == tmp_path / "references"
    assert references_folder(tmp_path) == first
    monkeypatch.setattr(folder, "environment_digest", lambda _python: "tensorflow 2")
    second = references_folder(tmp_path)
    monkeypatch.setattr(folder, "source_digest", lambda: "grader 2")
    assert len({first, second, references_folder(tmp_path)}) == 3


def test_notebooks_are_not_shown_the_cache(tmp_path):
    """Other students' results lie in it."""
    with pytest.raises(ResultsError, match="which notebooks see"):
        require_apart(tmp_path / "class" / ".cache", tmp_path / "class")
    require_apart(tmp_path / "cache", tmp_path / "class")
