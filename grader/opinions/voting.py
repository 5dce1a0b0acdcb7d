"""Several answers to one opinion a check: what most say, with their quotes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

from grader.model import Opinion
from grader.opinions.replies import Ballot, Vote

LEAST_VOTES = 2
"""One answer alone is no opinion: models change their mind from answer to answer."""

MOST_QUOTES = 2
"""Quotes kept of an opinion."""


def count_votes(ballots: Sequence[Ballot], checks: Mapping[str, str], model: str) -> tuple[Opinion, ...]:
    """Return the opinion on each check, in the order of `checks`."""
    return tuple(_opinion(check, ballots, model) for check in checks)


def _opinion(check: str, ballots: Sequence[Ballot], model: str) -> Opinion:
    votes = [ballot.votes[check] for ballot in ballots if check in ballot.votes]
    faults = Counter(ballot.fault or ballot.faults[check] for ballot in ballots if check not in ballot.votes)
    for_it = sum(vote.verdict == "pass" for vote in votes)
    against = len(votes) - for_it
    verdict: Literal["pass", "fail", "none"] = "none"
    if for_it != against and max(for_it, against) >= LEAST_VOTES:
        verdict = "pass" if for_it > against else "fail"
    return Opinion(
        check=check,
        verdict=verdict,
        votes_pass=for_it,
        votes_fail=against,
        discarded=len(ballots) - len(votes),
        quotes=_quotes(votes, verdict),
        model=model,
        note="; ".join(reason for reason, _ in faults.most_common()),
    )


def _quotes(votes: Sequence[Vote], verdict: str) -> tuple[str, ...]:
    """Return the quotes that most answers share, the first ones where none is shared."""
    often = Counter(quote for vote in votes if vote.verdict == verdict for quote in vote.quotes)
    return tuple(quote for quote, _ in often.most_common(MOST_QUOTES))
