"""How the data flowed: the rows the models saw, divided into lanes by their use, and where lanes cross."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from grader.reports.charts.svg import drawing, element, text
from grader.reports.numbers import count, percent

WIDTH = 340.0
SOURCE_X, NODE_X, BAR = 0.0, 72.0, 12.0
TOP, GAP = 30.0, 16.0
"""Room for the line that says where the rows come from, and between two lanes."""
FULL = 150.0
"""Height of all rows together."""
LABEL = 44.0
"""Height of a lane's three lines of text."""
THINNEST = 3.0
"""Height in which even ten rows beside a million can be seen."""
NEAR, FAR = 18.0, 42.0
"""How far a crossing between neighbours, and one past another lane, swings out to the right of the nodes."""
THIN, THICK = 2.0, 9.0
"""Strokes of a crossing of few and of all rows of a lane."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Rows with one use: `style` is the role (`train`, `validation`, `test`, `other`)."""

    title: str
    rows: int
    use: str
    style: str


@dataclass(frozen=True, slots=True)
class SharedRows:
    """Rows that two lanes (by position) have in common, or that were made of each other; `share` is of the left one."""

    left: int
    right: int
    words: str
    alarming: bool = True
    """More of them than chance explains."""
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class _Placed:
    """Where a lane stands: its node from `top` on, `height` high, as much of the source from `source` on."""

    top: float
    height: float
    source: float


def lane_chart(lanes: tuple[Lane, ...], shared: tuple[SharedRows, ...], source: str = "") -> Markup:
    """Draw one ribbon per lane from all rows to its use, as high as its share; lanes that share rows are joined.

    `source` says where the rows come from. Crossings carry the number under which the page tells of them.
    """
    total = sum(lane.rows for lane in lanes)
    if not total:
        return Markup("")
    placed = _placed(lanes, total)
    last = placed[-1]
    head = source or count(total, "row")
    label_x = NODE_X + BAR + (_reach(shared) + 18 if shared else 14)
    parts = [text(SOURCE_X, 14, head, "label muted", width=WIDTH)]
    for lane, place in zip(lanes, placed, strict=True):
        parts += _ribbon(lane, place, total, label_x)
    parts.append(element("rect", x=SOURCE_X, y=TOP, width=BAR, height=last.source + last.height - TOP, class_="source"))
    drawn = [_crossing(item, number, placed, shared) for number, item in enumerate(shared, start=1)]
    parts += [loop for loop, *_ in drawn]
    parts += [part for _, *mark in drawn for part in mark]
    height = max(last.top + max(last.height, LABEL), last.source + last.height) + 6
    words = "; ".join(
        [*(f"{lane.title}: {count(lane.rows, 'row')}, {lane.use}" for lane in lanes), *(item.words for item in shared)]
    )
    return drawing(WIDTH, height, f"How the rows were used. {f'{source}. ' if source else ''}{words}.", *parts)


def _placed(lanes: Sequence[Lane], total: int) -> tuple[_Placed, ...]:
    found, top, source = [], TOP, TOP
    for lane in lanes:
        height = max(THINNEST, FULL * lane.rows / total)
        found.append(_Placed(top, height, source))
        top += max(height, LABEL) + GAP
        source += height
    return tuple(found)


def _ribbon(lane: Lane, place: _Placed, total: int, label_x: float) -> list[Markup]:
    start, middle = SOURCE_X + BAR, (SOURCE_X + BAR + NODE_X) / 2
    top, bottom, source, end = place.top, place.top + place.height, place.source, place.source + place.height
    path = (
        f"M{start} {source:.1f}C{middle} {source:.1f} {middle} {top:.1f} {NODE_X} {top:.1f}"
        f"V{bottom:.1f}C{middle} {bottom:.1f} {middle} {end:.1f} {start} {end:.1f}z"
    )
    width = WIDTH - label_x
    size = f"{count(lane.rows, 'row')}, {percent(lane.rows / total)} of all"
    return [
        element("path", d=path, class_=f"ribbon {lane.style}"),
        element("rect", x=NODE_X, y=top, width=BAR, height=place.height, class_=f"node {lane.style}"),
        text(label_x, top + 11, lane.title, f"label strong {lane.style}-text", width=width),
        text(label_x, top + 27, size, "label", width=width),
        text(label_x, top + 42, lane.use, "label muted", width=width),
    ]


def _reach(shared: Sequence[SharedRows]) -> float:
    """Return how far crossings swing out, so that labels begin beyond them."""
    return FAR if any(abs(item.left - item.right) > 1 for item in shared) else NEAR + 8


def _crossing(item: SharedRows, number: int, placed: Sequence[_Placed], shared: Sequence[SharedRows]) -> list[Markup]:
    """Draw a loop from one node to the other, as wide as the share of rows that crossed, with its number."""
    ends = [_end(index, item, placed, shared) for index in sorted((item.left, item.right))]
    start = NODE_X + BAR
    reach = start + (NEAR if abs(item.left - item.right) == 1 else FAR)
    bend = start + (reach - start) * 4 / 3  # where the curve's handles must stand for it to come as far as `reach`
    path = f"M{start} {ends[0]:.1f}C{bend:.1f} {ends[0]:.1f} {bend:.1f} {ends[1]:.1f} {start} {ends[1]:.1f}"
    style = "alarming" if item.alarming else "by-chance"
    middle = sum(ends) / 2
    wide = THIN + (THICK - THIN) * min(1.0, max(0.0, item.share)) if item.alarming else THIN
    return [
        element("path", d=path, class_=f"joint {style}", stroke_width=wide),
        element("circle", cx=reach, cy=middle, r=9, class_=f"joint-mark {style}"),
        text(reach, middle + 4.5, str(number), f"joint-number {style}", "middle"),
    ]


def _end(index: int, item: SharedRows, placed: Sequence[_Placed], shared: Sequence[SharedRows]) -> float:
    """Return at which height of a node a crossing ends: several share the node's height between them."""
    here = [other for other in shared if index in {other.left, other.right}]
    ordered = sorted(here, key=lambda other: _from_top(sum((other.left, other.right)) - 2 * index))
    return placed[index].top + placed[index].height * (ordered.index(item) + 1) / (len(here) + 1)


def _from_top(steps: int) -> tuple[bool, int]:
    """Order the crossings at a node so that none cuts another: those up before those down, wide ones around narrow."""
    return (steps > 0, -steps)
