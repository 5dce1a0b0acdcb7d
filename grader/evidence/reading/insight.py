"""Insight: a result (a number, a class, a curve) linked to its cause or to what follows from it."""

from __future__ import annotations

import re

from grader.evidence.reading.sentences import count_words
from grader.evidence.reading.vocabulary import BUZZWORDS, MAX_BUZZWORDS, compile_words

MIN_INSIGHT_WORDS = 8
"""Fewer words can't hold a result, a cause and the link between them."""

_RESULT = compile_words(
    r"\d+(?:[.,]\d+)? ?%", r"0[.,]\d+", r"\d+ (?:of|out of|wrong|de los|de las|errors|mistakes|errores)\b",
    r"(?:off|wrong) by \d+", r"loss (?:stay\w*|was|stuck|of) .{0,12}?\d", r"half of (?:the|them|all)\b",
    r"(?:validation|training|train|val|test) (?:loss|accuracy|curve|score|error)\b", r"curves?\b", r"gap\b",
    r"epoch \d+", r"(?:after|from|by|until|at|past) (?:about |around )?(?:epoch )?\d+", r"confusion matrix\b",
    r"recall\b", r"(?:pérdida|exactitud|precisión|curva|error) de (?:validación|entrenamiento|prueba)\b", r"curvas?\b",
    r"época \d+", r"matriz de confusión\b",
)  # fmt: skip
_LESSON = compile_words(
    r"show(?:s|ed|ing)\b", r"tells? (?:me|us)\b", r"told (?:me|us)\b", r"suggest(?:s|ed|ing)?\b",
    r"taught\b", r"learn(?:ed|t)\b", r"reali[sz]ed\b", r"surpris\w+", r"turn(?:s|ed) out\b", r"expected\b",
    r"which is why\b", r"that(?:'s| is) why\b", r"indicat(?:es|ed|ing)\b", r"reveal(?:s|ed)\b", r"explain(?:s|ed)?\b",
    r"com(?:es|ing|e) from\b", r"caused\b", r"because\b", r"so (?:more|what) \w+",
    r"so i (?:know|now|think|would|should|learned)\b", r"lesson\b", r"not (?:because|from)\b", r"due to\b",
    r"i think\b", r"prov(?:es|ed)\b", r"mislead\w*", r"hides?\b", r"muestra\w*", r"sugiere\w*",
    r"aprend(?:í|imos|ido)\b", r"sorprend\w+", r"resulta que\b", r"esperaba\b", r"por eso\b", r"indica\w*",
    r"revela\w*", r"explica\w*", r"viene de\b", r"porque\b", r"lección\b", r"debido a\b",
    r"ya que\b", r"me di cuenta\b", r"creo que\b", r"demuestra\w*", r"engaños\w+", r"escond\w+",
)  # fmt: skip
"""Words that link a result to a cause, or to a lesson, by themselves."""
_FOLLOWS = compile_words(
    r"so\b(?! (?:that|far|much|many|about|around|roughly|almost|as|on))", r"therefore\b", r"which means\b",
    r"this means\b", r"hence\b", r"así que\b", r"por (?:lo que|lo tanto|tanto)\b", r"significa que\b",
)  # fmt: skip
_CONSEQUENCE = compile_words(
    r"not\b", r"\w+n['\u2019]t\b", r"no (?:longer|more|need|reason)\b", r"instead\b", r"rather\b", r"only\b",
    r"memori\w+", r"remember\w*", r"by heart\b", r"really\b", r"depend\w*", r"matters?\b", r"carr(?:y|ies)\b",
    r"needs?\b", r"problem\b", r"limit\w*", r"too (?:\w+)\b", r"uses? the\b", r"has learned\b", r"longer\b",
    r"no\b(?= \w+(?:a|e|an|en)\b)", r"solo\b", r"memoriz\w+", r"depend\w+", r"falta\w*", r"sobra\w*",
)  # fmt: skip
"""What a consequence speaks of that says more than the figure before it: a limit, a cause, what is used."""
_OVERFITTING_ONLY = compile_words(r"over-?fit\w*", r"sobre-?ajust\w*")
"""Whether the curves show overfitting is a topic of its own."""
_PRAISE = compile_words(
    r"powerful\b", r"great\b", r"excellent\b", r"amazing\b", r"awesome\b", r"impressive\b", r"success\w*",
    r"works? (?:very |really |so |quite )?well\b", r"(?:very|really|quite|so) (?:good|well|high|accurate)\b",
    r"good (?:job|result|performance|model|tool|training)\b", r"was good\b", r"most (?:\w+ )*(?:correct|right)\b",
    r"perfect\w*", r"potente\w*",
    r"excelente\w*", r"increíble\w*", r"éxito\b", r"muy (?:buen\w*|bien|alt\w+|potente)\b", r"funciona (?:muy )?bien\b",
)  # fmt: skip
_LIMIT = compile_words(
    r"but\b", r"however\b", r"although\b", r"not\b", r"\w+n['\u2019]t\b", r"hides?\b", r"mislead\w*", r"only\b",
    r"instead\b", r"pero\b", r"aunque\b", r"no\b", r"solo\b", r"esconde\w*",
)  # fmt: skip
_ADVICE = compile_words(
    r"usually\b", r"generally\b", r"in general\b", r"typically\b", r"normally\b", r"it is (?:known|important)\b",
    r"is (?:often )?used (?:to|for)\b",
    r"(?:learn(?:ed|t)|aprendí) (?:how|what an?|about|to|cómo|qué es|a|sobre)\b",
    r"because (?:i|we) (?:trained|ran) (?:it|the \w+) for\b", r"normalmente\b", r"en general\b", r"suele\w*\b",
    r"se (?:usa|utiliza) para\b",
)  # fmt: skip
"""What textbooks say, of no result of this notebook."""
_IGNORANCE = compile_words(
    r"(?:can't|cannot|can not|couldn't) (?:say|tell|explain)\b",
    r"(?:don't|do not|didn't|did not) (?:know|look|check)\b",
    r"no sé\b", r"no (?:puedo|podría) (?:decir|explicar)\b", r"no (?:miré|comprobé)\b",
)  # fmt: skip
_SEQUEL = re.compile(
    r"^(?:so|therefore|this|that|which|it|hence|apparently|por eso|por (?:lo )?tanto|así que|esto|eso)\b",
    re.IGNORECASE,
)


def has_insight(text: str, before: str, classes: tuple[str, ...]) -> bool:
    """Whether a sentence, or one that follows from the sentence before it, links a result to a cause or a lesson."""
    if count_words(text) < MIN_INSIGHT_WORDS and not _SEQUEL.match(text):
        return False
    whole = f"{before} {text}" if before and _SEQUEL.match(text) else text
    if count_words(whole) < MIN_INSIGHT_WORDS or len(BUZZWORDS.findall(whole)) > MAX_BUZZWORDS:
        return False
    if not (_RESULT.search(whole) or classes) or is_no_insight(text):
        return False
    return bool((_LESSON.search(text) and count_words(text) >= MIN_INSIGHT_WORDS) or _has_consequence(text))


def is_no_insight(text: str) -> bool:
    """Whether a sentence is a textbook's advice, a word that one does not know, or praise without a limit."""
    praised = _PRAISE.search(text) is not None and _LIMIT.search(text) is None
    return praised or _ADVICE.search(text) is not None or _IGNORANCE.search(text) is not None


def _has_consequence(text: str) -> bool:
    for match in _FOLLOWS.finditer(text):
        told = text[match.end() :]
        if _CONSEQUENCE.search(told) and not _OVERFITTING_ONLY.search(told):
            return True
    return False
