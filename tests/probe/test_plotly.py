"""plotly's figures, as they are shown: curves and matrices are told like matplotlib's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.probe.harness import WatchedKernel, kernel

pytest.importorskip("plotly", reason="pip install plotly")
pytestmark = pytest.mark.slow

SETUP = """
import numpy as np, pandas as pd
import plotly.express as px, plotly.graph_objects as go
from plotly.subplots import make_subplots
history = {"loss": [1.0, 0.5, 0.25], "val_loss": [1.5, 0.75, 0.625]}
matrix = np.array([[5, 1], [2, 7]])
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedKernel]:
    with kernel(tmp_path_factory.mktemp("plotly")) as watched:
        watched.run(SETUP)
        yield watched
        assert watched.since(0, "probe.fault") == []


CURVES = {
    "express": "px.line(pd.DataFrame(history), title='Loss').show()",
    "objects": "figure = go.Figure(layout={'title': 'Loss'})\nfor name, values in history.items():\n"
    "    figure.add_trace(go.Scatter(y=values, mode='lines+markers', name=name))\nfigure",
    "dictionary": "import plotly.io\nplotly.io.show({'data': [{'type': 'scatter', 'y': values, 'name': name}"
    " for name, values in history.items()], 'layout': {'title': {'text': 'Loss'}}})",
}


@pytest.mark.parametrize("way", sorted(CURVES))
def test_curves(running: WatchedKernel, way: str) -> None:
    """Lines with their names and numbers, and the title, whoever made the figure and however it is shown."""
    mark = running.mark()
    running.run(CURVES[way])
    drawn = running.since(mark, "figure.drawn")
    assert [(item["draw"], item["label"], item["y"]) for item in drawn] == [
        ("line", "loss", [1.0, 0.5, 0.25]), ("line", "val_loss", [1.5, 0.75, 0.625]),
    ]  # fmt: skip
    (titled,) = running.since(mark, "figure.titled")
    assert (titled["title"], titled["axes"]) == ("Loss", drawn[0]["axes"])


@pytest.mark.parametrize("way", ["px.imshow(matrix, text_auto=True)", "go.Figure(go.Heatmap(z=matrix.tolist()))"])
def test_matrices(running: WatchedKernel, way: str) -> None:
    """A heat map is told with its numbers."""
    mark = running.mark()
    running.run(way)
    (drawn,) = running.since(mark, "figure.drawn")
    assert (drawn["draw"], drawn["values"]) == ("image", [[5.0, 1.0], [2.0, 7.0]])


def test_counts_and_panels(running: WatchedKernel) -> None:
    """A histogram of classes is its counts; panels beside each other are axes of their own; colours have no numbers."""
    mark = running.mark()
    running.run(
        "px.histogram(x=['cat', 'dog', 'dog']).show()\npx.bar(x=['cat', 'dog'], y=[1, 2]).show()\n"
        "panels = make_subplots(1, 2)\npanels.add_trace(go.Scatter(y=[1, 2]), 1, 1)\n"
        "panels.add_trace(go.Scatter(y=[3, 4], mode='markers'), 1, 2)\npanels.show()\n"
        "px.imshow(np.zeros((4, 4, 3), dtype='uint8')).show()\n"
    )
    counts, bars, left, right, picture = running.since(mark, "figure.drawn")
    assert (counts["draw"], counts["y"], bars["draw"], bars["y"]) == ("hist", [1.0, 2.0], "bar", [1.0, 2.0])
    assert (left["draw"], right["draw"], left["figure"]) == ("line", "scatter", right["figure"])
    assert left["axes"] != right["axes"]
    assert (picture["draw"], picture.get("values")) == ("image", None)


def test_what_is_not_shown_is_not_told(running: WatchedKernel) -> None:
    """A figure that is only made is no part of the notebook."""
    mark = running.mark()
    running.run("kept = px.line(pd.DataFrame(history))")
    assert running.since(mark, "figure.drawn") == []
