"""Grade the corpus, or as much of it as is asked for, and write the table of precision and recall into README.md.

python tests/corpus/measure.py                      # all of it: hours; stopped, it goes on where it was
python tests/corpus/measure.py --pairs 40           # an even sample of faults and idioms
python tests/corpus/measure.py --only unscaled,taken --show    # those whose name holds a word; prints wrong verdicts
python tests/corpus/measure.py --kept               # nothing is run: judge what was, and write the table
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]

from corpus.catalogue import Pair, pairs  # noqa: E402
from corpus.faults import FAULTS  # noqa: E402
from corpus.grading import Corpus, Outcome  # noqa: E402
from corpus.table import figures, keep, write_table  # noqa: E402
from corpus.tally import counted, wrong_verdicts  # noqa: E402

USUAL_DATA = HERE.parents[2] / "shared" / "data"


def main() -> None:
    """Grade what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, help="how many pairs of a faulty notebook and its clean twin")
    parser.add_argument("--only", default="", help="words, separated by commas, one of which a name must hold")
    parser.add_argument(
        "--store", type=Path, default=Path.home() / ".cache" / "grader-corpus", help="where runs are kept"
    )
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("GRADER_TEST_DATA", USUAL_DATA)))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument(
        "--kept", action="store_true", help="judge kept runs, also those of an older probe; run nothing"
    )
    parser.add_argument(
        "--reuse", action="store_true", help="judge kept runs, also those of an older probe, and run the others"
    )
    parser.add_argument("--show", action="store_true", help="print every wrong verdict")
    asked = parser.parse_args()
    data = asked.data if asked.data.is_dir() else None
    corpus = Corpus(asked.store, data, asked.jobs, any_runner=asked.kept or asked.reuse)
    words = [word for word in asked.only.split(",") if word]
    chosen = [pair for pair in pairs() if _has(data, pair) and _is_named(pair, words)][: asked.pairs]
    known = _outcomes(corpus, chosen, kept=asked.kept)
    graded = [pair for pair in chosen if pair.faulty.name in known]
    if asked.show:
        for wrong in wrong_verdicts(graded, known):
            print(f"{wrong.kind}: {wrong.check} in {wrong.notebook}: {wrong.summary}")
    print(figures(counted(graded, known)))
    if not words:
        keep(graded, known)
        write_table()


def _outcomes(corpus: Corpus, chosen: Sequence[Pair], *, kept: bool) -> Mapping[str, Outcome]:
    blocks = [chosen[start : start + len(FAULTS)] for start in range(0, len(chosen), len(FAULTS))]
    notebooks = [item for block in blocks for item in (*(p.faulty for p in block), *(p.clean for p in block))]
    return corpus.known_of(notebooks) if kept else corpus.outcomes(notebooks)


def _has(data: Path | None, pair: Pair) -> bool:
    needs = pair.faulty.data.needs
    return not needs or (data is not None and (data / needs).exists())


def _is_named(pair: Pair, words: Sequence[str]) -> bool:
    return not words or any(word in pair.faulty.name for word in words)


if __name__ == "__main__":
    main()
