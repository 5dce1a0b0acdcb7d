"""Scripts in a notebook's place: cut into cells at `# %%` marks, each of which knows its file and line."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from dataclasses import replace
from pathlib import Path

from grader.errors import SubmissionError
from grader.intake.files import opened
from grader.intake.read import read_cells
from grader.model import Cell, Script

MAX_SCRIPT_BYTES = 1024 * 1024
"""Twenty thousand lines: larger ones hold data."""

MAX_MODULES = 40
"""Modules of a project that are read beside its script or notebook."""

_MARK = re.compile(r"^#\s?%%[ \t]*(\[markdown\]|\[md\])?.*$", re.MULTILINE | re.IGNORECASE)


def read_text(path: Path, most: int = MAX_SCRIPT_BYTES) -> str:
    """Return a source file's text in the encoding it declares.

    Raises:
        SubmissionError: it can't be opened, or is larger than `most` bytes.
    """
    with opened(path, "script") as (descriptor, facts), open(descriptor, "rb", closefd=False) as file:
        raw = file.read(most + 1)
        if max(facts.st_size, len(raw)) > most:
            raise SubmissionError(f"is {facts.st_size // 1024:,} KB large; keep data in files of their own")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        text = raw.decode(encoding, "replace")
    except (SyntaxError, LookupError):
        text = raw.decode("utf-8", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", " ")


def cells_of_script(text: str, name: str, first: int = 0) -> tuple[Cell, ...]:
    """Return a script's cells: one for each part between `# %%` marks, or one where a mark lies inside a statement."""
    cuts = [match for match in _MARK.finditer(text) if match.start() == 0 or text[match.start() - 1] == "\n"]
    parts = _parts(text, cuts) if cuts else []
    if not parts or (_parses(text) and not all(_parses(source) for kind, source, _ in parts if kind == "code")):
        parts = [("code", text, 1)]
    read = read_cells([{"cell_type": kind, "source": source} for kind, source, _ in parts])
    return tuple(
        replace(cell, index=first + cell.index, file=name, line=line)
        for cell, (_, _, line) in zip(read, parts, strict=True)
    )


def _parts(text: str, cuts: list[re.Match[str]]) -> list[tuple[str, str, int]]:
    """Return (kind, source, first line) of each part that is not blank."""
    ends = [*(cut.start() for cut in cuts[1:]), len(text)]
    bounds = [(0, cuts[0].start(), None), *((cut.start(), end, cut) for cut, end in zip(cuts, ends, strict=True))]
    found = []
    for start, end, cut in bounds:
        source = text[start:end]
        line = text.count("\n", 0, start) + 1
        if cut is not None and cut[1]:
            source, kind = _markdown(source.partition("\n")[2]), "markdown"
        else:
            kind = "code"
        if source.strip() and (cut is None or source.partition("\n")[2].strip() or kind == "markdown"):
            found.append((kind, source.rstrip("\n"), line))
    return found


def _markdown(source: str) -> str:
    """Return the text of a markdown part: without the signs of comments, or out of its quotes."""
    bare = source.strip()
    for quotes in ('"""', "'''"):
        if bare.startswith(quotes) and bare.endswith(quotes) and len(bare) > len(quotes) * 2:
            return bare[3:-3].strip("\n")
    return "\n".join(re.sub(r"^#\s?", "", line) for line in source.split("\n"))


def _parses(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def has_main_guard(text: str) -> bool:
    """Whether a script says what it does when it is run: `if __name__ == "__main__":`."""
    return re.search(r"^if\s+__name__\s*==\s*['\"]__main__['\"]", text, re.MULTILINE) is not None


def announcing_cell(script: Script) -> str:
    """Return the cell that stands for the next command of several: the names and arguments it would have set."""
    arguments = [script.path, *script.arguments]
    return (
        f"# run as: {' '.join(['python', *arguments])}\n"
        "import os, sys\n"
        f"__file__ = os.path.abspath({script.path!r})\n"
        f"sys.argv[:] = {arguments!r}\n"
        "sys.path.insert(0, os.path.dirname(__file__))"
    )


def modules_used(sources: list[str], places: tuple[str, ...], files: frozenset[str]) -> list[str]:
    """Return the project's own modules that sources import, as paths among `files`.

    Args:
        sources: code that is run or imported.
        places: folders that modules are looked for in, as beginnings of paths (`""`, `"src/"`).
        files: the project's Python files.
    """
    names = dict.fromkeys(name.replace(".", "/") for source in sources for name in imported_names(source))
    paths = (f"{place}{name}{end}" for name in names for place in places for end in (".py", "/__init__.py"))
    return [path for path in dict.fromkeys(paths) if path in files]


def imported_names(source: str) -> list[str]:
    """Return the dotted names that code imports: `from a import b` as `a` and `a.b`, relative ones without dots."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            names += [base] if base else []
            names += [f"{base}.{alias.name}" if base else alias.name for alias in node.names]
    return names
