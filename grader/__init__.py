"""grader: grades deep-learning notebooks from evidence that was watched and recomputed."""

from __future__ import annotations

__version__ = "0.1.0"


def load_ipython_extension(shell: object) -> None:
    """Give a notebook `%grader_check`: IPython calls this for `%load_ext grader`."""
    from grader.magics import register  # noqa: PLC0415 - nothing else here needs IPython

    register(shell)
