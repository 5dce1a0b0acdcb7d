"""Which notebook a kernel belongs to, as far as its surroundings tell."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ASK = (
    "grader can't tell which notebook this is: say it, `%grader_check project.ipynb` (as the file browser names it, in "
    "the notebook's own folder)"
)

COLAB_COPY = "grader-colab-copy.ipynb"
"""What the copy of a Colab notebook is called: Colab tells its cells, not its name."""


@dataclass(frozen=True, slots=True)
class Found:
    """The notebook's file. `is_current`: it holds what the page shows, saved or not; else it holds what was saved."""

    path: Path
    is_current: bool = False


def find_notebook(names: Mapping[str, Any], environment: Mapping[str, str], folder: Path) -> Found | None:
    """Return the notebook that this kernel runs, None where nothing tells.

    Asked in this order: Colab (which hands over the cells themselves), VS Code's variable `__vsc_ipynb_file__`,
    Jupyter's `JPY_SESSION_NAME`, the only notebook in the folder.

    Args:
        names: the kernel's variables.
        environment: its environment's.
        folder: its working folder.
    """
    if "google.colab" in sys.modules:
        content = _from_colab()
        if content is not None:
            copy = folder / COLAB_COPY
            copy.write_text(content, encoding="utf-8")
            return Found(copy, is_current=True)
    for told in (names.get("__vsc_ipynb_file__"), environment.get("JPY_SESSION_NAME")):
        path = _existing(str(told), folder) if told else None
        if path is not None:
            return Found(path)
    notebooks = [path for path in folder.glob("*.ipynb") if path.is_file()]
    return Found(notebooks[0]) if len(notebooks) == 1 else None


def _existing(told: str, folder: Path) -> Path | None:
    """Return a notebook that was named with a path from here, from the server's root, or from the root of all."""
    for path in (Path(told), folder / told, folder / Path(told).name):
        if path.suffix == ".ipynb" and path.is_file():
            return Path(os.path.abspath(path))
    return None


def _from_colab() -> str | None:
    """Return the notebook as Colab's page has it now, None where Colab doesn't tell."""
    try:
        message = sys.modules["google.colab"]._message  # noqa: SLF001 - its only door
        answer = message.blocking_request("get_ipynb", timeout_sec=30)
        return json.dumps(answer["ipynb"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def unsaved_cells(path: Path, ran: list[tuple[float, str]]) -> list[str]:
    """Return the cells that ran after the notebook was saved and don't stand in it: it was changed since.

    Args:
        path: the notebook's file.
        ran: when each cell was begun (seconds since the epoch), and its source.
    """
    saved_at = path.stat().st_mtime
    saved = {_plain(source) for source in _sources(path)}
    return [source for when, source in ran if when >= saved_at and _plain(source) not in saved]


def _sources(path: Path) -> list[str]:
    try:
        cells = json.loads(path.read_text(encoding="utf-8")).get("cells", [])
        return ["".join(cell.get("source", "")) for cell in cells]
    except (OSError, ValueError, AttributeError, TypeError):
        return []


def _plain(source: str) -> str:
    return "\n".join(line.rstrip() for line in source.strip().splitlines())
