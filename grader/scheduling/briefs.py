"""What a class has to know of each submission before any is run: a few digests, kept from call to call."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

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


def look_over(handed: Iterable[Handed], store: Store | None) -> Overview:
    """Look at each submission of a class, one at a time; those whose files haven't changed are known from `store`."""
    briefs: dict[str, Brief] = {}
    counted: Counter[str] = Counter()
    for item in handed:
        brief, sentences = _looked_at(item, store)
        briefs[item.id] = brief
        counted.update(sentences)
    readable = sum(brief.readable for brief in briefs.values())
    return Overview(briefs, shared_by_most(counted, readable))


def _looked_at(item: Handed, store: Store | None) -> tuple[Brief, Iterable[str]]:
    signature = item.signature() if store is not None else ""
    key = key_of("brief", {"signature": signature, "grader": source_digest()})
    if store is not None and signature:
        found = _read(store.get(key), item.id)
        if found is not None:
            return found
    submission = item.load()
    brief = brief_of(submission)
    sentences = () if isinstance(submission, Unreadable) else telling_sentences(submission.cells)
    if store is not None and signature and brief.readable:
        text = "\n".join(sorted(sentences)).encode("utf-8", "replace")
        store.put(key, {FACTS: json.dumps(asdict(brief)).encode(), SENTENCES: text})
    return brief, sentences


def _read(parts: Mapping[str, bytes] | None, name: str) -> tuple[Brief, list[str]] | None:
    if parts is None:
        return None
    try:
        brief = replace(Brief(**json.loads(parts[FACTS])), id=name)
        return brief, parts[SENTENCES].decode().splitlines()
    except (ValueError, KeyError, TypeError):
        return None
