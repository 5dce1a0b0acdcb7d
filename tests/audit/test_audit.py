"""Files that were handed in are opened in a box: counted by class and part, broken ones and copies named."""

from __future__ import annotations

import io
import json
import os
import struct
import tempfile
import wave
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from grader import audit
from grader.audit import audit_files
from grader.audit.copies import look_alikes
from grader.audit.listing import DataFile, list_files
from grader.audit.replies import Looked, read_replies
from grader.model import OwnData
from grader.reuse.boxes import KeptBoxes
from grader.reuse.store import Store
from grader.sandbox import ScriptResult, detect_tier

RANDOM = np.random.default_rng(4)


def photo(seed: int, side: int = 60) -> Image.Image:
    """A picture with large shapes, as photos have."""
    rough = np.random.default_rng(seed).integers(0, 256, (6, 6, 3)).astype(np.uint8)
    return Image.fromarray(rough).resize((side, side), Image.Resampling.BICUBIC)


def sound(path: Path, samples, rate: int = 8000) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.asarray(samples, dtype="<i2").tobytes())


def float_wav(samples) -> bytes:
    """WAV of 32-bit floats, which the standard library does not read."""
    data = np.asarray(samples, dtype="<f4").tobytes()
    form = struct.pack("<HHIIHH", 3, 1, 16000, 64000, 4, 32)
    body = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def bomb() -> bytes:
    """A PNG of a few kilobytes that unpacks to a gigabyte and a half."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    heading = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", heading) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def hand_in(folder: Path) -> None:
    """A project with photos in train and test folders, recordings, a table, and much that is wrong."""
    for part, label, seeds in (
        ("train", "cat", range(12)),
        ("train", "dog", range(20, 26)),
        ("test", "cat", range(40, 44)),
    ):
        place = folder / "photos" / part / label
        place.mkdir(parents=True)
        for seed in seeds:
            photo(seed).save(place / f"{seed}.jpg", quality=95)
    photos = folder / "photos"
    (photos / "test" / "cat" / "again.jpg").write_bytes((photos / "train" / "cat" / "3.jpg").read_bytes())
    photo(5).resize((48, 48)).save(photos / "test" / "cat" / "alike.jpg", quality=60)
    whole = io.BytesIO()
    photo(99, 200).save(whole, "JPEG")
    (photos / "train" / "dog" / "broken off.jpg").write_bytes(whole.getvalue()[:2000])
    (photos / "train" / "dog" / "page.png").write_text("<html>not found</html>")
    (photos / "train" / "dog" / "bomb.png").write_bytes(bomb())
    (photos / "train" / "dog" / "link.jpg").symlink_to("/etc/passwd")
    Image.fromarray(RANDOM.integers(0, 256, (9, 9)).astype(np.uint8)).save(photos / "train" / "dog" / "grey.png")
    (folder / "sounds").mkdir()
    sound(folder / "sounds" / "tone.wav", 9000 * np.sin(np.arange(4000) / 5))
    sound(folder / "sounds" / "silence.wav", np.zeros(800))
    (folder / "sounds" / "floats.wav").write_bytes(float_wav(np.sin(np.arange(1600) / 9)))
    (folder / "sounds" / "cut.wav").write_bytes((folder / "sounds" / "tone.wav").read_bytes()[:3000])
    (folder / "sounds" / "empty.wav").touch()
    rows = [
        "size;kind;colour",
        *(f"{n};{'a' if n % 10 else 'b'};red" for n in range(60)),
        "7;;red",
        "7;a;red;x",
        "7;a;red",
    ]
    (folder / "table.csv").write_text("\n".join(rows))
    (folder / "model.keras").write_bytes(b"PK")
    (folder / "archive.zip").write_bytes(b"PK")
    os.mkfifo(folder / "waits.csv")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> OwnData:
    folder = tmp_path_factory.mktemp("project")
    hand_in(folder)
    return audit_files(folder, tier=detect_tier().tier)


def test_classes_are_counted_by_folder_and_part(found: OwnData):
    """What can be opened is counted; the part is told by folders called train and test."""
    counted = {(item.kind, item.part, item.label): item.files for item in found.groups}
    assert counted == {
        ("picture", "train", "cat"): 12,
        ("picture", "train", "dog"): 7,
        ("picture", "test", "cat"): 6,
        ("sound", "", "sounds"): 3,
    }
    assert (found.pictures, found.sounds, found.others) == (28, 5, 1)


def test_forms_are_told_apart(found: OwnData):
    """Sizes, channels and sample rates, the commonest first; recordings of floats are read too."""
    forms = {(item.part, item.label): item.forms for item in found.groups}
    assert forms["train", "dog"] == (("60 x 60 RGB", 6), ("9 x 9 grey", 1))
    assert dict(forms["", "sounds"]) == {"8,000 Hz mono": 2, "16,000 Hz mono": 1}
    assert found.silent == 1


def test_broken_files_are_named_with_the_reason(found: OwnData):
    """Cut short, another thing under the name, empty, too large to be opened: each has its sentence."""
    reasons = {Path(item.path).name: item.reason for item in found.unreadable}
    assert set(reasons) == {"broken off.jpg", "page.png", "bomb.png", "cut.wav", "empty.wav"}
    assert "truncated" in reasons["broken off.jpg"]
    assert "no picture" in reasons["page.png"]
    assert "breaks off" in reasons["cut.wav"]
    assert reasons["empty.wav"] == "it is empty"
    assert found.unreadable_files == 5


def test_links_and_pipes_are_no_data(found: OwnData):
    """A link leads elsewhere, a pipe waits for ever: neither is opened nor counted."""
    told = json.dumps([item.path for item in found.unreadable])
    assert "link.jpg" not in told
    assert [item.path for item in found.tables] == ["table.csv"]


def test_copies_and_look_alikes_across_parts_are_found(found: OwnData):
    """The same bytes in train and test, and a photo that was scaled and saved again."""
    exact, alike = (next(item for item in found.same if item.exact == kind) for kind in (True, False))
    assert set(exact.paths) == {"photos/test/cat/again.jpg", "photos/train/cat/3.jpg"}
    assert set(alike.paths) == {"photos/test/cat/alike.jpg", "photos/train/cat/5.jpg"}
    assert exact.across_parts
    assert alike.across_parts
    assert (found.copies, found.look_alikes) == (1, 1)


def test_tables_are_counted(found: OwnData):
    """Rows, empty cells, classes, constant columns, repeats, ragged rows; the delimiter is found."""
    (table,) = found.tables
    assert (table.rows, table.columns, table.uneven_rows, table.repeated_rows) == (63, 3, 1, 1)
    assert table.missing == (("kind", 1),)
    assert table.constant == ("colour",)
    assert dict(table.classes)["kind"] == (("a", 56), ("b", 6))


def test_every_class_has_an_example_drawn_by_the_host(found: OwnData):
    """A small PNG, of a recording its spectrogram."""
    assert all(item.sample.startswith("iVBOR") for item in found.groups)


def test_nothing_to_look_at_starts_no_box(tmp_path: Path):
    """A notebook with a script and notes beside it."""
    (tmp_path / "project.ipynb").write_text("{}")
    (tmp_path / "notes.md").write_text("hello")
    assert audit_files(tmp_path, tier="none", run=None) is None


def test_names_of_recordings_tell_classes(tmp_path: Path):
    """`7_jackson_12.wav`: where all lie in one folder and first parts repeat, these are the classes."""
    for digit in range(4):
        for take in range(6):
            (tmp_path / f"{digit}_ann_{take}.wav").touch()
    assert {(item.label, item.by_name) for item in list_files(tmp_path).files} == {(str(d), True) for d in range(4)}


def test_many_files_are_spread_evenly(tmp_path: Path, monkeypatch):
    """Beyond the cap every folder keeps its share, and how many there are is known."""
    monkeypatch.setattr("grader.audit.listing.MOST_FILES", 20)
    for label in "ab":
        (tmp_path / label).mkdir()
        for number in range(50):
            (tmp_path / label / f"{number:02}.png").touch()
    listing = list_files(tmp_path)
    assert listing.total == 100
    assert [sum(item.label == label for item in listing.files) for label in "ab"] == [10, 10]


FILE = DataFile("a.png", "picture", "train", "a")


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b'{"file": 0}',
        b'{"file": -1, "unreadable": "x"}',
        b'{"file": 7, "unreadable": "x"}',
        b'{"file": 0, "unreadable": 3}',
        b'{"file": 0, "content": "c", "mode": "RGB", "width": 1e9, "height": 3, "small": "", "thumb": ""}',
        b'{"file": 0, "content": "c", "mode": "RGB", "width": 9, "height": 3, "small": "AAAA", "thumb": "AAAA"}',
        b"[" * 100_000,
    ],
)
def test_odd_replies_are_no_answers(line):
    """The box opened hostile files: what it says is believed only where it fits what was asked."""
    assert read_replies(line, [FILE]) == ()


def test_a_look_that_was_cut_says_so(tmp_path: Path):
    """Whatever ended the box, what was answered until then stands, and the rest is said to be unknown."""
    for name in "abc":
        photo(1).save(tmp_path / f"{name}.png")

    def cut(script, arguments, inputs, *, tier, limits):
        return ScriptResult("timeout", b'{"file": 0, "unreadable": "it is damaged"}\n', "", 240.0, 0)

    found = audit_files(tmp_path, tier="none", run=cut)
    assert found.unreadable_files == 1
    assert found.note == "2 files were not reached in the time for it (timeout)."


@pytest.mark.parametrize(("seconds", "kept"), [(60.0, 1), (-1.0, 0)])
def test_only_a_whole_look_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, kept: int):
    """One whose time was over before the last file is taken again next time; its note says what it always said."""
    photo(1).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"no picture, on every machine")
    monkeypatch.setattr(audit, "LOOK_S", seconds)
    with tempfile.TemporaryDirectory() as cache:
        store = Store(Path(cache) / "results", 10**9)
        found = audit_files(tmp_path, tier="none", run=KeptBoxes(store))
        assert found.note == ("" if kept else "2 files were not reached in the time for it.")
        assert len(list(store.folder.rglob("*.entry"))) == kept


def test_pictures_that_only_resemble_each_other_are_no_look_alikes():
    """Handwritten-like strokes on black: close to each other, and none a copy."""
    rows = []
    for number in range(60):
        small = np.zeros((16, 16), np.uint8)
        column = 5 + number % 6
        small[3:13, column] = 180 + RANDOM.integers(0, 60, 10)
        rows.append(Looked(FILE, content=str(number), small=small))
    assert look_alikes(rows) == ()
