"""Opening files that strangers handed in: regular files only, never through a link, never waiting for a writer."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grader.errors import SubmissionError

_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


@contextmanager
def opened(path: Path, what: str = "notebook") -> Iterator[tuple[int, os.stat_result]]:
    """Open a regular file once and look at what was opened, so that what was checked is what is read.

    Yields the descriptor and its facts.

    Raises:
        SubmissionError: it is a link, a special file, or can't be opened.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except (OSError, ValueError) as error:
        if os.path.islink(path):
            raise SubmissionError(f"is a link to another file; copy the {what} itself here") from error
        reason = getattr(error, "strerror", None) or error
        raise SubmissionError(f"can't be opened ({reason}); check the file's permissions") from error
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise SubmissionError(f"is not a regular file; hand in the {what} itself")
        yield descriptor, facts
    finally:
        os.close(descriptor)
