"""What everybody writes: the idioms of tutorials and documentation. Two who have them have nothing in common by it."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np

from grader.model import CellFacts
from grader.similarity.texts import Hashes, Kind, SubmissionText, streams_of

IDIOMS = Path(__file__).with_name("idioms.md")
"""Blocks of code between fences."""


@functools.cache
def customary(kind: Kind) -> Hashes:
    """Return the fingerprints of the shipped idioms, sorted."""
    parts = IDIOMS.read_text(encoding="utf-8").split("```")
    cells = tuple(
        CellFacts(index, "code" if index % 2 else "markdown", part.removeprefix("python\n"))
        for index, part in enumerate(parts)
    )
    code, prose = streams_of(SubmissionText("idioms", cells))
    return np.unique((code if kind == "code" else prose).fingerprints)
