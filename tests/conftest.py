"""What all tests share: where the real data is, and small notebooks."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

os.environ["GRADER_CACHE"] = ""  # what one test measured must not stand for another's run
REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets; tests that need it are skipped, saying so, where it is absent."""
    for candidate in (os.environ.get("GRADER_TEST_DATA"), REPOSITORY.parent / "shared" / "data"):
        if candidate and Path(candidate, "keras").is_dir():
            return Path(candidate)
    pytest.skip("the real data sets are not on this machine (set GRADER_TEST_DATA to their folder)")


WriteNotebook = Callable[..., Path]


@pytest.fixture
def write_notebook(tmp_path: Path) -> WriteNotebook:
    """Write a notebook of cells: strings are code, strings starting with `md:` are markdown."""

    def write(*cells: str, name: str = "notebook.ipynb", folder: Path | None = None) -> Path:
        notebook = nbformat.v4.new_notebook()
        for source in cells:
            markdown = source.startswith("md:")
            maker = nbformat.v4.new_markdown_cell if markdown else nbformat.v4.new_code_cell
            notebook.cells.append(maker(source.removeprefix("md:").strip()))
        path = (folder or tmp_path) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)
        return path

    return write
