"""Charts are right at their edges: one epoch, no finite number, one class, a hundred classes, nothing at all."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from grader.reports.charts import (
    Bar,
    Lane,
    Series,
    SharedRows,
    bar_chart,
    confusion_matrix,
    curve_chart,
    lane_chart,
    level_distribution,
)
from grader.reports.charts.curves import axis_labels
from grader.reports.charts.svg import spread_apart, ticks
from grader.reports.numbers import NONE, count, decimal, percent

ATTACK = '"><script>alert(1)</script>'


def parsed(chart: Markup) -> ET.Element:
    """Parse a chart as XML: it is well-formed or this fails."""
    return ET.fromstring(chart.replace("&nbsp;", " "))


def label(chart: Markup) -> str:
    """What a screen reader says of a chart."""
    return parsed(chart).attrib["aria-label"]


def texts(chart: Markup) -> list[str]:
    """All words a chart shows."""
    return ["".join(item.itertext()) for item in parsed(chart).iter() if item.tag in {"text", "td", "th"}]


def circles(chart: Markup) -> list[tuple[float, float]]:
    """Where a curve chart has its dots."""
    return [(float(item.attrib["cx"]), float(item.attrib["cy"])) for item in parsed(chart).iter("circle")]


# ---------------------------------------------------------------- curves
def test_curves_are_drawn_to_scale() -> None:
    """Equal steps in epochs and values are equal steps on paper, higher values lie higher."""
    dots = circles(curve_chart("Loss", (Series("training", (3.0, 2.0, 1.0), "train"),), None))
    assert dots[1][0] - dots[0][0] == pytest.approx(dots[2][0] - dots[1][0], abs=0.02)
    assert dots[1][1] - dots[0][1] == pytest.approx(dots[2][1] - dots[1][1], abs=0.02)
    assert dots[0][1] < dots[2][1]


def test_one_epoch_is_a_dot_with_its_value() -> None:
    """A single epoch has no line to draw: it shows as a dot, labelled."""
    chart = curve_chart("Loss", (Series("training", (0.5,), "train"),), None)
    assert len(circles(chart)) == 1
    assert "0.500" in texts(chart)
    assert "in 1 epochs" not in label(chart)


@pytest.mark.parametrize(
    ("values", "said"), [((), "No epoch was completed."), ((math.nan, math.inf), "Not one value is a finite number.")]
)
def test_curves_without_numbers_say_so(values: tuple[float, ...], said: str) -> None:
    """No epochs, or a loss that was never a number, give a sentence in place of an empty axis."""
    chart = curve_chart("Loss", (Series("training", values, "train"),), (1, "x"))
    assert said in texts(chart)
    assert said in label(chart)


def test_a_gap_is_left_where_a_value_is_no_number() -> None:
    """NaN in the middle breaks the line into two, and the label at the end says at which epoch."""
    chart = curve_chart("Loss", (Series("training", (3.0, 2.0, math.nan, 1.0, 0.5), "train"),), None)
    path = next(item.attrib["d"] for item in parsed(chart).iter("path"))
    assert path.count("M") == 2
    assert len(circles(chart)) == 4
    assert any("no number" in words and "3" in words for words in texts(chart))


def test_the_overfitting_point_is_marked_where_it_is() -> None:
    """The marked epoch has a line through the dot of that epoch, with its words beside it."""
    series = (Series("training", (3.0, 2.0, 1.0), "train"), Series("validation", (3.0, 2.5, 2.8), "validation"))
    chart = curve_chart("Loss", series, (2, "overfitting from epoch 2"))
    mark = next(item for item in parsed(chart).iter("line") if item.attrib["class"] == "mark")
    assert float(mark.attrib["x1"]) == circles(chart)[1][0]
    assert "overfitting from epoch 2" in texts(chart)
    assert "overfitting from epoch 2" in label(chart)


def test_a_mark_outside_the_epochs_is_not_drawn() -> None:
    """An epoch that was never run is pointed at by nothing."""
    chart = curve_chart("Loss", (Series("training", (3.0, 2.0), "train"),), (9, "beyond"))
    assert "beyond" not in texts(chart)


def test_values_over_many_magnitudes_get_a_logarithmic_axis() -> None:
    """A loss that starts at 2,000 and ends at 0.5 stays readable, and the title says how it is drawn."""
    chart = curve_chart("Loss", (Series("training", (2000.0, 3.0, 0.5), "train"),), None)
    assert any("logarithmic" in words for words in texts(chart))


def test_long_trainings_stay_small() -> None:
    """Ten thousand epochs make a picture of bounded size that still ends at the last epoch."""
    chart = curve_chart("Loss", (Series("training", tuple(1 + 1 / n for n in range(1, 10_001)), "train"),), None)
    assert len(chart) < 20_000
    assert "10000" in label(chart).replace(",", "")


def test_end_labels_never_overlap() -> None:
    """Lines that end at the same value have their labels moved apart."""
    series = (Series("training", (1.0, 0.5), "train"), Series("validation", (1.1, 0.5), "validation"))
    chart = curve_chart("Loss", series, None)
    heights = [
        float(item.attrib["y"]) for item in parsed(chart).iter("text") if item.text in {"training", "validation"}
    ]
    assert abs(heights[0] - heights[1]) >= 28


@given(st.lists(st.floats(), max_size=40), st.lists(st.floats(), max_size=40))
def test_any_history_can_be_drawn(training: list[float], validation: list[float]) -> None:
    """Whatever numbers a history holds, the chart is well-formed and every coordinate is a number."""
    series = (Series("training", tuple(training), "train"), Series("validation", tuple(validation), "validation"))
    chart = curve_chart("Loss", series, (1, "here"))
    parsed(chart)
    assert "nan" not in chart.split("aria-label")[0]
    assert all(math.isfinite(value) for dot in circles(chart) for value in dot)


# ---------------------------------------------------------------- axes
@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9))
def test_ticks_span_the_values_and_are_few(low: float, span: float) -> None:
    """Axis marks cover the whole range with at most a handful of steps."""
    marks = ticks(low, low + span)
    if len(marks) > 1:
        assert marks[0] <= low + span * 1e-6
        assert marks[-1] >= low + span * (1 - 1e-6)
    assert len(marks) <= 8


def test_axis_labels_share_their_decimals() -> None:
    """One axis is written with one number of decimals, shares in percent."""
    assert axis_labels((0.0, 0.5, 1.0, 1.5), decimal) == ("0.0", "0.5", "1.0", "1.5")
    assert axis_labels((0.4, 0.6, 0.8), percent) == ("40\u202f%", "60\u202f%", "80\u202f%")
    assert axis_labels((0.975, 0.98, 0.985), percent) == ("97.5\u202f%", "98.0\u202f%", "98.5\u202f%")


@given(st.lists(st.floats(0, 100), min_size=1, max_size=3))
def test_labels_are_spread_apart(wanted: list[float]) -> None:
    """Positions end up at least a gap apart, in the same order, where there is room."""
    placed = spread_apart(wanted, 20, 0, 100)
    ordered = sorted(placed)
    assert all(right - left >= 20 - 1e-9 for left, right in pairwise(ordered))


# ---------------------------------------------------------------- bars, lanes, distribution
def test_bars_have_lengths_in_proportion() -> None:
    """Half the score is half the bar; the words say every value."""
    chart = bar_chart("Scores", (Bar("This notebook", 0.8, "student"), Bar("Guess", 0.4, "baseline")), 1.0, percent)
    student, guess = (float(item.attrib["width"]) for item in parsed(chart).iter("rect"))
    assert student == pytest.approx(2 * guess, abs=0.02)
    assert "This notebook 80.0" in label(chart)


def test_bars_stay_inside_whatever_they_hold() -> None:
    """No bars, NaN, zero and negative values draw without an error and without negative lengths."""
    for bars in ((), (Bar("a", math.nan, "student"), Bar("b", -3.0, "reference"), Bar("c", 0.0, "baseline"))):
        chart = bar_chart("Scores", bars, None, decimal)
        assert all(float(item.attrib["width"]) >= 0 for item in parsed(chart).iter("rect"))
    assert any("no number" in words for words in texts(chart))


def test_lanes_are_as_high_as_their_share() -> None:
    """A set of rows four times as large has a node at least as high, and every lane is named with its count."""
    lanes = (Lane("Training", 800, "trained on", "train"), Lane("Test", 200, "scored", "test"))
    chart = lane_chart(lanes, (SharedRows(1, 0, "7 of 200 test rows are also training rows"),))
    nodes = [float(item.attrib["height"]) for item in parsed(chart).iter("rect") if "node" in item.attrib["class"]]
    assert nodes[0] > nodes[1] > 0
    assert "800 rows, 80.0\u202f% of all" in texts(chart)
    assert "7 of 200 test rows are also training rows" in label(chart)


def test_crossings_are_numbered_and_no_wider_one_cuts_a_narrower() -> None:
    """Each crossing has its number; the one past another lane ends outside of those between neighbours."""
    lanes = tuple(
        Lane(name, 100, "used", style) for name, style in (("A", "train"), ("B", "validation"), ("C", "test"))
    )
    shared = (SharedRows(1, 0, "b in a", share=0.1), SharedRows(2, 0, "c in a", share=1.0), SharedRows(2, 1, "c in b"))
    picture = parsed(lane_chart(lanes, shared, "300 rows"))
    loops = [item for item in picture.iter("path") if "joint" in item.attrib["class"]]
    ends = [[float(number) for number in re.findall(r"[\d.]+ ([\d.]+)", item.attrib["d"])] for item in loops]
    (near_top, *_, near_bottom), (far_top, *_, far_bottom), _ = ends
    assert far_top < near_top < near_bottom < far_bottom
    assert float(loops[0].attrib["stroke-width"]) < float(loops[1].attrib["stroke-width"])
    assert {"1", "2", "3"} <= set(texts(lane_chart(lanes, shared)))
    assert label(lane_chart(lanes, shared, "300 rows")).startswith("How the rows were used. 300 rows.")


def test_crossings_that_chance_explains_are_dashed() -> None:
    """An alarm and what chance explains differ in their stroke, not in colour alone."""
    lanes = (Lane("A", 10, "x", "train"), Lane("B", 10, "y", "test"))
    chart = lane_chart(lanes, (SharedRows(1, 0, "few", alarming=False),))
    assert "joint by-chance" in chart
    assert "joint alarming" not in chart


def test_no_rows_no_lanes() -> None:
    """Where no rows were seen nothing is drawn."""
    assert lane_chart((), ()) == ""
    assert lane_chart((Lane("Training", 0, "x", "train"),), ()) == ""


def test_the_distribution_counts_those_without_a_level() -> None:
    """Every level has its bar, also where nobody reached it; those not judged are told apart."""
    chart = level_distribution("Code", {"emerging": 2, None: 1})
    assert label(chart) == "Code: Exemplary 0, Proficient 0, Developing 0, Emerging 2, No level 1."
    assert "No level" not in label(level_distribution("Code", {"emerging": 2}))


# ---------------------------------------------------------------- confusion matrix
def test_the_matrix_is_a_table_with_rows_for_true_classes() -> None:
    """Row headers are the true classes, column headers the answers, and each count stands where it belongs."""
    table = parsed(confusion_matrix(((5, 1), (2, 4)), ("cat", "dog")))
    body = [["".join(cell.itertext()) for cell in row] for row in table.find("tbody") or ()]
    assert body == [["cat", "5", "1"], ["dog", "2", "4"]]
    titles = [cell.attrib["title"] for cell in table.iter("td") if "title" in cell.attrib]
    assert "dog: 2 rows taken for cat (33.3\u202f%)" in titles


def test_the_most_frequent_mistake_is_the_strongest() -> None:
    """Wrong answers are shaded on their own scale: the worst pair has the strongest shade, however rare it is."""
    chart = confusion_matrix(((100, 1, 0), (0, 97, 3), (0, 0, 100)), ("a", "b", "c"))
    shades = {
        "".join(cell.itertext()): cell.attrib["class"] for cell in parsed(chart).iter("td") if "title" in cell.attrib
    }
    assert shades["3"] == "wrong-5"
    assert shades["1"] == "wrong-2"


def test_one_class_and_no_class() -> None:
    """A matrix of one class is drawn; an empty or ragged one is nothing rather than an error."""
    assert "7" in texts(confusion_matrix(((7,),), ("only",)))
    assert confusion_matrix((), ()) == ""
    assert confusion_matrix(((1, 2), (3,)), ("a", "b")) == ""


def test_a_hundred_classes_are_a_picture_of_shades() -> None:
    """Where counts can't be read, shades are drawn, the whole is told in words, and empty cells cost nothing."""
    matrix = tuple(tuple(9 if i == j else 1 if j == (i + 1) % 100 else 0 for j in range(100)) for i in range(100))
    chart = confusion_matrix(matrix, tuple(f"class {index}" for index in range(100)))
    assert "900 of 1,000 rows were answered right" in label(chart)
    assert len(chart) < 60_000


