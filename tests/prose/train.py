"""Train the sentence classifier from the labelled sentences and print its cross-validated figures.

python tests/prose/train.py              # writes the weights that the grader ships, then prints the figures
python tests/prose/train.py --figures    # prints the figures only
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]

from prose.training import STORED, figures, labelled_sentences, store  # noqa: E402


def main() -> None:
    """Train, store and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--figures", action="store_true", help="print the cross-validated figures, store nothing")
    if not parser.parse_args().figures:
        store()
        print(f"{STORED.name}: {STORED.stat().st_size // 1024} KB")
    persons = {item.person for item in labelled_sentences()}
    print(f"{len(labelled_sentences())} sentences of {len(persons)} persons, cross-validated by person")
    print(f"{'topic':18} explained  precision  recall  average precision  accuracy (none, named, explained)")
    for topic, row in figures().items():
        print(
            f"{topic:18} {row['sentences']:9.0f}  {row['precision']:9.2f}  {row['recall']:6.2f}  "
            f"{row['average_precision']:17.2f}  {row['accuracy']:8.2f}"
        )


if __name__ == "__main__":
    main()
