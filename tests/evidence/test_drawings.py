"""What axes say of themselves reaches the drawings: a legend's names, limits set by hand."""

from __future__ import annotations

import math

import pytest
from run_builder import RunBuilder


@pytest.fixture
def made(tmp_path):
    return RunBuilder(tmp_path)


def line(made, axes, label=""):
    made.send("figure.drawn", figure="g1", axes=axes, draw="line", label=label, x=[0, 1], y=[0.5, 0.4])


def test_a_legend_names_lines_without_labels_in_their_order(made):
    """`plt.legend(["train", "val"])`, the commonest way of all, labels no line itself."""
    line(made, "x1")
    line(made, "x1")
    line(made, "x2", label="own")
    made.send(
        "figure.titled",
        figure="g1",
        axes="x1",
        title="",
        x_label="epoch",
        y_label="",
        texts=[],
        legend=["train", "val"],
    )
    made.send("figure.titled", figure="g1", axes="x2", title="", x_label="", y_label="", texts=[], legend=["other"])
    assert [item.label for item in made.evidence().drawings] == ["train", "val", "own"]


def test_limits_that_were_set_are_kept(made):
    """Set by hand they are known; automatic ones follow the data and are not sent."""
    line(made, "x1")
    line(made, "x2")
    made.send("figure.titled", figure="g1", axes="x1", title="", x_label="", y_label="", texts=[], legend=[],
              y_limits=[0.5, 1.0], y_scale="linear")  # fmt: skip
    first, second = made.evidence().drawings
    assert (first.y_limits, first.y_scale) == ((0.5, 1.0), "linear")
    assert second.y_limits == ()


def test_points_without_a_number_are_no_damage(made):
    """A rolling mean begins with NaN, a heat map masks its zeros: the run's record is whole."""
    made.send("figure.drawn", figure="g1", axes="x1", draw="line", label="", x=[0, 1, 2], y=["nan", 0.5, 0.4])
    made.send("figure.drawn", figure="g1", axes="x2", draw="mesh", shape=[2, 2], values=[[5, None], [1, 7]])
    evidence = made.evidence()
    assert evidence.run.channel_faults == 0
    assert math.isnan(evidence.drawings[0].y[0])
    assert math.isnan(evidence.drawings[1].values[0][1])


def test_a_line_without_points_takes_no_name_of_the_legend(made):
    """seaborn draws an empty line to learn the next colour."""
    made.send("figure.drawn", figure="g1", axes="x1", draw="line", label="", x=[], y=[])
    line(made, "x1")
    line(made, "x1")
    made.send(
        "figure.titled", figure="g1", axes="x1", title="", x_label="", y_label="", texts=[], legend=["loss", "val_loss"]
    )
    assert [item.label for item in made.evidence().drawings] == ["", "loss", "val_loss"]
