"""Text without names: of students, of whoever the text says wrote it, of addresses and numbers that lead to one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator

NAME, LINK, ADDRESS, NUMBER = "[name]", "[link]", "[address]", "[number]"

_URL = re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+")
_HANDLE = re.compile(r"(?<![\w@/.])@[A-Za-z]\w{2,38}\b")
_LONG_NUMBER = re.compile(r"(?<![\d.,])\d{7,}(?![.,]?\d)")
"""Numbers of students and telephones: no measured number is written with so many digits and no point."""

_LABELS = (
    r"(?:submitted|written|made|created|prepared) by|by|authors?|(?:full |student(?:'s)? )?name|"
    r"students?(?: (?:id|number))?|team(?: members)?|members|autor(?:a|es)?|nombres?|apellidos|alumn[oa]s?|"
    r"estudiantes?|integrantes|matr[ií]cula|carn[eé]t?|(?:realizado|hecho|elaborado|presentado|creado) por"
)
_LABELLED = re.compile(
    rf"^(?P<label>[^\w\n]{{0,12}}(?:{_LABELS})[^\w\n]{{0,4}}[:\N{{EN DASH}}\N{{EM DASH}}-][^\w\n]{{0,6}})"
    r"(?P<name>\S.{0,120})$",
    re.IGNORECASE | re.MULTILINE,
)
"""`Author: Jane Doe` on a line of its own: the whole of what follows."""

_CAPITALISED = r"[^\W\d_a-zà-öø-ÿ][^\W\d_]*(?:['\N{RIGHT SINGLE QUOTATION MARK}.-][^\W\d_]*)*"
_SIGNED = re.compile(
    rf"\b(?P<before>(?i:by|por|name is|llamo|i am|i['\N{{RIGHT SINGLE QUOTATION MARK}}]m|soy)[ \t]+)"
    rf"(?P<name>{_CAPITALISED}(?:[ \t]+(?:(?:de|del|la|los|van|von|da|dos|el|bin)[ \t]+){{0,2}}{_CAPITALISED}){{1,3}})"
)
"""`by Jane Doe` inside a sentence: two to four words with capitals."""

_ACCENTED = dict(
    zip("aceinou", ("[aáàâäãå]", "[cç]", "[eéèêë]", "[iíìîï]", "[nñ]", "[oóòôöõø]", "[uúùûü]"), strict=True)
)
"""How a letter may be written where an id has none of its accents, or the text has none of an id's."""

_OF_THE_FIELD = frozenset(
    [
        "adam",
        "adamw",
        "sgd",
        "rmsprop",
        "adagrad",
        "keras",
        "tensorflow",
        "pytorch",
        "google",
        "colab",
        "kaggle",
        "python",
        "numpy",
        "sklearn",
        "scikit",
        "pandas",
        "jupyter",
        "neural",
        "network",
        "networks",
        "convolutional",
        "convolution",
        "dense",
        "pooling",
        "max",
        "average",
        "global",
        "batch",
        "normalization",
        "layer",
        "layers",
        "gradient",
        "descent",
        "stochastic",
        "dropout",
        "early",
        "stopping",
        "learning",
        "rate",
        "deep",
        "machine",
        "data",
        "augmentation",
        "random",
        "forest",
        "logistic",
        "linear",
        "regression",
        "support",
        "vector",
        "mean",
        "squared",
        "error",
        "absolute",
        "cross",
        "entropy",
        "categorical",
        "sparse",
        "binary",
        "relu",
        "softmax",
        "sigmoid",
        "flatten",
        "mnist",
        "fashion",
        "cifar",
        "imagenet",
        "iris",
        "wine",
        "resnet",
        "vgg",
        "mobilenet",
        "efficientnet",
        "transfer",
        "training",
        "validation",
        "test",
        "confusion",
        "matrix",
        "accuracy",
        "precision",
        "recall",
        "loss",
        "model",
        "epoch",
        "epochs",
        "image",
        "images",
        "class",
        "classes",
        "figure",
        "table",
        "section",
        "module",
        "unit",
        "project",
        "assignment",
        "homework",
        "notebook",
        "final",
        "submission",
        "student",
        "lab",
        "task",
        "part",
        "code",
        "exam",
        "digits",
        "cnn",
        "mlp",
        "rnn",
        "lstm",
        "gru",
        "transformer",
        "attention",
        "grad",
        "cam",
        "principal",
        "component",
        "analysis",
    ]
)
"""Words that stand with capitals in notebooks, and in the names of files, and lead to nobody."""


