"""How things get into a box: mounted where it has a file system of its own, else linked and copied on the host."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from grader.sandbox.bubblewrap import USER_ID, Mounts
from grader.sandbox.places import HERE, Places


def make_ready(places: Places) -> None:
    """Make what has to lie in the box's folder before its start."""
    places.folder.chmod(0o700 if places.uid is None else 0o711)
    places.sockets.mkdir(mode=0o700)
    places.own(places.sockets)
    if not places.mounted:
        _lay_out_files(places)
        _link_offers(places)


# ---------------------------------------------------------------- without mounts
def _lay_out_files(places: Places) -> None:
    """Without mounts the working folder is a folder of the host: files are linked, or copied where nothing
    keeps a write through a link from reaching the student's hand-in.
    """
    work, files = places.host_work, places.files
    work.mkdir(mode=0o700)
    (work / ".tmp").mkdir()
    for name in files.folders:
        (work / name).mkdir(mode=0o700)
        places.own(work / name)
    for name, source in files.copies:
        shutil.copyfile(source, work / name)
        places.own(work / name)
    for name, source in files.entries:
        target = work / name
        if places.box.tier == "landlock":
            target.symlink_to(source.resolve())
        elif source.is_dir():
            shutil.copytree(source, target, symlinks=True, ignore=_special_files)
        else:
            shutil.copyfile(source, target)
    for path in (work, work / ".tmp"):
        places.own(path)


def _link_offers(places: Places) -> None:
    for offer in places.box.offers:
        path = places.folder / offer.name
        path.parent.mkdir(exist_ok=True)
        path.parent.chmod(path.parent.stat().st_mode | 0o055)
        path.symlink_to(offer.source.resolve())
    if places.box.data is not None:
        (places.folder / "data").symlink_to(places.box.data.resolve())


def _special_files(folder: str, names: list[str]) -> list[str]:
    """Which of these can't be copied: pipes, sockets, devices."""
    kinds = ((name, os.lstat(os.path.join(folder, name)).st_mode) for name in names)
    return [name for name, mode in kinds if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode))]


# ---------------------------------------------------------------- with mounts
def mounts(places: Places) -> Mounts:
    """What bubblewrap has to mount and make; parents come before what lies in them."""
    read_only = {**_users_and_names(places), **_ours(places), **_handed_in(places)}
    folders = [f"{places.work}/{name}" for name in places.files.folders]
    return Mounts(places.work, read_only, places.roots, str(places.sockets), folders, places.box.working)


def _users_and_names(places: Places) -> dict[str, str]:
    """The files that say who the box's user is, and which machine it runs on: nothing of the host's."""
    uid = USER_ID if places.uid is None else places.uid
    texts = {
        "passwd": f"root:x:0:0:root:/:/bin/false\nstudent:x:{uid}:{uid}:student:{places.work}:/bin/sh\n",
        "group": f"student:x:{uid}:\n",
        "hosts": "127.0.0.1 localhost sandbox\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    }
    return {f"/etc/{name}": _written(places.folder / f"etc-{name}", text) for name, text in texts.items()}


def _written(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o644)
    return str(path)


def _ours(places: Places) -> dict[str, str]:
    """The shim and its orders, the offers, and the data sets."""
    read_only = {places.inside("shim.py"): str(HERE / "shim.py")}
    read_only |= {places.inside(name): str(places.folder / name) for name in (places.config.name, *places.written)}
    read_only |= {places.inside(offer.name): str(offer.source) for offer in places.box.offers}
    if places.box.data is not None:
        data = places.box.data
        read_only |= {f"{places.data_inside}/{name}": str((data / name).resolve()) for name in places.datasets}
    return read_only


def _handed_in(places: Places) -> dict[str, str]:
    """The submission's files: those that the shim copies, and those that are seen where they stand."""
    read_only = {original: str(source) for _, original, source in places.originals()}
    if not places.mounted_whole:
        read_only |= {f"{places.work}/{name}": str(source) for name, source in places.files.entries}
    elif places.box.files is not None:
        read_only[f"{places.runtime}/files"] = str(places.box.files)
    return read_only
