"""Where the files shipped beside the code are: rubrics, reference recipes, templates, the sample class."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """Return the folder `name` (`rubric`, `reference`, `templates`, `submissions`).

    An installed wheel carries them inside the package; a checkout has them at its top level.
    """
    installed = PACKAGE / "_assets" / name
    return installed if installed.is_dir() else PACKAGE.parent / name
