"""Running a hook right after a module was executed, whenever and however it is imported.

The finders that are there find the module; only `exec_module` of the found loader is extended, on that one loader
object, for that one execution. So modules keep their specs, loaders and sources.
"""

from __future__ import annotations

import importlib.machinery
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from .wrapping import modules_as_they_are

Hook = Callable[[ModuleType], None]


class PostImportFinder:
    """A meta-path finder that finds nothing itself and arranges for hooks on what the others find."""

    def __init__(
        self, hooks: dict[str, list[Hook]], prefixes: dict[str, Hook], fault: Callable[[str, BaseException], None]
    ) -> None:
        """Watch for modules by name and by the beginning of the name; faults of hooks go to `fault`."""
        self._hooks = hooks
        self._prefixes = prefixes
        self._fault = fault

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return the other finders' spec for a watched module, None for any other."""
        if not self.hooks_of(name):
            return None
        for finder in list(sys.meta_path):
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                self._extend(name, spec.loader)
                return spec
        return None

    def _extend(self, name: str, loader: Any) -> None:
        execute = getattr(loader, "exec_module", None)
        if execute is None:
            return

        def exec_module(module: ModuleType) -> None:
            loader.__dict__.pop("exec_module", None)
            execute(module)
            self.run(name, module)

        try:
            loader.exec_module = exec_module
        except AttributeError as error:
            self._fault(f"import {name}", error)

    def hooks_of(self, name: str) -> list[Hook]:
        """Return the hooks that a module has."""
        found = [hook for prefix, hook in self._prefixes.items() if name.startswith(prefix)]
        return [*self._hooks.get(name, ()), *found]

    def run(self, name: str, module: ModuleType) -> None:
        """Run the hooks of one module."""
        for hook in self.hooks_of(name):
            try:
                hook(module)
            except Exception as error:
                self._fault(f"hook {name}", error)


def install(
    hooks: dict[str, list[Hook]], prefixes: dict[str, Hook], fault: Callable[[str, BaseException], None]
) -> PostImportFinder:
    """Start watching imports; modules that are loaded already are hooked at once."""
    finder = PostImportFinder(hooks, prefixes, fault)
    sys.meta_path.insert(0, finder)
    with modules_as_they_are():
        for name, module in list(sys.modules.items()):
            if isinstance(module, ModuleType):
                finder.run(name, module)
    return finder
