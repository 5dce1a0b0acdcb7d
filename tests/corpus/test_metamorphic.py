"""The same work written otherwise gives the same findings and levels."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from .grading import Corpus
from .metamorphic import BASES, bases, differences, variants
from .transformations import TRANSFORMATIONS

SAMPLE = ("names_that_lie", "one_cell", "another_interface")
"""What a first proof runs, of one notebook: names, layout, library interface."""


def test_ten_transformations_change_thirty_notebooks():
    """There is something to compare: each transformation really changes the text, most of them that of all notebooks."""
    made = variants(bases())
    changed = {name: sum(item.name.startswith(f"{name}-") for item in made) for name in TRANSFORMATIONS}
    assert BASES >= 30
    assert sum(count >= 30 for count in changed.values()) >= 10
    assert min(changed.values()) >= 5, changed


def test_variants_are_valid_notebooks():
    """Each can be opened by Jupyter."""
    for item in variants(bases(4)):
        nbformat.validate(nbformat.reads(item.text, as_version=nbformat.NO_CONVERT))


@pytest.mark.proof
def test_a_sample_is_judged_alike(real_data: Path, tmp_path: Path):
    """Lying names, one cell for all, another interface: the findings and the levels are the same."""
    base = next(item for item in bases() if item.idiom.modelling in {"sequential", "functional"} and item.fault)
    made = [item for item in variants([base]) if item.name.startswith(SAMPLE)]
    assert len(made) == len(SAMPLE)
    known = Corpus(tmp_path, real_data).outcomes([base, *made])
    assert not [difference for item in made for difference in differences(item, known)]


@pytest.mark.proof
def test_all_are_judged_alike(real_data: Path):
    """Every transformation of every base. Takes hours."""
    chosen = bases()
    made = variants(chosen)
    known = Corpus(Path.home() / ".cache" / "grader-corpus", real_data).outcomes([*chosen, *made])
    assert not [difference for item in made for difference in differences(item, known)]
