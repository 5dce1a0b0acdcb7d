"""What tells rows apart beside their values: columns of a table that was read, names of files that were read in a row.

Whether rows come in groups (of one speaker, one patient, one folder) is decided by the host; here it is only noted.
"""

from __future__ import annotations

import sys
from typing import Any

from .arrays import send_array
from .imports import Hook
from .watch import Probe
from .wrapping import Watching, patch_function

FEWEST_ROWS, MOST_ROWS = 30, 500_000
"""Tables and series of files of other lengths are no data to be split, or too long to be told apart quickly."""

MOST_COLUMNS = 60
MOST_FILES = 5_000
"""Files of one cell whose names are sent: one event of half a megabyte."""

LONGEST_NAME = 120
CODE_SUFFIXES = (".py", ".pyc", ".pyi", ".so", ".pth", ".toml", ".cfg", ".ipynb")
SYSTEM_FOLDERS = ("/usr/", "/proc/", "/sys/", "/etc/", "/dev/", "/lib/")


class SideColumns:
    """Observers of readers of tables, and of files being opened."""

    def __init__(self, probe: Probe) -> None:
        """Start with no files read; files are heard of from `listen` on."""
        self.probe = probe
        self._files: dict[str, None] = {}

    def hooks(self) -> dict[str, Hook]:
        """Return the hooks by module."""
        return {"pandas.io.parsers.readers": self.readers}

    def readers(self, module: Any) -> None:
        """Hook pandas's readers of text files."""
        for name in ("read_csv", "read_table"):
            patch_function(module, name, self.read, self.probe.fault)

    def read(self, *_args: Any, **_kwargs: Any) -> Watching:
        """Observe a table that was read: which rows have the same value in its columns of names and whole numbers."""
        result = yield
        if type(result).__name__ == "DataFrame" and FEWEST_ROWS <= len(result) <= MOST_ROWS:
            self.probe.send("data.columns", count=len(result), columns=self._columns(result))

    def _columns(self, frame: Any) -> list[dict[str, Any]]:
        import numpy as np
        import pandas as pd

        found = []
        for place, name in enumerate(list(frame.columns)[:MOST_COLUMNS]):
            column = frame.iloc[:, place]
            if getattr(column.dtype, "kind", "O") in "fcmM":
                continue
            try:
                codes, values = pd.factorize(column)
            except TypeError:  # lists and other things without a hash
                continue
            if 1 < len(values) <= len(frame) // 2:
                codes = send_array(self.probe.channel, np.asarray(codes, dtype=np.int32))
                found.append({"name": str(name)[:LONGEST_NAME], "distinct": len(values), "codes": codes})
        return [item for item in found if item["codes"] is not None]

    # ------------------------------------------------------------ files
    def listen(self) -> None:
        """Hear of every file that Python opens from now on; readers in C that open files themselves are not heard."""
        sys.addaudithook(self._heard)
        self.probe.at_cell_end.append(self.flush)

    def _heard(self, event: str, arguments: Any) -> None:
        if event != "open":
            return
        try:
            path, mode = arguments[0], arguments[1]
            if type(mode) is str and mode[:1] == "r" and "+" not in mode and len(self._files) <= MOST_FILES:
                name = str(path)
                if not (name.endswith(CODE_SUFFIXES) or name.startswith(SYSTEM_FOLDERS) or "-packages" in name):
                    self._files[name] = None
        except Exception:
            pass  # in the middle of somebody's `open`: what was not heard is not known

    def flush(self) -> None:
        """Send the names of the files that the cell read, in the order of their first reading, where they are many."""
        files, self._files = list(self._files), {}
        if FEWEST_ROWS <= len(files) <= MOST_FILES:
            names = ["/".join(name.split("/")[-3:])[-LONGEST_NAME:] for name in files]
            self.probe.send("data.files", names=names)
