"""Opening zip archives that strangers packed: everything they claim about themselves is capped, nothing leads outside.

Only regular files come out, into a folder of our own. What an archive says of its sizes is not believed: bytes are
counted as they are written.
"""

from __future__ import annotations

import errno
import io
import os
import shutil
import stat
import time
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from grader.errors import ResultsError, SubmissionError
from grader.intake.files import opened

MAX_ARCHIVE_BYTES = 4 * 1024**3
"""Above it, an archive holds what no notebook needs; 300 students with 10 MB each fit."""

MAX_DIRECTORY_BYTES = 8 * 1024**2
"""An archive's own list of files is read whole into memory: a million entries would take gigabytes."""

MAX_ENTRIES = 30_000
"""Files in one archive: a class of 300 with a hundred each."""

MAX_DEPTH = 32
"""Folders inside folders: real projects had six; those who walk the folder later do so recursively."""

MAX_UNPACKED_BYTES = 8 * 1024**3
"""What one call may unpack, all archives together: a class of 300 with 25 MB each."""

MAX_SUBMISSION_BYTES = 1024**3
"""What one student's archive may unpack to: the largest data set in real notebooks' folders had 200 MB."""

SPARED_SHARE = 0.2
"""Share of the disk's free space that unpacking leaves alone: runs and results need room as well."""

MAX_RATIO = 200
"""Unpacked over packed size. Notebooks shrink to a fifth, tables of zeros to a hundredth, bombs to a thousandth."""

RATIO_MATTERS_FROM = 64 * 1024**2
"""Below it a high ratio does no harm: small files of zeros are common in data sets."""

CHUNK = 1024**2

FOLDERS_OF_SYSTEMS = frozenset({"__MACOSX"})
"""What packers add of their own: shadows of the real files, under the same names."""

ADVICE = "make a new archive of the project's folder, or hand in the folder itself"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An entry that did not come out: its name as written in the archive, and why."""

    name: str
    reason: str


@dataclass(slots=True)
class Unpacker:
    """Unpacks archives into folders of its own under `folder` (private, empty, removed by the caller).

    `room` is what may still be unpacked, in bytes, by all archives together.
    """

    folder: Path
    room: int = MAX_UNPACKED_BYTES
    _count: int = field(default=0)

    def __post_init__(self) -> None:
        self.room = min(self.room, int(shutil.disk_usage(self.folder).free * (1 - SPARED_SHARE)))

    def gather(self, files: Sequence[tuple[str, Path]]) -> Path:
        """Bring files together in a new folder, under the names given (`/` for folders in it); return the folder.

        Of two of one name the first counts. Links and special files stay away. Only the files' owner may write to
        them after as before: where the disk allows it they are the same files, not copies.

        Raises:
            ResultsError: the disk is full.
        """
        self._count += 1
        into = self.folder / str(self._count)
        into.mkdir(mode=0o700)
        for name, path in files:
            parts = [part for part in name.replace("\\", "/").split("/") if part not in {"", ".", ".."}]
            target = into.joinpath(*parts[-MAX_DEPTH:])
            if not parts or target.exists() or os.path.islink(path) or not os.path.isfile(path):
                continue
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                _same_or_copy(path, target)
            except OSError as error:
                if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                    raise ResultsError(f"{into} is on a full disk: free space, or set TMPDIR to another one") from error
        return into

    def unpack(self, archive: Path, most: int = MAX_UNPACKED_BYTES) -> tuple[Path, tuple[LeftOut, ...]]:
        """Unpack one archive into a new folder; return the folder, and what did not come out of the archive.

        An archive of more than `most` bytes, like any other that is refused, leaves nothing behind and takes no room.

        Raises:
            SubmissionError: it is no zip archive, or larger in any respect than is sensible.
        ResultsError: the disk is full, which is nobody's fault but ours.
        """
        self._count += 1
        into = self.folder / str(self._count)
        into.mkdir(mode=0o700)
        try:
            with _opened(archive) as entries:
                left_out, written = _unpack_all(entries, into, min(most, self.room))
        except SubmissionError:
            shutil.rmtree(into, ignore_errors=True)
            raise
        self.room -= written
        return into, left_out


def _same_or_copy(path: Path, target: Path) -> None:
    try:
        os.link(path, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(path, target, follow_symlinks=False)


def _unpack_all(entries: zipfile.ZipFile, into: Path, most: int) -> tuple[tuple[LeftOut, ...], int]:
    """Unpack what may come out; return the rest, and the number of bytes written."""
    left_out: list[LeftOut] = []
    packed = written = 0
    size = os.stat(entries.fp.fileno()).st_size if entries.fp else 0
    for entry in _listed(entries):
        parts = _parts(entry)
        reason = _refused(entry, parts)
        if reason:
            left_out.append(LeftOut(_name(entry), reason))
        if reason or entry.is_dir() or not parts or parts[0] in FOLDERS_OF_SYSTEMS:
            continue
        packed = min(packed + entry.compress_size, size)  # entries may claim more than the archive has
        allowed = min(most, max(RATIO_MATTERS_FROM, MAX_RATIO * packed)) - written
        try:
            written += _write(entries, entry, into.joinpath(*parts), allowed)
        except _TooLargeError as error:
            raise SubmissionError(
                f"unpacks to more than {(written + error.size) // CHUNK:,} MB, which is more than is sensible for its "
                "size or than there is room for; hand in less data"
            ) from error
        except _DAMAGED as error:
            if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise ResultsError(f"{into} is on a full disk: free space, or set TMPDIR to another one") from error
            left_out.append(LeftOut(_name(entry), f"is damaged or has an impossible name ({_words(error)})"))
    return tuple(left_out), written


def is_archive(path: Path) -> bool:
    """Whether a file is to be opened as an archive, going by its name alone."""
    return path.suffix.lower() == ".zip"


def names_in(archive: Path) -> tuple[str, ...]:
    """Return the names of the files in an archive, without unpacking anything.

    Raises:
        SubmissionError: as `Unpacker.unpack`.
    """
    with _opened(archive) as entries:
        return tuple("/".join(_parts(entry)) for entry in _listed(entries) if not entry.is_dir())


_DAMAGED = (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError)
"""What zipfile raises for broken contents, unknown compressions and passwords, and the disk for impossible names."""


class _TooLargeError(Exception):
    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__(size)


class _Bounded(io.FileIO):
    """A file that never gives more at once than an archive's list of files may have."""

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = MAX_DIRECTORY_BYTES + 1 if size is None or size < 0 else size
        if size is not None and size > MAX_DIRECTORY_BYTES:
            raise SubmissionError(f"lists more files than is sensible (at most {MAX_ENTRIES:,}); {ADVICE}")
        content = super().read(wanted)
        if content is not None and len(content) > MAX_DIRECTORY_BYTES:
            raise SubmissionError(f"is no zip archive that can be read; {ADVICE}")
        return content or b""


