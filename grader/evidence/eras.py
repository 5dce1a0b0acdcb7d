"""Which libraries a notebook is written for, told by reading it."""

from __future__ import annotations

from grader.model import Submission


def tell_era(submission: Submission) -> str:
    """Return `keras2` for a notebook that no Keras 3 runs, else an empty text."""
    return ""
