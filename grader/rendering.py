"""How a class's pages are written: chosen when it is graded, and kept for whoever writes them again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from grader.durable import write_atomically
from grader.reports import AUTOMATIC, LANGUAGES

RENDERING = "rendering.json"


@dataclass(frozen=True, slots=True)
class Rendering:
    """The language of students' reports (each notebook's own, or one for all), and whether texts are compared."""

    language: str = AUTOMATIC
    similarity: bool = True


def rendering_of(out: Path) -> Rendering:
    """Return how a class's pages are written: what was chosen last, else as usual."""
    try:
        plain = json.loads((out / RENDERING).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Rendering()
    if not isinstance(plain, dict):
        return Rendering()
    language, similarity = plain.get("language"), plain.get("similarity")
    return Rendering(
        language if language in LANGUAGES else AUTOMATIC, similarity if isinstance(similarity, bool) else True
    )


def choose_rendering(out: Path, *, language: str | None = None, similarity: bool | None = None) -> Rendering:
    """Keep what is given of how a class's pages are to be written, and return all of it; None leaves a choice as it is.

    Raises:
        ResultsError: the folder can't be written to.
        StorageFullError: its disk is full.
    """
    before = rendering_of(out)
    chosen = replace(
        before,
        language=before.language if language is None else language,
        similarity=before.similarity if similarity is None else similarity,
    )
    if chosen != before:
        write_atomically(out / RENDERING, json.dumps(asdict(chosen)) + "\n")
    return chosen
