"""Zip archives: opened for what belongs there, and for nothing else."""

from __future__ import annotations

import io
import json
import os
import stat
import warnings
import zipfile
from pathlib import Path

import pytest
from intake.malformed import GOOD, bomb, crowded, matryoshka

from grader.errors import SubmissionsNotFoundError
from grader.intake import load_submissions
from grader.model import Submission, Unreadable

NOTEBOOK = json.dumps(GOOD)


def packed_names(entries: dict[str, str | bytes], mode: int = 0o100644) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in entries.items():
            entry = zipfile.ZipInfo(name, (2024, 5, 6, 7, 8, 10))
            entry.external_attr = mode << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(entry, content)
    return buffer.getvalue()


@pytest.fixture
def read(tmp_path: Path):
    """Write files into a class folder and read it, or one of them."""

    def read(files: dict[str, bytes], only: str = "") -> dict[str, Submission | Unreadable]:
        for name, content in files.items():
            path = tmp_path / "class" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        unpacked = tmp_path / "unpacked"
        unpacked.mkdir()
        found = load_submissions(tmp_path / "class" / only, unpacked)
        assert {entry.name for entry in tmp_path.iterdir()} == {"class", "unpacked"}
        return {item.id: item for item in found}

    return read


def _without_utf8_flag(content: bytes, header: bytes, flags: int) -> bytes:
    parts = content.split(header)
    place = flags - len(header) + 1
    return header.join(
        [parts[0], *(part[:place] + bytes([part[place] & ~8]) + part[place + 1 :] for part in parts[1:])]
    )


def reason(item: Submission | Unreadable) -> str:
    assert isinstance(item, Unreadable)
    return item.reason


# ---------------------------------------------------------------- what belongs there
def test_a_zip_per_student(read) -> None:
    """Each is a submission named after its file, with the files packed beside the notebook."""
    files = {"p/b.ipynb": NOTEBOOK, "p/d.csv": "1"}
    found = read({"ada.zip": packed_names({"a.ipynb": NOTEBOOK}), "bob.ZIP": packed_names(files)})
    assert isinstance(found["ada"], Submission)
    bob = found["bob"]
    assert isinstance(bob, Submission)
    assert bob.folder is not None
    assert (bob.folder / "d.csv").read_text() == "1"


def test_zips_beside_loose_notebooks_and_folders(read) -> None:
    """A class hands in as it likes: every way is read."""
    found = read(
        {
            "ada.zip": packed_names({"a.ipynb": NOTEBOOK}),
            "bob.ipynb": NOTEBOOK.encode(),
            "cyd/c.ipynb": NOTEBOOK.encode(),
            "dee/hand-in.zip": packed_names({"x/y/d.ipynb": NOTEBOOK}),
        }
    )
    assert sorted(found) == ["ada", "bob", "cyd", "dee"]
    assert all(isinstance(item, Submission) for item in found.values())


def test_a_zip_of_a_class(read) -> None:
    """One archive of everything, wrapped in a folder, with a zip of a student inside."""
    inner = packed_names({"b.ipynb": NOTEBOOK})
    whole = packed_names({"unit1/ada/a.ipynb": NOTEBOOK, "unit1/bob.zip": inner, "__MACOSX/unit1/._a.ipynb": "x"})
    found = read({"unit1.zip": whole}, only="unit1.zip")
    assert sorted(found) == ["ada", "bob"]
    assert all(isinstance(item, Submission) for item in found.values())


def test_a_zip_of_one_project_is_named_after_the_zip(read) -> None:
    """As a notebook given by itself is named after its file."""
    found = read({"ada.zip": packed_names({"project/final.ipynb": NOTEBOOK, "project/d.csv": "1"})}, only="ada.zip")
    assert list(found) == ["ada"]


def test_a_zip_of_data_beside_a_notebook_is_data(read) -> None:
    """It is there at run time, unopened, and no student."""
    found = read({"project.ipynb": NOTEBOOK.encode(), "photos.zip": packed_names({"1.png": "x", "2.png": "y"})})
    (item,) = found.values()
    assert isinstance(item, Submission)
    assert item.folder is not None
    assert (item.folder / "photos.zip").is_file()


def test_the_same_archive_is_the_same_submission(tmp_path: Path) -> None:
    """Unpacked anew it has the same digest, so that finished work isn't run again."""
    (tmp_path / "ada.zip").write_bytes(packed_names({"a.ipynb": NOTEBOOK, "d.csv": "1"}))
    digests = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (item,) = load_submissions(tmp_path / "ada.zip", tmp_path / name)
        assert isinstance(item, Submission)
        digests.add((item.sha256, item.files_sha256))
    assert len(digests) == 1


def test_names_are_as_packed(read) -> None:
    """UTF-8 without its flag, as many packers write it, and Windows's separators."""
    content = packed_names({"p\\a.ipynb": NOTEBOOK, "p\\größe.csv": "1"})
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content = _without_utf8_flag(content, header, flags)
    found = read({"ada.zip": content})
    item = found["ada"]
    assert isinstance(item, Submission)
    assert item.folder is not None
    assert sorted(entry.name for entry in item.folder.iterdir()) == ["a.ipynb", "größe.csv"]


