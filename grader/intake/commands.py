"""How a project's documents say it is run: `python train.py --epochs 3`, read and never executed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from grader.model import Script

MAX_LINES = 5_000
"""Lines of one document that are looked at for commands."""

MAX_LINE = 400
"""A longer line is no command that somebody types."""

_PYTHON = re.compile(r"(?:.*/)?(?:python|python3|python3\.\d+|py)(?:\.exe)?")
_FLAGS_WITH_VALUE = frozenset({"-W", "-X"})
_PLACEHOLDER = re.compile(r"[<>{}…]|\.\.\.|path/to|path\\to|\byour[_-]")
"""An argument that its reader is to replace."""

_FENCE = re.compile(r"\s*(?:```|~~~)")
_PROMPT = re.compile(r"^\s*(?:[$>!#%]\s+|!|%run\s+)?")


def commands_in(text: str, is_file: Callable[[str], bool]) -> Iterator[Script]:
    """Yield the runs of existing scripts that a document names, in order.

    Args:
        text: the document.
        is_file: whether a path, relative to the project's folder, is a file there.
    """
    working = ""
    for line in text.splitlines()[:MAX_LINES]:
        if _FENCE.match(line):
            working = ""
        for part in re.split(r"&&|;|\||`", line[:MAX_LINE]):
            words = _words(part)
            if len(words) == 2 and words[0] == "cd":
                working = words[1].strip("/") if _inside(words[1]) else working
                continue
            found = _run_of(words, typed=line.strip().startswith(part.strip()) or "`" in line)
            for folder in dict.fromkeys((working, "")):
                if found is not None and is_file(_joined(folder, found.path)):
                    yield Script(found.path, found.arguments, found.package, folder)
                    break


def _words(part: str) -> list[str]:
    try:
        return shlex.split(_PROMPT.sub("", part), comments=True)
    except ValueError:  # an apostrophe: prose
        return []


def _inside(folder: str) -> bool:
    parts = PurePosixPath(folder.replace("\\", "/")).parts
    return bool(parts) and ".." not in parts and not folder.startswith(("/", "~", "-"))


def _joined(folder: str, path: str) -> str:
    return f"{folder}/{path}" if folder else path


def _run_of(words: list[str], *, typed: bool) -> Script | None:
    """Return the script that a command runs; words in the middle of a sentence have no arguments to believe."""
    start = next((place for place, word in enumerate(words) if _PYTHON.fullmatch(word)), None)
    if start is None:
        return None
    rest = words[start + 1 :]
    while rest and rest[0].startswith("-") and rest[0] != "-m":
        rest = rest[2 if rest[0] in _FLAGS_WITH_VALUE else 1 :]
    package = ""
    if len(rest) > 1 and rest[0] == "-m":
        package, _, _ = rest[1].rpartition(".")
        path, arguments = rest[1].replace(".", "/") + ".py", rest[2:]
    elif rest and rest[0].replace("\\", "/").endswith(".py"):
        path, arguments = rest[0].replace("\\", "/").removeprefix("./"), rest[1:]
    else:
        return None
    if not _inside(path) or any(_PLACEHOLDER.search(word) for word in arguments):
        return None
    return Script(path, tuple(arguments) if typed and (start == 0 or _is_prefix(words[:start])) else (), package)


def _is_prefix(words: list[str]) -> bool:
    """Whether the words before `python` belong to the command: variables, `uv run`, `!`."""
    return all("=" in word or word in {"uv", "run", "poetry", "conda", "time", "!", "$"} for word in words)