def anonymous(text: str, own: str, others: Collection[str] = ()) -> str:
    """Return text without what leads to a person.

    Args:
        text: plain text.
        own: the id of its submission; its words are removed however they are written.
        others: ids of the class; their words are removed where the text writes them as names, with a capital.
    """
    text = _URL.sub(LINK, text)
    text = _EMAIL.sub(ADDRESS, text)
    text = _HANDLE.sub(NAME, text)
    signed = {word for name in _signed_names(text) for word in _words(name)}
    text = _LABELLED.sub(lambda found: f"{found['label']}{NAME}", text)
    text = _SIGNED.sub(_unsigned, text)
    lower = frozenset(re.findall(r"(?<![^\W_])[^\W\d_A-Z][^\W_]*", text))
    own_words = {*_words(own), *signed}
    text = _whole_id(own).sub(NAME, text) if _words(own) else text
    text = _without(text, own_words, re.IGNORECASE)
    other_words = {word for name in others for word in _words(name)} - own_words
    as_names = {form for word in other_words if word not in lower for form in (word.capitalize(), word.upper())}
    text = _without(text, as_names, re.NOFLAG)
    text = _LONG_NUMBER.sub(NUMBER, text)
    return re.sub(r"\[name\](?:[ \t,._-]*\[name\])+", NAME, text)


def _signed_names(text: str) -> Iterator[str]:
    """Yield the names by which the text says who wrote it, so that they are known further down too."""
    for found in _LABELLED.finditer(text):
        yield found["name"]
    for found in _SIGNED.finditer(text):
        if not _is_of_the_field(found["name"]):
            yield found["name"]


def _unsigned(found: re.Match[str]) -> str:
    return found[0] if _is_of_the_field(found["name"]) else f"{found['before']}{NAME}"


def _is_of_the_field(name: str) -> bool:
    return any(word in _OF_THE_FIELD for word in re.findall(r"[^\W\d_]+", name.lower()))


def _words(name: str) -> list[str]:
    """Return the words of an id or a name that could be somebody's: letters, three or more, none of the field's."""
    return [word for word in re.findall(r"[^\W\d_]{3,}", name.lower()) if word not in _OF_THE_FIELD]


def _whole_id(name: str) -> re.Pattern[str]:
    """Return what finds an id however its parts are held together: `garcia_maria`, `García, Maria`."""
    parts = r"[\W_]{1,3}".join(map(_any_accents, re.findall(r"[^\W_]+", name)))
    return re.compile(rf"(?<![^\W_]){parts}(?![^\W_])", re.IGNORECASE)


def _without(text: str, words: Collection[str], flags: re.RegexFlag) -> str:
    if not words:
        return text
    choice = "|".join(map(_any_accents, sorted(words, key=len, reverse=True)))
    return re.sub(rf"(?<![^\W_])(?:{choice})(?![^\W_])", NAME, text, flags=flags)


def _any_accents(word: str) -> str:
    """Return a pattern for a word written with or without its accents."""
    bare = (unicodedata.normalize("NFKD", letter)[0] for letter in word)
    return "".join(_any_accent(letter) for letter in bare)


def _any_accent(letter: str) -> str:
    known = _ACCENTED.get(letter.lower())
    if known is None:
        return re.escape(letter)
    return known.upper() if letter.isupper() else known