# ---------------------------------------------------------------- what doesn't
@pytest.mark.parametrize(
    ("entries", "mode", "words"),
    [
        ({"../../escaped.ipynb": NOTEBOOK}, 0o100644, "leads out of the archive"),
        ({"a.ipynb": NOTEBOOK, "/etc/cron.d/x": "x"}, 0o100644, "leads out of the archive"),
        ({"a.ipynb": NOTEBOOK, "..\\..\\x": "x"}, 0o100644, "leads out of the archive"),
        ({"a.ipynb": NOTEBOOK, "C:\\x": "x"}, 0o100644, "leads out of the archive"),
        ({"a.ipynb": "/etc/passwd"}, stat.S_IFLNK | 0o777, "is a link"),
        ({"a.ipynb": NOTEBOOK}, stat.S_IFCHR | 0o666, "is a link or a special file"),
        ({"/".join(["d"] * 40) + "/a.ipynb": NOTEBOOK}, 0o100644, "more than 32 folders"),
        ({"a.ipynb": NOTEBOOK, "x" * 300: "1"}, 0o100644, "impossible name"),
        ({"notes.txt": "1", "inner.zip": "1"}, 0o100644, "no notebook"),
    ],
)
def test_what_does_not_belong_in_an_archive_is_told(read, entries, mode, words) -> None:
    """Nothing leads outside, nothing links; an archive that does not come out whole is not graded in part."""
    found = read({"ada.zip": packed_names(entries, mode), "bob.ipynb": NOTEBOOK.encode()})
    assert words in reason(found["ada"])
    assert isinstance(found["bob"], Submission)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a zip archive"),
        (b"PK\x03\x04" + b"x" * 100, "not a zip archive"),
        (bomb(100_000_000), "more than is sensible"),
        (crowded(1_000_000), "lists more files"),
        (crowded(31_000), "31,000 files"),
        (matryoshka(4), "no notebook"),
    ],
)
def test_bombs_and_broken_archives_are_told(read, tmp_path, content, words) -> None:
    """Sizes, counts and ratios are capped whatever the archive claims; what was unpacked of it is removed."""
    found = read({"ada.zip": content, "bob.ipynb": NOTEBOOK.encode()})
    assert words in reason(found["ada"])
    assert isinstance(found["bob"], Submission)
    assert sum(path.stat().st_size for path in (tmp_path / "unpacked").rglob("*")) < 10**6


def test_a_locked_archive_is_told(read) -> None:
    """A password is asked for in words."""
    content = bytearray(packed_names({"a.ipynb": NOTEBOOK}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert "password" in reason(read({"ada.zip": bytes(content)})["ada"])


def test_an_entry_that_lies_about_its_size_gives_no_more_than_its_bytes(read) -> None:
    """Sizes are counted while writing, not believed."""
    content = bytearray(packed_names({"a.ipynb": NOTEBOOK}))
    place = content.index(b"PK\x01\x02") + 24
    content[place : place + 4] = b"\x05\x00\x00\x00"
    assert isinstance(read({"ada.zip": bytes(content)})["ada"], Unreadable)


def test_a_link_in_place_of_an_archive_is_refused(tmp_path: Path) -> None:
    """As with notebooks: it could lead to the instructor's own files."""
    (tmp_path / "secret.zip").write_bytes(packed_names({"a.ipynb": NOTEBOOK}))
    (tmp_path / "class").mkdir()
    (tmp_path / "unpacked").mkdir()
    (tmp_path / "class" / "ada.zip").symlink_to(tmp_path / "secret.zip")
    (item,) = load_submissions(tmp_path / "class", tmp_path / "unpacked")
    assert "link" in reason(item)


def test_a_class_archive_that_cannot_be_opened_is_one_error(tmp_path: Path) -> None:
    """There is nothing to grade: usage, not a submission."""
    (tmp_path / "class.zip").write_bytes(b"nonsense")
    (tmp_path / "unpacked").mkdir()
    with pytest.raises(SubmissionsNotFoundError, match="zip archive"):
        load_submissions(tmp_path / "class.zip", tmp_path / "unpacked")


def test_a_hostile_entry_costs_the_class_nothing(read) -> None:
    """In a class archive the entry is told under its own name, the others are read."""
    whole = packed_names({"ada.ipynb": NOTEBOOK, "bob.ipynb": NOTEBOOK, "../../eve.ipynb": NOTEBOOK})
    found = read({"class.zip": whole}, only="class.zip")
    assert sorted(found) == ["ada", "bob", "eve"]
    assert "leads out" in reason(found["eve"])


def test_unpacked_files_are_private_and_plain(read) -> None:
    """No set-uid bits, no other user's eyes on the folder."""
    found = read({"ada.zip": packed_names({"p/a.ipynb": NOTEBOOK, "p/tool": "#!/bin/sh"}, 0o104777)})
    item = found["ada"]
    assert isinstance(item, Submission)
    assert item.folder is not None
    assert not os.stat(item.folder / "tool").st_mode & (stat.S_ISUID | 0o111)
    assert os.stat(item.folder.parent).st_mode & 0o077 == 0


def test_claimed_sizes_do_not_lift_the_ratio(read) -> None:
    """An entry that says it was packed from gigabytes is held to the archive's own size."""
    content = bytearray(bomb(100_000_000))
    place = content.index(b"PK\x01\x02") + 20
    content[place : place + 4] = b"\xff\xff\xff\x7f"
    assert isinstance(read({"ada.zip": bytes(content)})["ada"], Unreadable)


def test_a_full_disk_is_no_students_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends the command with what to do; no archive is called damaged for it."""
    import errno

    from grader.errors import ResultsError
    from grader.intake import archives

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(archives, "_write", full)
    (tmp_path / "ada.zip").write_bytes(packed_names({"a.ipynb": NOTEBOOK}))
    (tmp_path / "unpacked").mkdir()
    with pytest.raises(ResultsError, match="full disk"):
        load_submissions(tmp_path / "ada.zip", tmp_path / "unpacked")
