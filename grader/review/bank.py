"""The comment bank: what was said before, to be said again. It grows with every comment; notes stay out of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from grader.model import Comment

MOST_OFFERED = 9
"""Sentences offered for one criterion: one for each digit."""


def offered(comments: Iterable[Comment], criterion: str) -> tuple[str, ...]:
    """Return the sentences to offer for a criterion: those said of it before most often, then all others.

    Among equals the latest comes first.
    """
    said = [item for item in comments if not item.private]
    here = Counter(item.text for item in said if item.criterion == criterion)
    anywhere = Counter(item.text for item in said)
    latest = {item.text: item.number for item in said}
    order = sorted(anywhere, key=lambda text: (-here[text], -anywhere[text], -latest[text]))
    return tuple(order[:MOST_OFFERED])
