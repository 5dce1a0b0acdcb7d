"""The checks: pure functions of the evidence, one or one family per file.

Importing this package registers every check. To add one, write a file here with a function decorated by
`grader.checks.registry.check`; nothing else has to name it.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from grader.checks.registry import CHECKS, Check, Threshold, known_thresholds, run_checks

for _module in sorted(module.name for module in iter_modules(__path__)):
    import_module(f"{__name__}.{_module}")

__all__ = ["CHECKS", "Check", "Threshold", "known_thresholds", "run_checks"]
