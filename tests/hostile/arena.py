"""What surrounds a class of attacks: canaries to read, listeners to reach, a record of what lived; and grading it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
import socket
import stat
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import nbformat
import psutil
from ordinary_user import ORDINARY_UID, as_ordinary_user

import grader
from grader.gradebook import Gradebook
from grader.model import Tier
from grader.sandbox import processes
from grader.sandbox.shim import landlock_version

from .catalogue import BREACHED, HONEST_CELL, Attack, write_submission

User = Literal["current", "ordinary"]

INNOCENT = "innocent"
"""A submission that attacks nothing, in the same class."""

CENSUS_S = 0.1
"""Between two looks at which processes a class has started."""

GRADER = """
import re, sys
from grader.execution import warming
warming._COLD = re.compile("(?!)")
from grader.cli.main import main
sys.exit(main())
"""
"""The grader, which lets every attack start from its template: an attacker would avoid the words that forbid that."""

WARM = "TensorFlow was in memory before the first cell"

_REACHED_INSIDE = b"hello from inside"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the grader left of one attack. `grade` and `evidence` are the documents, `printed` all that was printed."""

    name: str
    folder: Path
    submission: Path
    grade: Mapping[str, Any]
    evidence: Mapping[str, Any]
    printed: str
    page: str

    @property
    def run(self) -> Mapping[str, Any]:
        """The part of grade.json on the run."""
        return self.grade["run"]

    @property
    def breaches(self) -> list[str]:
        """What the attack says to have achieved."""
        return [line for line in self.printed.splitlines() if BREACHED in line]


@dataclass(frozen=True, slots=True)
class ClassOutcome:
    """What the grader left of a class of attacks, and what was seen from outside meanwhile.

    `leaks` maps the name of a secret to the files of the results that hold it; `reached` are the listeners that heard
    something, `survivors` the command lines of processes that outlived the call, `changed` the files that differ.
    """

    tier: Tier
    user: User
    outcomes: Mapping[str, Outcome]
    returncode: int
    said: str
    seconds: float
    leaks: Mapping[str, Sequence[Path]]
    reached: Sequence[str]
    survivors: Sequence[str]
    changed: Sequence[str]
    left_over: Sequence[str]
    processes_seen: int


