"""The form of an attack: what it does, as the cells of a notebook, and what must hold afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat

from grader.model import RunStatus, Tier

if TYPE_CHECKING:
    from .arena import Outcome

FIRST_ATTACK_CELL = 3
"""Position of an attack's first cell in its notebook: a title, the prelude and an honest cell come before."""

MARK = "ran to here"
BREACHED = "BREACHED"
HONEST_LINE = "the sum is 285"

PRELUDE = '''
import ctypes, errno, json, os, signal, socket, subprocess, sys, threading, time
ARENA = json.loads(r"""@ARENA@""")

def mark():
    """The attack is about to be tried, or has been: without this line the test fails."""
    print("ran to " + "here", flush=True)

def breached(what):
    """The attack succeeded."""
    print("BREA" + "CHED:", str(what)[:300], flush=True)

def held(why):
    print("held:", str(why)[:300], flush=True)

def attempt(what, call, *args, **named):
    """Breached where `call` comes back at all; what it came back with, or None."""
    try:
        result = call(*args, **named)
    except Exception as error:
        held(f"{what}: {type(error).__name__}: {error}")
        return None
    breached(f"{what}: {result!r}")
    return result

def read(path):
    with open(path, "rb") as file:
        return file.read(4000)

def append(path, text=ARENA["token"]):
    with open(path, "a") as file:
        file.write(text)
    return path

def system_call(number, *args):
    """The result of a raw system call, an OSError where it is refused."""
    words = [ctypes.c_long(a) if isinstance(a, int) else a for a in args]
    result = ctypes.CDLL(None, use_errno=True).syscall(ctypes.c_long(number), *words)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
'''
"""What every attack may use. Neither mark is written out in it, for reports show the source too."""

HONEST_CELL = 'total = sum(n * n for n in range(10))\nprint("the sum " + f"is {total}")'


Statuses = RunStatus | tuple[RunStatus, ...]
"""A status, or several where it depends on the machine which limit is met first."""


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack.

    `name` is the submission's id, `family` groups (reading, writing, network, ...), `tries` says in a sentence what a
    success would be. `cells` come after the prelude (see PRELUDE; `ARENA` holds the paths and ports to aim at) and an
    honest cell; they call `mark()` when they really tried and `breached(...)` with what they achieved.

    `status` is what grade.json must say, and `stopped_in` which of `cells` it must name (None: no cell). `message` is
    a pattern that the run's message must match. `held_by` names the wall, for the table. All of these may differ by
    tier: then they are mappings. `gaps` maps a tier to the sentence of its TierReport.gaps that declares the attack
    as not held there: where that tier declares it here, the attack must succeed. `may` is the same for what is held
    less well there, so that the attack may succeed.

    `files` lie beside the notebook; `arrange` does more to its folder (links, pipes). `after` looks at what the run
    left, beyond what is looked at for every attack.
    """

    name: str
    family: str
    tries: str
    cells: tuple[str, ...]
    held_by: str | Mapping[Tier, str]
    status: Statuses | Mapping[Tier, Statuses] = "ok"
    stopped_in: int | Mapping[Tier, int | None] | None = None
    message: str | Mapping[Tier, str] = ""
    gaps: Mapping[Tier, str] = field(default_factory=dict)
    may: Mapping[Tier, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    arrange: Callable[[Path], None] | None = None
    after: Callable[[Outcome], None] | None = None

    def statuses_in(self, tier: Tier) -> tuple[RunStatus, ...]:
        """The statuses that the run may have."""
        own = self.status[tier] if isinstance(self.status, Mapping) else self.status
        return (own,) if isinstance(own, str) else own

    def stopped_in_cell(self, tier: Tier) -> int | None:
        """The position in the notebook of the cell that must be named."""
        own = self.stopped_in[tier] if isinstance(self.stopped_in, Mapping) else self.stopped_in
        return None if own is None else FIRST_ATTACK_CELL + own

    def message_in(self, tier: Tier) -> str:
        """The pattern of the run's message."""
        return self.message if isinstance(self.message, str) else self.message[tier]

    def wall_in(self, tier: Tier) -> str:
        """What holds it."""
        return self.held_by if isinstance(self.held_by, str) else self.held_by[tier]


def write_submission(attack: Attack, folder: Path, arena: Mapping[str, object]) -> None:
    """Write the attack as a submission: `folder`/project.ipynb and what lies beside it."""
    folder.mkdir(parents=True)
    prelude = PRELUDE.replace("@ARENA@", json.dumps(dict(arena)))
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_markdown_cell(f"# A project\n\n{attack.tries}"),
        *(nbformat.v4.new_code_cell(source.strip()) for source in (prelude, HONEST_CELL, *attack.cells)),
        nbformat.v4.new_code_cell("print('and goes on')"),
    ]
    nbformat.write(notebook, folder / "project.ipynb")
    for name, text in attack.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if attack.arrange is not None:
        attack.arrange(folder)
