"""All notebooks of the corpus: each fault in each idiom that it makes sense in, on one data set after another."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from random import Random

import nbformat

from .datasets import DATASETS
from .draft import DataSet, Draft
from .faults import FAULTS, Change, Fault, When
from .finishing import finished
from .modelling import MODELLINGS, network
from .splitting import SPLITTINGS, blank, unstratified
from .writing import Cell, as_notebook, written

CLEAN = ""
MOST_IDIOMS = {"only": 12, "shared": 7, "other": 5}
"""Idioms that a fault is written in: a leak that is the only one to show a check, one of several, and what is no leak.

Some 340 pairs, which a quiet machine of two cores grades in seventy minutes. Every check of a leak has a dozen or more.
"""

ENDLESS = frozenset({"generators", "augmenting_generator", "py_datasets", "folder_flows"})
"""What yields batches for ever, or by index: a loop of one's own over it has no end that is written so."""

OF_PICTURES = frozenset({"augmenting_generator", "folders", "folder_subsets", "folder_flows"})

OF_ARRAYS = frozenset({"sliced", "picked", "split_once", "split_twice", "frames", "folded", "by_group", "in_order"})
"""What leaves arrays that are fed as they are."""

TIED = {"groups": ("by_group", "groups_in_pipelines"), "order": ("in_order", "order_in_pipelines")}
"""How rows that are tied together can be split: at random, what ties them would leak."""

OF_TIES = frozenset(splitting for suiting in TIED.values() for splitting in suiting)

WITHOUT_WORDS = frozenset({"frames", "taken", "split_dataset"})
"""Splittings that take rows of numbers only."""


@dataclass(frozen=True, slots=True)
class Idiom:
    """A way to write a notebook: how rows are split and fed, and how the network is written and trained."""

    splitting: str
    modelling: str

    @property
    def name(self) -> str:
        """Both, for people."""
        return f"{self.splitting}-{self.modelling}"

    def draft(self, data: DataSet, seed: str, *changes: Change) -> Draft:
        """Write a draft of everything, with the changes (a fault, another way to write the same), each in its time."""
        drafts = Random(f"{seed}/net")
        draft = blank(data, self.modelling, network(data, drafts), data.longer * drafts.choice((6, 7, 8)))
        draft = unstratified(SPLITTINGS[self.splitting](draft, Random(f"{seed}/split")))
        draft = _changed(draft, seed, "early", changes)
        draft = MODELLINGS[self.modelling](draft, Random(f"{seed}/model"))
        draft = finished(draft, Random(f"{seed}/finish"))
        return _changed(draft, seed, "late", changes)


def _changed(draft: Draft, seed: str, when: When, changes: Iterable[Change]) -> Draft:
    for change in changes:
        if change.when == when:
            draft = change.rewrite(draft, Random(f"{seed}/fault"))
    return draft


@dataclass(frozen=True, slots=True)
class Notebook:
    """One notebook of the corpus; `fault` is empty for a clean twin."""

    fault: str
    idiom: Idiom
    data: DataSet
    seed: str
    draft: Draft

    @property
    def name(self) -> str:
        """A name that is a folder's too."""
        digest = hashlib.sha256(f"{self.seed}/{self.fault}".encode()).hexdigest()[:6]
        return f"{self.fault or 'clean'}-{self.idiom.name}-{self.data.name}-{digest}"

    @property
    def cells(self) -> tuple[Cell, ...]:
        """What is in it."""
        return cells_of(self.draft, self.seed)

    @property
    def text(self) -> str:
        """The notebook as a file has it."""
        return nbformat.writes(as_notebook(self.cells))


@cache
def cells_of(draft: Draft, seed: str, *, other_language: bool = False) -> tuple[Cell, ...]:
    """Write a draft's cells, in the words, names and layout that the seed says."""
    return written(draft, Random(f"{seed}/write"), other_language=other_language)


@dataclass(frozen=True, slots=True)
class Pair:
    """A faulty notebook and its clean twin, alike but for the fault."""

    faulty: Notebook
    clean: Notebook

    @property
    def fault(self) -> Fault:
        """What is wrong with the faulty one."""
        return FAULTS[self.faulty.fault]


