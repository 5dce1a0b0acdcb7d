"""Sentences: the unit in which prose is read, with where each one stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from grader.model.reading import SectionKind

Voice = Literal["prose", "comment", "printed"]
"""Where the student said it: in markdown, in a comment or docstring, or in a printed string."""

MAX_SENTENCE_CHARACTERS = 800
"""Nobody explains in a longer sentence; the patterns that read sentences are not made for pasted data."""
MAX_TEXT_CHARACTERS = 60_000
"""The length of a long term paper; one paragraph or comment beyond it is pasted data."""

_ABBREVIATIONS = frozenset(
    [
        "e.g",
        "i.e",
        "vs",
        "etc",
        "approx",
        "fig",
        "figs",
        "no",
        "nr",
        "dr",
        "mr",
        "ms",
        "prof",
        "resp",
        "cf",
        "eq",
        "al",
        "aprox",
        "p.ej",
        "ej",
        "sr",
        "sra",
        "pág",
        "num",
        "núm",
        "dept",
    ]
)
_BOUNDARY = re.compile(r"(?<=[.!?…])[\"'”»)\]]*\s+(?=\S)")
_URL = re.compile(r"https?://\S+|www\.\S+")
_WORD = re.compile(r"[^\W\d_][\w'\u2019-]*")
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence. Two sentences with the same `group` stand in the same paragraph, in order."""

    text: str
    cell: int
    group: int
    section: SectionKind = "other"
    voice: Voice = "prose"
    heading: str = ""


def split_sentences(text: str) -> list[str]:
    """Split plain text into sentences; decimals, abbreviations and initials don't end one. Overlong ones are cut."""
    parts: list[str] = []
    for piece in _BOUNDARY.split(text[:MAX_TEXT_CHARACTERS]):
        if parts and len(parts[-1]) < MAX_SENTENCE_CHARACTERS and _ends_in_abbreviation(parts[-1]):
            parts[-1] = f"{parts[-1]} {piece}"
        else:
            parts.append(piece)
    return [part.strip()[:MAX_SENTENCE_CHARACTERS] for part in parts if part.strip()]


def count_words(text: str) -> int:
    """Count words; numbers, addresses and symbols are none.

    Chinese and Japanese have no spaces between words: two of their signs are counted as one.
    """
    text = _URL.sub(" ", text)
    signs = len(_UNSPACED.findall(text))
    return len(_WORD.findall(_UNSPACED.sub(" ", text) if signs else text)) + (signs + 1) // 2


def _ends_in_abbreviation(text: str) -> bool:
    if not text.endswith("."):
        return False
    last = re.split(r"[\s(]", text[:-1])[-1].lower()
    numbered = re.fullmatch(r"\d{1,2}\.", text) is not None
    return numbered or last in _ABBREVIATIONS or re.fullmatch(r"[a-z]", last) is not None


_QUESTION = re.compile(r"\?[\"'”»)\]]*\s*$")
_PROMPT = re.compile(
    r"^(?:\W|\d|_)*(?:"
    r"(?:(?-i:TODO|ToDo)|tbd|fixme)\b|to-?do\W*:"  # in Spanish, `todo` is everything
    r"|(?:explain|describe|discuss|justify|summari[sz]e|comment on|answer|reflect on|fill in|"
    r"replace|write|state|list|include|"
    r"submit|complete|provide|report|interpret)\b(?!s|d|ed)"
    r"|your (?:answer|code|text|response|name|task|turn|goal|job)\b|you (?:should|will|must|can|need|may|are)\b"
    r"|(?:write|type|enter|add|insert|put) (?:your|here)\b"
    r"|(?:question|exercise|task|part|pregunta|ejercicio|tarea)\b\s*\d+\s*[:.)]"
    r"|(?:question|exercise|pregunta|ejercicio|hint|tip|note to students?|instructions?|pista|instrucciones|"
    r"deliverables?|rubric|grading)\b\s*[:.)]"
    r"|in this (?:section|part|exercise|assignment|notebook|lab|unit),? you\b|en esta (?:sección|"
    r"parte|práctica|tarea),? (?:deber|tendr)"
    r"|(?:explica|describe|escribe|comenta|justifica|responde|completa|discute|resume|indica|"
    r"interpreta|incluye|entrega|rellena)\b"
    r"|(?:explique|describa|escriba|comente|justifique|responda|discuta|resuma|indique|interprete|incluya)\b"
    r"|(?:tu|su) (?:respuesta|código|nombre|tarea)\b|(?:debes|deberás|tienes que|deben|se pide)\b"
    r")",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"\b(?:write|type|put|enter) your (?:answer|response|text|code|conclusions?|reflection|"
    r"write-?up)\b|\byour (?:answer|text|response) here\b"
    r"|\b(?:replace|fill in) this\b|\blorem ipsum\b|\bescrib[ae] (?:aquí|tu|su)\b|\b(?:tu|"
    r"su) respuesta\b|^\W*(?:\.\.\.|…|_{3,})\W*$",
    re.IGNORECASE,
)


def is_template(sentence: str) -> bool:
    """Whether a sentence is a question, an instruction or a placeholder: the assignment's words, which earn nothing."""
    return bool(_QUESTION.search(sentence) or _PROMPT.match(sentence) or _PLACEHOLDER.search(sentence))
