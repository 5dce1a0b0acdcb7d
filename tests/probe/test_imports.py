"""Hooks run right after a module's execution, however it is imported."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from grader.probe.imports import Hooks, install


@pytest.fixture
def hooked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    package = tmp_path / "shelf"
    package.mkdir()
    (package / "__init__.py").write_text("from .inner import answer\nfrom . import outer\n")
    (package / "inner.py").write_text("def answer(): return 41\n")
    (package / "outer.py").write_text("from .inner import answer as mine\n")
    (package / "broken.py").write_text("raise ValueError('as written')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    ran: list[str] = []

    def better(module: ModuleType) -> None:
        ran.append(module.__name__)
        module.__dict__["answer"] = lambda: 42

    def stumbles(module: ModuleType) -> None:
        raise RuntimeError

    hooks = {"shelf.inner": [better, stumbles], "shelf.broken": [better]}
    finder = install(lambda where, error: ran.append(f"{where}: {type(error).__name__}"))
    finder.watch(Hooks(hooks, {"shelf.out": lambda module: ran.append(module.__name__)}))
    yield ran
    sys.meta_path.remove(finder)
    for name in [name for name in sys.modules if name.startswith("shelf")]:
        del sys.modules[name]


def test_before_anybody_takes_a_reference(hooked: list[str]) -> None:
    """`from x import y` in the library's own modules gets what the hook put there; a hook's fault is only told."""
    shelf = importlib.import_module("shelf")
    assert shelf.answer() == shelf.outer.mine() == 42
    assert hooked == ["shelf.inner", "hook shelf.inner: RuntimeError", "shelf.outer"]


def test_reload_hooks_again(hooked: list[str]) -> None:
    """A reloaded module is hooked like a new one, and its spec and loader are the usual ones."""
    inner = importlib.import_module("shelf.inner")
    importlib.reload(inner)
    assert inner.answer() == 42
    assert hooked.count("shelf.inner") == 2
    assert type(inner.__spec__.loader).__name__ == "SourceFileLoader"
    assert "exec_module" not in vars(inner.__spec__.loader)


def test_failing_modules_fail_as_ever(hooked: list[str]) -> None:
    """A module that raises isn't hooked, and raises its own error."""
    with pytest.raises(ValueError, match="as written"):
        importlib.import_module("shelf.broken")
    assert "shelf.broken" not in hooked


def test_loaded_modules_are_hooked_at_once() -> None:
    """Modules that are there before the probe starts are hooked when it starts, by each set of hooks once."""
    ran: list[str] = []
    finder = install(lambda where, error: None)
    try:
        finder.watch(Hooks({"json": [lambda module: ran.append(module.__name__)]}))
        assert ran == ["json"]
        finder.watch(
            Hooks({"json": [lambda module: ran.append("again")]}, {"json.dec": lambda module: ran.append("it")})
        )
        assert sorted(ran[1:]) == ["again", "it"]
    finally:
        sys.meta_path.remove(finder)
