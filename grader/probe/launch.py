"""Starts an IPython kernel with the probe in it: `python launch.py -f connection.json ...`.

The kernel behaves as one started by `python -m ipykernel_launcher`. The probe is loaded from this file's folder, under
a name of its own, where the environment names a channel; without one this is a plain kernel.
"""

from __future__ import annotations

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
    """Load the folder of this file as a package named PACKAGE."""
    spec = importlib.util.spec_from_file_location(
        PACKAGE, os.path.join(FOLDER, "__init__.py"), submodule_search_locations=[FOLDER]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load {FOLDER}")
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)
    return package


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
