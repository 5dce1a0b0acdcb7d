"""The language of a student's report: texts are written in English and translated where they become HTML.

A catalogue (`words/LANGUAGE.yaml`) maps English texts to those of its language. A text may hold places for what
changes: `{n}` (and `{n2}` ...) stand for a number, `{cells}` for cells by number, any other name for words, which are
looked up themselves. A sentence of a check thus needs one entry, whatever its numbers. What no catalogue knows stays
English and is marked so (WCAG 2.2, 3.1.2). A student's own words are never looked up.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

import yaml

from grader.model import Evidence

ENGLISH = "en"
LANGUAGES = (ENGLISH, "es")
AUTOMATIC = "auto"
"""The language that the notebook is written in, where reports know it; English else."""

CELLS = re.compile(
    r"\b(?:[Cc]ells?|[Cc]eldas?)\s+\d+(?:(?:\s*,\s*(?:and\s+|y\s+)?|\s+(?:and|or|to|y|o|a)\s+)\d+)*"
)  # fmt: skip
"""Cells named in a sentence: `cell 7`, `cells 2, 3 and 9`."""
_PLACE = re.compile(r"\{(\w+)\}")
_NUMBER = r"[-\N{MINUS SIGN}\N{PLUS-MINUS SIGN}+]?\d[\d.,]*(?:e[-+]?\d+)?(?:[\s\N{NARROW NO-BREAK SPACE}]?%)?"
_SEPARATORS = (" \N{MIDDLE DOT} ", "; ", ", ", " and ", ": ")
"""What joins texts that were put together from several: each part is looked up alone."""
VERBATIM = frozenset(
    {"quote", "true", "said", "class", "other", "titles", "error", "loss", "activation", "packages", "name", "near"}
)
"""Places that hold a student's own words, or names of code."""
QUOTATION = "\N{LEFT DOUBLE QUOTATION MARK}"
_SENTENCES = re.compile(r"(?<=[.!?]) (?=[A-Z\N{LEFT DOUBLE QUOTATION MARK}])")
"""Where one sentence ends and another begins."""
DEEPEST = 5
LONGEST = 700
"""Characters of a text that is compared with those that have places: no sentence of ours is longer, and what a student
wrote must cost no time."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""A catalogue of a thousand texts takes 80 ms without libyaml, 5 ms with it."""

_current: ContextVar[str] = ContextVar("language", default=ENGLISH)


def language_of(evidence: Evidence, wanted: str = AUTOMATIC) -> str:
    """Return the language a report is written in: the one asked for, else the notebook's own."""
    chosen = evidence.prose.language if wanted == AUTOMATIC else wanted
    return chosen if chosen in LANGUAGES else ENGLISH


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Translate all that is rendered inside into a language."""
    token = _current.set(language)
    try:
        yield
    finally:
        _current.reset(token)


def spoken() -> str:
    """Return the language that is being rendered."""
    return _current.get()


def say(text: str, **values: object) -> str:
    """Return a text of ours in the language being rendered, its places filled in."""
    if not values:
        return told(text)
    language = _current.get()
    other = text if language == ENGLISH else catalogue(language).exact.get(text, text)
    return other.format(**{name: told(value) if isinstance(value, str) else value for name, value in values.items()})


def told(text: str) -> str:
    """Return a finished English text in the language being rendered; as it is where no catalogue knows it."""
    return translated(text) or text


def translated(text: str) -> str | None:
    """Return a finished English text in the language being rendered, None where no catalogue knows it."""
    language = _current.get()
    return text if language == ENGLISH else _translated(text, language, 0)


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A text with places: `expression` matches it filled in."""

    expression: str
    told: str
    start: str
    """What every text it matches begins with."""

    def match(self, text: str) -> re.Match[str] | None:
        """Return what the places are filled in with, None where it is another text."""
        return _compiled(self.expression).fullmatch(text) if text.startswith(self.start) else None


@functools.cache
def _compiled(expression: str) -> re.Pattern[str]:
    """Return an expression of a catalogue, compiled when the first text is compared with it: half of them never are."""
    return re.compile(expression, re.DOTALL)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The texts of one language: those without places, and those with, the most specific first."""

    exact: Mapping[str, str]
    patterns: tuple[_Pattern, ...]


@functools.cache
def catalogue(language: str) -> Catalogue:
    """Return the catalogue of a language (not of English, which has none)."""
    path = Path(__file__).with_name("words") / f"{language}.yaml"
    texts: dict[str, str] = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a safe one
    patterns = [_pattern(english, other) for english, other in texts.items() if _PLACE.search(english)]
    patterns.sort(key=lambda item: -len(_PLACE.sub("", item.told)))
    return Catalogue(texts, tuple(patterns))


def _pattern(english: str, other: str) -> _Pattern:
    parts = _PLACE.split(english)
    seen: set[str] = set()
    expression = ""
    for at, part in enumerate(parts):
        if at % 2 == 0:
            expression += re.escape(part)
        elif part in seen:
            expression += f"(?P={part})"
        else:
            seen.add(part)
            kind = _NUMBER if re.fullmatch(r"n\d*", part) else CELLS.pattern if part == "cells" else ".+?"
            expression += f"(?P<{part}>{kind})"
    return _Pattern(expression, other, parts[0])


@functools.lru_cache(maxsize=20_000)
def _translated(text: str, language: str, depth: int) -> str | None:
    words = catalogue(language)
    if text in words.exact:
        return words.exact[text]
    if CELLS.fullmatch(text):
        return _cells(text, language)
    if depth > DEEPEST or len(text) > LONGEST:
        return None
    for pattern in words.patterns:
        match = pattern.match(text)
        if match:
            values = match.groupdict()
            parts = {name: _part(name, value, language, depth) for name, value in values.items()}
            return pattern.told.format(**parts)
    return _in_parts(text, language, depth) or (_varied(text, language) if not depth else None)


def _varied(text: str, language: str) -> str | None:
    """Translate a sentence that stands inside another: with a small first letter, or without its full stop."""
    if text[:1].islower():
        whole = _translated(text[0].upper() + text[1:], language, 1)
        return whole and whole[0].lower() + whole[1:]
    if text and text[-1].isalnum() | (text[-1] in ")%\N{RIGHT DOUBLE QUOTATION MARK}"):
        whole = _translated(f"{text}.", language, 1)
        return whole and whole.removesuffix(".")
    return None


def _part(name: str, text: str, language: str, depth: int) -> str:
    return text if name in VERBATIM else _translated(text, language, depth + 1) or text


def _in_parts(text: str, language: str, depth: int) -> str | None:
    """Translate a text that was joined from several, where every part that has words is known."""
    if QUOTATION in text:
        return None
    words = catalogue(language).exact
    divided = [(separator, text.split(separator)) for separator in _SEPARATORS if separator in text]
    for separator, parts in [(" ", _SENTENCES.split(text)), *divided]:
        found = [_translated(part, language, depth + 1) or _wordless(part) for part in parts if len(parts) > 1]
        known = [part for part in found if part is not None]
        if known and len(known) == len(parts):
            return (f" {words['and']} " if separator == " and " else separator).join(known)
    return None


def _wordless(text: str) -> str | None:
    """Return text without words: numbers, signs, code are the same in every language."""
    return None if re.search(r"[^\W\d_]{2,}", text) else text


def _cells(text: str, language: str) -> str:
    """Return cells by number in a language: the words for cell, and, or, to are its catalogue's."""
    words = catalogue(language).exact
    return re.sub(r"[^\W\d_]+", lambda match: words.get(match[0], match[0]), text)
