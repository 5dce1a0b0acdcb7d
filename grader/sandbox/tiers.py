"""Which isolation works on this machine: found by trying, never from version numbers."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from grader.errors import SandboxError, SandboxUnavailableError
from grader.model import Tier
from grader.sandbox import seccomp, shim
from grader.sandbox.box import Box
from grader.sandbox.limits import Limits
from grader.sandbox.remedies import explain
from grader.sandbox.sandbox import Sandbox
from grader.sandbox.script import run_script
from grader.sandbox.warm import Template

TRIAL_S = 30.0
"""A box that prints a word takes a fifth of a second; a machine under full load has this long."""

_WITNESS = "colorsys"
"""A module that nothing imports by itself."""

_WORD = "the box is open for business"

COMMAND_LINES_READABLE = "command lines of the machine's other processes can be read"
INTERFACES_READABLE = "the machine's network interfaces and open connections can be listed"
PORTS_OPEN = "TCP ports can be listened on (connecting is refused)"
DISK_POLLED = "disk use is measured twice a second, not held by a file system of its own"
FILE_FACTS = "size and times of any file whose path is known can be found out (not its contents)"
MODES_FIXED = "modes and times of files stay as they are: changing them does nothing"
FOLDERS_LINKED = (
    "folders beside the notebook are links: code that walks folders without following links doesn't enter them"
)
NO_SHARED_MEMORY = "there is no /dev/shm: process pools fall back to one process"
FILES_OPEN = "the notebook can read and change every file that you can"
NETWORK_OPEN = "the notebook can use the network"
ONLY_WATCHED = "memory, processes and disk are only watched, twice a second or more"
CONNECTIONS_FILTERED = "TCP connections are refused by the system-call filter only"
SIGNALS_OPEN = "processes of the same user can be signalled, and could be ended by the notebook"

_GAPS: dict[Tier, tuple[str, ...]] = {
    "bubblewrap": (),
    "landlock": (
        COMMAND_LINES_READABLE,
        INTERFACES_READABLE,
        PORTS_OPEN,
        DISK_POLLED,
        FILE_FACTS,
        FOLDERS_LINKED,
        NO_SHARED_MEMORY,
    ),
    "none": (FILES_OPEN, NETWORK_OPEN, ONLY_WATCHED),
}

_LANDLOCK_GAPS_BY_VERSION = ((4, CONNECTIONS_FILTERED), (6, SIGNALS_OPEN))


@dataclass(frozen=True, slots=True)
class TierReport:
    """The best isolation that works here.

    `gaps` is what it does not hold; `why_not_better` why the next better tier does not work, in the machine's own
    words where it spoke, and `remedy` the one line that would mend it.
    """

    tier: Tier
    gaps: tuple[str, ...] = ()
    why_not_better: str | None = None
    remedy: str | None = None


@functools.cache
def detect_tier(python: str = sys.executable) -> TierReport:
    """Try each tier with a real box, best first; `none` where nothing works. Remembered for the process.

    What failed is tried once more: a class must not run under a weaker tier because one trial was killed.
    """
    complaints: list[str] = []
    for tier in ("bubblewrap", "landlock"):
        complaint = try_tier(tier, python) and try_tier(tier, python)
        if complaint is None:
            return _report(tier, complaints)
        complaints.append(complaint)
    return _report("none", complaints)


def exact_tier(tier: Tier, python: str = sys.executable) -> TierReport:
    """The report of the tier that was asked for by name.

    Raises:
        SandboxUnavailableError: it does not work here.
    """
    complaint = try_tier(tier, python)
    if complaint is not None:
        reason, remedy = explain(complaint)
        mend = f"; to mend it: {remedy}" if remedy else ""
        raise SandboxUnavailableError(f"the isolation {tier} does not work on this machine: {reason}{mend}")
    why = None if tier == "bubblewrap" else f"{tier} was asked for with --isolation"
    return TierReport(tier, tier_gaps(tier), why)


def try_tier(tier: Tier, python: str = sys.executable) -> str | None:
    """Run a word through a box of this tier: None where it came back, else what was said instead."""
    if tier != "none" and sys.platform != "linux":
        return f"the tier {tier} exists on Linux only"
    if tier != "none" and not seccomp.machine_supported():
        return "the system calls of this kind of processor are not known to the grader"
    command = [python, "-I", "-S", "-c", f"print({_WORD!r})"]
    try:
        with Sandbox(Box(tier=tier, python=python, limits=Limits(wall_s=TRIAL_S))) as sandbox:
            process = sandbox.start(command, stdout=subprocess.PIPE)
            said = process.stdout.read(1024) if process.stdout else b""
            status = sandbox.wait(TRIAL_S)
        complaint = sandbox.stderr_tail.decode("utf-8", "replace").strip()
    except (SandboxError, OSError, subprocess.SubprocessError) as error:
        return str(error)
    if said.decode("utf-8", "replace").strip() == _WORD:
        return None
    return complaint or f"a trial box ended with status {status} and no word"


def forks_can_enter() -> bool:
    """Whether a template's fork gets into a box on this machine: tried, with a template of next to nothing."""
    template = Template((_WITNESS,), {}, threads=1)
    try:
        with tempfile.TemporaryDirectory(prefix="grader-warm-") as folder:
            script = Path(folder) / "witness.py"
            script.write_text(f"import sys\nprint({_WITNESS!r} in sys.modules)\n", encoding="utf-8")
            Path(folder).chmod(0o755)
            limits, entrance = Limits(wall_s=TRIAL_S), template.entrance()
            said = run_script(script, {}, {}, tier="bubblewrap", limits=limits, threads=1, entrance=entrance)
    except (SandboxError, OSError):
        return False
    finally:
        template.close()
    return said.stdout.strip() == b"True"


def tier_gaps(tier: Tier) -> tuple[str, ...]:
    """What a tier does not hold on this machine, in sentences for reports."""
    if tier != "landlock":
        return _GAPS[tier]
    version = shim.landlock_version()
    shared = () if sys.platform != "linux" or os.geteuid() == 0 else (MODES_FIXED,)
    return (*_GAPS[tier], *shared, *(gap for since, gap in _LANDLOCK_GAPS_BY_VERSION if version < since))


def _report(tier: Tier, complaints: list[str]) -> TierReport:
    if not complaints:
        return TierReport(tier, tier_gaps(tier))
    explained = [explain(complaint) for complaint in complaints]
    names = ("bubblewrap", "landlock")
    why = "; ".join(f"{name}: {reason}" for name, (reason, _) in zip(names, explained, strict=False))
    remedy = next((line for _, line in explained if line), None)
    return TierReport(tier, tier_gaps(tier), why, remedy)


def unsandboxed() -> TierReport:
    """The report of a machine whose user asked for no isolation, by name."""
    return TierReport("none", tier_gaps("none"), "isolation was switched off with --unsafe-no-sandbox")
