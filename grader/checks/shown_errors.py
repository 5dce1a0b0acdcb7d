"""Wrong predictions and per-class figures as shown: in pictures, tables, printed lines and bars."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from grader.checks.results import class_count, final_result, shown_output
from grader.model import CellFacts, Drawing, Evidence

PER_CLASS = frozenset({"classification_report", "precision_recall_fscore_support"})
REPORT_TEXT = re.compile(r"precision\s+recall\s+f1-score", re.IGNORECASE)
WRONG_ROWS = re.compile(
    r"(!=|\.ne\(|not_equal|misclassif|incorrect|wrong|errors?\b|mistake|mal_?clasific|err[oó]ne)", re.IGNORECASE
)
TITLE_PARTS = re.compile(r"[:=/|,()\n]+|->|\bvs\.?\b|→")
LABEL_WORDS = re.compile(r"\b(pred\w*|true|actual|real|label|etiqueta|verdader\w*|y|is|t|p)\b", re.IGNORECASE)
COMPARED = re.compile(
    r"(?:pred\w*|y_?hat|guess\w*|answer\w*)[\w.\[\]()'\"]*\s*(?:!=|\.ne\()|"
    r"(?:!=|\.ne\(|not_equal\()[\s\w.\[\]()'\"]*?(?:pred|y_?hat|guess|answer)"
)
"""Rows picked by comparing answers with labels. In lower case, as the words below: thrice as fast as in any."""
NAMED_WRONG = re.compile(r"misclassif|wrong|incorrect|mistake|errores")
UNEQUAL = re.compile(r"!=|\.ne\(|not_equal")
LABELLED_LINE = re.compile(r"pred|true|actual|real\b|verdader", re.IGNORECASE)
FEWEST_LINES = 2
"""One line that speaks of predictions is a count of mistakes; a list of mistakes has several."""
MOSTLY = 0.8
"""Pictures of which so many are mistakes were picked for it: random ones show mistakes as often as the model errs."""
DECIMAL = re.compile(r"(?<![\w.])(\d+(?:\.(\d+))?)\s*(%?)")
FEWEST_DECIMALS = 2
"""A share with fewer decimals equals another by luck; where there are two classes only, one more is asked."""


def wrong_predictions(evidence: Evidence) -> list[int]:
    """Return the cells that put wrong predictions before the reader's eyes, in pictures or as a list."""
    known = {place: share for place, share in _share_of_mistakes(evidence).items() if share is not None}
    picked = [cell for cell, share in known.items() if share >= MOSTLY]
    told = [cell for cell in _told_by_titles(evidence) if cell not in known]
    listed = [cell.index for cell in evidence.cells if cell.index not in known and _lists_mistakes(cell)]
    return sorted({*picked, *told, *_titled_wrong(evidence), *listed})


def per_class_figures(evidence: Evidence) -> list[int]:
    """Return the cells that show precision or recall of each class: a report, printed lines, or bars."""
    reports = [
        call.cell
        for call in evidence.metric_calls
        if (call.function.rpartition(".")[2] in PER_CLASS) and shown_output(evidence, call.cell)
    ]
    printed = [
        cell.index
        for cell in evidence.cells
        if any(REPORT_TEXT.search(output.text) for output in (*cell.rerun, *cell.saved))
    ]
    return sorted({*reports, *printed, *_of_two_classes(evidence), *recalls_by_hand(evidence)})


def _share_of_mistakes(evidence: Evidence) -> dict[int, float | None]:
    """Return for each cell the share of its pictures of scored rows that are mistakes; None where that isn't known."""
    result = final_result(evidence)
    verified = result.verified if result is not None else None
    if result is None or verified is None or not verified.matrix:
        return {}
    mistakes = set(verified.wrong_rows)
    wrong = sum(map(sum, verified.matrix)) - sum(row[place] for place, row in enumerate(verified.matrix))
    if len(mistakes) != wrong or verified.rows_used != verified.rows_total:
        return {}  # stored without its wrong rows, or only a sample was recomputed
    shown: dict[int, list[bool]] = {}
    for drawing in evidence.drawings:
        if drawing.kind == "image" and drawing.shows_row is not None and drawing.shows_rows == result.scoring.rows:
            shown.setdefault(drawing.cell, []).append(drawing.shows_row in mistakes)
    return {cell: sum(hits) / len(hits) for cell, hits in shown.items()}


