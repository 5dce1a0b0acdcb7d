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
