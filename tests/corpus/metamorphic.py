"""The same work written otherwise gives the same findings and levels: run it, compare, keep what differed.

python tests/corpus/metamorphic.py                      # all transformations of BASES notebooks: hours; goes on if stopped
python tests/corpus/metamorphic.py --notebooks 4        # of four notebooks
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]

from corpus.catalogue import Notebook, pairs  # noqa: E402
from corpus.faults import FAULTS  # noqa: E402
from corpus.grading import Corpus, Outcome  # noqa: E402
from corpus.table import METAMORPHIC, write_table  # noqa: E402
from corpus.tally import is_judged  # noqa: E402
from corpus.transformations import TRANSFORMATIONS, Variant  # noqa: E402

BASES = 36
"""Notebooks that are written otherwise: faulty and clean ones in turn."""

MEASURED_LEVELS = ("model", "evaluation")
"""Criteria that rest on what is measured; the others also judge style, which some transformations change."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a variant was judged otherwise than what it was made from."""

    variant: str
    what: str
    before: str
    after: str


def bases(count: int = BASES) -> tuple[Notebook, ...]:
    """Return notebooks of as many faults as there are, every third of them clean."""
    return tuple(pair.clean if number % 3 == 2 else pair.faulty for number, pair in enumerate(pairs()[:count]))


def variants(notebooks: Sequence[Notebook]) -> tuple[Variant, ...]:
    """Return each notebook in every other way in which it can be written."""
    made = ((item, change.variant(item)) for change in TRANSFORMATIONS.values() for item in notebooks)
    return tuple(variant for item, variant in made if variant is not None and variant.text != item.text)


def differences(variant: Variant, known: Mapping[str, Outcome]) -> Iterator[Difference]:
    """Yield each finding and level that the variant has otherwise."""
    before, after = known[variant.of], known[variant.name]
    change = TRANSFORMATIONS[variant.name.split("-", 1)[0]]
    for check, outcome in before.outcomes.items():
        if is_judged(check) and after.outcomes.get(check) != outcome:
            said = f"{after.outcomes.get(check)}: {after.summaries.get(check)}"
            yield Difference(variant.name, check, f"{outcome}: {before.summaries[check]}", said)
    for criterion, level in before.levels.items():
        if (change.keeps_style or criterion in MEASURED_LEVELS) and after.levels[criterion] != level:
            yield Difference(variant.name, criterion, str(level), str(after.levels[criterion]))


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
    others = variants(chosen)
    known = corpus.known_of((*chosen, *others)) if asked.kept else corpus.outcomes((*chosen, *others))
    compared = [item for item in others if item.name in known and item.of in known]
    found = [difference for item in compared for difference in differences(item, known)]
    kept = {"compared": [item.name for item in compared], "differences": [asdict(item) for item in found]}
    METAMORPHIC.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    write_table()
    for item in found:
        print(f"{item.variant}: {item.what}: {item.before} -> {item.after}")
    print(f"{len(compared)} variants compared, {len({item.variant for item in found})} differ; {len(FAULTS)} faults")


if __name__ == "__main__":
    main()