@dataclass
class Arena:
    """One place for one class: folders, canaries, listeners, a bystander's process."""

    user: User
    folder: Path
    secrets: dict[str, str] = field(default_factory=dict)
    reached: list[str] = field(default_factory=list)
    token: str = field(default_factory=lambda: f"nbtoken{secrets.token_hex(6)}")

    @property
    def submissions(self) -> Path:
        return self.folder / "class"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def tmp(self) -> Path:
        return self.folder / "t"

    @cached_property
    def package(self) -> Path:
        return Path(grader.__file__).resolve().parent

    def secret(self, name: str) -> str:
        """A value that stands nowhere but in one canary."""
        return self.secrets.setdefault(name, f"canary{secrets.token_hex(16)}")

    def facts(self, attack: str) -> dict[str, object]:
        """`ARENA` of an attack's notebook: where to aim. No secret is among them."""
        return {
            "name": attack,
            "token": self.token,
            "own": str(self.submissions / attack),
            "submissions": str(self.submissions),
            "neighbour": str(self.submissions / INNOCENT),
            "out": str(self.out),
            "home": str(self.home),
            "tmp": str(self.tmp),
            "package": str(self.package),
            "site": sysconfig.get_path("purelib"),
            "tcp": self.tcp,
            "udp": self.udp,
            "unix": str(self.folder / "u"),
            "abstract": self.token,
            "inbound": self.inbound,
            "bystander": self.bystander.pid,
            "kill_all": os.geteuid() == 0 or landlock_version() >= 6,
            "uid": os.geteuid() if self.user == "current" else ORDINARY_UID,
        }

    # ------------------------------------------------------------ building
    def build(self, attacks: Sequence[Attack], stack: contextlib.ExitStack) -> None:
        """Put everything in its place; `stack` takes it down."""
        self.folder.chmod(0o755)
        for path in (self.submissions, self.home, self.tmp):
            path.mkdir(mode=0o755)
        self._listen(stack)
        self.bystander = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-S", "-c", "import time; time.sleep(3600)", self.secret("command line")],
                env={"CANARY": self.secret("environment of another process")},
            )
        )
        stack.callback(self.bystander.kill)
        (self.home / ".ssh").mkdir()
        (self.home / ".ssh" / "id_rsa").write_text(self.secret("home"))
        with Gradebook.open(self.out):
            pass  # an empty one: a folder of results
        (self.out / "roster.csv").write_text(self.secret("results"))
        for attack in attacks:
            write_submission(attack, self.submissions / attack.name, self.facts(attack.name))
        self._write_innocent()
        if self.user == "ordinary":
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, ORDINARY_UID, ORDINARY_UID, follow_symlinks=False)

    def _write_innocent(self) -> None:
        folder = self.submissions / INNOCENT
        folder.mkdir()
        notebook = nbformat.v4.new_notebook()
        sources = (
            HONEST_CELL,
            "import time; time.sleep(1)",
            f"import sys; print({WARM!r} if 'tensorflow' in sys.modules else 'it was not')",
            f"answers = {self.secret('another notebook')!r}\nprint('done')",
        )
        notebook.cells = [nbformat.v4.new_markdown_cell("# Honest work"), *map(nbformat.v4.new_code_cell, sources)]
        nbformat.write(notebook, folder / "project.ipynb")
        (folder / "answers.txt").write_text(self.secret("another submission"))

    def _listen(self, stack: contextlib.ExitStack) -> None:
        tcp, udp = (
            stack.enter_context(socket.socket(socket.AF_INET, kind)) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)
        )
        named, abstract = (stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(2))
        for server, address in (
            (tcp, ("0.0.0.0", 0)),
            (udp, ("0.0.0.0", 0)),
            (named, str(self.folder / "u")),
            (abstract, f"\0{self.token}"),
        ):
            server.bind(address)
        (self.folder / "u").chmod(0o777)
        self.tcp, self.udp = tcp.getsockname()[1], udp.getsockname()[1]
        self.inbound = free_port()
        ended = threading.Event()
        stack.callback(ended.set)
        for name, server in (("TCP", tcp), ("Unix socket", named), ("abstract Unix socket", abstract)):
            server.listen()
            self._serve(stack, ended, lambda s=server, n=name: self._accept(s, n), server)
        self._serve(stack, ended, lambda: self._receive(udp), udp)
        self._serve(stack, ended, self._knock, None)

    def _serve(
        self, stack: contextlib.ExitStack, ended: threading.Event, look: Any, server: socket.socket | None
    ) -> None:
        if server is not None:
            server.settimeout(0.3)

        def loop() -> None:
            while not ended.is_set():
                with contextlib.suppress(OSError):
                    look()

        thread = threading.Thread(target=loop, daemon=True)
        thread.start()
        stack.callback(thread.join, 5)

    def _accept(self, server: socket.socket, name: str) -> None:
        connection, _ = server.accept()
        with connection:
            connection.settimeout(0.5)
            said = b""
            with contextlib.suppress(OSError):
                said = connection.recv(200)
            self.reached.append(f"{name}: {said!r}")

    def _receive(self, server: socket.socket) -> None:
        said, _ = server.recvfrom(200)
        self.reached.append(f"UDP: {said!r}")

    def _knock(self) -> None:
        """Try from outside to reach a port that an attack listens on."""
        time.sleep(0.1)
        with socket.create_connection(("127.0.0.1", self.inbound), 0.5) as connection:
            if connection.recv(100) == _REACHED_INSIDE:
                self.reached.append("inbound")

    # ------------------------------------------------------------ grading
    def grade(self, attacks: Sequence[Attack], tier: Tier, options: Sequence[str]) -> ClassOutcome:
        """Grade the class in one call of the command, and look at everything that could tell."""
        before = snapshot(self.submissions) | snapshot(self.home)
        prefix: list[str] = []
        environment = dict(os.environ)
        if self.user == "ordinary":
            stage = self.folder / "stage"
            stage.mkdir()
            prefix, variables = as_ordinary_user(stage)
            environment = dict(variables)
        environment |= {
            "HOME": str(self.home),
            "TMPDIR": str(self.tmp),
            "GRADER_TOKEN": self.secret("environment of the grader"),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "GRADER_CACHE": "",  # what one class measured must not stand for another's run
        }
        isolation = ["--unsafe-no-sandbox"] if tier == "none" else ["--isolation", tier]
        command = [
            *prefix,
            sys.executable,
            "-c",
            GRADER,
            "grade",
            str(self.submissions),
            "--out",
            str(self.out),
            *isolation,
            *options,
        ]
        began = time.monotonic()
        log = self.folder.parent / f"{self.folder.name}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                command, env=environment, cwd=self.package.parent, stdout=file, stderr=subprocess.STDOUT
            )
            census = Census(process.pid)
            census.start()
            returncode = process.wait()
        seconds = time.monotonic() - began
        survivors = census.survivors()
        said = log.read_text(encoding="utf-8", errors="replace")[-20_000:]
        log.unlink()
        after = snapshot(self.submissions) | snapshot(self.home)
        return ClassOutcome(
            tier=tier,
            user=self.user,
            outcomes={
                name: self._outcome(name)
                for name in (INNOCENT, *(attack.name for attack in attacks))
                if (self.out / name / "grade.json").exists()
            },
            returncode=returncode,
            said=said,
            seconds=seconds,
            leaks={name: files for name, value in self.secrets.items() if (files := self._holding(name, value))},
            reached=tuple(self.reached),
            survivors=survivors,
            changed=[
                *sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path)),
                *self._marked(),
            ],
            left_over=sorted(entry.name for entry in self.tmp.iterdir() if entry.name.startswith("nbg-")),
            processes_seen=census.seen,
        )

    def _outcome(self, name: str) -> Outcome:
        folder = self.out / name
        printed = ""
        if (folder / "executed.ipynb").exists():
            notebook = json.loads((folder / "executed.ipynb").read_text())
            outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", ())]
            printed = "\n".join("".join(output.get("text", "")) for output in outputs)
        return Outcome(
            name,
            folder,
            self.submissions / name,
            json.loads((folder / "grade.json").read_text()),
            json.loads((folder / "evidence.json").read_text()),
            printed,
            (folder / "report.html").read_text(),
        )

    def _holding(self, name: str, value: str) -> list[Path]:
        """The files of the results that hold a secret; its own place doesn't count."""
        own = {"results": "roster.csv", "another notebook": f"{INNOCENT}/"}.get(name)
        files = (path for path in self.out.rglob("*") if path.is_file())
        return [
            path
            for path in files
            if value.encode() in path.read_bytes() and not (own and str(path.relative_to(self.out)).startswith(own))
        ]

    def _marked(self) -> Iterator[str]:
        """Files outside that bear the token in their name, or in places where attacks try to write it."""
        folders = (
            "/",
            "/etc",
            "/usr",
            "/usr/bin",
            "/tmp",
            "/var/tmp",
            "/dev",
            "/dev/shm",
            "/run",
            str(self.package),
            sysconfig.get_path("purelib"),
        )
        for folder in folders:
            yield from (entry.path for entry in os.scandir(folder) if self.token in entry.name)
        for path in (
            "/etc/passwd",
            "/etc/hosts",
            "/usr/bin/env",
            os.__file__,
            str(self.package / "judge" / "__init__.py"),
            str(self.package / "__init__.py"),
        ):
            if self.token.encode() in Path(path).read_bytes():
                yield path


