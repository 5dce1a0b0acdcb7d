"""What was put in place of something the notebook reached for, and what it reached for in vain: told to the host.

Programs that the notebook starts (`!pip`, `!wget`, ...) are processes of their own; they leave their notes in a file,
which is read at the end of each cell.
"""

from __future__ import annotations

import os
from typing import Any

from .programs.mapping import NOTES_VARIABLE, read_notes

MAX_NOTES = 200
"""A loop over thousands of files says nothing new after these."""

MAX_READ = 64 * 1024
"""Bytes of the programs' notes that are read after one cell."""


class Notes:
    """Sends each note once."""

    def __init__(self, probe: Any) -> None:
        """Send through `probe`, and read the programs' notes whenever a cell ends."""
        self._probe = probe
        self._said: set[tuple[str, ...]] = set()
        self._read = 0
        probe.at_cell_end.append(self.collect)

    def substituted(self, what: str, text: str) -> None:
        """Tell that something stood in for what the notebook asked for; `text` is one sentence's middle part."""
        self._send("run.note", what=what, text=text)

    def lacked(self, need: str, name: str, by: str) -> None:
        """Tell that something was asked for and is not here; need: url, file, package, secret or input."""
        self._send("run.lacked", need=need, name=name, by=by)

    def collect(self) -> None:
        """Send what programs have noted since the last time."""
        path = os.environ.get(NOTES_VARIABLE, "")
        if not path or not os.path.isfile(path):
            return
        notes, self._read = read_notes(path, self._read, MAX_READ)
        for kind, *values in notes:
            if kind == "note" and len(values) == 2:
                self.substituted(*values)
            elif kind == "lacked" and len(values) == 3:
                self.lacked(*values)

    def _send(self, kind: str, **fields: str) -> None:
        said = (kind, *fields.values())
        if said not in self._said and len(self._said) < MAX_NOTES:
            self._said.add(said)
            self._probe.send(kind, **fields)
