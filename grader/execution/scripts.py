"""What makes a kernel look like `python train.py --epochs 3` to the cells of a script."""

from __future__ import annotations

from grader.model import Script

ENDS_WELL = frozenset({"", "0", "None"})
"""What `sys.exit()`, `sys.exit(0)` and `sys.exit(None)` leave as their message: how scripts end when all is well."""


def script_options(script: Script | None) -> tuple[str, ...]:
    """Return the kernel's options that set a script's arguments, name and places for modules; none for a notebook."""
    if script is None:
        return ()
    arguments = [script.path, *script.arguments]
    lines = [
        f"__file__ = __import__('os').path.abspath({script.path!r})",
        f"__package__ = {script.package!r}" if script.package else "",
        f"__import__('sys').argv[:] = {arguments!r}",
        "__import__('warnings').filterwarnings('ignore', 'To exit: use')",
        "__import__('sys').path.insert(0, __import__('os').path.dirname(__file__))" if not script.package else "",
    ]
    return (f"--IPKernelApp.exec_lines={'; '.join(line for line in lines if line)}",)
