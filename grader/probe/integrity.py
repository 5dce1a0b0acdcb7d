"""Whether the watching is still in place: told at the end of every cell, so that its silence tells as well."""

from __future__ import annotations

import hashlib
import sys
import types
from typing import Any

from .watch import Probe
from .wrapping import INSTALLED, REGISTERED

WATCHED_LIBRARIES = ("keras", "tensorflow", "tf_keras", "torch")
"""Libraries whose hooks must stay. Others' functions are redefined in honest notebooks too, and nothing that
training, rows or models rest on is seen through them."""

MAX_MISSING = 20

WRAPPED_DEPTH = 4
"""So many wrappers of other tools (loggers of experiments) around ours still lead to it."""


SHELL_LISTS = ("ast_transformers", "input_transformers_cleanup", "input_transformers_post")
SHELL_FUNCTIONS = (
    "run_cell", "run_cell_async", "_run_cell", "run_ast_nodes", "run_code", "transform_cell", "transform_ast",
)  # fmt: skip
"""What a cell's code goes through before it runs, and what runs it. How errors are shown is left out: pretty printers
of tracebacks replace that, and the kernel's reply tells of the error all the same."""


class Integrity:
    """Sends `probe.integrity` when a cell has ended."""

    def __init__(self, probe: Probe, finder: Any) -> None:
        """Watch over the hooks and over the finder that places them."""
        self._probe = probe
        self._finder = finder
        self._shell: Any = None
        self._parts: dict[str, list[Any]] = {}
        self._methods = {name: getattr(probe.channel, name) for name in ("send", "send_artifact", "_write")}

    def watch_shell(self, shell: Any) -> None:
        """Remember the shell as it is now: code that is rewritten on its way, or whose errors are swallowed, is not
        what the cell holds.
        """
        self._shell = shell
        self._parts = _parts(shell)

    def altered(self) -> list[str]:
        """Return which parts of the shell are not what they were."""
        if self._shell is None:
            return []
        now = _parts(self._shell)
        return [
            name
            for name, before in self._parts.items()
            if len(now[name]) != len(before) or any(left is not right for left, right in zip(now[name], before))
        ]

    def cell_ended(self, result: Any) -> None:
        """Send what a cell left of the watching, what was executed, and how that ended."""
        channel = self._probe.channel
        info = getattr(result, "info", None)
        source = getattr(info, "raw_cell", None)
        error = getattr(result, "error_before_exec", None) or getattr(result, "error_in_exec", None)
        changed = [f"channel.{name}" for name in self._methods if name in vars(channel)]
        type(channel).state(
            channel,
            executed=source_digest(source) if isinstance(source, str) else None,
            failed=type(error).__name__ if error is not None else None,
            missing=[*changed, *self.missing()][:MAX_MISSING] or None,
            altered=self.altered() or None,
        )

    def missing(self) -> list[str]:
        """Return the hooks that were put in and are gone."""
        gone = [] if self._finder in sys.meta_path else ["import hook"]
        for owner, name, wrapper in INSTALLED:
            module = getattr(owner, "__module__", None) or getattr(owner, "__name__", "")
            watched = str(module).partition(".")[0] in WATCHED_LIBRARIES
            if watched and not leads_to(vars(owner).get(name), wrapper):
                gone.append(f"{getattr(owner, '__name__', '?')}.{name}")
        return gone + [where for where, held, hook in REGISTERED if not any(item is hook for item in held.values())]


def _parts(shell: Any) -> dict[str, list[Any]]:
    """Return what a cell's code goes through, by name."""
    functions = {name: [getattr(found := getattr(shell, name, None), "__func__", found)] for name in SHELL_FUNCTIONS}
    return {**{name: list(getattr(shell, name, ())) for name in SHELL_LISTS}, **functions}


def leads_to(current: Any, wrapper: Any, depth: int = WRAPPED_DEPTH) -> bool:
    """Tell whether a function is the wrapper, or another tool's wrapper around it."""
    if isinstance(current, (staticmethod, classmethod)):
        current = current.__func__
    if current is wrapper:
        return True
    if depth == 0 or not isinstance(current, types.FunctionType):
        return False
    inner = [getattr(current, "__wrapped__", None)]
    for cell in current.__closure__ or ():
        try:
            inner.append(cell.cell_contents)
        except ValueError:
            continue
    functions = (item for item in inner if isinstance(item, types.FunctionType))
    return any(leads_to(item, wrapper, depth - 1) for item in functions)


def source_digest(source: str) -> str:
    """Return a short hash of a cell's source, spaces at its ends aside."""
    return hashlib.sha256(source.strip().encode("utf-8", "replace")).hexdigest()[:16]
