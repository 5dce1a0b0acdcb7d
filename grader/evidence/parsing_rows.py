"""Parsers of events about rows and labels: what was seen, loaded, split, fitted and transformed."""

from __future__ import annotations

from typing import Any

from grader.evidence.fields import (
    Fields,
    OddFieldError,
    as_bool,
    as_count,
    as_finite,
    as_identifier,
    as_mapping,
    as_number,
    as_plain,
    as_text,
)
from grader.evidence.records import (
    Column,
    Columns,
    DataOp,
    FilesRead,
    Fitted,
    Labelled,
    LabelsSeen,
    Loaded,
    Moved,
    RowsSeen,
    Split,
)
from grader.model import LabelFacts

FORMS = frozenset({"int", "one_hot", "binary", "float", "text"})
PACKED_SCALE = 255.0
"""The only packing the wire format knows: floating rows kept as uint8 multiples of 1/255."""


def _rows_seen(fields: Fields, cell: int, order: int) -> RowsSeen:
    scale = fields.maybe("scale", as_finite)
    if scale is not None and scale != PACKED_SCALE:
        raise OddFieldError
    return RowsSeen(
        id=fields.must("rows", as_identifier),
        count=fields.must("count", as_count),
        shape=fields.whole("shape", as_count, 8),
        dtype=fields.text("dtype"),
        source=fields.text("source"),
        exact=fields.maybe("exact", as_identifier),
        canonical=fields.maybe("canonical", as_identifier),
        low=fields.maybe("low", as_number),
        high=fields.maybe("high", as_number),
        mean=fields.maybe("mean", as_number),
        values=fields.maybe("values", as_identifier),
        values_index=fields.maybe("values_index", as_identifier),
        scale=scale,
        complete=fields.maybe("complete", as_bool) is not False,
        cell=cell,
        order=order,
        nans=fields.maybe("nans", as_count) or 0,
    )


def _labels_seen(fields: Fields, _cell: int, order: int) -> LabelsSeen:
    form = fields.text("form")
    classes = fields.whole("classes", as_plain)
    counts = fields.whole("counts", as_count)
    aligned = len(classes) == len(counts)
    facts = LabelFacts(
        form=form if form in FORMS else "unknown",  # type: ignore[arg-type]
        count=fields.must("count", as_count),
        classes=classes,
        counts=counts if aligned else (),
        low=fields.maybe("low", as_number),
        high=fields.maybe("high", as_number),
    )
    return LabelsSeen(
        id=fields.must("labels", as_identifier),
        facts=facts,
        shape=fields.whole("shape", as_count, 8),
        values=fields.maybe("values", as_identifier),
        order=order,
    )


def _rows_labelled(fields: Fields, _cell: int, order: int) -> Labelled:
    return Labelled(
        rows=fields.must("rows", as_identifier),
        labels=fields.must("labels", as_identifier),
        order=order,
        by="source",
    )


def _part(value: Any) -> tuple[str | None, str | None]:
    part = as_mapping(value)
    rows, labels = part.get("rows"), part.get("labels")
    return (None if rows is None else as_identifier(rows), None if labels is None else as_identifier(labels))


def _data_loaded(fields: Fields, cell: int, order: int) -> Loaded:
    return Loaded(
        function=fields.must("function", as_text),
        parts=fields.items("parts", _part, 20),
        cell=cell,
        order=order,
        settings=fields.pairs("settings", as_plain),
        datasets=fields.items("datasets", as_identifier, 4),
    )


def _data_op(fields: Fields, _cell: int, order: int) -> DataOp:
    return DataOp(
        op=fields.must("op", as_text),
        settings=fields.pairs("settings", as_plain),
        order=order,
        dataset=fields.maybe("dataset", as_identifier) or "",
        source=fields.maybe("source", as_identifier) or "",
    )


def _column(value: Any) -> Column:
    column = as_mapping(value)
    return Column(as_text(column.get("name")), as_count(column.get("distinct")), as_identifier(column.get("codes")))


def _columns(fields: Fields, _cell: int, _order: int) -> Columns:
    return Columns(count=fields.must("count", as_count), columns=fields.items("columns", _column, 60))


def _files_read(fields: Fields, _cell: int, _order: int) -> FilesRead:
    return FilesRead(names=fields.whole("names", as_text, 5_000))


def _split_made(fields: Fields, cell: int, order: int) -> Split:
    return Split(
        function=fields.must("function", as_text),
        sizes=fields.whole("sizes", as_count, 200),
        settings=fields.pairs("settings", as_plain),
        inputs=fields.items("inputs", as_identifier, 200),
        outputs=fields.items("outputs", as_identifier, 200),
        cell=cell,
        order=order,
        places=fields.whole("places", as_identifier, 2),
    )


def _fitted(fields: Fields, cell: int, order: int) -> Fitted:
    return Fitted(
        object=fields.text("object"),
        kind=fields.must("class", as_text),
        rows=fields.maybe("rows", as_identifier),
        stateless=fields.maybe("stateless", as_bool) is True,
        cell=cell,
        order=order,
    )


def _moved(fields: Fields, cell: int, order: int) -> Moved:
    return Moved(
        kind=fields.must("class", as_text),
        rows_in=fields.maybe("rows_in", as_identifier),
        rows_out=fields.maybe("rows_out", as_identifier),
        cell=cell,
        order=order,
    )


PARSERS = {
    "rows.seen": _rows_seen,
    "labels.seen": _labels_seen,
    "rows.labelled": _rows_labelled,
    "data.loaded": _data_loaded,
    "data.op": _data_op,
    "data.columns": _columns,
    "data.files": _files_read,
    "split.made": _split_made,
    "preprocessing.fitted": _fitted,
    "preprocessing.transformed": _moved,
    "augmentation": _moved,
}
