"""Training loops of the student's own, as evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.evidence.run_builder import RunBuilder

ROWS = np.random.default_rng(0).random((40, 8, 8))


def loops(folder: Path, *names: str) -> Any:
    """A run with one cell, in which the named models were trained in turns by a loop of the student's own."""
    builder = RunBuilder(folder)
    for name in names:
        builder.model(name)
        builder.fit(name, ROWS, np.arange(40) % 10, losses=(1.0, 1.2, 1.3, 1.4, 1.5))
    for event in builder.events:
        if event.kind == "fit.began":
            event.fields["loop"] = "custom"
    return builder.evidence().trainings


def test_the_losses_of_one_network_are_its_own(tmp_path: Path) -> None:
    """They are a history like that of fit, and the training is known for a loop."""
    (training,) = loops(tmp_path, "m1")
    assert training.custom_loop
    assert len(training.series("loss")) == 5


def test_losses_of_networks_trained_in_turns_say_nothing(tmp_path: Path) -> None:
    """Where two work against each other, as in a GAN, one's loss may rise while both learn: it is left out."""
    first, second = loops(tmp_path, "m1", "m2")
    assert not first.series("loss")
    assert not second.series("loss")
    assert first.custom_loop


def wandering(folder: Path, *steps: tuple[str, str, str], reshuffle: bool = True) -> bool | None:
    """Whether rows are said to move: a loop over a stream was seen with 40 rows, 10 of which are scored."""
    builder = RunBuilder(folder)
    builder.send("data.op", op="shuffle", dataset="all", source="d", settings={"reshuffle_each_iteration": reshuffle})
    for op, made, source in steps:
        builder.send("data.op", op=op, dataset=made, source=source, settings={})
    builder.model("m1")
    builder.fit("m1", ROWS, np.arange(40) % 10)
    for event in builder.events:
        if event.kind == "fit.began":
            event.fields["loop"] = "custom"
    builder.evaluate("m1", ROWS[:10], np.arange(10))
    return builder.evidence().unstable_membership


TEST, REST = ("take", "test", "all"), ("skip", "rest", "all")


def test_rows_wander_where_a_stream_shuffled_anew_is_divided(tmp_path: Path) -> None:
    """take() and skip() of one set that is drawn anew: each pass of the loop trained on other rows."""
    assert wandering(tmp_path, TEST, REST) is True
    assert wandering(tmp_path / "batched", ("batch", "b", "all"), ("take", "t", "b"), ("skip", "s", "b")) is True


def test_rows_stay_where_the_order_stays_or_nothing_is_divided(tmp_path: Path) -> None:
    """Shuffled once, cached before it is cut, or only looked at: scored training rows are no wandering ones."""
    assert not wandering(tmp_path / "once", TEST, REST, reshuffle=False)
    cached = (("cache", "c", "all"), ("take", "t", "c"), ("skip", "s", "c"))
    assert not wandering(tmp_path / "cached", *cached)
    assert not wandering(tmp_path / "a look", TEST)


def in_a_failing_cell(folder: Path, scored: Any, *, epochs: int = 3) -> bool:
    """Whether a loop is said to be complete whose cell failed after rows were scored with the weights of the end.

    Each epoch but the last is seen to look at the first rows.
    """
    builder = RunBuilder(folder)
    builder.model("m1")
    builder.fit("m1", ROWS[20:], np.arange(20) % 10, losses=(1.0,) * epochs)
    ended = builder.events.pop()
    ended.fields.update(completed=False, error="NameError")
    for epoch in range(epochs - 1):
        builder.predict("m1", ROWS[:10])
        builder.events[-1].fields.update(during="f1", weights=f"epoch {epoch}")
    builder.predict("m1", scored)
    builder.send("fit.ended", **ended.fields)
    for event in builder.events:
        if event.kind == "fit.began":
            event.fields["loop"] = "custom"
    (training,) = builder.evidence().trainings
    return training.completed


def test_a_loop_is_over_where_its_cell_fails_further_down(tmp_path: Path) -> None:
    """All in one cell, whose last line fails: the test rows, which no epoch had looked at, were scored by then. The
    look of an epoch, or the first rows looked at at all, tell nothing.
    """
    assert in_a_failing_cell(tmp_path / "tested", ROWS[10:20])
    assert not in_a_failing_cell(tmp_path / "watched", ROWS[:10])
    assert not in_a_failing_cell(tmp_path / "first epoch", ROWS[10:20], epochs=1)
