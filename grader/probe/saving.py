"""Files that a notebook saves and loads by name: models, arrays, tables."""

from __future__ import annotations

import os
from typing import Any

from .imports import Hook
from .watch import Probe, called_by_student
from .wrapping import Watching, patch_function, patch_method

LONGEST_PATH = 300

NUMPY_SAVING = ("save", "savez", "savez_compressed", "savetxt")
NUMPY_LOADING = ("load", "loadtxt")
NUMPY_MODULES = ("numpy.lib._npyio_impl", "numpy.lib.npyio")
"""Where the functions are defined, in NumPy 2 and before."""


class FileHooks:
    """Tells what was saved and loaded, and under which name."""

    def __init__(self, probe: Probe) -> None:
        """Keep what to send through, and the folder that paths are relative to."""
        self.probe = probe
        self._folder = probe.top

    def hooks(self) -> dict[str, Hook]:
        """Return the hooks by module name."""
        return {
            **dict.fromkeys(NUMPY_MODULES, self.numpy),
            "pandas.core.generic": self.pandas,
            "joblib.numpy_pickle": self.joblib,
        }

    # ------------------------------------------------------------ hooks on modules
    def numpy(self, module: Any) -> None:
        """Hook NumPy's saving and loading of files."""
        for name in NUMPY_SAVING:
            patch_function(module, name, self._saving(f"numpy.{name}"), self.probe.fault)
        for name in NUMPY_LOADING:
            patch_function(module, name, self._loading(f"numpy.{name}"), self.probe.fault)

    def pandas(self, module: Any) -> None:
        """Hook the saving of tables."""
        patch_method(module.NDFrame, "to_csv", self.table, self.probe.fault)

    def joblib(self, module: Any) -> None:
        """Hook joblib, by which scikit-learn's models are saved."""
        patch_function(module, "dump", self.dumped, self.probe.fault)
        patch_function(module, "load", self._loading("joblib.load", "object"), self.probe.fault)

    # ------------------------------------------------------------ observers
    def _saving(self, how: str) -> Any:
        def observe(file: Any, *args: Any, **kwargs: Any) -> Watching:
            wanted = called_by_student()
            yield
            if wanted:
                one = args[0] if args else kwargs.get("arr", kwargs.get("X"))
                shape = list(getattr(one, "shape", ())) if "savez" not in how else None
                dtype = str(getattr(one, "dtype", ""))[:40] if "savez" not in how else None
                names = list(map(str, kwargs))[:50] if "savez" in how else None
                self.saved(file, how, "array", shape=shape, dtype=dtype, names=names)

        return observe

    def _loading(self, how: str, what: str = "array") -> Any:
        def observe(file: Any, *_args: Any, **_kwargs: Any) -> Watching:
            wanted = called_by_student()
            yield
            if wanted:
                self.loaded(file, how, what)

        return observe

    def table(self, frame: Any, path_or_buf: Any = None, *_args: Any, **_kwargs: Any) -> Watching:
        """Observe `to_csv` to a file."""
        wanted = path_or_buf is not None and called_by_student()
        yield
        if wanted:
            names = [str(name)[:80] for name in getattr(frame, "columns", ())][:50]
            self.saved(path_or_buf, "to_csv", "table", shape=list(frame.shape), names=names)

    def dumped(self, value: Any, filename: Any, *_args: Any, **_kwargs: Any) -> Watching:
        """Observe `joblib.dump`."""
        wanted = called_by_student()
        yield
        if wanted:
            self.saved(filename, "joblib.dump", "object", names=[type(value).__name__[:80]])

    # ------------------------------------------------------------ sending
    def saved(self, file: Any, how: str, what: str, **facts: Any) -> None:
        """Send that a file was saved; one without a name (a buffer in memory) is none."""
        path = self.path_of(file)
        if path:
            told = {name: value for name, value in facts.items() if value not in (None, "")}
            self.probe.send("file.saved", path=path, how=how, what=what, **told)

    def loaded(self, file: Any, how: str, what: str, **facts: Any) -> None:
        """Send that a file was loaded."""
        path = self.path_of(file)
        if path:
            told = {name: value for name, value in facts.items() if value not in (None, "")}
            self.probe.send("file.loaded", path=path, how=how, what=what, **told)

    def path_of(self, file: Any) -> str:
        """Return a file's path, relative to the top of the hand-in where it lies in it; empty where it has none."""
        if not isinstance(file, (str, os.PathLike)):
            file = getattr(file, "name", None)
        if not isinstance(file, (str, os.PathLike)):
            return ""
        name = os.fspath(file)
        if not isinstance(name, str) or not name:
            return ""
        whole = os.path.abspath(name)
        within = whole.startswith(self._folder.rstrip("/") + "/")
        return (os.path.relpath(whole, self._folder) if within else whole)[-LONGEST_PATH:]
