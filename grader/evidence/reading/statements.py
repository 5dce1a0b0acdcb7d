"""What a student says was done: the test set used once, early stopping, dropout, all epochs, a split, a model beaten.

Only plain statements about this work are taken: no plans, wishes, definitions, and nothing about earlier attempts. A
statement that is misread would be held against the student as untrue.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from grader.evidence.reading import claim_words as words
from grader.model.reading import Statement, StatementKind

MAX_QUOTE = 400
_TEST = (
    r"(?:test(?:ing)?[- ](?:set|data|rows|images|pictures|photos|part)"
    r"|test\b(?= (?:was|is|i |only|lo\b|se\b|solo|sólo))"
    r"|(?:conjunto|datos|imágenes) de (?:prueba|test)|(?:el|lo) test\b)"
)
_ONCE = (
    r"(?:(?:only |just |exactly )?(?:once|one time|a single time)\b|only (?:at|in) the (?:very )?(?:end|last)|"
    r"(?:una (?:sola|única) vez)|(?:solo|sólo|únicamente) (?:al|en el) (?:final|último)|"
    r"(?:wasn['\u2019]t|was not|never|not) (?:been )?(?:used|touched|seen|looked at|opened)\b|"
    r"(?:no|nunca) (?:se )?(?:us[óé]|usamos|toqu?[éó]|miré|miró|ha usado|he usado)\b)"
)
_NOT_ONCE = re.compile(
    r"\b(?:validation_data|to (?:choose|pick|select|decide)|para (?:elegir|decidir)|as validation|como validación|"
    r"should|would|deber\w+|not (?:only )?once|more than once)\b"
    r"|\b(?:for|to|in|during|while|para|en|durante) (?:the |el |la )?(?:train|fit|entren)\w*",
    re.IGNORECASE,
)
_TEST_USED_ONCE = re.compile(rf"\b{_TEST}.{{0,70}}?\b{_ONCE}|\b{_ONCE}.{{0,40}}?\b{_TEST}", re.IGNORECASE)
_EARLY_STOPPING = re.compile(
    r"\b(?:early[- ]?stopping|(?:la )?parada temprana)\b (?:\w+ )?"
    r"(?:ended|stopped|cut|halted|interrupted|finished|kicked in|terminó|cortó|detuvo|paró|interrumpió)\b"
    r"|\b(?:i|we) (?:used|added|applied|let) early[- ]?stopping\b"
    r"|\b(?:usé|usamos|añadí|apliqué) (?:la )?parada temprana\b"
    r"|\b(?:stopped|ended|halted) by early[- ]?stopping\b",
    re.IGNORECASE,
)
_DROPOUT = re.compile(
    r"\b(?:i|we) (?:have )?(?:used|added|put|applied) (?:a )?dropout\b"
    r"|\b(?:usé|usamos|añadí|puse|apliqué) (?:un )?dropout\b",
    re.IGNORECASE,
)
_NO_DROPOUT = re.compile(
    r"\b(?:i|we) (?:did not|didn['\u2019]t|have not|haven['\u2019]t) (?:use|used|add|added) (?:any )?dropout\b"
    r"|\bno (?:usé|usamos|puse|añadí|hay) (?:nada de )?dropout\b|\bno dropout (?:was|is) used\b",
    re.IGNORECASE,
)
_ALL_EPOCHS = re.compile(
    r"\b(?:train\w*|ran|entren\w*)\b.{0,30}?\b(?:(?:the |all )?full |all (?:the )?|las |todas las )?(?P<count>\d+)"
    r"(?P<after> (?:full |complete )?(?:epochs|épocas)(?: completas| enteras)?)",
    re.IGNORECASE,
)
_WHOLE = re.compile(r"\b(?:full|complete|all (?:the )?\d|completas|enteras|todas las)\b", re.IGNORECASE)
_RATIO = re.compile(r"(?<![\d/])(\d{1,2}) ?[/:] ?(\d{1,2})(?: ?[/:] ?(\d{1,2}))?(?![\d/]|\s?(?:x|%))")
_BETTER = re.compile(
    r"\b(?P<verb>better than|more accurate than|outperform\w*|beats?|worse than|mejor que|peor que|supera a?)\s+"
    r"(?:the |my |a |la |el |mi |una |un )?(?P<other>(?:simple |plain |red |modelo )?"
    r"(?:dense|densa|linear|lineal|logistic|baseline|línea base|majority|mlp|cnn|convolutional)\w*)",
    re.IGNORECASE,
)
_NEVER_WRONG = re.compile(
    r"\b(?:never|nunca) (?:\w+ )?(?:miss\w*|confus\w*|fail\w*|mistak\w*|wrong|falla\w*|(?:se )?equivoc\w*|"
    r"confund\w*)\b"
    r"|\b(?:is|are) never (?:wrong|missed|confused)\b",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"\b(?:first (?:attempt|try|version|model)|earlier|previous\w*|before that|at first|another notebook|"
    r"primer (?:intento|modelo)|antes|anterior\w*|al principio|next|siguiente|próxim\w+)\b",
    re.IGNORECASE,
)


def read_statements(text: str, cell: int) -> tuple[Statement, ...]:
    """Return what one sentence says was done."""
    if words.HYPOTHETICAL.search(text) or _ELSEWHERE.search(text):
        return ()
    return tuple(Statement(kind, said, text[:MAX_QUOTE], cell) for kind, said in _read(text))


def _read(text: str) -> Iterator[tuple[StatementKind, tuple[str, ...]]]:
    if _TEST_USED_ONCE.search(text) and not _NOT_ONCE.search(text):
        yield "test_used_once", ()
    if _EARLY_STOPPING.search(text):
        yield "early_stopping", ()
    if _NO_DROPOUT.search(text):
        yield "no_dropout", ()
    elif _DROPOUT.search(text):
        yield "dropout", ()
    epochs = _ALL_EPOCHS.search(text)
    if epochs and _WHOLE.search(epochs[0]):
        yield "all_epochs", (epochs["count"],)
    for match in _RATIO.finditer(text):
        shares = tuple(part for part in match.groups() if part)
        if sum(map(int, shares)) == 100:
            yield "split", shares
    if _NEVER_WRONG.search(text):
        yield "never_wrong", ()
    better = _BETTER.search(text)
    if better:
        yield "compared", (better["verb"].lower(), better["other"].lower())
