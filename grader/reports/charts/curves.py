"""Training curves: one line per rows set over epochs, labelled at its end."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from grader.reports.charts.svg import drawing, element, spread_apart, text, ticks
from grader.reports.numbers import NARROW_SPACE, count, decimal

WIDTH, HEIGHT = 380.0, 270.0
LEFT, RIGHT, TOP, BOTTOM = 44.0, 84.0, 46.0, 36.0
MOST_POINTS = 500
"""More points than pixels draw nothing new: longer runs are thinned, their last epoch kept."""
MOST_DOTS = 30
"""Epochs up to which every one gets a dot: beyond it dots would run into each other."""
LARGE = 10_000
"""From here on axis labels are written with `k` and `M`, then with powers of ten: longer ones would be cut."""
LOG_RATIO = 100.0
"""Values that span more than two powers of ten are drawn on a logarithmic axis."""


SMALLEST_DRAWN, LARGEST_DRAWN = 1e-290, 1e290
"""Beyond these an axis could not be computed in floats; a loss that large is told like one that is no number."""


@dataclass(frozen=True, slots=True)
class Series:
    """One line: `values` are one per epoch, possibly not numbers; `style` is `train`, `validation`, `reference`."""

    name: str
    values: tuple[float, ...]
    style: str


@dataclass(frozen=True, slots=True)
class _Scale:
    """From epochs and values to points of the picture."""

    epochs: int
    low: float
    high: float
    logarithmic: bool

    def x(self, epoch: float) -> float:
        width = WIDTH - LEFT - RIGHT
        return LEFT + (width / 2 if self.epochs < 2 else width * (epoch - 1) / (self.epochs - 1))

    def y(self, value: float) -> float:
        low, high, at = self.low, self.high, value
        if self.logarithmic:
            low, high, at = math.log10(low), math.log10(high), math.log10(max(value, self.low))
        share = 0.5 if high == low else (at - low) / (high - low)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def curve_chart(
    title: str, series: tuple[Series, ...], mark: tuple[int, str] | None, written: Callable[[float], str] = decimal
) -> Markup:
    """Draw lines over epochs (from 1). `mark` is an epoch to point at, with what to say there.

    Values that are no finite numbers leave a gap and are told in the label at the line's end.
    """
    finite = [value for line in series for value in line.values if _can_be_drawn(value)]
    epochs = max((len(line.values) for line in series), default=0)
    if not finite:
        note = "No epoch was completed." if not epochs else "Not one value is a finite number."
        return drawing(
            WIDTH, 60, f"{title}: {note}", text(0, 18, title, "chart-title"), text(0, 42, note, "label muted")
        )
    scale, marks = _axis(finite, epochs)
    parts = [text(0, 14, title + (" (logarithmic axis)" if scale.logarithmic else ""), "chart-title")]
    parts += [_grid_line(scale, value, label) for value, label in zip(marks, axis_labels(marks, written), strict=True)]
    parts += [_epoch_label(scale, epoch) for epoch in _epoch_ticks(epochs)]
    parts.append(text(scale.x((epochs + 1) / 2), HEIGHT - 2, "epoch", "label muted", "middle"))
    if mark is not None and 1 <= mark[0] <= epochs:
        parts += _marked_epoch(scale, *mark)
    for line in series:
        parts += _line(scale, line)
    parts += _end_labels(scale, series, written)
    return drawing(WIDTH, HEIGHT, _in_words(title, series, mark, written), *parts)


def _can_be_drawn(value: float) -> bool:
    return math.isfinite(value) and (value == 0 or SMALLEST_DRAWN < abs(value) < LARGEST_DRAWN)


def _axis(finite: list[float], epochs: int) -> tuple[_Scale, tuple[float, ...]]:
    low, high = min(finite), max(finite)
    if low > 0 and high / low > LOG_RATIO:
        first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
        step = max(1, round((last - first) / 4))
        return _Scale(epochs, 10.0**first, 10.0**last, logarithmic=True), tuple(
            10.0**power for power in range(first, last + 1, step)
        )
    if high == low:
        margin = abs(high) * 0.1 or 1.0
        low, high = low - margin, high + margin
    marks = ticks(low, high)
    return _Scale(epochs, min(low, marks[0]), max(high, marks[-1]), logarithmic=False), marks


def _epoch_ticks(epochs: int) -> tuple[int, ...]:
    if epochs <= 8:
        return tuple(range(1, epochs + 1))
    step = max(1, round(ticks(0, epochs, 5)[1]))
    return (1, *(epoch for epoch in range(step, epochs + 1, step) if epoch > 1))


def _grid_line(scale: _Scale, value: float, label: str) -> Markup:
    y = scale.y(value)
    line = element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="grid-line")
    return line + text(LEFT - 6, y + 4, label, "label muted", "end")


def axis_labels(marks: tuple[float, ...], written: Callable[[float], str]) -> tuple[str, ...]:
    """Return the labels of an axis, all with as many decimals as their step needs."""
    if written is decimal:
        step = abs(marks[1] - marks[0]) if len(marks) > 1 else 0.0
        if max(map(abs, marks)) >= LARGE:
            return tuple(map(_compact, marks))
        if not step or marks[1] >= 5 * marks[0] > 0:
            return tuple(f"{value:g}" for value in marks)
        return tuple(f"{value:,.{_decimals(step)}f}" for value in marks)
    step = abs(marks[1] - marks[0]) * 100 if len(marks) > 1 else 1.0
    return tuple(f"{value * 100:.{_decimals(step)}f}{NARROW_SPACE}%" for value in marks)


def _compact(value: float) -> str:
    """Return a number in at most six characters: `30k`, `2.5M`, `1e12`."""
    for unit, size in (("", 1.0), ("k", 1e3), ("M", 1e6)):
        if abs(value) < size * 1e3:
            return f"{value / size:.3g}{unit}"
    digits, power = f"{value:.0e}".split("e")
    return f"{digits}e{int(power)}"


def _decimals(step: float) -> int:
    return max(0, -math.floor(math.log10(step) + 1e-9)) if step else 0


def _epoch_label(scale: _Scale, epoch: int) -> Markup:
    return text(scale.x(epoch), HEIGHT - BOTTOM + 16, str(epoch), "label muted", "middle")


def _marked_epoch(scale: _Scale, epoch: int, words: str) -> list[Markup]:
    x = scale.x(epoch)
    beyond_middle = x > (LEFT + WIDTH - RIGHT) / 2
    # Above the lines: in training curves every other place may be taken.
    return [
        element("line", x1=x, x2=x, y1=TOP - 14, y2=HEIGHT - BOTTOM, class_="mark"),
        text(
            x + (-5 if beyond_middle else 5),
            TOP - 8,
            words,
            "label mark-label",
            "end" if beyond_middle else "start",
            width=230,
        ),
    ]


def _line(scale: _Scale, line: Series) -> list[Markup]:
    points = [(epoch, value) for epoch, value in enumerate(line.values, 1)]
    stride = math.ceil(len(points) / MOST_POINTS)
    kept = points[:: max(1, stride)] + ([points[-1]] if stride > 1 else [])
    places = [(scale.x(epoch), scale.y(value)) if _can_be_drawn(value) else None for epoch, value in kept]
    path = [
        f"{'L' if before else 'M'}{place[0]:.1f} {place[1]:.1f}" for before, place in pairwise([None, *places]) if place
    ]
    parts = [element("path", d=" ".join(path), class_=f"line {line.style}")] if path else []
    if len(points) <= MOST_DOTS and line.style != "reference":  # another's curve stands back
        parts += [element("circle", cx=x, cy=y, r=2.4, class_=f"dot {line.style}") for x, y in filter(None, places)]
    return parts


def _end_labels(scale: _Scale, series: tuple[Series, ...], written: Callable[[float], str]) -> list[Markup]:
    shown = [line for line in series if any(_can_be_drawn(value) for value in line.values)]
    wanted = [scale.y(_last_finite(line)) + 4 for line in shown]
    parts = []
    for line, y in zip(shown, spread_apart(wanted, 30, TOP + 8, HEIGHT - BOTTOM - 10), strict=True):
        parts.append(text(WIDTH - RIGHT + 10, y, line.name, f"label strong {line.style}-text", width=RIGHT))
        parts.append(text(WIDTH - RIGHT + 10, y + 14, _ending(line, written), f"label {line.style}-text"))
    return parts


def _last_finite(line: Series) -> float:
    return next(value for value in reversed(line.values) if _can_be_drawn(value))


def _ending(line: Series, written: Callable[[float], str]) -> str:
    broken = next((epoch for epoch, value in enumerate(line.values, 1) if not _can_be_drawn(value)), None)
    return written(_last_finite(line)) if broken is None else f"no number: ep. {broken}"


def _in_words(
    title: str, series: tuple[Series, ...], mark: tuple[int, str] | None, written: Callable[[float], str]
) -> str:
    parts = []
    for line in series:
        finite = [value for value in line.values if _can_be_drawn(value)]
        lost = len(line.values) - len(finite)
        if finite:
            gone = f", {lost} of them no finite number" if lost else ""
            epochs = count(len(line.values), "epoch")
            parts.append(f"{line.name} from {written(finite[0])} to {written(finite[-1])} in {epochs}{gone}")
    pointed = [f"epoch {mark[0]}: {mark[1]}"] if mark else []
    return f"{title}: {'; '.join([*parts, *pointed])}."
