"""The first process of a box: bubblewrap's, the keeper's, or the command itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from grader.sandbox import bubblewrap, orphans
from grader.sandbox.contents import mounts
from grader.sandbox.places import HERE, Places

_MINIMAL_ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


@dataclass(frozen=True, slots=True)
class Spawned:
    """A first process; where a keeper is, it ends all that came of it once `lifeline` is closed."""

    process: subprocess.Popen[bytes]
    lifeline: int | None = None


def spawn(places: Places, mark: str, descriptors: Sequence[int], stdout: int) -> Spawned:
    """Start what the box's config says, with `descriptors` inherited; `mark` is by what orphans are known."""
    if places.mounted:
        return _bubblewrap(places, mark, descriptors, stdout)
    if sys.platform == "win32":
        return _unwalled(places, stdout)
    return _kept(places, mark, descriptors, stdout)


def _bubblewrap(places: Places, mark: str, descriptors: Sequence[int], stdout: int) -> Spawned:
    words = bubblewrap.options(mounts(places), places.box.limits, uid=places.uid)
    arguments = os.memfd_create("options")
    try:
        os.write(arguments, b"".join(os.fsencode(word) + b"\0" for word in words))
        os.lseek(arguments, 0, os.SEEK_SET)
        shim_command = [places.box.python, "-I", "-S", places.inside("shim.py"), places.inside(places.config.name)]
        command = [bubblewrap.program(), "--args", str(arguments), "--", *shim_command]
        return Spawned(_marked(command, mark, (*descriptors, arguments), stdout))
    finally:
        os.close(arguments)


def _kept(places: Places, mark: str, descriptors: Sequence[int], stdout: int) -> Spawned:
    shim_command = [sys.executable, "-I", "-S", str(HERE / "shim.py"), str(places.config)]
    inherited, lifeline = os.pipe()
    uid = "-" if places.uid is None else str(places.uid)
    keeper = [sys.executable, "-I", "-S", str(HERE / "keeper.py"), str(inherited), uid, "--", *shim_command]
    try:
        return Spawned(_marked(keeper, mark, (*descriptors, inherited), stdout), lifeline)
    except BaseException:
        os.close(lifeline)
        raise
    finally:
        os.close(inherited)


def _unwalled(places: Places, stdout: int) -> Spawned:
    config = json.loads(places.config.read_text(encoding="utf-8"))
    process = subprocess.Popen(
        config["command"],
        cwd=places.host_work / places.box.working,
        env=config["environment"],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
    )
    return Spawned(process)


def _marked(command: Sequence[str], mark: str, descriptors: Sequence[int], stdout: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        pass_fds=descriptors,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env={**_MINIMAL_ENVIRONMENT, orphans.VARIABLE: mark},  # readable inside, in /proc/1/environ
        cwd="/",
        start_new_session=True,
    )
