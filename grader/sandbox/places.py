"""The places of a box: its folder on the host, and the names under which things are seen outside and inside."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from grader.sandbox import bubblewrap
from grader.sandbox.box import Box
from grader.sandbox.environment import box_environment
from grader.sandbox.interpreter import interpreter_roots
from grader.sandbox.layout import Layout, lay_out

MAX_MOUNTS = 800
"""Entries of a submission's folder that are mounted one by one; bwrap takes 9000 words. More are linked."""

KERAS_DATASETS = ".keras/datasets"
"""In the working folder. It is writable, or Keras falls back to another; the files in it are links to the offered."""

RESERVED = frozenset({".keras", ".tmp"})
"""Names in the working folder that are ours."""

HERE = Path(__file__).resolve().parent
"""Where the scripts that run in boxes lie."""


class Places:
    """What is where in a box. Nothing is made here but the files of `write_offer`.

    `folder` is the box's own on the host. Files made in it for the box are given to `uid`, where it has one of its
    own. `roots` are the folders of the interpreter, `files` says where the submission's files stand, `datasets` are
    the entries of the folder of data sets.

    Raises:
        SandboxError: the interpreter can't be run.
    """

    def __init__(self, box: Box, folder: Path, uid: int | None) -> None:
        self.box = box
        self.folder = folder
        self.uid = uid
        self.written: list[str] = []
        """Offers made by `write_offer`."""
        self.roots = interpreter_roots(box.python)
        self.work = bubblewrap.work_folder(self.roots) if self.mounted else str(self.host_work)
        """The working folder, as seen inside."""
        self.files = lay_out(box.files, box.own_files, RESERVED, MAX_MOUNTS, box.working) if box.files else Layout()
        self.datasets = sorted(os.listdir(box.data)) if box.data else []

    @property
    def mounted(self) -> bool:
        """Whether the box has a file system of its own."""
        return self.box.tier == "bubblewrap"

    # ------------------------------------------------------------ outside
    @property
    def host_work(self) -> Path:
        """The working folder of a box without a file system of its own, as seen outside."""
        return self.folder / "work"

    @property
    def sockets(self) -> Path:
        """The folder for Unix sockets, as seen outside."""
        return self.folder / "s"

    @property
    def config(self) -> Path:
        """The file that tells the shim what to do, as seen outside."""
        return self.folder / "box.json"

    def own(self, path: Path) -> None:
        """Give a file or folder of the host's to the box's uid, where it has one of its own."""
        if self.uid is not None:
            os.chown(path, self.uid, self.uid)

    # ------------------------------------------------------------ inside
    @property
    def runtime(self) -> str:
        """The folder of the grader's read-only files, as seen inside."""
        return bubblewrap.RUNTIME if self.mounted else str(self.folder)

    @property
    def sockets_inside(self) -> str:
        """The folder for Unix sockets, as seen inside."""
        return f"{self.runtime}/s"

    @property
    def data_inside(self) -> str | None:
        """The folder of datasets offered, as seen inside."""
        return None if self.box.data is None else f"{self.runtime}/data"

    @property
    def tmp(self) -> str:
        """The folder for temporary files, as seen inside."""
        return "/tmp" if self.mounted else f"{self.work}/.tmp"  # noqa: S108 - the box's own

    def inside(self, name: str) -> str:
        """Where the offer `name` is seen inside."""
        return f"{self.runtime}/{name}"

    def write_offer(self, name: str, content: str) -> str:
        """Offer a file made now, before the start; where it is seen inside."""
        path = self.folder / name
        path.write_text(content, encoding="utf-8")
        path.chmod(0o600)
        self.own(path)
        self.written.append(name)
        return self.inside(name)

    def environment(self) -> dict[str, str]:
        """The variables of this box, without those that a caller adds."""
        variables = box_environment(self.box.python, self.work, self.tmp, self.box.threads)
        return variables if self.data_inside is None else {**variables, "GRADER_DATA": self.data_inside}

    # ------------------------------------------------------------ the submission's files
    def originals(self) -> Iterator[tuple[str, str, Path]]:
        """The files that are copied into the working folder: name in it, where the original is seen inside, source."""
        for place, (name, source) in enumerate(self.files.copies):
            yield name, f"{self.runtime}/own/{place}", source

    @property
    def mounted_whole(self) -> bool:
        """Whether there are too many entries to be mounted one by one: their folder is, and the shim links them."""
        return len(self.files.entries) > MAX_MOUNTS

    def links(self) -> list[tuple[str, str]]:
        """The links that the shim makes in the working folder: datasets under .keras, and the submission's own."""
        links = [(f"{KERAS_DATASETS}/{name}", f"{self.data_inside}/{name}") for name in self.datasets]
        links += self.files.links
        if self.mounted and self.mounted_whole:
            links += [(name, f"{self.runtime}/files/{name}") for name, _ in self.files.entries]
        return links
