"""From files on disk to submissions: finding them, naming them, reading them.

Names are looked up when they are used: a runner, which reads outputs as intake does, needs nothing that finds files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.intake.find import find_submissions, load_submission, load_submissions

__all__ = ["find_submissions", "load_submission", "load_submissions"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    from grader.intake import find  # noqa: PLC0415 - see above

    return getattr(find, name)
