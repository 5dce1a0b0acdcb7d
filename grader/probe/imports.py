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


class Hooks:
    """What is to run after which modules' execution: by their names, and by how their names begin."""

    def __init__(self, by_name: dict[str, list[Hook]], by_beginning: dict[str, Hook] | None = None) -> None:
        """Take the hooks of modules in the order in which they are to run."""
        self._by_name = by_name
        self._by_beginning = by_beginning or {}
        self._beginnings = tuple(self._by_beginning)

    def of(self, name: str) -> list[Hook]:
        """Return the hooks that a module has."""
        found = self._by_name.get(name, ())
        if not name.startswith(self._beginnings):
            return list(found)
        return [*found, *(hook for start, hook in self._by_beginning.items() if name.startswith(start))]

    def loaded(self) -> list[str]:
        """Return the names of the modules loaded that have hooks."""
        if not self._beginnings:
            return [name for name in self._by_name if name in sys.modules]
        return [name for name in list(sys.modules) if name in self._by_name or name.startswith(self._beginnings)]


class PostImportFinder:
    """A meta-path finder that finds nothing itself and arranges for hooks on what the others find."""

    def __init__(self, fault: Callable[[str, BaseException], None]) -> None:
        """Watch for nothing yet; faults of hooks go to `fault`."""
        self._watched: list[Hooks] = []
        self._fault = fault

    def watch(self, hooks: Hooks) -> None:
        """Run these hooks too, after those that are there: on modules loaded already, at once."""
        self._watched.append(hooks)
        with modules_as_they_are():
            for name in hooks.loaded():
                module = sys.modules.get(name)
                if isinstance(module, ModuleType):
                    self._run(hooks.of(name), name, module)

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
            self._run(self.hooks_of(name), name, module)

        try:
            loader.exec_module = exec_module
        except AttributeError as error:
            self._fault(f"import {name}", error)

    def hooks_of(self, name: str) -> list[Hook]:
        """Return the hooks that a module has."""
        return [hook for hooks in self._watched for hook in hooks.of(name)]

    def _run(self, hooks: Sequence[Hook], name: str, module: ModuleType) -> None:
        for hook in hooks:
            try:
                hook(module)
            except Exception as error:
                self._fault(f"hook {name}", error)


def install(fault: Callable[[str, BaseException], None]) -> PostImportFinder:
    """Put a finder before all others, so that what is imported from now on can be hooked."""
    finder = PostImportFinder(fault)
    sys.meta_path.insert(0, finder)
    return finder
