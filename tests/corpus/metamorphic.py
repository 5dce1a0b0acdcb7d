"""The same work written otherwise gives the same findings and levels: run it, compare, keep what differed.

python tests/corpus/metamorphic.py                      # all transformations of BASES notebooks; goes on if stopped
python tests/corpus/metamorphic.py --notebooks 4        # of four notebooks
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]

from corpus.catalogue import Notebook, pairs  # noqa: E402
from corpus.faults import FAULTS  # noqa: E402
from corpus.grading import Corpus, Outcome, Written  # noqa: E402
from corpus.table import METAMORPHIC, write_table  # noqa: E402
from corpus.tally import is_judged  # noqa: E402
from corpus.transformations import TRANSFORMATIONS, Variant, variant  # noqa: E402

BASES = 36
"""Notebooks that are written otherwise: faulty and clean ones in turn."""

APART = (("one_cell", "a_cell_a_statement", "imports_where_used"), ("names_that_lie", "names_without_meaning"))
"""Ways that undo each other: a notebook is written in each of them, in one variant after the other."""

VARIANTS = 3
"""Variants of a notebook; each is written in a third of the ways, so that all meet all notebooks in three runs."""

MEASURED_LEVELS = ("model", "evaluation")
"""Criteria that rest on what is measured; the others also judge style, which some transformations change."""

OF_THE_FILE = frozenset({"stale_outputs"})
"""Faults in what was saved, which other ways to write would save otherwise."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a variant was judged otherwise than what it was made from."""

    variant: str
    ways: tuple[str, ...]
    what: str
    before: str
    after: str


def bases(count: int = BASES) -> tuple[Notebook, ...]:
    """Return notebooks of as many faults as there are, every third of them clean."""
    chosen = [pair for pair in pairs() if pair.faulty.fault not in OF_THE_FILE][:count]
    return tuple(pair.clean if number % 3 == 2 else pair.faulty for number, pair in enumerate(chosen))


def variants(notebooks: Sequence[Notebook]) -> tuple[Variant, ...]:
    """Return three variants of each notebook: all transformations are dealt out among them."""
    return tuple(
        variant(item, f"variant{number}", ways)
        for item in notebooks
        for number, ways in enumerate(_dealt(Random(item.name)), 1)
    )


def _dealt(rng: Random) -> tuple[list[str], ...]:
    """Deal the transformations out to variants: those that undo each other apart, the rest evenly, in any company."""
    dealt: tuple[list[str], ...] = tuple([] for _ in range(VARIANTS))
    for apart in APART:
        for ways, way in zip(rng.sample(dealt, len(apart)), apart, strict=True):
            ways.append(way)
    rest = [way for way in TRANSFORMATIONS if not any(way in apart for apart in APART)]
    for way in rng.sample(rest, len(rest)):
        min(dealt, key=len).append(way)
    return dealt


def singly(notebook: Notebook, ways: Sequence[str]) -> tuple[Variant, ...]:
    """Return a notebook in each of the ways by itself, to find out which of them makes a difference."""
    return tuple(variant(notebook, way, (way,)) for way in ways)


def differences(variant: Variant, known: Mapping[str, Outcome]) -> Iterator[Difference]:
    """Yield each finding and level that the variant has otherwise."""
    before, after = known[variant.of], known[variant.name]
    for check, outcome in before.outcomes.items():
        if is_judged(check) and after.outcomes.get(check) != outcome:
            said = f"{after.outcomes.get(check)}: {after.summaries.get(check)}"
            yield Difference(variant.name, variant.ways, check, f"{outcome}: {before.summaries[check]}", said)
    keeps_style = all(TRANSFORMATIONS[way].keeps_style for way in variant.ways)
    for criterion, level in before.levels.items():
        if (keeps_style or criterion in MEASURED_LEVELS) and after.levels[criterion] != level:
            yield Difference(variant.name, variant.ways, criterion, str(level), str(after.levels[criterion]))


def main() -> None:
    """Grade the variants asked for, and write what differed into README.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notebooks", type=int, default=BASES)
    parser.add_argument("--store", type=Path, default=Path.home() / ".cache" / "grader-corpus")
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("GRADER_TEST_DATA", HERE.parents[2] / "shared" / "data"))
    )
    parser.add_argument(
        "--kept", action="store_true", help="judge kept runs, also of the grader as it was; run nothing"
    )
    asked = parser.parse_args()
    corpus = Corpus(asked.store, asked.data, any_runner=asked.kept)
    chosen = bases(asked.notebooks)
    by_name = {item.name: item for item in chosen}
    together = variants(chosen)
    known = _outcomes(corpus, (*chosen, *together), kept=asked.kept)
    differing = [item for item in together if list(_differences([item], known))]
    alone = [single for item in differing for single in singly(by_name[item.of], item.ways)]
    known |= _outcomes(corpus, alone, kept=asked.kept)
    compared = [item for item in (*together, *alone) if item.name in known and item.of in known]
    found = list(_differences(compared, known))
    kept = {
        "compared": [{"variant": item.name, "ways": item.ways} for item in compared],
        "differences": [asdict(item) for item in found],
    }
    METAMORPHIC.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    write_table()
    for item in found:
        print(f"{item.variant} ({', '.join(item.ways)}): {item.what}: {item.before} -> {item.after}")
    print(f"{len(compared)} variants compared, {len({item.variant for item in found})} differ; {len(FAULTS)} faults")


def _outcomes(corpus: Corpus, notebooks: Sequence[Written], *, kept: bool) -> dict[str, Outcome]:
    return corpus.known_of(notebooks) if kept else corpus.outcomes(notebooks)


def _differences(compared: Iterable[Variant], known: Mapping[str, Outcome]) -> Iterator[Difference]:
    for item in compared:
        if item.name in known and item.of in known:
            yield from differences(item, known)


if __name__ == "__main__":
    main()
