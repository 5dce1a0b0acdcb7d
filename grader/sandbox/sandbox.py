"""A live box: its folders, its process, its end."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Self

from grader.errors import SandboxError
from grader.sandbox import bubblewrap, orphans, processes, seccomp, shim
from grader.sandbox.box import Box, Breach
from grader.sandbox.environment import box_environment
from grader.sandbox.folders import BoxFolder
from grader.sandbox.interpreter import installation_samples, interpreter_roots, private_to_owner
from grader.sandbox.layout import Layout, lay_out
from grader.sandbox.uids import UidSlot
from grader.sandbox.warm import Entrance, Entry
from grader.sandbox.watchdog import Watchdog

STDERR_TAIL = 8 * 1024
"""Bytes kept of what a box writes to stderr: enough for a traceback, never a host file that can be filled."""

GONE_TIMEOUT_S = 10.0
"""How long a killed tree may take to leave; a process in uninterruptible sleep on a slow disk takes seconds."""

GATE_S = 30.0
"""How long a box waits for a template's fork, which takes a tenth of a second; on a machine under full load, this."""

MAX_MOUNTS = 800
"""Entries of a submission's folder that are mounted one by one; bwrap takes 9000 words. More are linked."""

KERAS_DATASETS = ".keras/datasets"
"""In the working folder. It is writable, or Keras falls back to another; the files in it are links to the offered."""

RESERVED = frozenset({".keras", ".tmp"})
"""Names in the working folder that are ours."""

_HERE = Path(__file__).resolve().parent
_MINIMAL_ENVIRONMENT = {"PATH": "/usr/bin:/bin"}
_DEVICES = ("/dev/null", "/dev/full")
_READABLE = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store", "/gnu/store",
    "/etc/ld.so.cache", "/etc/localtime", "/etc/timezone", "/etc/alternatives", "/etc/mime.types", "/etc/fonts",
    "/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/hosts",
    "/proc", "/sys/devices/system/cpu", "/dev/urandom", "/dev/random",
)  # fmt: skip


