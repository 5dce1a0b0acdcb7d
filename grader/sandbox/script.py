"""One of the grader's own scripts, run on untrusted files in a box of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeAlias

from grader.errors import SandboxError
from grader.model import RunStatus, Tier
from grader.sandbox.box import Box, Breach, Offer
from grader.sandbox.limits import KIB, MIB, Limits
from grader.sandbox.pipes import PipeReader
from grader.sandbox.sandbox import Sandbox
from grader.sandbox.shim import SHIM_FAILED
from grader.sandbox.warm import Entrance

JSON: TypeAlias = "str | int | float | bool | Sequence[JSON] | Mapping[str, JSON] | None"

MAX_ARGUMENTS = 100 * KIB
"""Linux takes 128 KiB in one word of a command line."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class ScriptResult:
    """How a script ended: `ok` for exit status 0, `error` for another, else the limit that ended it.

    `stdout` is whole (a script that writes more than its limit has status `output_flood`), and untrusted: it comes
    from a process that opened a student's files.
    """

    status: RunStatus
    stdout: bytes
    stderr_tail: str
    seconds: float
    peak_memory_bytes: int
    exit_code: int | None = None


def run_script(
    script: Path,
    arguments: Mapping[str, JSON],
    inputs: Mapping[str, Path],
    *,
    tier: Tier,
    limits: Limits,
    python: str = sys.executable,
    modules: Sequence[Path] = (),
    threads: int = 2,
    environment: Mapping[str, str] | None = None,
    stop: threading.Event | None = None,
    entrance: Entrance | None = None,
) -> ScriptResult:
    """Run `script` with `inputs` read-only in a fresh box, and wait for it.

    The script is given one word of JSON: `{"arguments": {...}, "inputs": {name: path inside}}`. `modules` are
    importable inside: a package (folder with `__init__.py`) or a file by its name, the files of any other folder by
    theirs. `environment` is added to the box's variables. Setting `stop` from any thread ends the box. By an `entrance`
    the script starts with its libraries in memory.

    Raises:
        SandboxError: the box could not be put together, ended in a way that is not the script's doing, or was stopped.
    """
    offers = _offers(script, inputs, modules)
    box = Box(tier=tier, limits=limits, python=python, offers=offers, threads=threads)
    began = time.monotonic()
    with Sandbox(box) as sandbox:
        word = json.dumps(
            {"arguments": dict(arguments), "inputs": {name: sandbox.inside(f"inputs/{name}") for name in inputs}}
        )
        if len(word.encode()) > MAX_ARGUMENTS:
            raise SandboxError(f"the arguments of {script.name} take more than {MAX_ARGUMENTS} bytes; pass a file")
        path = os.pathsep.join(_search_path(sandbox, modules))
        command = [python, sandbox.inside(f"script/{script.name}"), word]
        process = sandbox.start(
            command,
            environment={**(environment or {}), "PYTHONPATH": path},
            stdout=subprocess.PIPE,
            entrance=entrance,
        )
        stdout = _read_capped(process.stdout, limits.output, sandbox, stop)
        if stop is not None and stop.is_set():
            raise SandboxError(f"{script.name} was stopped before it was over")
        exit_code = sandbox.wait()
    stderr = sandbox.stderr_tail.decode("utf-8", "replace")
    if exit_code == SHIM_FAILED and sandbox.breach is None:
        raise SandboxError(f"the sandbox for {script.name} could not be closed: {stderr.strip()}")
    status = sandbox.breach.status if sandbox.breach else "ok" if exit_code == 0 else "error"
    seconds = time.monotonic() - began
    tail = f"{sandbox.breach.message}\n{stderr}" if sandbox.breach else stderr
    return ScriptResult(status, stdout, tail, seconds, sandbox.peak_memory, exit_code)


def _offers(script: Path, inputs: Mapping[str, Path], modules: Sequence[Path]) -> tuple[Offer, ...]:
    for name in inputs:
        if not _NAME.fullmatch(name):
            raise SandboxError(f"{name!r} can't name an input of {script.name}: letters, digits, dots and dashes only")
    for path in (script, *inputs.values(), *modules):
        if not path.exists():
            raise SandboxError(f"{path} is not there; {script.name} needs it")
    return (
        Offer(f"script/{script.name}", script),
        *(Offer(f"inputs/{name}", path) for name, path in inputs.items()),
        *(Offer(f"modules/{path.name}", path) for path in modules),
    )


def _search_path(sandbox: Sandbox, modules: Sequence[Path]) -> Iterator[str]:
    if modules:
        yield sandbox.inside("modules")
    for path in modules:
        if path.is_dir() and not (path / "__init__.py").exists():
            yield sandbox.inside(f"modules/{path.name}")


def _read_capped(pipe: IO[bytes] | None, cap: int, sandbox: Sandbox, stop: threading.Event | None) -> bytes:
    """Read until the box closes its end or `stop` is set; more than `cap` bytes end the box.

    A grandchild may keep the pipe open after the script's end, so that end is looked for too.
    """
    if pipe is None:
        raise SandboxError("the script's output was not connected")
    received = bytearray()
    for item in PipeReader([pipe]).chunks(_LOOK_S):
        if stop is not None and stop.is_set():
            break
        if item is None:
            if sandbox.process is not None and sandbox.process.poll() is not None:
                break
            continue
        received += item[1]
        if len(received) > cap:
            sandbox.destroy(Breach("output_flood", f"it wrote more than {cap // MIB} MiB of output"))
            return bytes(received[:cap])
    return bytes(received)
