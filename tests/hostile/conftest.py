"""Classes of attacks, each graded once for all the tests that look at it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence

import pytest

from grader.model import Tier
from grader.sandbox import try_tier

from .arena import ClassOutcome, User, graded
from .catalogue import Attack

TIERS: tuple[Tier, ...] = ("bubblewrap", "landlock")

_LIMITS = ("--memory", "1.5", "--reference-budget", "0", "--jobs", "4")

ENDLESS_OPTIONS = ("--timeout", "8", *_LIMITS)
OPTIONS = ("--timeout", "60", *_LIMITS)
"""Limits that attacks reach in seconds; those that never end have a class of their own, with less time."""

GradedClass = Callable[..., ClassOutcome]


@pytest.fixture(scope="session")
def graded_class() -> Iterator[GradedClass]:
    """Grade a class once a session: `graded_class("reading", attacks, tier, user)`; the first word is its key."""
    with contextlib.ExitStack() as stack:
        done: dict[tuple[str, Tier, User], ClassOutcome] = {}

        def get(
            key: str,
            attacks: Sequence[Attack],
            tier: Tier,
            user: User = "current",
            options: Sequence[str] = OPTIONS,
        ) -> ClassOutcome:
            complaint = try_tier(tier)
            if complaint is not None:
                pytest.skip(f"the tier {tier} does not work here: {complaint}")
            if (key, tier, user) not in done:
                done[key, tier, user] = stack.enter_context(graded(attacks, tier, user, options=options))
            return done[key, tier, user]

        yield get
