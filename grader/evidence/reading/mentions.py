"""Which classes a sentence speaks of."""

from __future__ import annotations

import re

KNOWN_CLASSES: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (
        re.compile(r"fashion_mnist|FashionMNIST"),
        (
            "T-shirt",
            "top",
            "trouser",
            "pullover",
            "dress",
            "coat",
            "sandal",
            "shirt",
            "sneaker",
            "bag",
            "ankle boot",
            "boot",
            "camiseta",
            "pantalón",
            "jersey",
            "vestido",
            "abrigo",
            "sandalia",
            "camisa",
            "zapatilla",
            "bolso",
            "bota",
            "botín",
        ),
    ),
    (re.compile(r"load_iris"), ("setosa", "versicolor", "virginica")),
    (re.compile(r"load_breast_cancer"), ("malignant", "benign", "maligno", "benigno")),
    (
        re.compile(r"cifar10|CIFAR10"),
        (
            "airplane",
            "plane",
            "automobile",
            "car",
            "bird",
            "cat",
            "deer",
            "dog",
            "frog",
            "horse",
            "ship",
            "truck",
            "avión",
            "automóvil",
            "coche",
            "pájaro",
            "gato",
            "ciervo",
            "perro",
            "rana",
            "caballo",
            "barco",
            "camión",
        ),
    ),
    (
        re.compile(r"tf_flowers|flower_photos|[\"'/]flowers\b"),
        (
            "daisy",
            "daisies",
            "dandelion",
            "rose",
            "sunflower",
            "tulip",
            "margarita",
            "diente de león",
            "rosa",
            "girasol",
            "tulipán",
            "tulipanes",
        ),
    ),
)
"""Names of classes that students use though their notebooks never list them."""

_NUMBER = r"(?<![\d.,/\u00d7x%#-])(\d{1,3})"
_NOT_A_UNIT = (
    r"(?![\d.,]*\d)(?!\s*(?:%|percent|por ciento|of\b|out\b|de (?:los|las|cada)\b|epochs?|épocas?|"
    r"layers?|capas?|images?|im[aá]gen|"
    r"rows?|filas?|mistakes?|errors?|errores|wrong|times|veces|examples?|ejemplos?|samples?|"
    r"muestras?|filters?|filtros?|units|seconds?|"
    r"minutes?|points?|puntos|classes|clases|test|times|pixels?|px|more|más|parameters|errors?|"
    r"cases|casos|pairs|x\d|\u00d7))"
)
_TUPLE = re.compile(r"\(\s*(?:\d+|None)(?:\s*,\s*(?:\d+|None))*\s*,?\s*\)")
"""A shape such as (8, 8, 1)."""
_SPELLED = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_SPELLED_PLURAL = re.compile(
    r"\b(zeros|zeroes|twos|threes|fours|fives|sixes|sevens|eights|nines|ceros|cuatros|cincos|"
    r"ochos|nueves|treses|sietes)\b",
    re.IGNORECASE,
)
_PLURAL_NUMBER = re.compile(r"(?<![\d.,])(\d{1,2})(?:['\u2019]?s)\b")
_LED_NUMBER = re.compile(
    r"(?:\b(?:class(?:es)?|clases?|digits?|dígitos?|numbers?|números?|label|called|true|said|"
    r"predicted|(?:row|column|fila|columna) (?:of|de))|→|->)\s+[\"'“`]?" + _NUMBER + _NOT_A_UNIT,
    re.IGNORECASE,
)
_FOLLOWED = (
    r"(?=[\"'”`]?\s*(?:[.,;:)!?]|$|(?:and|or|y|o|e|is|was|are|were|as|for|with|in|looks?|gets?|"
    r"has|had|can|closed|that|which|from|instead|because|"
    r"since|when|as|como|por|con|es|era|se|que|porque|ya|cuando|en|is|once|twice|\w+ (?:times|veces))\b))"
)
_LOOSE_NUMBER = re.compile(
    r"\b(?:an?|the|el|los|un|una|between|entre|as|como|for|por|with|con|"
    r"like)\s+[\"'“`]?(?<![\d.,])(\d{1,2})(?![.,]\d)" + _FOLLOWED,
    re.IGNORECASE,
)
_LEADING_NUMBER = re.compile(
    r"(?:^|[:;(]\s*)[\"'“`]?(\d{1,2})[\"'”`]?\s+(?=(?:is|are|gets?|suffers?|has|was|were|looks?|"
    r"es|son|tiene|se)\b)|:\s*(\d{1,2})(?=\.?$)",
    re.IGNORECASE,
)
_PAIRED_NUMBER = re.compile(
    r"[\"'“`]?"
    + _NUMBER
    + r"[\"'”`]?\s*(?:,|/|→|->|\u2013|and|or|y|e|o|with|con|for|as|por|como|vs\.?|versus)\s+(?:an?\s|"
    r"the\s|el\s|un\s|la\s)?(?=[\"'“`]?(\d{1,3})\b" + _NOT_A_UNIT + r")",
    re.IGNORECASE,
)
_SPELLED_LED = re.compile(
    r"\b(?:digit|class|an?) ("
    + "|".join(_SPELLED)
    + r")\b(?! (?:of|epoch|layer|image|model|that|which|is|thing|class|with))",
    re.IGNORECASE,
)
_SLASHED = re.compile(r"(?<![\d/.])(\d)/(\d)(?!\d|/|\.\d)")

