"""Rows that stand on two sides of a split: how many, once for each pair of lanes, and whether chance explains it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.model import Evidence, Overlap
from grader.reports.charts import SharedRows
from grader.reports.numbers import count, percent
from grader.reports.wording import ROLES

MOST_CROSSINGS = 4
"""Crossings that are drawn and told: beyond these the table has the sizes, and the findings what they mean."""
MOST_EXPLAINED = 0.25
"""Where more than a quarter of the rows repeat, they were copied: the checks excuse no more than that either."""
BY_ACCIDENT = 0.05
"""Share of rows on a line between two others that is still put down to accident, as the check does."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """Rows that stand on two sides, in words; in the picture it has its number in the list."""

    words: str
    detail: str
    alarming: bool


def crossings_of(
    evidence: Evidence, pairs: Sequence[Overlap], position: Mapping[str, int]
) -> tuple[tuple[SharedRows, ...], tuple[Crossing, ...]]:
    """Return the crossings between drawn lanes, for the picture and in words; `position` holds the lanes by row set."""
    met = _one_way([item for item in pairs if item.exact or item.canonical], position)
    shared = [_shared_rows(item, evidence, position) for item in met]
    told = [
        Crossing(item.words, _overlap_sentence(one, evidence), item.alarming)
        for item, one in zip(shared, met, strict=True)
    ]
    made = _made_crossing(evidence, position)
    return (*shared, *made), (*told, *(Crossing(item.words, "", item.alarming) for item in made))


def _one_way(met: Sequence[Overlap], position: Mapping[str, int]) -> list[Overlap]:
    """Return each pair of lanes once, seen from the one that was held out further: its rows are what is spent."""
    pairs: dict[frozenset[str], Overlap] = {}
    for item in sorted(met, key=lambda item: position[item.right] - position[item.left]):
        pairs.setdefault(frozenset((item.left, item.right)), item)
    return sorted(pairs.values(), key=lambda item: (position[item.right], position[item.left]))[:MOST_CROSSINGS]


def _made_crossing(evidence: Evidence, position: Mapping[str, int]) -> tuple[SharedRows, ...]:
    """Return rows of the final scoring that were made of training rows, where that was seen: equal to none of them."""
    final = evidence.scoring(evidence.final_scoring)
    made = [item for item in evidence.trainings if final and (item.id in final.trained_by or item.model == final.model)]
    training = next((item for item in made if item.train_rows in position), None)
    held = (final.rows if final else None) or ""
    trained = (training.train_rows if training else None) or ""
    if held not in position or trained not in position or held == trained:
        return ()
    rows = evidence.row_set(held)
    size = rows.rows if rows is not None else 0
    if evidence.augmentation_before_split and size:
        copies = evidence.augmentation_before_split
        words = f"{count(copies)} of {count(size)} test rows are altered copies of training rows"
        return (SharedRows(position[held], position[trained], words, share=copies / size),)
    between = evidence.interpolated
    if (
        between is not None
        and between.rows == held
        and between.between > BY_ACCIDENT * between.sampled > between.by_chance
    ):
        words = f"{count(between.between)} of {count(between.sampled)} test rows lie exactly between two training rows"
        return (SharedRows(position[held], position[trained], words, share=between.between / between.sampled),)
    return ()


def _shared_rows(overlap: Overlap, evidence: Evidence, position: Mapping[str, int]) -> SharedRows:
    left, right = _role_names(overlap, evidence)
    most = max(overlap.exact, overlap.canonical)
    words = f"{count(most)} of {count(overlap.left_rows)} {left} rows are also {right} rows"
    share = most / overlap.left_rows if overlap.left_rows else 0.0
    by_chance = share <= min(overlap.duplicate_rate, MOST_EXPLAINED)
    return SharedRows(position[overlap.left], position[overlap.right], words, alarming=not by_chance, share=share)


def _overlap_sentence(overlap: Overlap, evidence: Evidence) -> str:
    left, right = _role_names(overlap, evidence)
    said = (
        f"Of {count(overlap.left_rows)} {left} rows {count(overlap.exact)} stand unchanged among the {right} rows, "
        f"{count(overlap.canonical)} up to scaling. "
        f"{percent(overlap.duplicate_rate)} of them repeat within their own set"
    )
    if overlap.duplicate_rate > MOST_EXPLAINED:
        return f"{said}: rows were copied, and chance is taken to explain a quarter at most."
    return f"{said}: so much is what chance explains."


def _role_names(overlap: Overlap, evidence: Evidence) -> tuple[str, str]:
    left, right = (evidence.row_set(rows) for rows in (overlap.left, overlap.right))
    return tuple(ROLES[item.role][0].lower() if item else "other" for item in (left, right))  # type: ignore[return-value]
