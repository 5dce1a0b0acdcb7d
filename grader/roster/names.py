"""Names as course systems write them: with accents or without, family name first or last, with spaces or none."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

_LATIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
"""Letters that Unicode doesn't take apart, as systems write them in names of files."""


def folded(text: str) -> str:
    """Return a name's letters and digits alone, without case and accents.

    Only accents go that are written over Latin, Greek and Cyrillic letters: in other scripts marks are letters.
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in plain if not "\u0300" <= letter <= "\u036f").translate(_LATIN)
    return "".join(letter for letter in unicodedata.normalize("NFKC", plain) if _is_part(letter))


def exact(text: str) -> str:
    """Return a name with its accents, but without case and punctuation."""
    plain = unicodedata.normalize("NFC", text.casefold())
    return "".join(letter for letter in plain if _is_part(letter))


def _is_part(letter: str) -> bool:
    return letter.isalnum() or unicodedata.category(letter).startswith("M")


def same_name_forms(name: str) -> frozenset[str]:
    """Return the folded forms one name may be written in; two names may be one person's if they share any."""
    return _forms(name, folded)


def exact_forms(name: str) -> frozenset[str]:
    """Return the same with accents kept."""
    return _forms(name, exact)


def _forms(name: str, fold: Callable[[str], str]) -> frozenset[str]:
    family, comma, given = name.partition(",")
    if comma and given.strip():
        parts = [fold(family), fold(given)]
        return frozenset({"".join(parts), "".join(reversed(parts))} - {""})
    words = [word for word in map(fold, name.replace(",", " ").split()) if word]
    # Where the family name begins isn't known: every way of putting the last words first.
    return frozenset("".join(words[cut:] + words[:cut]) for cut in range(max(1, len(words)))) - {""}
