"""Lets `open`, `os` and the readers of libraries find the paths of `Places`; in place only once a notebook needs it."""

from __future__ import annotations

import builtins
import io
import os
import pathlib
import re
import sys
import threading
from typing import Any

from .imports import Hook
from .paths import Intent, Places
from .watch import Probe
from .wrapping import NotWatched, Watching, observed, patch_function, patch_method

_LOOKS: dict[str, tuple[Intent, ...]] = {
    **dict.fromkeys(("access", "chmod", "getxattr", "listdir", "listxattr", "lstat", "readlink", "remove"), ("look",)),
    **dict.fromkeys(("rmdir", "scandir", "setxattr", "stat", "statvfs", "truncate", "unlink", "utime"), ("look",)),
    **dict.fromkeys(("link", "rename", "replace", "symlink"), ("look", "make")),
    "chdir": ("enter",),
    "mkdir": ("make",),
}
"""Functions of `os` by what their first arguments are wanted for."""

_KEPT_OPENS = (
    ("tarfile", "bltn_open"),
    ("bz2", "_builtin_open"),
    ("IPython.core.interactiveshell", "io_open"),  # what cells find as `open`
)
"""Modules that hold `open` under a name of their own."""

_FILE_IO: dict[str, tuple[Intent, ...]] = {
    "file_exists_v2": ("look",), "get_matching_files_v2": ("look",), "list_directory_v2": ("look",),
    "is_directory_v2": ("look",), "create_dir_v2": ("make",), "recursive_create_dir_v2": ("make",),
    "copy_v2": ("look", "make"), "rename_v2": ("look", "make"), "stat_v2": ("look",), "delete_file_v2": ("look",),
    "walk_v2": ("look",),
}  # fmt: skip
_NAMED = ("file", "path", "src", "filename", "name", "directory", "pattern")
"""What the first path is called where it is given by name."""

_SYSTEM = ("posix", "nt")
"""Modules that keep the true functions: imports go through them."""

_MENTION = re.compile(r"google\.colab|/content\b|/kaggle\b|/gdrive\b")
_WORDS = re.compile(r"""\"(/[^"]+)\"|'(/[^']+)'|(?<![\w/."'])(/(?:\\\ |[^\s;|&<>"'()])+)""")
"""Absolute paths in a line of the shell: quoted, or with their blanks escaped."""

_DRIVE = re.compile(r"(/content/(?:g?drive))/(?:My ?Drive|Shared)")


