"""Reading the fields of one untrusted event: every value is checked by type and range before it is used."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

Item = TypeVar("Item")

MAX_TEXT = 2_000
"""Longest text kept from one field: titles, labels and error messages are shorter; a report must stay readable."""

MAX_ITEMS = 10_000
"""Most items kept from one list: class names, layers, annotations. Larger data travels as artifacts."""

MAX_COUNT = 10**9
"""Largest believable number of rows, epochs or parameters: more doesn't fit in the sandbox's memory."""

_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,79}\Z")
_SPELLED = {"nan": math.nan, "inf": math.inf, "infinity": math.inf, "-inf": -math.inf, "-infinity": -math.inf}


class OddFieldError(ValueError):
    """A field that must be there is missing or of the wrong kind: the event is dropped and counted."""


def as_text(value: Any) -> str:
    """Return a text, cut at MAX_TEXT, with lone surrogates made printable."""
    if not isinstance(value, str):
        raise OddFieldError
    return value[:MAX_TEXT].encode("utf-8", "replace").decode("utf-8")


def as_identifier(value: Any) -> str:
    """Return an id: a short plain word."""
    if isinstance(value, str) and _IDENTIFIER.match(value):
        return value
    raise OddFieldError


def as_count(value: Any) -> int:
    """Return a whole number from 0 to MAX_COUNT."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_COUNT:
        return value
    raise OddFieldError


def as_number(value: Any) -> float:
    """Return a number, not-a-number and infinities (also spelled out, as JSON has none) included."""
    if isinstance(value, str) and value.lower() in _SPELLED:
        return _SPELLED[value.lower()]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise OddFieldError
    try:
        return float(value)
    except OverflowError as fault:
        raise OddFieldError from fault


def as_finite(value: Any) -> float:
    """Return a finite number."""
    number = as_number(value)
    if not math.isfinite(number):
        raise OddFieldError
    return number


def as_bool(value: Any) -> bool:
    """Return a truth value."""
    if isinstance(value, bool):
        return value
    raise OddFieldError


def as_mapping(value: Any) -> Mapping[str, Any]:
    """Return a JSON object."""
    if isinstance(value, dict):
        return value
    raise OddFieldError


def as_dimension(value: Any) -> int | None:
    """Return one dimension of a shape: a count, or None where it is open."""
    return None if value is None else as_count(value)


def as_plain(value: Any) -> str:
    """Return a setting as text, whatever simple kind it has."""
    if isinstance(value, (str, int, float, bool)) or value is None:
        return str(value)[:MAX_TEXT].encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, (list, dict)):
        return as_text(repr(value)[:MAX_TEXT])
    raise OddFieldError


@dataclass(slots=True)
class Fields:
    """The fields of one event. `must` raises on an odd field; the others drop it and count it in `faults`."""

    raw: Mapping[str, Any]
    faults: int = field(default=0)

    def must(self, name: str, read: Callable[[Any], Item]) -> Item:
        """Return the field `name`. Raises OddFieldError where it is missing or odd."""
        return read(self.raw.get(name))

    def maybe(self, name: str, read: Callable[[Any], Item]) -> Item | None:
        """Return the field `name`, None where it is missing or null, or odd (then counted)."""
        value = self.raw.get(name)
        if value is None:
            return None
        try:
            return read(value)
        except OddFieldError:
            self.faults += 1
            return None

    def text(self, name: str) -> str:
        """Return a text field, empty where it is missing or odd."""
        return self.maybe(name, as_text) or ""

    def items(self, name: str, read: Callable[[Any], Item], cap: int = MAX_ITEMS) -> tuple[Item, ...]:
        """Return a list field item by item; odd items are left out and counted."""
        value = self.raw.get(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            self.faults += 1
            return ()
        kept: list[Item] = []
        for item in value[:cap]:
            try:
                kept.append(read(item))
            except OddFieldError:
                self.faults += 1
        return tuple(kept)

    def whole(self, name: str, read: Callable[[Any], Item], cap: int = MAX_ITEMS) -> tuple[Item, ...]:
        """Return a list field whose items belong together (a shape, a matrix): empty where any of them is odd."""
        before = self.faults
        kept = self.items(name, read, cap)
        return kept if self.faults == before else ()

    def pairs(self, name: str, read: Callable[[Any], Item], cap: int = 200) -> tuple[tuple[str, Item], ...]:
        """Return a mapping field as pairs in sorted order of the names; odd values are left out and counted."""
        value = self.raw.get(name)
        if value is None:
            return ()
        if not isinstance(value, dict):
            self.faults += 1
            return ()
        kept: list[tuple[str, Item]] = []
        for key in sorted(value, key=str)[:cap]:
            try:
                kept.append((as_text(key), read(value[key])))
            except OddFieldError:
                self.faults += 1
        return tuple(kept)
