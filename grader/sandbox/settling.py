"""Makes libraries that were imported elsewhere at home in a box: the folders they remember, their random numbers.

Libraries read where home and temporary files are when they are imported, and keep it. Which of them do is not listed
here but found: every string that a module holds, alone, in a list, in a dictionary or in a function's cell.
"""

from __future__ import annotations

import os
import platform  # noqa: F401 - so that it is there to be told anew
import random
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

FOLDER_VARIABLES = ("TMPDIR", "HOME")
"""Variables whose folders libraries remember; the working folder is another that they do."""

MOST_BYTES = 1 << 20
"""A file that importing leaves behind is far smaller: a settings file, a list of fonts."""

BLAS_THREADS = "OPENBLAS_NUM_THREADS"


@dataclass(frozen=True)
class Places:
    """What has to be changed: `holders` of remembered folders, the `folders` themselves, files that importing left.

    A holder is something with items, and the key of one; `files` maps a path to its content, None for a folder.
    """

    folders: tuple[str, ...]
    holders: tuple[tuple[Any, Any], ...]
    files: Mapping[str, bytes | None]


def find_places(environment: Mapping[str, str]) -> Places:
    """Look through all modules and all folders; to be called once, when all is imported."""
    folders = _folders(environment)
    holders = [holder for module in list(sys.modules.values()) for holder in _holders(module, folders)]
    return Places(folders, tuple(holders), dict(_files_in(folders)))


def settle(places: Places, environment: Mapping[str, str]) -> None:
    """Put this process where `environment` says, as if the libraries had been imported there."""
    moves = dict(zip(places.folders, _folders(environment)))  # noqa: B905 - Python 3.9
    for holder, key in places.holders:
        _put(holder, key, _moved(_get(holder, key), moves))
    for path, content in places.files.items():
        target = _moved(path, moves)
        if content is None:
            os.makedirs(target, exist_ok=True)
        elif not os.path.exists(target):
            with open(target, "wb") as file:
                file.write(content)
    _reseed()
    sys.modules["platform"]._uname_cache = None  # type: ignore[attr-defined] # noqa: SLF001 - it holds the host's name


def _folders(environment: Mapping[str, str]) -> tuple[str, ...]:
    return (*(environment[name] for name in FOLDER_VARIABLES), os.getcwd())


def _reseed() -> None:
    """Draw new seeds, or every fork would draw the same numbers. TensorFlow and Keras draw theirs when first used."""
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()


def let_blas_have_threads(environment: Mapping[str, str]) -> None:
    """Give OpenBLAS its threads, which a template must not have, and a box not before it is shut around them."""
    threads = environment.get(BLAS_THREADS, "")
    pools = sys.modules.get("threadpoolctl")
    if pools is not None and threads.isdigit() and int(threads) > 1:
        pools.threadpool_limits(limits=int(threads), user_api="blas")


# ---------------------------------------------------------------- finding
def _holders(module: Any, folders: tuple[str, ...]) -> Iterator[tuple[Any, Any]]:
    if not isinstance(module, ModuleType):
        return
    for name, value in list(vars(module).items()):
        if value is os.environ:
            continue
        if _tells(value, folders):
            yield vars(module), name
        elif isinstance(value, list):
            yield from ((value, place) for place, item in enumerate(value) if _tells(item, folders))
        elif isinstance(value, dict) and not name.startswith("__"):
            yield from ((value, key) for key, item in list(value.items()) if _tells(item, folders))
        elif isinstance(value, FunctionType):
            yield from ((cell, None) for cell in value.__closure__ or () if _tells(_get(cell, None), folders))


def _tells(value: Any, folders: tuple[str, ...]) -> bool:
    return isinstance(value, str) and any(folder in value for folder in folders)


def _files_in(folders: tuple[str, ...]) -> Iterator[tuple[str, bytes | None]]:
    """Give folders before what is in them."""
    for top in folders:
        for folder, _, names in os.walk(top):
            yield folder, None
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path) and os.path.getsize(path) <= MOST_BYTES:
                    with open(path, "rb") as file:
                        yield path, file.read()


# ---------------------------------------------------------------- changing
def _get(holder: Any, key: Any) -> Any:
    if key is not None:
        return holder[key]
    try:
        return holder.cell_contents
    except ValueError:
        return None  # not filled


def _put(holder: Any, key: Any, value: Any) -> None:
    if key is not None:
        holder[key] = value
    else:
        holder.cell_contents = value


def _moved(text: str, moves: Mapping[str, str]) -> str:
    for source, target in moves.items():
        text = text.replace(source, target)
    return text