class Redirection:
    """Puts `places` in the way of functions that take paths. Does nothing before `begin`."""

    def __init__(self, probe: Probe, places: Places) -> None:
        """Take the places; nothing is changed yet."""
        self._probe = probe
        self._places = places
        self._began = False
        self._busy = threading.local()

    def look_at(self, source: str) -> None:
        """Begin where the source of a cell names a place that has to be found for it."""
        if not _MENTION.search(source):
            return
        for point in dict.fromkeys(_DRIVE.findall(source)):
            self.mount(point)
        if "/kaggle" in source:
            self._apart(self._places.offer_kaggle_input)
        if "/kaggle" in source or not self._places.content_is_real:
            self.begin()

    def fault(self, where: str, error: BaseException) -> None:
        """Tell the probe's own fault."""
        self._probe.fault(where, error)

    def provide_for(self, line: str) -> None:
        """Put what a shell's line names on a drive in its place: programs are not redirected."""
        for words in _WORDS.findall(line):
            path = next(word for word in words if word).replace("\\ ", " ")
            self._apart(lambda path=path: self._places.resolve(path, "look"))

    def mount(self, point: str) -> None:
        """Mount a drive, and let its paths be found from now on."""
        try:
            self._apart(lambda: self._places.mount(point))
            self.begin()
        except OSError as error:  # no room, or a file of that name: the notebook goes on without a drive
            self._probe.fault("mount", error)

    def begin(self) -> None:
        """Wrap `open` and the functions of `os`."""
        if self._began:
            return
        self._began = True
        original = builtins.open
        wrapper = observed(original, self._opening, self._probe.fault)
        for module in (builtins, io):
            module.open = wrapper  # type: ignore[attr-defined]
        _replace("open", original, wrapper)
        for name, held in _KEPT_OPENS:
            if name in sys.modules:
                setattr(sys.modules[name], held, wrapper)
        self._wrap_os()

    def _wrap_os(self) -> None:
        accessor = getattr(pathlib, "_NormalAccessor", None)  # before Python 3.11 pathlib keeps the functions there
        changed = {name: self._watching(intents) for name, intents in _LOOKS.items()}
        changed["open"] = self._opening_descriptor
        for name, observer in changed.items():
            original = getattr(os, name, None)
            if original is None:
                continue  # not on this operating system
            wrapper = observed(original, observer, self._probe.fault)
            for able in (os.supports_follow_symlinks, os.supports_dir_fd, os.supports_fd, os.supports_effective_ids):
                if original in able:
                    able.add(wrapper)
            _replace(name, original, wrapper)
            if accessor is not None and getattr(accessor, name, None) is original:
                setattr(accessor, name, staticmethod(wrapper))

    def hooks(self) -> dict[str, Hook]:
        """Return the hooks for libraries that open files below Python, by module."""
        return {
            "cv2": lambda module: self._patch_functions(module, {"imread": ("look",), "imwrite": ("make",)}),
            "h5py._hl.files": lambda module: patch_method(
                module.File, "__init__", self._method_opening, self._probe.fault
            ),
            "keras.src.utils.dataset_utils": lambda module: self._patch_functions(
                module, {"index_directory": ("look",)}
            ),
            "tensorflow.python.lib.io.file_io": self._file_io,
            "tensorflow.python.ops.gen_io_ops": lambda module: self._patch_functions(
                module, {"read_file": ("look",), "matching_files": ("look",)}
            ),
        }

    def _file_io(self, module: Any) -> None:
        self._patch_functions(module, _FILE_IO)
        patch_method(module.FileIO, "__init__", self._method_opening, self._probe.fault)

    def _patch_functions(self, module: Any, functions: dict[str, tuple[Intent, ...]]) -> None:
        for name, intents in functions.items():
            if hasattr(module, name):
                patch_function(module, name, self._watching(intents), self._probe.fault)

    # ------------------------------------------------------------ observers
    def _watching(self, intents: tuple[Intent, ...]) -> Any:
        def observe(*args: Any, **kwargs: Any) -> Watching:
            if any(isinstance(kwargs.get(name), int) for name in ("dir_fd", "src_dir_fd", "dst_dir_fd")):
                raise NotWatched
            return self._replacing(args, kwargs, dict(enumerate(intents)))

        return observe

    def _opening(self, *args: Any, **kwargs: Any) -> Watching:
        mode = kwargs.get("mode", args[1] if len(args) > 1 else "r")
        return self._replacing(args, kwargs, {0: _intent_of(mode)})

    def _opening_descriptor(self, *args: Any, **kwargs: Any) -> Watching:
        if isinstance(kwargs.get("dir_fd"), int):
            raise NotWatched
        flags = kwargs.get("flags", args[1] if len(args) > 1 else 0)
        return self._replacing(args, kwargs, {0: "make" if flags & (os.O_CREAT | os.O_WRONLY) else "look"})

    def _method_opening(self, *args: Any, **kwargs: Any) -> Watching:
        mode = kwargs.get("mode", args[2] if len(args) > 2 else "r")
        return self._replacing(args, kwargs, {1: _intent_of(mode)})

    def _replacing(self, args: tuple[Any, ...], kwargs: dict[str, Any], wanted: dict[int, Intent]) -> Watching:
        """Resolve the paths at the positions wanted; an error tells of the path as the notebook gave it."""
        if not self._began or getattr(self._busy, "now", False):
            raise NotWatched
        paths: dict[Any, tuple[Any, Intent]] = {
            position: (args[position], intent) for position, intent in wanted.items() if position < len(args)
        }
        if not paths:
            named = next((name for name in _NAMED if name in kwargs), None)
            paths = {named: (kwargs[named], next(iter(wanted.values())))} if named else {}
        changed: dict[Any, Any] = {}
        for place, (path, intent) in paths.items():
            found = self._apart(lambda path=path, intent=intent: self._places.resolve(path, intent))
            if found is not None:
                changed[place] = found
        if not changed:
            raise NotWatched
        named_anew = {name: changed.get(name, value) for name, value in kwargs.items()}
        try:
            yield tuple(changed.get(place, item) for place, item in enumerate(args)), named_anew
        except OSError as error:
            for place, found in changed.items():
                for name in ("filename", "filename2"):
                    if getattr(error, name, None) == found:
                        setattr(error, name, args[place] if isinstance(place, int) else kwargs[place])
            raise

    def _apart(self, action: Any) -> Any:
        """Do something with the true files: calls of our own are not redirected."""
        before = getattr(self._busy, "now", False)
        self._busy.now = True
        try:
            return action()
        finally:
            self._busy.now = before


def _intent_of(mode: Any) -> Intent:
    return "make" if isinstance(mode, str) and any(letter in mode for letter in "wax") else "look"


def _replace(name: str, original: Any, wrapper: Any) -> None:
    for module in list(sys.modules.values()):
        scope = getattr(module, "__dict__", None)
        if isinstance(scope, dict) and scope.get(name) is original and scope.get("__name__") not in _SYSTEM:
            scope[name] = wrapper
