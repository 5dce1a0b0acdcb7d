"""Which language a text is in, by its function words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

MIN_WORDS = 8
MIN_HITS = 3
"""With fewer words, or fewer function words, a guess would be a coin toss: `unknown`."""
_FUNCTION_WORDS = {
    "en": "the of and to is that it was for with are this on which but not were be have from by an at "
    "its their because than so as i my we when after they",
    "es": "el los las del y que es una por con para se su al lo como más pero sus este esta son porque "
    "no fue muy en hay ya nuestro cuando también esto ha la un de está puede",
    "fr": "le les des et est une pour dans qui que pas sur avec ce cette sont du au nous il elle ne "
    "plus par mais aux ces la de un en été",
    "pt": "os das dos uma com não para que é em por mais como mas foi ao são isso este esta ou seu sua "
    "muito nos também pelo o de e um na no da do",
    "de": "der die das und ist nicht mit ein eine von zu den auf für im dem es auch wird sind ich wir "
    "werden des als wie oder einer",
    "it": "il di che è per una con non sono della dei nel le gli come più questo anche si ma alla "
    "delle da un la i abbiamo",
    "tr": "ve bir bu için ile da de olarak daha çok gibi olan en ne değil veri model sonra ise kadar biz",
    "nl": "de het een van en is dat op te zijn met voor niet aan er ook als bij maar we deze wordt naar",
}
_WORDS = {code: frozenset(words.split()) for code, words in _FUNCTION_WORDS.items()}
_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
)
_SCRIPT_SHARE = 0.3
"""Formulas bring Greek letters and authors bring names; a text in a script has most of its letters from it."""


READ = frozenset({"en", "es"})
"""Languages whose sentences are understood; a text that is in part in another one is called by that."""

PART_WORDS = 25
"""Words of a part that is looked at by itself: as many as checks need to find something missing."""

CLEARLY = 1.5
"""A part is foreign where its language has so many times the function words of those that are read: Spanish has many
words of Portuguese, and English ones stand in every text on networks."""


def detect_language(texts: Iterable[str]) -> str:
    """Return the ISO 639-1 code of the language most of the words are in, or `unknown` for too little to tell.

    A text with a part in a language that can't be read here is called by that one: what is not found may stand there.
    """
    texts = list(texts)
    whole = _language_of(" ".join(texts))
    if whole not in READ:
        return whole
    foreign = [code for part in _parts(texts) if (code := _language_of(part, CLEARLY)) not in {*READ, "unknown"}]
    return max(sorted(set(foreign)), key=foreign.count) if foreign else whole


def _parts(texts: list[str]) -> Iterator[str]:
    """Yield sentences that follow each other, put together until there are words enough to tell a language."""
    part = ""
    for text in texts:
        part = f"{part} {text}"
        if part.count(" ") >= PART_WORDS:
            yield part
            part = ""
    yield part


def _language_of(text: str, margin: float = 1.0) -> str:
    letters = sum(character.isalpha() for character in text)
    for code, pattern in _SCRIPTS:
        if letters >= MIN_WORDS and len(pattern.findall(text)) >= _SCRIPT_SHARE * letters:
            return code
    words = re.findall(r"[^\W\d_]+", text.lower())
    counts = Counter(words)
    hits = {code: sum(counts[word] for word in function_words) for code, function_words in _WORDS.items()}
    best = max(hits, key=lambda code: hits[code])
    if len(words) < MIN_WORDS or hits[best] < MIN_HITS:
        return "unknown"
    return best if best in READ or hits[best] >= margin * max(hits[code] for code in READ) else "unknown"
