"""What is drawn: matplotlib's axes, through which pyplot, pandas, seaborn and ConfusionMatrixDisplay arrive."""

from __future__ import annotations

import weakref
from typing import Any

from .channel import spelled
from .watch import Probe
from .wire import MAX_MATRIX, MAX_SERIES
from .wrapping import Watching, patch_method

DRAWS = {
    "plot": "line", "imshow": "image", "matshow": "image", "pcolormesh": "mesh", "pcolor": "mesh", "bar": "bar",
    "barh": "bar", "scatter": "scatter", "hist": "hist", "semilogy": "line", "step": "line", "pie": "other",
    "boxplot": "other", "specgram": "other", "contourf": "other",
}  # fmt: skip
"""Methods of Axes and what they draw; one that calls another counts once."""

MAX_TEXTS = 900
"""Most annotation texts of one axes: a heat map of 30 classes."""


class FigureHooks:
    """Observers of drawing; titles and texts are read when the cell ends or the axes are cleared."""

    def __init__(self, probe: Probe) -> None:
        """Start with nothing drawn."""
        self.probe = probe
        self._names: dict[int, tuple[Any, str]] = {}
        self._touched: dict[int, Any] = {}
        self._titled: dict[str, dict[str, Any]] = {}
        probe.at_cell_end.append(self.flush)

    # ------------------------------------------------------------ hooks on modules
    def axes(self, module: Any) -> None:
        """Hook `matplotlib.axes._axes`."""
        for method, draw in DRAWS.items():
            patch_method(module.Axes, method, self.drawing(draw), self.probe.fault)

    def axes_base(self, module: Any) -> None:
        """Hook `matplotlib.axes._base`."""
        patch_method(module._AxesBase, "clear", self.clearing, self.probe.fault)

    def figure(self, module: Any) -> None:
        """Hook `matplotlib.figure`."""
        patch_method(module.Figure, "clear", self.clearing, self.probe.fault)

    # ------------------------------------------------------------ observers
    def drawing(self, draw: str) -> Any:
        """Observe a method that draws."""

        def observe(axes: Any, *_args: Any, **kwargs: Any) -> Watching:
            if self.probe.within("drawing"):
                return
            with self.probe.inside("drawing"):
                result = yield
            self._touched[id(axes)] = axes
            for fields in self._drawn(draw, kwargs, result):
                self.probe.send(
                    "figure.drawn", figure=self._name(axes.figure, "g"), axes=self._name(axes, "x"), **fields
                )

        return observe

    def clearing(self, cleared: Any, *_args: Any, **_kwargs: Any) -> Watching:
        """Observe axes or a figure being emptied: what their titles said is read before."""
        for axes in list(self._touched.values()):
            if axes is cleared or getattr(axes, "figure", None) is cleared:
                self._send_titles(axes)
        return
        yield

    def flush(self) -> None:
        """Send titles and texts of what was drawn on since the last cell, and let go of it."""
        touched, self._touched = self._touched, {}
        for axes in touched.values():
            self._send_titles(axes)

    # ------------------------------------------------------------ parts
    def _drawn(self, draw: str, kwargs: Any, result: Any) -> list[dict[str, Any]]:
        if draw == "line":
            return [_line(line) for line in result]
        if draw == "image":
            return [self._image(result)]
        if draw == "mesh":
            return [{"draw": "mesh", **matrix_fields(result.get_array(), None)}]
        if draw == "bar":
            return [_bars(result)]
        if draw == "scatter":
            offsets = result.get_offsets()
            return [{"draw": draw, "label": _label(result), "x": series(offsets[:, 0]), "y": series(offsets[:, 1])}]
        if draw == "hist":
            return [
                {"draw": draw, "label": str(kwargs.get("label", "")), "x": series(result[1]), "y": series(result[0])}
            ]
        return [{"draw": "other", "label": ""}]

    def _image(self, image: Any) -> dict[str, Any]:
        import numpy as np

        values = np.ma.filled(np.ma.asarray(image.get_array()).astype(np.float64), np.nan)
        rows, row = self.probe.rows.holding(values) if values.size > 1 else (None, None)
        return {"draw": "image", "label": "", "rows": rows, "row": row, **matrix_fields(values, rows)}

    def _send_titles(self, axes: Any) -> None:
        figure = getattr(axes, "figure", None)
        title = axes.get_title() or axes.get_title(loc="left") or axes.get_title(loc="right")
        above = getattr(figure, "_suptitle", None)
        legend = axes.get_legend()
        fields = {
            "title": title or (above.get_text() if above is not None else ""),
            "x_label": axes.get_xlabel(),
            "y_label": axes.get_ylabel(),
            "texts": [text.get_text() for text in axes.texts[:MAX_TEXTS]],
            # Asked only where they were set: the automatic ones would be worked out too early.
            "y_limits": None if axes.get_autoscaley_on() else [float(limit) for limit in axes.get_ylim()],
            "y_scale": axes.get_yscale(),
            "legend": [text.get_text() for text in legend.get_texts()] if legend is not None else [],
        }
        name = self._name(axes, "x")
        if self._titled.get(name) != fields:
            self._titled[name] = fields
            self.probe.send("figure.titled", figure=self._name(figure, "g"), axes=name, **fields)

    def _name(self, thing: Any, letter: str) -> str:
        held = self._names.get(id(thing))
        if held is None or held[0]() is not thing:
            held = self._names[id(thing)] = (weakref.ref(thing), self.probe.new_id(letter))
        return held[1]


def _line(line: Any) -> dict[str, Any]:
    return {
        "draw": "line",
        "label": _label(line),
        "x": series(line.get_xdata(orig=True)),
        "y": series(line.get_ydata(orig=True)),
    }


def _bars(container: Any) -> dict[str, Any]:
    upright = getattr(container, "orientation", None) != "horizontal"
    patches = list(container.patches)
    if upright:
        x, y = [p.get_x() + p.get_width() / 2 for p in patches], [p.get_height() for p in patches]
    else:
        x, y = [p.get_y() + p.get_height() / 2 for p in patches], [p.get_width() for p in patches]
    return {"draw": "bar", "label": _label(container), "x": series(x), "y": series(y)}


def _label(artist: Any) -> str:
    label = str(artist.get_label() or "")
    return "" if label.startswith("_") else label


def series(values: Any) -> list[Any]:
    """Return numbers as a list, evenly thinned to the cap; empty where they aren't numbers."""
    import numpy as np

    try:
        array = np.ma.filled(np.ma.asarray(values, dtype=np.float64), np.nan).reshape(-1)
    except (TypeError, ValueError):
        return []
    if len(array) > MAX_SERIES:
        array = array[np.linspace(0, len(array) - 1, MAX_SERIES).astype(int)]
    return [spelled(value) for value in array.tolist()]


def matrix_fields(values: Any, rows: str | None) -> dict[str, Any]:
    """Return the shape of a matrix, and its numbers where it is small and not a picture that is known anyway."""
    import numpy as np

    if values is None:
        return {}
    array = np.ma.filled(np.ma.asarray(values).astype(np.float64), np.nan)
    small = array.ndim == 2 and max(array.shape) <= MAX_MATRIX and rows is None
    return {"shape": list(array.shape), "values": array.tolist() if small else None}
