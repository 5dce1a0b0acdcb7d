"""Which language a text is in, by its function words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

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


def detect_language(texts: Iterable[str]) -> str:
    """Return the ISO 639-1 code of the language most of the words are in, or `unknown` for too little to tell."""
    text = " ".join(texts)
    letters = sum(character.isalpha() for character in text)
    for code, pattern in _SCRIPTS:
        if letters >= MIN_WORDS and len(pattern.findall(text)) >= _SCRIPT_SHARE * letters:
            return code
    words = re.findall(r"[^\W\d_]+", text.lower())
    counts = Counter(words)
    hits = {code: sum(counts[word] for word in function_words) for code, function_words in _WORDS.items()}
    best = max(hits, key=lambda code: hits[code])
    return best if len(words) >= MIN_WORDS and hits[best] >= MIN_HITS else "unknown"