def _told_by_titles(evidence: Evidence) -> list[int]:
    """Return cells whose pictures were picked by comparing, or drawn of rows that were."""
    sources = {cell.index: cell.source for cell in evidence.cells}
    result = final_result(evidence)
    cells = []
    for drawing in evidence.drawings:
        if drawing.kind != "image" or not WRONG_ROWS.search(sources.get(drawing.cell, "")):
            continue
        of_test = result is not None and drawing.shows_rows is not None and drawing.shows_rows == result.scoring.rows
        if of_test or _two_labels(_words(drawing)) is not None:
            cells.append(drawing.cell)
    return cells


def _titled_wrong(evidence: Evidence) -> list[int]:
    """Return cells with pictures whose titles give two different answers."""
    return [
        item.cell for item in evidence.drawings if item.kind in {"image", "line"} and _two_labels(_words(item)) is True
    ]


def _words(drawing: Drawing) -> str:
    return drawing.title or " ".join(drawing.texts)


def _two_labels(title: str) -> bool | None:
    """Whether a title gives two different answers (`pred 3, true 5`); None where it doesn't give two."""
    if not re.search(r"pred", title, re.IGNORECASE):
        return None
    parts = [LABEL_WORDS.sub(" ", re.sub(r"\d+(\.\d+)?\s*%", " ", part)).split() for part in TITLE_PARTS.split(title)]
    words = [word.strip("'\"[]").lower() for part in parts for word in part if word.strip("'\"[]")]
    return words[0] != words[1] if len(words) >= 2 else None


def _lists_mistakes(cell: CellFacts) -> bool:
    """Whether a cell picks rows by comparing answers with labels, and shows them as a table or line by line."""
    outputs, source = (*cell.rerun, *cell.saved), cell.source.lower()
    pictured = any(output.html or output.image_png for output in outputs)
    if pictured and NAMED_WRONG.search(source) and UNEQUAL.search(cell.source):
        return True
    if not COMPARED.search(source):
        return False
    return any(output.html for output in outputs) or any(
        sum(bool(LABELLED_LINE.search(line)) for line in output.text.splitlines()) >= FEWEST_LINES for output in outputs
    )


def _of_two_classes(evidence: Evidence) -> list[int]:
    """Return cells with both precision and recall where there are two classes: of one class, they tell of both."""
    if class_count(evidence) != 2:
        return []
    shown = {
        call.function.rpartition(".")[2]: call.cell
        for call in evidence.metric_calls
        if shown_output(evidence, call.cell)
    }
    return (
        [shown["precision_score"], shown["recall_score"]] if {"precision_score", "recall_score"} <= set(shown) else []
    )


def recalls_by_hand(evidence: Evidence) -> list[int]:
    """Return cells whose printed numbers or bars are the recomputed recall (accuracy) of each class, in their order."""
    result = final_result(evidence)
    verified = result.verified if result is not None else None
    recalls = [item.recall for item in verified.per_class if item.recall is not None] if verified is not None else []
    if len(recalls) < 2:
        return []
    fewest = FEWEST_DECIMALS + (len(recalls) == 2)
    orders = (recalls, *_sorted(recalls))
    printed = [
        cell.index
        for cell in evidence.cells
        if any(_holds(_shares(output.text, fewest), orders) for output in cell.rerun)
    ]
    bars = [item.cell for item in evidence.drawings if item.kind == "bar" and _equal(item.y, recalls)]
    return [*printed, *bars]


def _sorted(recalls: Sequence[float]) -> tuple[Sequence[float], ...]:
    """Return the recalls as a table of several classes may be sorted, the best or the worst first."""
    return (sorted(recalls), sorted(recalls, reverse=True)) if len(recalls) > 2 else ()


def _shares(text: str, fewest: int) -> list[tuple[float, float]]:
    """Return the shares in a text, also those in percent, each with what rounding may have made of it.

    Those with fewer than the `fewest` decimals are left out, unless they are 0 or 1.
    """
    found = []
    for number, decimals, percent in DECIMAL.findall(text):
        share = float(number) / 100 if percent else float(number)
        digits = len(decimals) + 2 if percent else len(decimals)
        exact = float(number) in {0.0, 1.0} and decimals
        if digits >= fewest or exact:
            found.append((share, 0.51 * 10.0 ** -max(digits, 1)))
    return found


def _holds(shares: Sequence[tuple[float, float]], orders: Iterable[Sequence[float]]) -> bool:
    """Whether the recalls, in one of these orders, are among the shares one after the other."""
    for recalls in orders:
        rest = iter(shares)
        if all(any(abs(share - recall) <= slack for share, slack in rest) for recall in recalls):
            return True
    return False


def _equal(heights: Sequence[float], recalls: Sequence[float]) -> bool:
    return any(
        len(heights) == len(recalls)
        and all(abs(a - b * unit) <= 1e-3 * unit for a, b in zip(heights, recalls, strict=True))
        for unit in (1, 100)
    )
