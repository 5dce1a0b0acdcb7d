"""Numbers, classes and sentences as questions speak of them."""

from __future__ import annotations

from grader.model import Evidence, Verified

LONGEST_QUOTE = 160
"""Characters of a student's sentence that are quoted."""

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def quoted(text: str) -> str:
    """Return a student's words in quotation marks, cut where they are long: what stands in them is only escaped."""
    line = " ".join(text.split()).replace("\N{LEFT DOUBLE QUOTATION MARK}", '"')
    line = line.replace("\N{RIGHT DOUBLE QUOTATION MARK}", '"')
    cut = line if len(line) <= LONGEST_QUOTE else line[: LONGEST_QUOTE - 1] + "\N{HORIZONTAL ELLIPSIS}"
    return f"\N{LEFT DOUBLE QUOTATION MARK}{cut}\N{RIGHT DOUBLE QUOTATION MARK}"


def class_name(evidence: Evidence, result: Verified, label: str) -> str:
    """Return the name that the notebook gives a class, else its label; both are the student's words."""
    names = evidence.class_names
    named = all(item.isdecimal() and int(item) < len(names) for item in result.classes)
    return quoted(names[int(label)] if named and label.isdecimal() and int(label) < len(names) else label)


def share(value: float) -> str:
    """Return a share in percent, with as many digits as say something."""
    return f"{value:.2%}" if 0.995 <= value < 1 else f"{value:.0%}" if value in {0, 1} else f"{value:.1%}"


def loss(value: float) -> str:
    """Return a loss with three significant digits."""
    return f"{value:.3g}"


def ordinal(place: int) -> str:
    """Return `first`, `second`, ... of a place counted from 0."""
    return ORDINALS[place] if place < len(ORDINALS) else f"{place + 1}th"
