"""How the data flowed: the rows the models saw, divided into lanes by what they were used for."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from grader.reports.charts.svg import drawing, element, text
from grader.reports.numbers import count, percent

WIDTH, LANE = 380.0, 64.0
SOURCE_X, NODE_X, BAR = 0.0, 96.0, 12.0
LABEL_X = NODE_X + BAR + 12
LABEL_WIDTH = WIDTH - LABEL_X
THINNEST = 3.0
"""Height in which even ten rows beside a million can be seen."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Rows with one use: `style` is the role (`train`, `validation`, `test`, `other`)."""

    title: str
    rows: int
    use: str
    style: str


@dataclass(frozen=True, slots=True)
class SharedRows:
    """Rows that two lanes (by position) have in common."""

    left: int
    right: int
    words: str
    alarming: bool = True
    """More of them than chance explains."""


def lane_chart(lanes: tuple[Lane, ...], shared: tuple[SharedRows, ...]) -> Markup:
    """Draw one ribbon per lane from all rows to its use, as high as its share; lanes that share rows are joined."""
    total = sum(lane.rows for lane in lanes)
    if not total:
        return Markup("")
    # Joints run in the gap between lanes, below their labels.
    height = LANE * len(lanes) + 18 * len(shared)
    full = LANE * len(lanes) - 16
    parts: list[Markup] = []
    source = 8.0
    for index, lane in enumerate(lanes):
        thickness = max(THINNEST, full * 0.8 * lane.rows / total)
        parts += _ribbon(lane, index, source, thickness, total, min(thickness, LANE - 18))
        source += thickness
    parts.append(element("rect", x=SOURCE_X, y=8, width=BAR, height=source - 8, class_="source"))
    parts += [
        text(
            SOURCE_X,
            LANE * len(lanes) + 12 + 18 * index,
            f"\N{WARNING SIGN}\ufe0e {item.words}" if item.alarming else item.words,
            "label strong warning-text" if item.alarming else "label muted",
        )
        for index, item in enumerate(shared)
    ]
    for item in shared:
        parts.append(_joint(item))
    words = "; ".join(
        [*(f"{lane.title}: {count(lane.rows, 'row')}, {lane.use}" for lane in lanes), *(item.words for item in shared)]
    )
    return drawing(WIDTH, height, f"How the rows were used. {words}.", *parts)


def _ribbon(lane: Lane, index: int, source: float, thickness: float, total: int, node: float) -> list[Markup]:
    top = LANE * index + 8
    start, middle = SOURCE_X + BAR, (SOURCE_X + BAR + NODE_X) / 2
    path = (
        f"M{start} {source:.1f}C{middle} {source:.1f} {middle} {top:.1f} {NODE_X} {top:.1f}"
        f"v{node:.1f}C{middle} {top + node:.1f} {middle} {source + thickness:.1f} {start} {source + thickness:.1f}z"
    )
    share = percent(lane.rows / total)
    return [
        element("path", d=path, class_=f"ribbon {lane.style}"),
        element("rect", x=NODE_X, y=top, width=BAR, height=node, class_=f"node {lane.style}"),
        text(LABEL_X, top + 11, lane.title, f"label strong {lane.style}-text", width=LABEL_WIDTH),
        text(LABEL_X, top + 26, f"{count(lane.rows, 'row')}, {share} of all", "label"),
        text(LABEL_X, top + 41, lane.use, "label muted", width=LABEL_WIDTH),
    ]


def _joint(item: SharedRows) -> Markup:
    top, bottom = (LANE * index + 16 for index in sorted((item.left, item.right)))
    reach = WIDTH - 26 + 22
    path = f"M{WIDTH - 26} {top:.1f}C{reach} {top:.1f} {reach} {bottom:.1f} {WIDTH - 26} {bottom:.1f}"
    return element("path", d=path, class_="joint")