def test_names_missing_for_some_classes_are_numbers() -> None:
    """Fewer names than classes is no error: the class's position is its name."""
    assert "1" in texts(confusion_matrix(((1, 0), (0, 1)), ("cat",)))


# ---------------------------------------------------------------- all of them
def test_names_are_escaped_in_every_chart() -> None:
    """A class, a recipe or a metric named like a script tag stays text, in labels as in titles."""
    charts = (
        confusion_matrix(((1, 0), (0, 1)), (ATTACK, "b")),
        confusion_matrix(tuple((1,) * 30 for _ in range(30)), (ATTACK,) * 30),
        curve_chart(ATTACK, (Series(ATTACK, (1.0, 2.0), "train"),), (1, ATTACK)),
        bar_chart(ATTACK, (Bar(ATTACK, 1.0, "student", 0.1),), None, decimal),
        lane_chart((Lane(ATTACK, 5, ATTACK, "train"),), (SharedRows(0, 0, ATTACK),)),
        level_distribution(ATTACK, {"emerging": 1}),
    )
    for chart in charts:
        assert "<script" not in chart
        assert all(item.tag != "script" for item in parsed(chart).iter())


def test_long_names_are_cut_to_their_room() -> None:
    """A name of two hundred characters does not run out of a picture: it ends in an ellipsis, and the label is whole."""
    name = "wide " * 40
    charts = (
        curve_chart(name, (Series(name, (1.0, 2.0), "train"),), (1, name)),
        bar_chart("Scores", (Bar(name, 1.0, "student", 0.1),), None, decimal),
        lane_chart((Lane(name, 5, name, "train"),), ()),
    )
    for chart in charts:
        assert max(map(len, texts(chart))) <= 85
        assert any("\N{HORIZONTAL ELLIPSIS}" in words for words in texts(chart))


