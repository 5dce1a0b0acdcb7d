"""Asking for second opinions on a class: what is known already from the cache, the rest from the server."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from grader.errors import GraderError
from grader.model import Evidence, Opinion
from grader.opinions.cache import FOLDER, Answers, key_of
from grader.opinions.endpoint import Endpoint
from grader.opinions.questions import ASKED, INSTRUCTIONS
from grader.opinions.replies import Ballot, read_ballot
from grader.opinions.requests import Limits, Messages, Reply, send_all
from grader.opinions.text import text_to_send
from grader.opinions.voting import count_votes

Number = TypeVar("Number", int, float)

SAMPLES = 3
"""Answers that vote: the fewest of which two can outvote a third."""

NOTHING_JUDGED = frozenset({"not_run", "infrastructure_failure"})
"""Statuses that have no levels: nothing is sent of such a submission."""

PATIENCE = 3
"""Submissions in a row of which every request failed; then the server is left in peace until the next call."""


@dataclass(slots=True)
class Tally:
    """What asking has cost so far. Tokens and cost are what the server told; None where it told nothing."""

    submissions: int = 0
    asked: int = 0
    from_cache: int = 0
    failed: int = 0
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost: float | None = None
    last_fault: str = ""
    given_up: bool = False

    def in_words(self) -> str:
        """Return it as one sentence."""
        parts = [f"{self.asked} asked", f"{self.from_cache} known already"]
        if self.failed:
            parts.append(f"{self.failed} of no use ({self.last_fault})")
        if self.prompt_tokens is not None or self.completion_tokens is not None:
            parts.append(f"{self.prompt_tokens or 0:,} tokens sent and {self.completion_tokens or 0:,} received")
        if self.cost is not None:
            parts.append(f"cost {self.cost:.4g} by the server's count")
        gave_up = "; not asked any more after that" if self.given_up else ""
        number = f"{self.submissions} submission{'s' if self.submissions != 1 else ''}"
        return f"Second opinions on {number}: {', '.join(parts)}{gave_up}."


@dataclass(slots=True)
class SecondOpinion:
    """A language model that is asked about each submission's prose. One object serves all threads of a call."""

    endpoint: Endpoint
    out: Path
    names: Collection[str] = ()
    """Ids of the class's submissions: they are names, and are removed from every text."""
    stop: threading.Event = field(default_factory=threading.Event)
    limits: Limits = field(default_factory=Limits)
    tally: Tally = field(default_factory=Tally)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _failed_in_a_row: int = 0

    def added_to(self, evidence: Evidence) -> Evidence:
        """Return evidence with this model's opinions in place of those it holds; as it was where none could be had.

        Raises:
            StorageFullError, ResultsError: answers can't be kept.
        """
        if evidence.run.status in NOTHING_JUDGED:
            return evidence
        try:
            text = text_to_send(evidence, self.names)
            opinions = self._opinions(text) if text else ()
        except GraderError:
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours costs the opinion and nothing else
            with self._lock:
                self.tally.failed += 1
                self.tally.last_fault = f"the grader itself failed: {type(error).__name__}"
            return evidence
        return replace(evidence, opinions=opinions) if opinions else evidence

    def _opinions(self, text: str) -> tuple[Opinion, ...]:
        answers = Answers(self.out / FOLDER)
        keys = [key_of(self.endpoint, text, ASKED, sample) for sample in range(SAMPLES)]
        known = {key: content for key in keys if (content := answers.get(key)) is not None}
        missing = [key for key in keys if key not in known]
        replies = dict(zip(missing, self._ask(text, len(missing)), strict=False))
        ballots = []
        for key in keys:
            ballot = _ballot(known.get(key), replies.get(key), text)
            ballots.append(ballot)
            if key in replies and ballot.votes:
                answers.put(key, replies[key].content)
        self._count(len(known), list(replies.values()), ballots)
        if not any(ballot.votes for ballot in ballots):
            return ()
        return count_votes(ballots, ASKED, self.endpoint.model)

    def _ask(self, text: str, count: int) -> tuple[Reply, ...]:
        if not count or self.tally.given_up:
            return ()
        return send_all(self.endpoint, [messages_about(text) for _ in range(count)], self.limits, self.stop)

    def _count(self, known: int, replies: list[Reply], ballots: list[Ballot]) -> None:
        with self._lock:
            tally = self.tally
            tally.submissions += 1
            tally.from_cache += known
            tally.asked += len(replies)
            faults = [ballot.fault for ballot in ballots if ballot.fault] if replies else []
            tally.failed += len(faults)
            tally.last_fault = faults[-1] if faults else tally.last_fault
            for reply in replies:
                tally.prompt_tokens = _sum(tally.prompt_tokens, reply.usage.prompt_tokens)
                tally.completion_tokens = _sum(tally.completion_tokens, reply.usage.completion_tokens)
                tally.cost = _sum(tally.cost, reply.usage.cost)
            if replies:
                unreached = all(reply.fault for reply in replies) and not self.stop.is_set()
                self._failed_in_a_row = self._failed_in_a_row + 1 if unreached else 0
                tally.given_up = tally.given_up or self._failed_in_a_row >= PATIENCE


def messages_about(text: str) -> Messages:
    """Return the messages that ask about a text, which stands as data between markers nobody can foresee."""
    marker = secrets.token_hex(16)
    material = {"marker": marker, "student_text": f"{marker}\n{text}\n{marker}", "checks": dict(ASKED)}
    return (
        {"role": "system", "content": INSTRUCTIONS},
        {"role": "user", "content": json.dumps(material, ensure_ascii=False)},
    )


def _ballot(known: str | None, reply: Reply | None, text: str) -> Ballot:
    if known is not None:
        return read_ballot(known, text, ASKED)
    if reply is None:
        return Ballot({}, {}, "it was not asked any more")
    return Ballot({}, {}, reply.fault) if reply.fault else read_ballot(reply.content, text, ASKED)


def _sum(total: Number | None, more: Number | None) -> Number | None:
    return total if more is None else more if total is None else total + more
