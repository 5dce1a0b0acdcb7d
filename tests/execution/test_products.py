"""Which files and folders are a notebook's own to write, as its code says."""

from __future__ import annotations

import dataclasses

import pytest

from grader.execution.products import written_files
from grader.model import Cell
from tests.execution.conftest import submission_of


@pytest.mark.parametrize(
    ("source", "own"),
    [
        ("BEST = 'best.keras'", {"best.keras"}),
        ("model.save('../models/best.keras')", {"models", "best.keras"}),
        ("plt.savefig('figures/curve.png')", {"figures", "curve.png"}),
        ("with open('metrics.json', 'w') as file:", {"metrics.json"}),
        ("(here / 'notes.txt').write_text(text)", {"notes.txt"}),
        ("os.makedirs('../outputs/deep', exist_ok=True)", {"outputs", "deep"}),
        ("Path('../outputs').mkdir(exist_ok=True)", {"outputs"}),
        ("data = pd.read_csv('../data/train.csv')", set()),
        ("text = open('names.txt', 'r').read()", set()),
    ],
)
def test_what_code_writes_is_its_own(source: str, own: set[str]) -> None:
    """Saved models wherever they are named, other files and folders where the line writes or makes them."""
    assert written_files(submission_of(source)) == own


def test_modules_write_too() -> None:
    """What `src/plots.py` draws for the notebook is the notebook's."""
    module = Cell(1, "code", "def draw():\n    plt.savefig('curve.png')", file="src/plots.py", line=1)
    submission = dataclasses.replace(submission_of("from src.plots import draw"), modules=(module,))
    assert written_files(submission) == {"curve.png"}