class Census(threading.Thread):
    """Keeps a list of every process seen below the grader, to tell what outlived it."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self._root = root
        self._found: dict[int, float] = {}
        self._ended = threading.Event()

    @property
    def seen(self) -> int:
        return len(self._found)

    def run(self) -> None:
        while not self._ended.wait(CENSUS_S):
            for pid in processes.descendants(self._root):
                if pid not in self._found:
                    with contextlib.suppress(psutil.Error):
                        self._found[pid] = psutil.Process(pid).create_time()

    def survivors(self) -> list[str]:
        """Processes still alive; those that are just ending have a moment."""
        self._ended.set()
        self.join()
        deadline = time.monotonic() + 5
        while (
            alive := [pid for pid, since in self._found.items() if _lives(pid, since)]
        ) and time.monotonic() < deadline:
            time.sleep(0.1)
        return [" ".join(psutil.Process(pid).cmdline()) for pid in alive]


def _lives(pid: int, since: float) -> bool:
    try:
        process = psutil.Process(pid)
        return process.create_time() == since and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def snapshot(top: Path) -> dict[str, str]:
    """Kind, rights and content of everything below a folder."""
    found = {}
    for folder, folders, files in os.walk(top):
        for name in (*folders, *files):
            path = os.path.join(folder, name)
            facts = os.lstat(path)
            content = ""
            if stat.S_ISREG(facts.st_mode):
                content = hashlib.sha256(Path(path).read_bytes()).hexdigest()
            elif stat.S_ISLNK(facts.st_mode):
                content = os.readlink(path)
            found[path] = f"{facts.st_mode:o} {facts.st_uid} {facts.st_mtime_ns} {facts.st_size} {content}"
    return found


@contextlib.contextmanager
def graded(
    attacks: Sequence[Attack], tier: Tier, user: User = "current", *, options: Sequence[str] = ()
) -> Iterator[ClassOutcome]:
    """Grade these attacks as one class with the real command; its files are there until the end of the `with`.

    `options` are added to the command's. Skips where `user` is not the current one and can't be become.
    """
    folder = Path(tempfile.mkdtemp(prefix="gh-", dir="/var/tmp"))
    try:
        with contextlib.ExitStack() as stack:
            arena = Arena(user, folder)
            arena.build(attacks, stack)
            outcome = arena.grade(attacks, tier, options)
        yield outcome
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def matches(pattern: str, message: str | None) -> bool:
    """Whether a run's message says what it has to."""
    return re.search(pattern, message or "") is not None