_QUOTED_NUMBER = re.compile(r"[\"'“`](\d{1,2})[\"'”`]")
_NUMBERS = (
    _QUOTED_NUMBER,
    _PLURAL_NUMBER,
    _LED_NUMBER,
    _LOOSE_NUMBER,
    _LEADING_NUMBER,
    _PAIRED_NUMBER,
    _SLASHED,
    _SPELLED_PLURAL,
    _SPELLED_LED,
)


def names_of_known_data(code: str) -> tuple[str, ...]:
    """Return the class names that go with the data set a notebook's code loads, where it is a well-known one."""
    return tuple(name for pattern, names in KNOWN_CLASSES if pattern.search(code) for name in names)


def mentioned_classes(text: str, class_names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the classes a sentence names, as written there, in order.

    Names match whole words, singular or plural. Numbers match where they stand for a class ("8s", "class 3",
    "3 and 5", "a 9"), not where they count something ("8 epochs", "3 of 5"); where the classes have other names than
    numbers, only "class 3" does.
    """
    text = _TUPLE.sub(lambda match: " " * len(match[0]), text)
    found: dict[int, str] = {}
    for name in class_names:
        for match in _name_pattern(name).finditer(text) if not name.strip().isdigit() else ():
            found.setdefault(match.start(), match[0])
    named = any(not name.strip().isdigit() for name in class_names)
    for pattern in (_LED_NUMBER,) if named else _NUMBERS:
        for match in pattern.finditer(text):
            for group in range(1, (match.lastindex or 0) + 1):
                if match[group]:
                    found.setdefault(match.start(group), match[group])
    inside = _longest(found)
    return tuple(dict.fromkeys(inside))


def _longest(found: dict[int, str]) -> list[str]:
    """Drop what lies inside a longer mention: "shirt" in "T-shirt", "boot" in "ankle boot"."""
    spans = [(start, start + len(text), text) for start, text in sorted(found.items())]
    return [
        text
        for start, end, text in spans
        if not any(left <= start and end <= right and (left, right) != (start, end) for left, right, _ in spans)
    ]


def _name_pattern(name: str) -> re.Pattern[str]:
    parts = [part for part in re.split(r"[\s_/-]+", name.strip()) if part]
    body = r"[\s_/-]?".join(re.escape(part) for part in parts) or r"(?!)"
    return re.compile(rf"(?<![\w-]){body}(?:e?s)?(?![\w-])", re.IGNORECASE)
