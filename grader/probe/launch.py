"""Starts an IPython kernel with the probe in it: `python launch.py -f connection.json ...`.

The kernel behaves as one started by `python -m ipykernel_launcher`. The probe is loaded from this file's folder, under
a name of its own, where the environment names a channel; without one this is a plain kernel.

`prepare` does beforehand what takes time and is the same for all, in a process whose forks will run this file.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys
from types import ModuleType
from typing import Any

PACKAGE = "_grader_probe"
FOLDER = os.path.dirname(os.path.abspath(__file__))


def main() -> None:
    """Start the kernel and stay in it until it ends."""
    # The folder may be reached through a link, and Python puts the resolved one first.
    if sys.path and os.path.realpath(sys.path[0] or os.curdir) == os.path.realpath(FOLDER):
        del sys.path[0]
    probe = start_probe()
    from ipykernel.kernelapp import IPKernelApp

    launcher = importlib.util.find_spec("ipykernel_launcher")
    if launcher is not None and launcher.origin:
        sys.argv[0] = launcher.origin
    app = IPKernelApp.instance()
    app.initialize(None)
    if probe is not None:
        attach_to_shell(probe, app.shell)
    app.start()


def start_probe() -> Any:
    """Load the probe's package and start it; None where there is no channel or it can't be started."""
    number = os.environ.pop("GRADER_PROBE_FD", "")
    if not number.isdigit():
        return None
    try:
        load_package()
        return importlib.import_module(f"{PACKAGE}.install").start(int(number))
    except Exception as error:
        sys.stderr.write(f"probe not started: {type(error).__name__}: {error}\n")
        return None


def load_package() -> ModuleType:
    """Load the folder of this file as a package named PACKAGE; as it is where it was prepared."""
    prepared = sys.modules.get(PACKAGE)
    if prepared is not None and prepared.__path__ == [FOLDER]:
        return prepared
    spec = importlib.util.spec_from_file_location(
        PACKAGE, os.path.join(FOLDER, "__init__.py"), submodule_search_locations=[FOLDER]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load {FOLDER}")
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)
    return package


def prepare(folder: str) -> None:
    """Load the package and hook the libraries that are loaded, for kernels that see this file's folder as `folder`.

    Raises:
        Exception: it can't be done here; a kernel that was not prepared does it for itself.
    """
    finder = _FinderOfElsewhere(folder)
    sys.meta_path.insert(0, finder)
    try:
        importlib.import_module(f"{PACKAGE}.install").prepare()
    finally:
        sys.meta_path.remove(finder)


class _FinderOfElsewhere:
    """Finds the package in this file's folder, and lets its modules believe that they are in another."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        """Return the spec of a module of the package, None for any other."""
        del path, target
        first, *rest = name.split(".")
        if first != PACKAGE:
            return None
        is_package = os.path.isdir(os.path.join(FOLDER, *rest))
        file = os.path.join(*rest, "__init__.py") if is_package else f"{os.path.join(*rest)}.py"
        seen = os.path.join(self._folder, file)
        loader = _LoaderOfElsewhere(name, seen, os.path.join(FOLDER, file))
        return importlib.util.spec_from_file_location(
            name, seen, loader=loader, submodule_search_locations=[os.path.dirname(seen)] if is_package else None
        )


class _LoaderOfElsewhere(importlib.machinery.SourceFileLoader):
    """Loads a module from `real` that tells `path` as its file."""

    def __init__(self, name: str, path: str, real: str) -> None:
        super().__init__(name, path)
        self._real = real

    def get_data(self, path: str) -> bytes:
        """Return the source; there is no compiled file."""
        del path
        with open(self._real, "rb") as file:
            return file.read()

    def exec_module(self, module: ModuleType) -> None:
        """Run the module, and leave it with the loader that it would have had."""
        super().exec_module(module)
        module.__loader__ = importlib.machinery.SourceFileLoader(self.name, self.path)
        if module.__spec__ is not None:
            module.__spec__.loader = module.__loader__


def attach_to_shell(probe: Any, shell: Any) -> None:
    """Flush at the end of each cell, and keep the wrappers' frames out of shown tracebacks."""
    try:
        wrapping = importlib.import_module(f"{PACKAGE}.wrapping")
        shell.events.register("post_run_cell", probe.cell_ends)
        original = shell._get_exc_info

        def exc_info(exc_tuple: Any = None) -> Any:
            kind, error, trace = original(exc_tuple)
            try:
                wrapping.clean_exception(error)
                trace = wrapping.without_probe_frames(trace)
            except Exception as fault:
                probe.fault("traceback", fault)
            return kind, error, trace

        shell._get_exc_info = exc_info
        probe.session.attach(shell)
        probe.integrity.watch_shell(shell)
    except Exception as error:
        probe.fault("shell", error)


if __name__ == "__main__":
    main()