# ---------------------------------------------------------------- numbers
@pytest.mark.parametrize(
    ("share", "written"),
    [
        (0.9124, "91.2\u202f%"),
        (1.0, "100\u202f%"),
        (0.99996, "over 99.9\u202f%"),
        (0.0, "0\u202f%"),
        (0.0001, "under 0.1\u202f%"),
        (None, NONE),
        (math.nan, NONE),
    ],
)
def test_shares_are_written_in_percent(share: float | None, written: str) -> None:
    """One decimal, and `100 %` only for all of them."""
    assert percent(share) == written


def test_counts_have_their_noun() -> None:
    """Thousands are separated, one of a thing is singular."""
    assert count(1000, "row") == "1,000 rows"
    assert count(1, "row") == "1 row"
    assert count(2, "class", "classes") == "2 classes"


@given(st.floats())
def test_every_number_has_a_short_form(value: float) -> None:
    """No float makes a label longer than a column."""
    assert 0 < len(decimal(value)) <= 14
    assert 0 < len(percent(value if 0 <= value <= 1 else None)) <= 12


def test_large_losses_have_short_labels() -> None:
    """A regression's loss in the ten thousands fits beside its axis instead of being cut."""
    labels = axis_labels((0.0, 10_000.0, 20_000.0, 30_000.0), decimal)
    assert labels == ("0", "10k", "20k", "30k")
    assert all(len(label) <= 6 for label in axis_labels((0.0, 2.5e6, 5e6, 1e12), decimal))
