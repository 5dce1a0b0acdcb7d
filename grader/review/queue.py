"""Which submissions are shown, in which order, page by page; and who comes before and after one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from grader.model import LEVELS, Decisions, Result
from grader.review.desk import ClassRead
from grader.review.naming import Names

PER_PAGE = 50
"""Lines of one page: what a screen or two hold."""

LONGEST_SEARCH = 100
"""Characters of a search that are looked at."""

SHOWN: Mapping[str, str] = {
    "review": "To review",
    "all": "All",
    "decided": "Decided otherwise",
    "commented": "Commented",
    "reviewed": "Reviewed",
    "failed": "Did not run",
}
"""What can be shown, by its name in addresses."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What to show: of those that have `level` on `criterion`, those in which `search` stands."""

    show: str = "review"
    criterion: str = ""
    level: str = ""
    search: str = ""
    page: int = 1

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Filter:
        """Return the filter that an address asks for; what it does not know is left out."""
        show, level, page = given.get("show", ""), given.get("level", ""), given.get("page", "")
        return cls(
            show=show if show in SHOWN else "review",
            criterion=given.get("criterion", "")[:LONGEST_SEARCH],
            level=level if level in {*LEVELS, "none"} else "",
            search=given.get("search", "").strip()[:LONGEST_SEARCH],
            page=int(page) if page.isdecimal() and len(page) < 6 and int(page) > 0 else 1,
        )

    def query(self, page: int | None = None) -> str:
        """Return the filter as an address holds it, of another page where one is given."""
        asked = {"show": self.show, "criterion": self.criterion, "level": self.level, "search": self.search}
        number = self.page if page is None else page
        return urlencode(
            {name: value for name, value in asked.items() if value} | ({"page": number} if number > 1 else {})
        )

    def showing(self, show: str) -> Filter:
        """Return the filter with something else shown, from its first page."""
        return replace(self, show=show, page=1)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Who comes before and after one submission in a list of `total`, and its place there; 0 where it is not in it."""

    previous: str | None
    next: str | None
    place: int
    total: int


@dataclass(frozen=True, slots=True)
class ClassList:
    """The class as one person sees it: names hidden or not."""

    read: ClassRead
    names: Names
    blind: bool

    def chosen(self, wanted: Filter) -> tuple[Result, ...]:
        """Return those that a filter asks for, in order: by name, or by key while names are hidden."""
        rows = [row for row in self.read.rows if self._is_chosen(row, wanted)]
        return tuple(sorted(rows, key=lambda row: self.names.key(row.submission)) if self.blind else rows)

    def counts(self, wanted: Filter) -> dict[str, int]:
        """Return how many there are of each kind, all other parts of the filter as they are."""
        return {show: sum(self._is_chosen(row, wanted.showing(show)) for row in self.read.rows) for show in SHOWN}

    def neighbours(self, submission: str, wanted: Filter) -> Neighbours:
        """Return who comes before and after; also of one that the filter no longer holds (it was just reviewed)."""
        listed = [row.submission for row in self.chosen(wanted)]
        if submission in listed:
            place = listed.index(submission)
            before, after = listed[:place], listed[place + 1 :]
        else:
            order = self._order()
            own = order.get(submission, 0)
            place = -1
            before = [item for item in listed if order[item] < own]
            after = [item for item in listed if order[item] > own]
        return Neighbours(before[-1] if before else None, after[0] if after else None, place + 1, len(listed))

    def _order(self) -> dict[str, int]:
        rows: Sequence[Result] = self.read.rows
        if self.blind:
            rows = sorted(rows, key=lambda row: self.names.key(row.submission))
        return {row.submission: place for place, row in enumerate(rows)}

    def _is_chosen(self, row: Result, wanted: Filter) -> bool:
        decisions = self.read.decisions.get(row.submission)
        return (
            _KINDS[wanted.show](row, decisions)
            and _has_level(row, wanted.criterion, wanted.level)
            and (not wanted.search or wanted.search.casefold() in self._text(row, decisions).casefold())
        )

    def _text(self, row: Result, decisions: Decisions | None) -> str:
        """Return what a search looks through; no name while names are hidden."""
        own = [self.names.alias(row.submission)]
        if not self.blind:
            own = [row.submission, row.notebook, *self.read.people.get(row.submission, ())]
        people = [
            text
            for items in (() if decisions is None else (decisions.levels.values(), decisions.findings.values()))
            for item in items
            for text in (item.author, item.reason)
        ]
        said = [] if decisions is None else [item.text for item in decisions.comments]
        return "\n".join([*own, row.status, *row.review_reasons, *people, *said])


def pages(rows: Sequence[Result], number: int) -> tuple[tuple[Result, ...], int, int]:
    """Return one page of a list, its number (the last one where it is too high), and how many there are."""
    most = max(1, -(-len(rows) // PER_PAGE))
    place = min(number, most)
    return tuple(rows[(place - 1) * PER_PAGE : place * PER_PAGE]), place, most


def _has_level(row: Result, criterion: str, level: str) -> bool:
    if not level:
        return True
    wanted = None if level == "none" else level
    return any(item.level == wanted for item in row.criteria if not criterion or item.criterion == criterion)


_KINDS: Mapping[str, Callable[[Result, Decisions | None], bool]] = {
    "review": lambda row, _: row.needs_review,
    "all": lambda _row, _: True,
    "decided": lambda _, decisions: decisions is not None and bool(decisions.levels or decisions.findings),
    "commented": lambda _, decisions: decisions is not None and bool(decisions.comments),
    "reviewed": lambda row, _: row.reviewed,
    "failed": lambda row, _: row.status != "ok",
}