@contextmanager
def _opened(archive: Path) -> Iterator[zipfile.ZipFile]:
    with opened(archive, "archive") as (descriptor, facts), _Bounded(descriptor, "rb", closefd=False) as file:
        if facts.st_size > MAX_ARCHIVE_BYTES:
            raise SubmissionError(f"is {facts.st_size // CHUNK:,} MB large; hand in the notebook without its data")
        try:
            entries = zipfile.ZipFile(file)
        except SubmissionError:
            raise
        except Exception as error:  # zipfile meets hostile bytes with errors of many kinds
            raise SubmissionError(
                "is not a zip archive that can be opened; the upload may have been cut off, ask for it again"
            ) from error
        with entries:
            yield entries


def _listed(entries: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    listed = entries.infolist()
    if len(listed) > MAX_ENTRIES:
        raise SubmissionError(f"holds {len(listed):,} files, more than {MAX_ENTRIES:,}; {ADVICE}")
    return listed


def _parts(entry: zipfile.ZipInfo) -> tuple[str, ...]:
    """Return an entry's path, folder by folder, with the separators of Windows and of the specification alike."""
    return tuple(part for part in _name(entry).replace("\\", "/").split("/") if part not in {"", "."})


def _name(entry: zipfile.ZipInfo) -> str:
    """Return the name as its packer meant it: many write UTF-8 without the flag that says so."""
    if entry.flag_bits & _UTF_8:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename


_UTF_8 = 0x800
_ENCRYPTED = 0x1
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""Packing methods that are opened. Others may make the unpacker itself take gigabytes (LZMA names its own window)."""


def _refused(entry: zipfile.ZipInfo, parts: tuple[str, ...]) -> str:
    """Return why an entry is not to come out, empty where nothing speaks against it."""
    name = _name(entry).replace("\\", "/")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if name.startswith("/") or ".." in parts or (len(name) > 1 and name[1] == ":"):
        return "leads out of the archive"
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        return "is a link or a special file"
    if len(parts) > MAX_DEPTH:
        return f"lies in more than {MAX_DEPTH} folders"
    if entry.flag_bits & _ENCRYPTED:
        return "is locked with a password"
    if entry.compress_type not in _METHODS:
        return "is packed by an unusual method"
    return ""


def _write(entries: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, allowed: int) -> int:
    """Write one entry to a new file and return its size; never more than `allowed` bytes are written."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    size = 0
    # Never onto a file that is there already: of two entries of one name the first counts.
    with entries.open(entry) as source, target.open("xb") as file:
        while content := source.read(CHUNK):
            size += len(content)
            if size > allowed:
                raise _TooLargeError(size)
            file.write(content)
    _set_time(target, entry)
    return size


def _set_time(target: Path, entry: zipfile.ZipInfo) -> None:
    """Give a file the time it had when it was packed: by it, a large file is told from a changed one."""
    try:
        packed = time.mktime((*entry.date_time, 0, 0, -1))
        os.utime(target, (packed, packed))
    except (OverflowError, ValueError, OSError):
        os.utime(target, (0, 0))


def _words(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__).lower()