class Sandbox:
    """Runs one command in a box, and leaves nothing behind.

        with Sandbox(box) as sandbox:
            sandbox.start([box.python, sandbox.inside("tool.py")])
            sandbox.wait()

    `work` is the folder of the files as seen inside: the command starts in it, or in the box's `working` in it.
    `sockets` is the folder for Unix sockets as seen outside and `sockets_inside` as seen inside. `breach` says which
    limit ended the box, if one did. The thread that starts a box must outlive it: on Linux, processes that die with
    their parent die with the thread that started them.

    Raises:
        SandboxError: the box could not be put together or closed.
    """

    def __init__(self, box: Box) -> None:
        self.box = box
        self.breach: Breach | None = None
        self.stderr_tail = b""
        self.process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._lifeline: int | None = None
        self._alive: int | None = None
        self._entry: Entry | None = None
        self._watchdog: Watchdog | None = None
        self._drain: threading.Thread | None = None
        self._slot = UidSlot() if _own_uid(box) else None
        self._folder = BoxFolder()
        self.folder = self._folder.path
        self._mark = orphans.mark_of(self.folder.name)
        try:
            self._lay_out()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------ places
    @property
    def mounted(self) -> bool:
        """Whether the box has a file system of its own."""
        return self.box.tier == "bubblewrap"

    @property
    def runtime(self) -> str:
        """The folder of the grader's read-only files, as seen inside."""
        return bubblewrap.RUNTIME if self.mounted else str(self.folder)

    @property
    def sockets(self) -> Path:
        """The folder for Unix sockets, as seen outside."""
        return self.folder / "s"

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
        self._own(path)
        self._written.append(name)
        return self.inside(name)

    def environment(self) -> dict[str, str]:
        """The variables of this box, without those that a caller adds."""
        variables = box_environment(self.box.python, self.work, self.tmp, self.box.threads)
        return variables if self.data_inside is None else {**variables, "GRADER_DATA": self.data_inside}

    # ------------------------------------------------------------ life
    def start(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        descriptors: Sequence[int] = (),
        stdout: int = subprocess.DEVNULL,
        entrance: Entrance | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start `command` in the box, with the box's environment and `environment`, and watch it.

        Of the caller's descriptors only `descriptors` are there inside, under the same numbers. By an `entrance` the
        command comes with its libraries in memory, where it can.
        """
        variables = {**self.environment(), **(environment or {})}
        config = self._shim_config([*command], variables, descriptors)
        owner, self._alive = os.pipe()
        config["owner"] = owner
        gate = self._open_gate(entrance) if entrance is not None and entrance.fits(command, variables) else None
        if gate is not None:
            config |= {"gate": gate.fileno(), "gate_s": GATE_S}
        config_path = self.folder / "box.json"
        config_path.write_text(json.dumps(config), encoding="utf-8")
        config_path.chmod(0o600)
        try:
            self.process = self._spawn((*descriptors, owner, *([gate.fileno()] if gate else [])), stdout)
        finally:
            os.close(owner)
            if gate is not None:
                gate.close()
        self._drain = threading.Thread(target=self._keep_stderr_tail, args=(self.process.stderr,), daemon=True)
        self._drain.start()
        self._watchdog = Watchdog(
            self._roots_of_processes,
            self.box.limits,
            self.destroy,
            polled_folder=None if self.mounted else self._host_work,
            own_file_systems=(self.work, "/tmp", "/dev/shm") if self.mounted else (),  # noqa: S108 - the box's own
            socket_folder=self.sockets,
        )
        self._watchdog.start()
        return self.process

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the command's end; its exit status (negative: the signal that ended it)."""
        if self.process is None:
            raise SandboxError("the box was not started")
        return self.process.wait(timeout)

    @property
    def peak_memory(self) -> int:
        """The most memory seen in use, in bytes."""
        return 0 if self._watchdog is None else self._watchdog.peak_memory

    def destroy(self, breach: Breach | None = None) -> None:
        """End everything in the box at once; the first reason given is kept. Any thread may call it."""
        with self._lock:
            self.breach = self.breach or breach
            if self.process is None:
                return
            if self._lifeline is not None:  # the keeper sweeps, and ends
                os.close(self._lifeline)
                self._lifeline = None
            elif self.mounted:  # with the first process of a pid namespace all others go
                processes.kill(processes.descendants(self.process.pid, stop_above=1)[1:2] or [self.process.pid])
            else:
                processes.kill(processes.descendants(self.process.pid))
            if self.process.poll() is not None:
                if self.process.returncode < 0 and self._watchdog is not None:
                    # Who should have swept was killed from outside.
                    processes.kill(self._watchdog.seen[1:])
                    orphans.end_marked(self._mark)
                return
        try:
            self.process.wait(GONE_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            processes.kill(processes.descendants(self.process.pid))

    def close(self) -> None:
        """End the box and remove its folders. Safe to call twice."""
        if self._watchdog is not None:
            self._watchdog.ended.set()
        self.destroy()
        if self._drain is not None:
            self._drain.join(GONE_TIMEOUT_S)
        if self.process is not None:
            for pipe in (self.process.stdout, self.process.stderr):
                if pipe is not None:
                    pipe.close()
        if self._alive is not None:
            os.close(self._alive)
            self._alive = None
        if self._entry is not None:
            self._entry.close()
            self._entry = None
        self._folder.remove()
        if self._slot is not None:
            self._slot.release()

    # ------------------------------------------------------------ putting it together
    def _lay_out(self) -> None:
        box = self.box
        self._written: list[str] = []
        self._roots = interpreter_roots(box.python)
        self.folder.chmod(0o711 if self._slot else 0o700)
        self.sockets.mkdir(mode=0o700)
        self._host_work = self.folder / "work"
        self.work = bubblewrap.work_folder(self._roots) if self.mounted else str(self._host_work)
        self._own(self.sockets)
        self._files = lay_out(box.files, box.own_files, RESERVED, MAX_MOUNTS, box.working) if box.files else Layout()
        self._entries = self._files.entries
        self._links = self._links_inside()
        if not self.mounted:
            self._lay_out_on_the_host()

    def _links_inside(self) -> list[tuple[str, str]]:
        """Links that the shim makes in the working folder: datasets under .keras, and the submission's own."""
        box = self.box
        links: list[tuple[str, str]] = []
        if box.data is not None:
            links += [(f"{KERAS_DATASETS}/{name}", f"{self.data_inside}/{name}") for name in self._datasets()]
        if box.files is not None:
            links += self._files.links
            if self.mounted and len(self._entries) > MAX_MOUNTS:
                links += [(name, f"{self.runtime}/files/{name}") for name, _ in self._entries]
        return links

    def _datasets(self) -> list[str]:
        return sorted(os.listdir(self.box.data)) if self.box.data else []

    def _lay_out_on_the_host(self) -> None:
        """Without mounts the working folder is a folder of the host: files are linked, or copied where nothing
        keeps a write through a link from reaching the student's hand-in.
        """
        self._host_work.mkdir(mode=0o700)
        (self._host_work / ".tmp").mkdir()
        for name in self._files.folders:
            (self._host_work / name).mkdir(mode=0o700)
            self._own(self._host_work / name)
        for name, source in self._files.copies:
            shutil.copyfile(source, self._host_work / name)
            self._own(self._host_work / name)
        for name, source in self._entries:
            target = self._host_work / name
            if self.box.tier == "landlock":
                target.symlink_to(source.resolve())
            elif source.is_dir():
                shutil.copytree(source, target, symlinks=True, ignore=_special_files)
            else:
                shutil.copyfile(source, target)
        for offer in self.box.offers:
            path = self.folder / offer.name
            path.parent.mkdir(exist_ok=True)
            path.parent.chmod(path.parent.stat().st_mode | 0o055)
            path.symlink_to(offer.source.resolve())
        if self.box.data is not None:
            (self.folder / "data").symlink_to(self.box.data.resolve())
        for path in (self._host_work, self._host_work / ".tmp"):
            self._own(path)

    def _own(self, path: Path) -> None:
        if self._slot is not None:
            os.chown(path, self._slot.uid, self._slot.uid)

    def _shim_config(
        self, command: list[str], environment: dict[str, str], descriptors: Sequence[int]
    ) -> dict[str, object]:
        config: dict[str, object] = {
            "command": command,
            "environment": environment,
            "descriptors": list(descriptors),
            "folder": self.work,
            "working": self.box.working,
            "folders": [KERAS_DATASETS],
            "links": self._links,
            "copies": [(name, self._copied(place)) for place, (name, _) in enumerate(self._files.copies)]
            if self.mounted
            else [],
            "rlimits": self._rlimits(),
        }
        if self._slot is not None:
            config |= {"uid": self._slot.uid, "keep_read_search": self._needs_read_search()}
        if self.box.tier == "none":
            return config
        config["seccomp"] = seccomp.filter_program(
            without_network_namespace=not self.mounted, same_user=not self.mounted and self._slot is None
        ).hex()
        if shim.landlock_version() or not self.mounted:
            config["landlock"] = self._landlock_rules()
        return config

    def _rlimits(self) -> dict[str, int]:
        limits = self.box.limits.rlimits()
        if self.box.tier == "none":
            return {name: limits[name] for name in ("FSIZE", "CORE")}
        if self.box.tier == "landlock" and self._slot is None:  # shares the uid of the grader, whose threads count
            limits["NPROC"] += _tasks_of_this_user()
        return limits

    def _needs_read_search(self) -> bool:
        """Whether the box's own uid is locked out of something that it has to read."""
        offered = [str(offer.source.resolve()) for offer in self.box.offers]
        offered += [str(path.resolve()) for path in (self.box.files, self.box.data) if path is not None]
        trees = (*offered, *installation_samples(self.box.python))
        ways = () if self.mounted else (*trees, *(f"{root}/x" for root in self._roots), str(self.folder / "x"))
        return private_to_owner(trees, ways=ways)

    def _landlock_rules(self) -> dict[str, object]:
        if self.mounted:  # the mounts hold already; this keeps the host's socket folder free of files
            write = [self.work, "/tmp", "/dev", "/proc"]  # noqa: S108 - paths inside the box
            return {"read": ["/"], "write": write, "sockets": [self.sockets_inside], "connect": False}
        offered = [str(offer.source.resolve()) for offer in self.box.offers]
        offered += [str(source.resolve()) for _, source in self._entries]
        offered += [str(self.folder / name) for name in self._written]
        folders = {(self.folder / offer.name).parent for offer in self.box.offers} - {self.folder}
        offered += [str(folder) for folder in folders]
        if self.box.data is not None:
            offered += [str(self.box.data.resolve()), *(str((self.box.data / n).resolve()) for n in self._datasets())]
        read = [*_READABLE, *self._roots, *offered]
        return {"read": read, "write": [self.work, *_DEVICES], "sockets": [str(self.sockets)], "connect": False}

    # ------------------------------------------------------------ spawning
    def _open_gate(self, entrance: Entrance) -> socket.socket | None:
        """Let a template's fork wait for this box; the box's end of the gate, or None where that is not possible."""
        if not self.mounted:
            return None
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ours:
            self._entry = entrance.open(ours)
        if self._entry is None:
            theirs.close()
            return None
        return theirs

    def _roots_of_processes(self) -> list[int]:
        """The processes of which all others in the box come."""
        started = None if self.process is None else self.process.pid
        entered = None if self._entry is None else self._entry.process
        return [item for item in (started, entered) if item is not None]

    def _spawn(self, descriptors: Sequence[int], stdout: int) -> subprocess.Popen[bytes]:
        if self.mounted:
            return self._spawn_bubblewrap(descriptors, stdout)
        shim_command = [sys.executable, "-I", "-S", str(_HERE / "shim.py"), str(self.folder / "box.json")]
        if sys.platform == "win32":
            return self._spawn_unwalled(stdout)
        lifeline, self._lifeline = os.pipe()
        uid = "-" if self._slot is None else str(self._slot.uid)
        keeper = [sys.executable, "-I", "-S", str(_HERE / "keeper.py"), str(lifeline), uid, "--", *shim_command]
        try:
            return self._popen(keeper, (*descriptors, lifeline), stdout)
        finally:
            os.close(lifeline)

    def _spawn_bubblewrap(self, descriptors: Sequence[int], stdout: int) -> subprocess.Popen[bytes]:
        words = bubblewrap.options(self._mounts(), self.box.limits, uid=self._slot.uid if self._slot else None)
        arguments = os.memfd_create("options")
        try:
            os.write(arguments, b"".join(os.fsencode(word) + b"\0" for word in words))
            os.lseek(arguments, 0, os.SEEK_SET)
            shim_command = [self.box.python, "-I", "-S", f"{self.runtime}/shim.py", f"{self.runtime}/box.json"]
            command = [bubblewrap.program(), "--args", str(arguments), "--", *shim_command]
            return self._popen(command, (*descriptors, arguments), stdout)
        finally:
            os.close(arguments)

    def _spawn_unwalled(self, stdout: int) -> subprocess.Popen[bytes]:
        config = json.loads((self.folder / "box.json").read_text(encoding="utf-8"))
        return subprocess.Popen(
            config["command"],
            cwd=self._host_work / self.box.working,
            env=config["environment"],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
        )

    def _popen(self, command: Sequence[str], descriptors: Sequence[int], stdout: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            pass_fds=descriptors,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            env={**_MINIMAL_ENVIRONMENT, orphans.VARIABLE: self._mark},  # readable inside, in /proc/1/environ
            cwd="/",
            start_new_session=True,
        )

    def _mounts(self) -> bubblewrap.Mounts:
        uid = bubblewrap.USER_ID if self._slot is None else self._slot.uid
        user = f"root:x:0:0:root:/:/bin/false\nstudent:x:{uid}:{uid}:student:{self.work}:/bin/sh\n"
        written = {
            "passwd": user,
            "group": f"student:x:{uid}:\n",
            "hosts": "127.0.0.1 localhost sandbox\n",
            "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
        }
        read_only = {f"/etc/{name}": self._write(f"etc-{name}", text) for name, text in written.items()}
        read_only |= {f"{self.runtime}/shim.py": str(_HERE / "shim.py")}
        read_only |= {f"{self.runtime}/{name}": str(self.folder / name) for name in ("box.json", *self._written)}
        read_only |= {self.inside(offer.name): str(offer.source) for offer in self.box.offers}
        if self.box.data is not None:
            data = self.box.data
            read_only |= {f"{self.data_inside}/{name}": str((data / name).resolve()) for name in self._datasets()}
        read_only |= {self._copied(place): str(source) for place, (_, source) in enumerate(self._files.copies)}
        if len(self._entries) <= MAX_MOUNTS:
            read_only |= {f"{self.work}/{name}": str(source) for name, source in self._entries}
        elif self.box.files is not None:
            read_only[f"{self.runtime}/files"] = str(self.box.files)
        folders = [f"{self.work}/{name}" for name in self._files.folders]
        return bubblewrap.Mounts(self.work, read_only, self._roots, str(self.sockets), folders, self.box.working)

    def _copied(self, place: int) -> str:
        """Where the original of a file that is copied is seen inside."""
        return f"{self.runtime}/own/{place}"

    def _write(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o644)
        return str(path)

    def _keep_stderr_tail(self, pipe: IO[bytes]) -> None:
        try:
            while chunk := os.read(pipe.fileno(), 64 * 1024):
                self.stderr_tail = (self.stderr_tail + chunk)[-STDERR_TAIL:]
        except (OSError, ValueError):
            return  # closed under it


def _own_uid(box: Box) -> bool:
    return box.tier != "none" and sys.platform == "linux" and os.geteuid() == 0


def _special_files(folder: str, names: list[str]) -> list[str]:
    """Which of these can't be copied: pipes, sockets, devices."""
    kinds = ((name, os.lstat(os.path.join(folder, name)).st_mode) for name in names)
    return [name for name, mode in kinds if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode))]


def _tasks_of_this_user() -> int:
    count = 0
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and os.stat(f"/proc/{name}").st_uid == os.getuid():
                count += len(os.listdir(f"/proc/{name}/task"))
        except OSError:
            continue
    return count
