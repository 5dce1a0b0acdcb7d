"""The confusion matrix as a heat map: a table with counts, or a picture where there are too many classes to read."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from grader.reports.charts.svg import drawing, element, text
from grader.reports.language import say, told
from grader.reports.numbers import count, percent

MOST_READABLE = 20
"""Classes up to which counts can be read in a column's width; beyond it only shades are drawn."""
SHADES = 5
PICTURE = 380.0


def confusion_matrix(
    matrix: Sequence[Sequence[int]], names: Sequence[str], marked: tuple[int, int] | None = None
) -> Markup:
    """Draw counts with the true class per row. Shades are shares of the row: right answers blue, wrong ones orange.

    Wrong answers have their own scale, up to the largest share among them: else 4 errors in 40 would not be seen.
    `marked` is the pair (true class, answer) that gets a frame: the worst.
    """
    size = len(matrix)
    if not size or any(len(row) != size for row in matrix):
        return Markup("")
    labels = [names[index] if index < len(names) else str(index) for index in range(size)]
    return _table(matrix, labels, marked) if size <= MOST_READABLE else _picture(matrix, labels)


def _shares(matrix: Sequence[Sequence[int]]) -> tuple[list[list[float]], float]:
    shares = [[value / total if (total := sum(row)) else 0.0 for value in row] for row in matrix]
    worst = max((share for i, row in enumerate(shares) for j, share in enumerate(row) if i != j), default=0.0)
    return shares, worst


def _shade(share: float, *, right: bool, worst: float) -> str:
    """Return the class of a cell: `right-0`..`right-5` by recall, `wrong-0`..`wrong-5` against the worst share."""
    relative = share if right else share / worst if worst else 0.0
    step = 0 if share <= 0 else min(SHADES, 1 + int(relative * SHADES))
    return f"{'right' if right else 'wrong'}-{step}"


def _table(matrix: Sequence[Sequence[int]], labels: Sequence[str], marked: tuple[int, int] | None) -> Markup:
    shares, worst = _shares(matrix)
    head = [element("td", class_="corner")]
    head += [element("th", label, scope="col") for label in labels]
    rows = [element("tr", *head)]
    for i, row in enumerate(matrix):
        cells = [element("th", labels[i], scope="row")]
        for j, value in enumerate(row):
            shade = _shade(shares[i][j], right=i == j, worst=worst)
            cells.append(
                element(
                    "td",
                    f"{value:,}" if value else "\N{MIDDLE DOT}",
                    class_=f"{shade} worst" if (i, j) == marked else shade,
                    title=told(_told(labels, i, j, value, shares[i][j])),
                )
            )
        rows.append(element("tr", *cells))
    size = "heat compact" if len(labels) > 12 else "heat"
    caption = element("caption", say("Numbers of rows: a line per true class, a column per answer."))
    return element("table", caption, element("thead", rows[0]), element("tbody", *rows[1:]), class_=size)


def _told(labels: Sequence[str], i: int, j: int, value: int, share: float) -> str:
    verb = "recognised" if i == j else f"taken for {labels[j]}"
    return f"{labels[i]}: {count(value, 'row')} {verb} ({percent(share)})"


def _picture(matrix: Sequence[Sequence[int]], labels: Sequence[str]) -> Markup:
    shares, worst = _shares(matrix)
    side = (PICTURE - 40) / len(matrix)
    cells = [
        element(
            "rect", element("title", told(_told(labels, i, j, value, shares[i][j]))),
            x=20 + j * side, y=20 + i * side, width=side, height=side,
            class_="heat-cell " + _shade(shares[i][j], right=i == j, worst=worst),
        )
        for i, row in enumerate(matrix)
        for j, value in enumerate(row)
        if value
    ]  # fmt: skip
    frame = element("rect", x=20, y=20, width=PICTURE - 40, height=PICTURE - 40, class_="frame")
    axes = [
        text(PICTURE / 2, 13, "predicted class", "label muted", "middle"),
        element(
            "text", say("true class"), x=0, y=0, class_="label muted", text_anchor="middle",
            transform=f"translate(13 {PICTURE / 2:.0f}) rotate(-90)",
        ),
    ]  # fmt: skip
    right = sum(row[i] for i, row in enumerate(matrix))
    total = sum(sum(row) for row in matrix)
    words = f"Confusion matrix of {len(matrix)} classes: {count(right)} of {count(total, 'row')} were answered right."
    return drawing(PICTURE, PICTURE, words, frame, *cells, *axes, class_="chart matrix-picture")
