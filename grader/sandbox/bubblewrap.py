"""The strongest tier: namespaces and mounts, put together by bubblewrap (bwrap)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from grader.errors import SandboxError
from grader.sandbox.limits import Limits

RUNTIME = "/run/nb"
"""Where the grader's own read-only files and the kernel's sockets are inside."""

WORK_FOLDERS = ("/work", "/workspace", "/sandbox-work")
"""Names for the working folder; the first that the interpreter doesn't live under."""

CONTENT = "/content"
"""Another name inside for the folder that the command starts in: Google Colab's, which notebooks write into absolute
paths; there, too, what is written as `/content/x` is read as `x`."""

USER_ID = 1000
"""The uid inside where an ordinary user's namespace maps it."""

_SYSTEM_FOLDERS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_STORES = ("/nix/store", "/gnu/store")
_SYSTEM_FILES = (
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/alternatives",
    "/etc/localtime",
    "/etc/timezone",
    "/etc/mime.types",
    "/etc/fonts",
    "/etc/ssl/openssl.cnf",
    "/etc/debian_version",
)


@dataclass(frozen=True, slots=True)
class Mounts:
    """What is seen inside besides the system: `read_only` maps inside paths to host paths; `folders` are made.

    `working` is the folder in `work` that the command starts in, empty for `work` itself.
    """

    work: str
    read_only: Mapping[str, str]
    interpreter: Sequence[str]
    socket_folder: str | None
    folders: Sequence[str] = ()
    working: str = ""


def program() -> str:
    """The path of bwrap.

    Raises:
        SandboxError: it is not installed.
    """
    found = shutil.which("bwrap")
    if found is None:
        raise SandboxError("bubblewrap (bwrap) is not installed; on Debian or Ubuntu: apt install bubblewrap")
    return found


def work_folder(interpreter: Sequence[str]) -> str:
    """The working folder inside: one under which the interpreter doesn't live."""
    for folder in WORK_FOLDERS:
        if not any(root == folder or root.startswith(folder + "/") for root in interpreter):
            return folder
    raise SandboxError(f"the interpreter lives under every one of {', '.join(WORK_FOLDERS)}")


def options(mounts: Mounts, limits: Limits, *, uid: int | None) -> list[str]:
    """The options of bwrap. With a `uid`, root is starting it: no user namespace, and the shim will change to that uid.

    bwrap follows them in order: folders that contain others come first.
    """
    return [
        *_namespaces(uid),
        *_system(),
        # Before the interpreter, which may live there.
        *_folder_of_its_own("/tmp", limits.tmp, uid),  # noqa: S108 - the box's own
        *_read_only_binds({root: root for root in sorted(mounts.interpreter)}),
        "--proc", "/proc",
        "--dev", "/dev",
        # Mapped, /dev/zero gives memory that no process shows; /dev/full reads the same and can't be mapped.
        "--dev-bind", "/dev/full", "/dev/zero",
        *_folder_of_its_own("/dev/shm", limits.shm, uid),  # noqa: S108 - the box's own
        *_folder_of_its_own(mounts.work, limits.scratch, uid),
        *(["--symlink", str(PurePosixPath(mounts.work, mounts.working)), CONTENT] if _is_free(CONTENT, mounts) else []),
        "--perms", "0755", "--dir", "/run",
        "--perms", "0755", "--dir", RUNTIME,
        *(["--bind", mounts.socket_folder, f"{RUNTIME}/s"] if mounts.socket_folder else []),
        *(word for path in mounts.folders for word in ("--perms", "0700" if uid is None else "0777", "--dir", path)),
        *_read_only_binds(mounts.read_only),
        "--chdir", mounts.work,
        # Both are otherwise writable and as large as half the memory.
        "--remount-ro", "/dev",
        "--remount-ro", "/",
    ]  # fmt: skip


def _is_free(folder: str, mounts: Mounts) -> bool:
    """Whether nothing that has to be seen inside lives there (a grader that itself runs on Colab does)."""
    seen = (*mounts.interpreter, *mounts.read_only)
    return not any(path == folder or path.startswith(f"{folder}/") for path in seen)


def _namespaces(uid: int | None) -> list[str]:
    common = [
        "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try",
        "--hostname", "sandbox", "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL",
    ]  # fmt: skip
    if uid is None:
        name = str(USER_ID)
        return [*common, "--unshare-user", "--disable-userns", "--uid", name, "--gid", name]
    kept = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP", "CAP_DAC_READ_SEARCH")  # for the shim, which drops them
    return [*common, *(word for capability in kept for word in ("--cap-add", capability))]


def _system() -> Iterator[str]:
    yield from ("--perms", "0755", "--dir", "/etc")
    yield from ("--ro-bind", "/usr", "/usr")
    for name in _SYSTEM_FOLDERS:
        path = f"/{name}"
        if os.path.islink(path):
            yield from ("--symlink", os.readlink(path), path)
        elif os.path.isdir(path):
            yield from ("--ro-bind", path, path)
    for path in (*_STORES, *_SYSTEM_FILES):
        yield from ("--ro-bind-try", path, path)


def _folder_of_its_own(path: str, size: int, uid: int | None) -> list[str]:
    return ["--perms", "0700" if uid is None else "1777", "--size", str(size), "--tmpfs", path]


def _read_only_binds(binds: Mapping[str, str]) -> Iterator[str]:
    """Bind each; parents that are missing would be made 0700, which another uid can't enter."""
    made: set[str] = set()
    for inside, source in binds.items():
        for parent in reversed(PurePosixPath(inside).parents):
            folder = str(parent)
            if folder != "/" and folder not in made:  # no matter if it is there already
                made.add(folder)
                yield from ("--perms", "0755", "--dir", folder)
        yield from ("--ro-bind", source, inside)
