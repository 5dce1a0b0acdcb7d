"""Named bytes in one piece, as they travel between client and workers. Nothing in it is pickled."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from grader.errors import ClusterError, InfrastructureError
from grader.resources import holds_results

MOST_BYTES = 2 * 1024**3
"""Of one submission with its files: beyond it they belong into `--data`, which every worker has."""

TREE = "tree.json"


def pack(parts: Mapping[str, bytes]) -> bytes:
    """Put parts into one piece."""
    header = json.dumps([[name, len(part)] for name, part in parts.items()]).encode()
    return b"".join((len(header).to_bytes(8, "big"), header, *parts.values()))


def unpack(parcel: bytes) -> dict[str, bytes]:
    """Return the parts by name.

    Raises:
        InfrastructureError: it is no whole parcel.
    """
    try:
        start = 8 + int.from_bytes(parcel[:8], "big")
        found = {}
        for name, size in json.loads(parcel[8:start]):
            found[str(name)] = parcel[start : start + int(size)]
            start += int(size)
    except (ValueError, TypeError, RecursionError) as problem:
        raise InfrastructureError(f"what came over the network can't be read ({problem})") from problem
    if start != len(parcel):
        raise InfrastructureError("what came over the network is not whole")
    return found


# ---------------------------------------------------------------- folders
def folder_parts(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder as parts: links as links, times of change kept, the grader's results left out.

    Raises:
        ClusterError: it holds more than is sent.
    """
    listing: list[list[object]] = []
    parts: dict[str, bytes] = {}
    size = 0
    for path in _entries(folder):
        facts = path.lstat()
        name = path.relative_to(folder).as_posix()
        if stat.S_ISLNK(facts.st_mode):
            listing.append([name, "link", facts.st_mtime_ns, os.readlink(path)])
        elif stat.S_ISDIR(facts.st_mode):
            listing.append([name, "folder", facts.st_mtime_ns, ""])
        elif stat.S_ISREG(facts.st_mode):
            size += facts.st_size
            if size > MOST_BYTES:
                raise ClusterError(
                    f"{folder} holds more than {MOST_BYTES // 1024**3} GB, which is not sent to workers: put large "
                    "data into a folder that every worker has, and name it by --data"
                )
            place = f"files/{len(parts)}"
            parts[place] = path.read_bytes()
            listing.append([name, "file", facts.st_mtime_ns, place])
    return {TREE: json.dumps(listing).encode(), **parts}


def _entries(folder: Path) -> Iterator[Path]:
    for directory, folders, files in os.walk(folder):
        here = Path(directory)
        links = [name for name in folders if (here / name).is_symlink()]
        folders[:] = sorted(name for name in folders if name not in links and not holds_results(here / name))
        yield from (here / name for name in sorted([*folders, *links, *files]))


def write_folder(parts: Mapping[str, bytes], folder: Path) -> None:
    """Write what `folder_parts` took into an empty folder.

    Raises:
        InfrastructureError: a name leads out of the folder.
    """
    folder.mkdir(parents=True)
    times: list[tuple[Path, int]] = []
    for name, kind, changed, rest in json.loads(parts[TREE]):
        plain = PurePosixPath(name)
        if plain.is_absolute() or ".." in plain.parts:
            raise InfrastructureError(f"{name} leads out of its folder")
        path = folder / plain
        if kind == "link":
            path.symlink_to(rest)
            continue
        if kind == "folder":
            path.mkdir()
        else:
            path.write_bytes(parts[rest])
        times.append((path, int(changed)))
    for path, changed in reversed(times):  # writing into a folder changes it
        os.utime(path, ns=(changed, changed))
