"""Entries on disk, found by a digest of all that they depend on: whole or not there, and bounded in size.

An entry is one file: a digest of what follows, the names and sizes of its parts, and the parts. It is read as bytes,
never unpickled; one that is torn, altered or somebody else's is no entry. Several graders may use one folder at once:
each file comes into place by renaming, and equal keys have equal content.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
import stat
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from grader.locking import lock

MAGIC = b"grader entry 1\n"
"""How an entry begins; another form of entries begins otherwise, and is none to this grader."""

SUFFIX = ".entry"
UNFINISHED = ".part"

MOST_HEADER = 1024 * 1024
"""Bytes of names and sizes: some thousand recorded arrays."""

PIECE = 1024 * 1024

KEPT_FREE = 2 * 1024**3
"""Bytes of the disk that are left to others: with less free nothing is kept."""

TRIM_TO = 0.8
"""Share of the bound that is left after clearing out: it is not cleared out again at the next entry."""

OLD_PART_S = 3600.0
"""After so long an unfinished file is a killed grader's."""

DIGEST_BYTES = 32
_KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(slots=True)
class _Tally:
    """Bytes known to lie in the folder; None before they were counted."""

    size: int | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True, slots=True)
class Store:
    """The entries of one folder, at most `most_bytes` of them together; what was not used for longest goes first.

    `reads` of False only writes: everything is done anew and kept for later. Nothing here raises: a folder that can't
    be used finds nothing and keeps nothing.
    """

    folder: Path
    most_bytes: int
    reads: bool = True
    _tally: _Tally = field(default_factory=_Tally, compare=False)

    def get(self, key: str) -> dict[str, bytes] | None:
        """Return the parts of an entry by name, None where there is no whole one."""
        if not self.reads:
            return None
        found: dict[str, bytes] = {}
        try:
            with self._opened(key) as entry:
                if entry is None:
                    return None
                for name, size in entry.sizes:
                    found[name] = entry.read(size)
                whole = entry.is_whole()
        except OSError:
            return None  # the disk's fault: read again it may be whole
        return found if self._used(key, whole=whole) else None

    def has(self, key: str) -> bool:
        """Return whether there is an entry; whether it is whole shows when it is read."""
        return self.reads and self._path(key).is_file()

    def extract(self, key: str, folder: Path) -> bool:
        """Write the parts of an entry into `folder`; False, and nothing left there, where there is no whole one."""
        if not self.reads:
            return False
        written: list[Path] = []
        whole = False
        try:
            with self._opened(key) as entry:
                if entry is None:
                    return False
                for name, size in entry.sizes:
                    path = folder / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    written.append(path)
                    with path.open("wb") as target:
                        entry.copy(size, target)
                whole = entry.is_whole()
        except OSError:
            return False  # no room for the parts, or the disk's fault: neither tells that the entry is broken
        finally:
            if not whole:
                _remove(written)
        return self._used(key, whole=whole)

    def put(self, key: str, parts: Mapping[str, bytes | Path]) -> None:
        """Keep an entry; parts are bytes, or files whose bytes are taken. A disk without room keeps nothing."""
        with contextlib.suppress(OSError):
            path = self._path(key)
            sizes = [
                (name, len(part) if isinstance(part, bytes) else part.stat().st_size) for name, part in parts.items()
            ]
            size = sum(item for _, item in sizes)
            if size > self.most_bytes // 4 or not self._usable() or self._free() < size + KEPT_FREE:
                return
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary = path.with_name(f"{key}.{os.getpid()}.{secrets.token_hex(4)}{UNFINISHED}")
            try:
                _write(temporary, sizes, parts)
                os.replace(temporary, path)
            finally:
                temporary.unlink(missing_ok=True)
            self._bound(size)

    # ------------------------------------------------------------ the folder
    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r} is no key")
        return self.folder / key[:2] / f"{key}{SUFFIX}"

    def _usable(self) -> bool:
        """Whether the folder is this user's alone to write: what others can write is not to be believed."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = self.folder.stat()
        return not hasattr(os, "geteuid") or (facts.st_uid == os.geteuid() and not facts.st_mode & 0o022)

    def _free(self) -> int:
        return shutil.disk_usage(self.folder).free

    @contextlib.contextmanager
    def _opened(self, key: str) -> Iterator[_Entry | None]:
        entry: _Entry | None = None
        with contextlib.ExitStack() as stack:
            try:
                if self.folder.is_dir() and self._usable():
                    descriptor = os.open(self._path(key), os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
                    file = stack.enter_context(os.fdopen(descriptor, "rb"))
                    entry = _Entry.begun(file) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else None
            except (OSError, ValueError, RecursionError):
                entry = None
            yield entry

    def _used(self, key: str, *, whole: bool) -> bool:
        """Note that an entry was of use; one that was read to its end and is broken is removed, to be made anew."""
        with contextlib.suppress(OSError):
            if whole:
                os.utime(self._path(key))
            else:
                self._path(key).unlink(missing_ok=True)
        return whole

    def _bound(self, added: int) -> None:
        with self._tally.lock:
            if self._tally.size is not None:
                self._tally.size += added
            if self._tally.size is None or self._tally.size > self.most_bytes:
                self._tally.size = self._trimmed()

    def _trimmed(self) -> int:
        """Remove what was not used for longest until the bound holds with some room; return the bytes that are left."""
        descriptor = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            alone = lock(descriptor) is not False  # else another grader is clearing out
            items = sorted(_files(self.folder), key=lambda item: item[0])
            total = sum(size for _, size, _ in items)
            if alone and total > self.most_bytes:
                for _, size, path in items:
                    if total <= TRIM_TO * self.most_bytes:
                        break
                    path.unlink(missing_ok=True)
                    total -= size
            return total
        finally:
            os.close(descriptor)


def _remove(written: Sequence[Path]) -> None:
    for path in written:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """Yield time of last use, size and path of all that is kept; unfinished files that nobody writes go at once."""
    for directory, _, names in os.walk(folder):
        for name in names:
            path = Path(directory, name)
            with contextlib.suppress(OSError):
                facts = path.lstat()
                if name.endswith(UNFINISHED):
                    yield facts.st_mtime - OLD_PART_S, facts.st_size, path
                elif not name.endswith(".lock"):
                    yield facts.st_mtime, facts.st_size, path


# ---------------------------------------------------------------- one entry
@dataclass(slots=True)
class _Entry:
    """An entry being read: its digest is that of everything read so far."""

    file: BinaryIO
    expected: bytes
    sizes: list[tuple[str, int]]
    digest: hashlib.blake2b

    @classmethod
    def begun(cls, file: BinaryIO) -> _Entry | None:
        """Read the head; None where it is none."""
        if file.read(len(MAGIC)) != MAGIC:
            return None
        expected = file.read(DIGEST_BYTES)
        length = int.from_bytes(file.read(4), "big")
        header = file.read(min(length, MOST_HEADER))
        listed = json.loads(header)
        sizes = [(str(name), int(size)) for name, size in listed]
        if not all(_is_plain(name) and size >= 0 for name, size in sizes):
            return None
        return cls(file, expected, sizes, hashlib.blake2b(header, digest_size=DIGEST_BYTES))

    def read(self, size: int) -> bytes:
        """Return the next part."""
        data = self.file.read(min(size, _left(self.file)))
        self.digest.update(data)
        return data

    def copy(self, size: int, target: BinaryIO) -> None:
        """Write the next part to a file."""
        while size > 0 and (piece := self.file.read(min(size, PIECE))):
            self.digest.update(piece)
            target.write(piece)
            size -= len(piece)

    def is_whole(self) -> bool:
        """Return whether all that was read is what was written, and nothing follows."""
        return not self.file.read(1) and self.digest.digest() == self.expected


def _left(file: BinaryIO) -> int:
    return max(0, os.fstat(file.fileno()).st_size - file.tell())


def _is_plain(name: str) -> bool:
    """Whether a name stays inside the folder that it is written into."""
    path = PurePosixPath(name)
    return (
        bool(path.parts) and not path.is_absolute() and ".." not in path.parts and "\\" not in name and ":" not in name
    )


def _write(path: Path, sizes: list[tuple[str, int]], parts: Mapping[str, bytes | Path]) -> None:
    header = json.dumps(sizes).encode()
    digest = hashlib.blake2b(header, digest_size=DIGEST_BYTES)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(MAGIC + bytes(DIGEST_BYTES) + len(header).to_bytes(4, "big") + header)
        for part in parts.values():
            for piece in _pieces(part):
                digest.update(piece)
                file.write(piece)
        file.seek(len(MAGIC))
        file.write(digest.digest())


def _pieces(part: bytes | Path) -> Iterator[bytes]:
    if isinstance(part, bytes):
        yield part
        return
    with part.open("rb") as source:
        while piece := source.read(PIECE):
            yield piece