def idioms_for(data: DataSet) -> Iterator[Idiom]:
    """Every idiom that makes sense for a data set."""
    for splitting, modelling in product(SPLITTINGS, MODELLINGS):
        endless = splitting in ENDLESS and modelling == "tape"
        pictures = splitting in OF_PICTURES and data.kind != "image"
        if not endless and not pictures and _suits(splitting, data) and _goes_with(modelling, splitting, data):
            yield Idiom(splitting, modelling)


def _suits(splitting: str, data: DataSet) -> bool:
    """Whether a splitting keeps together what belongs together, and takes what rows are."""
    if data.ties or splitting in OF_TIES:
        return splitting in TIED.get(data.ties, ())
    if splitting == "augmenting_generator" and data.name in {"signs", "spoken"}:
        return False  # a few dozen rows a class, altered anew each time, teach a network nothing in so few epochs
    if splitting == "torch_subsets":
        return data.scaled and data.kind != "text"
    return not (data.kind == "text" and splitting in WITHOUT_WORDS)


def _goes_with(modelling: str, splitting: str, data: DataSet) -> bool:
    if modelling == "torch_loop":
        return splitting in OF_ARRAYS | {"torch_subsets"} and data.kind != "text"
    if modelling == "cross_validated":
        return splitting in OF_ARRAYS and not data.ties
    return splitting != "torch_subsets"


def notebook(fault: str, idiom: Idiom, data: str, seed: str) -> Notebook | None:
    """Compose one notebook; None where the fault makes no sense in that idiom on those data."""
    made = DATASETS[data](Random(f"{seed}/data"))
    chosen = FAULTS.get(fault)
    if idiom not in tuple(idioms_for(made)):
        return None
    clean = idiom.draft(made, seed)
    if chosen is None:
        return Notebook(fault, idiom, made, seed, clean)
    return Notebook(fault, idiom, made, seed, idiom.draft(made, seed, chosen)) if chosen.fits(clean) else None


@cache
def pairs() -> tuple[Pair, ...]:
    """Every fault in MOST_IDIOMS idioms, in an order whose beginning is an even sample of faults and idioms."""
    return tuple(
        _evenly({name: _of_fault(name) for name in sorted(FAULTS, key=lambda name: (FAULTS[name].family, name))})
    )


def _of_fault(fault: str) -> list[Pair]:
    """A fault in idioms that differ as much as they can; each draws a data set, the next one where it doesn't fit."""
    combinations = sorted(product(SPLITTINGS, MODELLINGS), key=lambda item: _digest(f"{fault}/{item}"))
    found: list[Pair] = []
    used: Counter[str] = Counter()
    while combinations and len(found) < _most(FAULTS[fault]):
        idiom = Idiom(*min(combinations, key=lambda item: used[item[0]] + used[item[1]]))
        combinations.remove((idiom.splitting, idiom.modelling))
        seed = f"{fault}/{idiom.name}"
        for data in Random(seed).sample(sorted(DATASETS), len(DATASETS)):
            faulty, clean = notebook(fault, idiom, data, seed), notebook(CLEAN, idiom, data, seed)
            if faulty is not None and clean is not None:
                found.append(Pair(faulty, clean))
                used.update((idiom.splitting, idiom.modelling))
                break
    return found


def _most(fault: Fault) -> int:
    if fault.family != "leak":
        return MOST_IDIOMS["other"]
    named = Counter(check for other in FAULTS.values() for check in other.fails)
    return MOST_IDIOMS["only" if any(named[check] == 1 for check in fault.fails) else "shared"]


def _evenly(left: dict[str, list[Pair]]) -> Iterator[Pair]:
    """One of each fault in turn, among these the idiom that has had the fewest so far."""
    used: Counter[str] = Counter()
    while any(left.values()):
        for waiting in left.values():
            if waiting:
                pair = min(waiting, key=lambda pair: sum(used[part] for part in _parts(pair)))
                waiting.remove(pair)
                used.update(_parts(pair))
                yield pair


def _parts(pair: Pair) -> tuple[str, str, str]:
    return pair.faulty.idiom.splitting, pair.faulty.idiom.modelling, pair.faulty.data.name


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
