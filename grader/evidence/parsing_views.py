"""Parsers of events about what was shown, seeds, and the probe itself."""

from __future__ import annotations

import math
from typing import Any, cast

from grader.evidence.fields import (
    Fields,
    OddFieldError,
    as_count,
    as_finite,
    as_identifier,
    as_number,
    as_plain,
    as_text,
)
from grader.evidence.records import Drawn, Fault, Hooked, Lacked, Noted, SeedSet, Titled
from grader.model import Drawing
from grader.probe.wire import MAX_MATRIX, MAX_SERIES

DRAWS = frozenset({"line", "image", "mesh", "bar", "scatter", "hist", "text"})


def _matrix_row(value: Any) -> tuple[float, ...]:
    if not isinstance(value, list) or len(value) > MAX_MATRIX:
        raise OddFieldError
    return tuple(math.nan if item is None else as_finite(item) for item in value)  # what was masked has no number


def _drawn(fields: Fields, cell: int, order: int) -> Drawn:
    draw = fields.must("draw", as_text)
    drawing = Drawing(
        figure=fields.must("figure", as_plain),
        axes=fields.must("axes", as_plain),
        cell=cell,
        kind=cast("Any", draw if draw in DRAWS else "other"),
        label=fields.text("label"),
        x=fields.whole("x", as_number, MAX_SERIES),
        y=fields.whole("y", as_number, MAX_SERIES),
        shape=fields.whole("shape", as_count, 8),
        values=fields.whole("values", _matrix_row, MAX_MATRIX),
        order=order,
    )
    return Drawn(drawing=drawing, rows=fields.maybe("rows", as_identifier), row=fields.maybe("row", as_count))


def _titled(fields: Fields, _cell: int, _order: int) -> Titled:
    return Titled(
        figure=fields.must("figure", as_plain),
        axes=fields.must("axes", as_plain),
        title=fields.text("title"),
        x_label=fields.text("x_label"),
        y_label=fields.text("y_label"),
        texts=fields.items("texts", as_text, 500) + fields.items("legend", as_text, 50),
        legend=fields.items("legend", as_text, 50),
        y_limits=fields.whole("y_limits", as_finite, 2),
        y_scale=fields.text("y_scale"),
    )


def _seed(fields: Fields, cell: int, order: int) -> SeedSet:
    return SeedSet(
        function=fields.must("function", as_text), value=fields.must("value", as_plain), cell=cell, order=order
    )


def _hooked(fields: Fields, cell: int, _order: int) -> Hooked:
    return Hooked(library=fields.must("library", as_text), cell=cell)


def _fault(fields: Fields, _cell: int, _order: int) -> Fault:
    return Fault(text=f"{fields.must('where', as_text)}: {fields.text('error')}"[:300])


def _dropped(fields: Fields, _cell: int, _order: int) -> Fault:
    return Fault(text=f"dropped {fields.must('what', as_text)}: {fields.text('why')}"[:300])


def _noted(fields: Fields, _cell: int, _order: int) -> Noted:
    return Noted(fields.must("text", as_text))


def _lacked(fields: Fields, cell: int, _order: int) -> Lacked:
    return Lacked(fields.must("need", as_text), fields.text("name"), fields.text("by"), cell)


PARSERS = {
    "figure.drawn": _drawn,
    "figure.titled": _titled,
    "seed.set": _seed,
    "probe.hooked": _hooked,
    "probe.fault": _fault,
    "probe.dropped": _dropped,
    "run.note": _noted,
    "run.lacked": _lacked,
}
