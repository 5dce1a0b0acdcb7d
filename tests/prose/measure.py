"""Grade the labelled write-ups and print how well the levels agree with the labels.

python tests/prose/measure.py            # prints, and writes the tables into README.md
python tests/prose/measure.py --train    # trains and stores the sentence classifier first
python tests/prose/measure.py --show     # also the write-ups of the development part that got another level
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]

from prose.agreement import keep, measure, table  # noqa: E402
from prose.training import store  # noqa: E402
from prose.writeups import write_ups  # noqa: E402


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", action="store_true", help="name the write-ups of the development part that differ")
    parser.add_argument("--train", action="store_true", help="train and store the sentence classifier first")
    arguments = parser.parse_args()
    if arguments.train:
        store()
    levels = measure(write_ups())
    print(table(levels))
    if arguments.show:
        for item in write_ups():
            if item.part == "development" and levels[item.name] != item.levels:
                print(f"{item.name}: label {item.levels}, given {levels[item.name]}; {item.why}")
    keep(levels)


if __name__ == "__main__":
    main()
