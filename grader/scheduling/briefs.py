"""What a class has to know of each submission before any is run: a few digests, kept from call to call."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import TypeAlias

from grader.durable import end_with_parent
from grader.evidence.old_apis import tell_era
from grader.evidence.reading.given import Given, shared_by_most, telling_sentences
from grader.intake.handed import Handed
from grader.model import Submission, Unreadable
from grader.reuse.keys import code_key, content_key, key_of, source_digest
from grader.reuse.store import Store

FACTS, SENTENCES = "facts.json", "sentences"


@dataclass(frozen=True, slots=True)
class Brief:
    """A submission in brief. All but the id is empty where it can't be read.

    `content` is equal for identical submissions, `code` for those of the same code; `era` says for which older
    libraries it is written.
    """

    id: str
    sha256: str = ""
    files_sha256: str = ""
    content: str = ""
    code: str = ""
    era: str = ""

    @property
    def readable(self) -> bool:
        """Whether there is anything to run or read."""
        return bool(self.content)


@dataclass(frozen=True, slots=True)
class Overview:
    """A class in brief, in its order, and the sentences that most of it shares."""

    briefs: Mapping[str, Brief]
    shared: Given

    def groups(self, handed: Sequence[Handed]) -> list[list[Handed]]:
        """Return the submissions with equal ones together, in the order of the first of each."""
        found: dict[str, list[Handed]] = {}
        for item in handed:
            brief = self.briefs[item.id]
            found.setdefault(brief.content or f"alone {item.id}", []).append(item)
        return list(found.values())

    def contents(self) -> dict[str, str]:
        """Return the digest of what each submission consists of, those left out that can't be read."""
        return {name: brief.content for name, brief in self.briefs.items() if brief.readable}


def brief_of(submission: Submission | Unreadable) -> Brief:
    """Return a submission in brief."""
    if isinstance(submission, Unreadable):
        return Brief(submission.id)
    return Brief(
        submission.id,
        submission.sha256,
        submission.files_sha256,
        content_key(submission),
        code_key(submission),
        tell_era(submission),
    )


LEAST_EACH = 100
"""Submissions that are worth a process to read them: one starts in a second, and reads two hundred in that time."""

Look: TypeAlias = tuple[Brief, Collection[str]]
"""A submission in brief, and its sentences that most of a class may share."""


def look_over(handed: Sequence[Handed], store: Store | None, processes: int = 1) -> Overview:
    """Look at each submission of a class; those whose files haven't changed are known from `store`.

    The others are read, by several `processes` where they are many; none is kept in memory.
    """
    briefs: dict[str, Brief] = {}
    counted: Counter[str] = Counter()
    unknown: list[tuple[Handed, str]] = []
    for item in handed:
        key = _key(item) if store is not None else ""
        known = _kept(store, key, item.id)
        if known is None:
            unknown.append((item, key))
        else:
            briefs[item.id] = known[0]
            counted.update(known[1])
    for (item, key), (brief, sentences) in zip(unknown, _read(unknown, processes), strict=True):
        briefs[item.id] = brief
        counted.update(sentences)
        if store is not None and key and brief.readable:
            text = "\n".join(sorted(sentences)).encode("utf-8", "replace")
            store.put(key, {FACTS: json.dumps(asdict(brief)).encode(), SENTENCES: text})
    readable = sum(brief.readable for brief in briefs.values())
    return Overview({item.id: briefs[item.id] for item in handed}, shared_by_most(counted, readable))


def look_at(item: Handed) -> Look:
    """Read one submission and return what a class has to know of it."""
    submission = item.load()
    sentences = frozenset() if isinstance(submission, Unreadable) else telling_sentences(submission.cells)
    return brief_of(submission), sentences


def _read(unknown: Sequence[tuple[Handed, str]], processes: int) -> Iterator[Look]:
    items = [item for item, _ in unknown]
    count = min(processes, len(items) // LEAST_EACH)
    if count < 2:
        yield from map(look_at, items)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, context, end_with_parent, (os.getpid(),)) as pool:
        try:
            yield from pool.map(look_at, items, chunksize=max(1, LEAST_EACH // 4))
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _key(item: Handed) -> str:
    signature = item.signature()
    return key_of("brief", {"signature": signature, "grader": source_digest()}) if signature else ""


def _kept(store: Store | None, key: str, name: str) -> Look | None:
    parts = store.get(key) if store is not None and key else None
    if parts is None:
        return None
    try:
        return replace(Brief(**json.loads(parts[FACTS])), id=name), parts[SENTENCES].decode().splitlines()
    except (ValueError, KeyError, TypeError):
        return None
