"""Parsers of events about files that the run saved, loaded and left."""

from __future__ import annotations

from typing import Any, Literal, get_args

from grader.evidence.fields import Fields, OddFieldError, as_bool, as_count, as_identifier, as_text
from grader.file_kinds import columns_of, keys_of, kind_of_file
from grader.model import LoadedFile, Product, SavedFile

MAX_PATH = 300
MAX_NAMES = 50
MAX_PARTS = 8

What = Literal["model", "weights", "array", "table", "object"]
_WHAT: tuple[What, ...] = get_args(What)


def _path(fields: Fields) -> str:
    path = fields.must("path", as_text)[:MAX_PATH]
    if not path.strip():
        raise OddFieldError
    return path


def _what(fields: Fields) -> What:
    what = fields.must("what", as_text)
    if what not in _WHAT:
        raise OddFieldError
    return what


def _saved(fields: Fields, cell: int, order: int) -> SavedFile:
    return SavedFile(
        path=_path(fields),
        how=fields.must("how", as_text)[:80],
        what=_what(fields),
        cell=cell,
        model=fields.maybe("model", as_identifier) or "",
        weights=fields.text("weights")[:80],
        during=fields.maybe("during", as_identifier) or "",
        shape=fields.whole("shape", as_count, 16),
        dtype=fields.text("dtype")[:40],
        names=fields.items("names", as_text, MAX_NAMES),
        order=order,
    )


def _loaded(fields: Fields, cell: int, order: int) -> LoadedFile:
    return LoadedFile(
        path=_path(fields),
        how=fields.must("how", as_text)[:80],
        what=_what(fields),
        cell=cell,
        model=fields.maybe("model", as_identifier) or "",
        weights=fields.text("weights")[:80],
        order=order,
    )


def _left(fields: Fields, cell: int, _order: int) -> Product:
    path = _path(fields)
    kind = kind_of_file(path)
    head = "".join(fields.items("head", as_text, MAX_PARTS))
    lines = fields.maybe("lines", as_count)
    columns = columns_of(head, path) if kind == "table" and head else ()
    whole = fields.maybe("whole", as_bool) is True
    return Product(
        path=path,
        size=fields.must("size", as_size),
        cell=cell,
        kind=kind,
        head=head,
        whole=whole,
        columns=columns,
        rows=max(0, lines - bool(columns)) if kind == "table" and lines is not None else None,
        keys=keys_of(head) if kind == "json" and whole else (),
    )


def as_size(value: Any) -> int:
    """Return a file's size in bytes."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53:
        return value
    raise OddFieldError


PARSERS = {"file.saved": _saved, "file.loaded": _loaded, "file.left": _left}
