"""What a fault is, and all faults by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Literal

from corpus.draft import Draft

Rewrite = Callable[[Draft, Random], Draft]
Fits = Callable[[Draft], bool]
Family = Literal["leak", "training", "reporting"]
When = Literal["early", "late"]
Kind = Literal["classes", "number"]
BOTH: tuple[Kind, ...] = ("classes", "number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that rewrites a draft. `fits` says of which clean drafts it makes sense."""

    name: str
    when: When
    rewrite: Rewrite
    fits: Fits


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault(Change):
    """One fault: the checks that must fail, those that may, and what is wrong."""

    family: Family
    fails: tuple[str, ...]
    may: tuple[str, ...]
    says: str

    def allows(self, check: str) -> bool:
        """Whether a check may fail with it, without being what it is about."""
        return any(check == name or (name.endswith(".") and check.startswith(name)) for name in self.may)


FAULTS: dict[str, Fault] = {}


def anywhere(_draft: Draft) -> bool:
    """Fits every draft."""
    return True


def fault(
    family: Family,
    *fails: str,
    may: str = "",
    when: When = "early",
    fits: Fits = anywhere,
    of: tuple[Kind, ...] = ("classes",),
) -> Callable[[Rewrite], Rewrite]:
    """Register a fault under its function's name.

    Args:
        family: what it is about.
        fails: the checks that must fail.
        may: those that may fail with it or not be told, separated by blanks; `split.` means the family.
        when: `early` faults see a draft whose rows are split and whose network is chosen, before model and training
            are written; `late` ones see the whole.
        fits: of which clean drafts it makes sense.
        of: what such drafts predict.
    """

    def register(rewrite: Rewrite) -> Rewrite:
        FAULTS[rewrite.__name__] = Fault(
            name=rewrite.__name__,
            family=family,
            fails=fails,
            may=tuple(may.split()),
            when=when,
            rewrite=rewrite,
            fits=lambda draft: ("number" if draft.number else "classes") in of and fits(draft),
            says=(rewrite.__doc__ or "").strip(),
        )
        return rewrite

    return register


def array_parts(draft: Draft) -> bool:
    """Whether the parts exist as arrays."""
    return "array parts" in draft.marks


def marked(*marks: str) -> Fits:
    """Fits drafts that have all these marks."""
    return lambda draft: draft.marks.issuperset(marks)


def fitted(draft: Draft) -> bool:
    """Whether it is trained by fit."""
    return "fit" in draft.marks


def after_split(draft: Draft, code: str) -> Draft:
    """Put code between the split and what follows it (scaling, pipelines)."""
    return draft.but(split=draft.split.rstrip("\n") + "\n" + code.lstrip("\n"))
