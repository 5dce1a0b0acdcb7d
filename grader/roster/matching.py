"""Whose row in one list is whose in another: by ids first, by names only where nobody else could be meant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from grader.model import Student
from grader.roster.names import exact_forms, same_name_forms

IDS = ("canvas_id", "moodle_id", "sis_id", "login", "email")
"""Fields of a student that are one person's alone."""

NUMBERS = ("canvas_id", "moodle_id", "sis_id")
"""Those of them that nobody has two of; people use several addresses, and log in otherwise elsewhere."""

LABELS = ("sis_id", "login", "email", "canvas_id", "moodle_id")
"""Ids that a submission's own name may be, where no download says what it is."""

OF_ONE_SYSTEM = ("canvas_id", "moodle_id")
"""Those of them that mean nothing elsewhere: a student number may be somebody else's number in Canvas."""

SHORTEST_NUMBER = 4
"""Digits that a name must have to be taken for such a number: `12` is often just the twelfth."""

Why = Literal["unmatched", "ambiguous"]


@dataclass(frozen=True, slots=True)
class Left:
    """A submission (or one student of its group) that found no row, or more than one that it may be."""

    submission: str
    student: Student
    why: Why
    sentence: str


@dataclass(frozen=True, slots=True)
class Matches:
    """Which row is whose: `rows` maps row numbers to submissions. `left` are those without a row."""

    rows: Mapping[int, str]
    left: tuple[Left, ...] = ()


@dataclass(frozen=True, slots=True)
class _Claim:
    """One student of one submission, and the rows that may be theirs."""

    submission: str
    student: Student
    found: frozenset[int]
    by_id: bool


def match(submissions: Mapping[str, Sequence[Student]], rows: Sequence[Student]) -> Matches:
    """Match submissions with rows.

    Ids decide where a submission has one that stands in some row; ids that point to several people, and a row that two
    submissions claim, match nobody. Without ids the submission's own name counts as one, then the student's name: with
    or without accents, in either order. A name that two rows share, or two submissions, matches nobody, unless each of
    them is written exactly as one of the rows.

    Args:
        submissions: ids of submissions, and their students as far as they are known (none: the id is all there is).
        rows: the students of the other list; only what is known of them is filled in.
    """
    by_id = {name: _index(rows, lambda row, name=name: {_id(row, name)}) for name in IDS}  # type: ignore[misc]
    by_name = _index(rows, lambda row: same_name_forms(row.name))
    people = [(label, student) for label, group in submissions.items() for student in (group or (Student(),))]
    labels = _label_fields([label for label, group in submissions.items() if not group], by_id)
    claims = [
        _claim(label, student, rows, labels=labels if len(submissions[label]) < 2 else (), by_id=by_id, by_name=by_name)
        for label, student in people
    ]
    return _settled(_resolved_by_spelling(claims, rows))


def _label_fields(labels: Sequence[str], by_id: Mapping[str, Mapping[str, frozenset[int]]]) -> tuple[str, ...]:
    """Return the ids that submissions' names may be: a system's numbers only where all numbers are such."""
    numbers = [label for label in labels if label.isdecimal()]
    plausible = bool(numbers) and all(len(label) >= SHORTEST_NUMBER for label in numbers)
    return tuple(
        name
        for name in LABELS
        if name not in OF_ONE_SYSTEM or (plausible and all(label in by_id[name] for label in numbers))
    )


