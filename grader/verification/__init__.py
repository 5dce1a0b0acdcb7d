"""Recomputation of scores in a clean sandboxed process that never saw the student's code."""

from grader.verification.verify import verify

__all__ = ["verify"]
