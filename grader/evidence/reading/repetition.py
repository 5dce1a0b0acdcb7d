"""Copy-paste: runs of equal code lines."""

from __future__ import annotations

import ast
import re

from grader.evidence.reading.comments import standing_string_lines
from grader.evidence.reading.source import Source

MIN_REPEATED_LINES = 6
"""Shortest run that counts as copy-paste. Between pylint's 4, which already fires on the five lines every plot ends
with, and SonarQube's 10, which a copied training cell of a notebook seldom reaches."""
MIN_DISTINCT_LINES = 4
"""A run of `plt.show()` and closing brackets repeats nothing worth a function."""


def repeated_blocks(sources: tuple[Source, ...]) -> tuple[tuple[int, int, int], ...]:
    """Return (cell, cell, lines) for each run of at least `MIN_REPEATED_LINES` equal code lines.

    Lines are compared without spaces and comments. A run lies within one cell on each side, and two runs don't overlap.
    """
    lines = [(source.index, line) for source in sources for line in _code_lines(source)]
    first_seen: dict[tuple[str, ...], int] = {}
    blocks: list[tuple[int, int, int]] = []
    position = 0
    while position + MIN_REPEATED_LINES <= len(lines):
        window = _window(lines, position)
        earlier = first_seen.get(window) if window else None
        if earlier is None or earlier + MIN_REPEATED_LINES > position:
            if window:
                first_seen.setdefault(window, position)
            position += 1
            continue
        length = _run_length(lines, earlier, position)
        blocks.append((lines[earlier][0], lines[position][0], length))
        position += length
    return tuple(blocks)


def _code_lines(source: Source) -> list[str]:
    if source.tree is None or source.foreign:
        return []
    strings = standing_string_lines(source.tree)
    imports = {
        line
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    lines = []
    for number, line in enumerate(source.text.split("\n"), 1):
        bare = re.sub(r"\s+", "", re.sub(r"(^|\s)#.*$", "", line))
        if number not in strings and number not in imports and re.search(r"\w", bare) and bare != "pass":
            lines.append(bare)
    return lines


def _window(lines: list[tuple[int, str]], position: int) -> tuple[str, ...]:
    """Return the lines of the window that starts here, or nothing where it crosses cells or is too monotonous."""
    part = lines[position : position + MIN_REPEATED_LINES]
    texts = tuple(text for _, text in part)
    if part[0][0] != part[-1][0] or len(set(texts)) < MIN_DISTINCT_LINES:
        return ()
    return texts


def _run_length(lines: list[tuple[int, str]], left: int, right: int) -> int:
    length = 0
    start = right
    while (
        right + length < len(lines)
        and left + length < start
        and lines[left + length][1] == lines[right + length][1]
        and lines[left + length][0] == lines[left][0]
        and lines[right + length][0] == lines[right][0]
    ):
        length += 1
    return length
