"""plotly's figures as they are shown: told like matplotlib's, each subplot as axes of its own."""

from __future__ import annotations

from typing import Any

from .figures import MAX_TEXTS, matrix_fields, series
from .imports import Hook
from .watch import Probe
from .wrapping import Watching, patch_function

LINES = ("scatter", "scattergl")
MATRICES = ("heatmap", "heatmapgl", "image")
MAX_TRACES = 200
"""Most traces of one figure that are told: sixteen subplots with a dozen curves each."""
MAX_BARS = 50
"""A histogram of more distinct values is not one bar a class."""


class PlotlyHooks:
    """Observers of plotly. What is drawn and never shown is not told: it is no part of the notebook."""

    def __init__(self, probe: Probe) -> None:
        """Start with nothing shown."""
        self.probe = probe

    def hooks(self) -> dict[str, Hook]:
        """Return the hooks by module name."""
        return {"plotly.io._renderers": self.renderers}

    def renderers(self, module: Any) -> None:
        """Hook `plotly.io._renderers`: `figure.show()` and a figure at the end of a cell come through it."""
        patch_function(module, "show", self.show, self.probe.fault)

    def show(self, figure: Any, *_args: Any, **_kwargs: Any) -> Watching:
        """Observe a figure being shown."""
        yield
        if self.probe.within("drawing"):
            return
        name = self.probe.new_id("g")
        axes: dict[tuple[str, str], str] = {}
        for trace in list(_of(figure, "data") or ())[:MAX_TRACES]:
            place = (str(_of(trace, "xaxis") or "x"), str(_of(trace, "yaxis") or "y"))
            where = axes.setdefault(place, self.probe.new_id("x"))
            self.probe.send("figure.drawn", figure=name, axes=where, **self._drawn(trace))
        layout = _of(figure, "layout")
        for place, where in axes.items():
            self.probe.send("figure.titled", figure=name, axes=where, **_titles(figure, layout, place))

    def _drawn(self, trace: Any) -> dict[str, Any]:
        kind, label = str(_of(trace, "type") or "scatter"), str(_of(trace, "name") or "")
        if kind in LINES:
            marks_only = _of(trace, "mode") == "markers"
            return {"draw": "scatter" if marks_only else "line", "label": label, **_points(trace)}
        if kind == "bar":
            across = _of(trace, "orientation") == "h"
            x, y = ("y", "x") if across else ("x", "y")
            return {"draw": "bar", "label": label, "x": series(_of(trace, x)), "y": series(_of(trace, y))}
        if kind == "histogram":
            return {"draw": "hist", "label": label, **_counted(_of(trace, "x"), _of(trace, "y"))}
        if kind == "pie":
            return {"draw": "other", "label": label, "y": series(_of(trace, "values"))}
        if kind in MATRICES:
            return {"draw": "image", "label": label, **self._matrix(_of(trace, "z"))}
        return {"draw": "other", "label": label}

    def _matrix(self, values: Any) -> dict[str, Any]:
        import numpy as np

        if values is None:  # a colour picture, which plotly packs into an address
            return {}
        try:
            array = np.asarray(values, dtype=np.float64)
        except (TypeError, ValueError):
            return {}
        rows, row = self.probe.rows.holding(array) if array.size > 1 else (None, None)
        return {"rows": rows, "row": row, **matrix_fields(array, rows)}


def _of(thing: Any, name: str) -> Any:
    """Return a property of a figure or of a part of one, whether it is an object or a dictionary."""
    if isinstance(thing, dict):
        return thing.get(name)
    try:
        return None if thing is None else thing[name]
    except (KeyError, ValueError, TypeError, LookupError):
        return None


def _points(trace: Any) -> dict[str, Any]:
    y = series(_of(trace, "y"))
    x = series(_of(trace, "x"))
    return {"x": x if len(x) == len(y) else list(range(len(y))), "y": y}


def _counted(x: Any, y: Any) -> dict[str, Any]:
    """Return the bars that plotly makes of values in the browser: one a distinct value, where these are few."""
    import numpy as np

    values = np.asarray(x if x is not None else y if y is not None else [])
    if values.dtype.kind == "O":
        values = values.astype(str)
    if values.ndim != 1 or not values.size:
        return {}
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) <= MAX_BARS:
        places = distinct if distinct.dtype.kind in "biuf" else np.arange(len(distinct))
        return {"x": series(places), "y": series(counts)}
    if values.dtype.kind not in "biuf":
        return {}
    counts, edges = np.histogram(values, bins=MAX_BARS)
    return {"x": series(edges), "y": series(counts)}


def _titles(figure: Any, layout: Any, place: tuple[str, str]) -> dict[str, Any]:
    x, y = (_of(layout, f"{name[0]}axis{name[1:]}") for name in place)
    mine = [trace for trace in _of(figure, "data") or () if str(_of(trace, "xaxis") or "x") == place[0]]
    notes = [_of(item, "text") for item in _of(layout, "annotations") or ()]
    limits = _of(y, "range")
    return {
        "title": _text(layout),
        "x_label": _text(x),
        "y_label": _text(y),
        "texts": [str(text) for text in notes if text][:MAX_TEXTS],
        "y_limits": series(limits) if limits is not None and _of(y, "type") != "log" else None,
        "y_scale": str(_of(y, "type") or "linear"),
        "legend": [str(_of(trace, "name")) for trace in mine if _of(trace, "name")],
    }


def _text(thing: Any) -> str:
    title = _of(thing, "title")
    return str(title if isinstance(title, str) else _of(title, "text") or "")
