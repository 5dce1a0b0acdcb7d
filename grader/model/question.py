"""A question to ask a student about their own work, for whoever talks it over with them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """One question about one submission's own decisions or failures, and what a good answer mentions.

    `topic` names what it is about (`confused`, `epochs`, `dropout`, ...): no two of a submission share one. `weight`
    says how telling it is, the highest first.
    """

    topic: str
    text: str
    listen_for: str
    cells: tuple[int, ...] = ()
    weight: int = 0
