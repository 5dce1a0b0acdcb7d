"""Levels agree with labels given by hand: kept figures are those measured, and high enough."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from grader.evidence.reading.sentence_model import sentence_model

from .agreement import BEGIN, END, README, kappa, kept, measure, parts, table
from .training import STORED, labelled_sentences, plain
from .writeups import write_ups

TARGET = 0.85
MIN_HELD_OUT = (0.8, 0.8)
"""Of `understanding` and `write_up`, on write-ups that nothing was mended or trained by."""


def test_the_set_is_what_it_says_it_is():
    """At least 130 write-ups, both languages, all levels of both criteria, every person in one part, every label with its why."""
    items = write_ups()
    assert len(items) >= 130
    assert len({item.name for item in items}) == len(items)
    languages = Counter(item.language for item in items)
    assert 0.5 < languages["en"] / len(items) < 0.7
    for criterion in range(2):
        assert min(Counter(item.levels[criterion] for item in items).values()) >= 15
    assert all(len({item.part for item in items if item.person == person}) == 1 for person in {i.person for i in items})
    assert all(item.why and item.cells for item in items)
    assert len({item.trap for item in items}) >= 10


def test_sentences_of_held_out_persons_train_nothing():
    """No sentence of the classifier's is by a person of the held-out part, or stands in one of their write-ups."""
    held = [item for item in write_ups() if item.part == "held_out"]
    assert not {item.person for item in held} & {item.person for item in labelled_sentences()}
    texts = "\n".join(source for item in held for kind, source in item.cells if kind == "markdown")
    shared = [item.text for item in labelled_sentences() if len(item.text) > 40 and item.text in texts]
    assert not shared
    assert len(labelled_sentences()) >= 900


def test_held_out_write_ups_get_the_levels_that_were_kept():
    """What is graded now is what the table says, and kappa stays where it was reached."""
    held = dict(parts())["held out"]
    levels = measure(held)
    assert levels == {item.name: kept()[item.name] for item in held}
    for criterion, least in enumerate(MIN_HELD_OUT):
        assert kappa(held, levels, criterion) >= least


def test_the_table_is_that_of_the_kept_levels():
    """README.md shows the last measurement, and over all write-ups it reaches the target for both criteria."""
    shown = README.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    assert table(kept()) in shown
    for criterion in range(2):
        assert kappa(write_ups(), kept(), criterion) >= TARGET


def test_the_shipped_classifier_is_the_trained_one():
    """Training again from the labelled sentences gives the stored terms, and weights that differ by rounding at most."""
    stored, again = json.loads(STORED.read_text(encoding="utf-8")), plain(labelled_sentences())
    assert stored["terms"] == again["terms"]
    for topic, rows in stored["weights"].items():
        for left, right in zip(rows, again["weights"][topic], strict=True):
            assert left == pytest.approx(right, abs=0.05)


def test_the_classifier_tells_words_of_ones_own_from_terms():
    """An explanation without any term of the trade is heard; a list of terms is not taken for one."""
    model = sentence_model()
    own = "Every little template is moved over the drawing and answers where the drawing looks like it."
    terms = "We used Conv2D, MaxPooling2D, Dropout and Dense layers."
    assert model.strength("layers", own).explained > 0.5
    assert model.strength("layers", terms).explained < 0.5
    assert model.strength("layers", terms).named > 0.5


@pytest.mark.proof
def test_all_write_ups_get_the_levels_that_were_kept():
    """The development part too, each by a classifier that never saw its writer."""
    assert measure(write_ups()) == kept()