def _index(rows: Sequence[Student], keys: Callable[[Student], Iterable[str]]) -> Mapping[str, frozenset[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for number, row in enumerate(rows):
        for key in keys(row):
            if key:
                found[key].add(number)
    return {key: frozenset(numbers) for key, numbers in found.items()}


def _id(student: Student, name: str) -> str:
    return _written(getattr(student, name))


def _written(value: str) -> str:
    return value.strip().casefold()


def _claim(
    label: str,
    student: Student,
    rows: Sequence[Student],
    *,
    labels: Sequence[str],
    by_id: Mapping[str, Mapping[str, frozenset[int]]],
    by_name: Mapping[str, frozenset[int]],
) -> _Claim:
    found = _all(by_id[name].get(_id(student, name)) for name in IDS)
    if not found:
        found = _all(by_id[name].get(_written(label)) for name in labels)
    if found:
        return _Claim(label, student, found, by_id=True)
    name = student.name or (label if labels else "")
    namesakes = _all(by_name.get(form) for form in same_name_forms(name))
    others = frozenset(row for row in namesakes if _is_somebody_else(student, rows[row]))
    return _Claim(label, student, namesakes - others, by_id=False)


def _is_somebody_else(student: Student, row: Student) -> bool:
    """Whether a namesake is surely another person: both have the number that tells people apart, and it differs."""
    return any(
        getattr(student, name) and getattr(row, name) and _id(student, name) != _id(row, name) for name in NUMBERS
    )


def can_be_one(student: Student, row: Student) -> bool:
    """Return whether two entries that somebody put side by side can be one person.

    An id they share says so, a number that differs denies it; else their names must agree, or one of them have none and
    no id differ.
    """
    if _is_somebody_else(student, row):
        return False
    pairs = [(_id(student, name), _id(row, name)) for name in IDS]
    known = [own == other for own, other in pairs if own and other]
    if student.name and row.name:
        return any(known) or bool(same_name_forms(student.name) & same_name_forms(row.name))
    return any(known) or not known


def _all(found: Iterable[frozenset[int] | None]) -> frozenset[int]:
    return frozenset().union(*(rows for rows in found if rows))


def _resolved_by_spelling(claims: Sequence[_Claim], rows: Sequence[Student]) -> list[_Claim]:
    """Tell namesakes apart by their accents, where all of them are there and each is written as one row is."""
    groups: dict[frozenset[int], list[_Claim]] = defaultdict(list)
    for claim in claims:
        if not claim.by_id and len(claim.found) > 1:
            groups[claim.found].append(claim)
    settled: dict[int, frozenset[int]] = {}
    for numbers, group in groups.items():
        exactly = [
            frozenset(number for number in numbers if _spelled(claim) & exact_forms(rows[number].name))
            for claim in group
        ]
        if len(group) == len(numbers) and all(len(one) == 1 for one in exactly) and _all(exactly) == numbers:
            settled |= {id(claim): one for claim, one in zip(group, exactly, strict=True)}
    return [
        _Claim(claim.submission, claim.student, settled.get(id(claim), claim.found), claim.by_id) for claim in claims
    ]


def _spelled(claim: _Claim) -> frozenset[str]:
    return exact_forms(claim.student.name or claim.submission)


def _settled(claims: Sequence[_Claim]) -> Matches:
    """Give each row to the one submission that claims it; an id outweighs a name."""
    wanted: dict[int, list[_Claim]] = defaultdict(list)
    for claim in claims:
        for row in claim.found:
            wanted[row].append(claim)
    rows: dict[int, str] = {}
    left: list[Left] = []
    for claim in claims:
        if not claim.found:
            left.append(Left(claim.submission, claim.student, "unmatched", "no row is this student's"))
            continue
        if len(claim.found) > 1:
            what = "ids" if claim.by_id else "name"
            left.append(_ambiguous(claim, f"its {what} fit{'' if claim.by_id else 's'} {len(claim.found)} rows"))
            continue
        (row,) = claim.found
        rivals = [other for other in wanted[row] if other.submission != claim.submission and _equal_claim(other, claim)]
        if rivals:
            left.append(_ambiguous(claim, f"{rivals[0].submission} claims the same row"))
        else:
            rows[row] = claim.submission
    return Matches(rows, tuple(left))


def _equal_claim(other: _Claim, claim: _Claim) -> bool:
    """Whether another submission has as much right to a row: one that comes by a name has none against an id."""
    return other.by_id or not claim.by_id


def _ambiguous(claim: _Claim, sentence: str) -> Left:
    return Left(claim.submission, claim.student, "ambiguous", sentence)
