"""In which order submissions are measured: longest first by earlier times, so that no long one is left for last."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")


def longest_first(items: Iterable[T], name: Callable[[T], str], known: Mapping[str, float]) -> list[T]:
    """Return the items, longest first by the seconds known of them; those not known stand where the median is."""
    listed = list(items)
    if not known:
        return listed
    usual = statistics.median(known.values())
    return sorted(listed, key=lambda item: -known.get(name(item), usual))
