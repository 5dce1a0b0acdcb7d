"""Data sets without a network: `get_file` takes a file of the offered folder whatever its checksum.

Keras asks its mirror for one particular archive. An archive that was packed again holds the same rows under another
checksum, and Keras would throw it away and download it anew. Where the folder offered by the grader holds the file,
the call is changed so that it takes that one; every other call is left exactly as it is.
"""

from __future__ import annotations

import os
import urllib.parse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .imports import Hook
from .watch import Probe, binder
from .wrapping import NotWatched, Watching, patch_function

OFFERED_VARIABLE = "GRADER_DATA"
"""Environment variable that names the offered folder, laid out like `~/.keras/datasets`."""

DATASETS = "datasets"
"""Keras's name for its folder of data sets: what `cache_subdir` starts with."""

MODULES = ("keras.src.utils.file_utils", "tf_keras.src.utils.data_utils")

ARCHIVE_ENDINGS = ("", "_archive", ".tar.gz", ".tgz", ".zip", ".tar")
"""How the archive of a folder may be called: by Keras 3 (`x_archive`), by Keras 2 (`x.tar.gz`), by its publisher."""

WRAPPER = "-target"
"""Keras 3 unpacks `cifar-10-batches-py` into a folder of this ending."""


class OfferedFiles:
    """Lets Keras's `get_file` take what is offered; offers nothing before `begin`."""

    def __init__(self, probe: Probe) -> None:
        """Know of no folder yet."""
        self._probe = probe
        self._folder = ""

    def begin(self) -> None:
        """Take the folder that the grader offers."""
        self._folder = os.environ.get(OFFERED_VARIABLE, "")

    def hooks(self) -> dict[str, Hook]:
        """Return the hooks by module."""
        return dict.fromkeys(MODULES, self._hook)

    def _hook(self, module: Any) -> None:
        patch_function(module, "get_file", self.redirecting(binder(module.get_file)), self._probe.fault)

    def redirecting(self, bind: Any) -> Any:
        """Return an observer of `get_file` that stands offered files in; `bind` names a call's arguments."""

        def observe(*args: Any, **kwargs: Any) -> Watching:
            if not self._folder:
                raise NotWatched
            arguments = dict(bind(*args, **kwargs))
            changed = redirected(arguments, Path(self._folder))
            if changed is None:
                yield
            else:
                # Keras 2 has no `force_download`.
                yield (), {**arguments, **{name: value for name, value in changed.items() if name in arguments}}

        return observe


def redirected(arguments: Mapping[str, Any], offered: Path) -> dict[str, Any] | None:
    """Return the arguments of `get_file` to change so that an offered file is taken; None where none is offered.

    Args:
        arguments: all arguments of the call by name, defaults included.
        offered: the folder of offered files.
    """
    given, origin = arguments.get("fname"), arguments.get("origin")
    if not isinstance(origin, str) or urllib.parse.urlsplit(origin).scheme not in {"http", "https", "ftp"}:
        return None
    own = os.path.basename(urllib.parse.urlsplit(origin).path)
    name = os.path.basename(os.fspath(given)) if given else own
    found = _find(offered, _subfolder(arguments.get("cache_subdir")), name, own, arguments)
    if found is None:
        return None
    trusted = {"md5_hash": None, "file_hash": None}
    if found.is_dir():  # unpacked already: Keras returns the path of what is there under that name
        return {
            **trusted, "fname": found.name, "extract": False, "untar": False, "force_download": False,
            "cache_dir": str(offered.parent), "cache_subdir": str(found.parent),
        }  # fmt: skip
    return {**trusted, "origin": found.as_uri(), "fname": given or own, "force_download": False}


def _subfolder(cache_subdir: Any) -> str:
    """Return where under the folder of data sets a call looks (`datasets/fashion-mnist`: `fashion-mnist`)."""
    parts = Path(os.fspath(cache_subdir or DATASETS)).parts
    return os.path.join(*parts[1:]) if parts[:1] == (DATASETS,) and len(parts) > 1 else ""


def _find(offered: Path, subfolder: str, name: str, own: str, arguments: Mapping[str, Any]) -> Path | None:
    unpacks = bool(arguments.get("extract") or arguments.get("untar"))
    for folder in dict.fromkeys((offered / subfolder, offered)):
        if unpacks:
            # What is unpacked already comes first: the offered folder can't be written to.
            found = next((path for path in _unpacked(folder, name) if path.is_dir()), None)
            found = found or next((path for path in _archives(folder, name, own) if path.is_file()), None)
        else:
            found = next((folder / item for item in (name, own) if item and (folder / item).is_file()), None)
        if found is not None:
            return found
    return None


def _archives(folder: Path, name: str, own: str) -> Iterator[Path]:
    for stem in dict.fromkeys((name, own, _unwrapped(name))):
        for ending in ARCHIVE_ENDINGS if stem else ():
            yield folder / f"{stem}{ending}"


def _unwrapped(name: str) -> str:
    return name.removesuffix(WRAPPER)


def _unpacked(folder: Path, name: str) -> Iterator[Path]:
    if not name:
        return
    yield folder / name
    yield folder / f"{name.partition('.')[0]}_extracted"
    if name.endswith(WRAPPER) and (folder / _unwrapped(name)).is_dir():
        yield folder
