"""The same work written otherwise gives the same findings and levels."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from .grading import Corpus
from .metamorphic import BASES, bases, differences, singly, variants
from .transformations import TRANSFORMATIONS


def test_every_transformation_meets_thirty_notebooks_in_few_runs():
    """Each really changes the text; those of one interface only meet fewer. Three runs a notebook are enough."""
    made = variants(bases())
    met = {name: sum(name in item.ways for item in made) for name in TRANSFORMATIONS}
    assert BASES >= 30
    assert len(made) <= 110
    assert sum(count >= 30 for count in met.values()) >= 10, met
    assert min(met.values()) >= 5, met


def test_variants_are_valid_notebooks():
    """Each can be opened by Jupyter."""
    for item in variants(bases(4)):
        nbformat.validate(nbformat.reads(item.text, as_version=nbformat.NO_CONVERT))


def test_a_way_by_itself_is_what_it_was_in_company():
    """A difference can be traced: each way that a variant has makes a notebook of its own."""
    base = bases(1)[0]
    for item in variants([base]):
        assert [single.ways for single in singly(base, item.ways)] == [(way,) for way in item.ways]


@pytest.mark.proof
def test_a_sample_is_judged_alike(real_data: Path, tmp_path: Path):
    """All that is dealt out to the variants of one notebook: the findings and the levels are the same."""
    base = next(item for item in bases() if item.idiom.modelling in {"sequential", "functional"} and item.fault)
    made = variants([base])
    known = Corpus(tmp_path, real_data).outcomes([base, *made])
    assert not [difference for item in made for difference in differences(item, known)]


@pytest.mark.proof
def test_all_are_judged_alike(real_data: Path):
    """Every transformation of every base. Takes half an hour."""
    chosen = bases()
    made = variants(chosen)
    known = Corpus(Path.home() / ".cache" / "grader-corpus", real_data).outcomes([*chosen, *made])
    assert not [difference for item in made for difference in differences(item, known)]
