"""Classes as students write them, and the label of the recomputed matrix that they mean."""

from __future__ import annotations

import re

from grader.model import Evidence, Verified

IN_ENGLISH = {
    "camiseta": "tshirttop", "tshirt": "tshirttop", "top": "tshirttop", "pantalón": "trouser", "jersey": "pullover",
    "suéter": "pullover", "vestido": "dress", "abrigo": "coat", "sandalia": "sandal", "camisa": "shirt",
    "zapatilla": "sneaker", "bolso": "bag", "bolsa": "bag", "bota": "ankleboot", "botín": "ankleboot",
    "boot": "ankleboot",
    "avión": "airplane", "plane": "airplane", "car": "automobile", "coche": "automobile", "automóvil": "automobile",
    "pájaro": "bird", "gato": "cat", "ciervo": "deer", "perro": "dog", "rana": "frog", "caballo": "horse",
    "barco": "ship",
    "camión": "truck", "margarita": "daisy", "dientedeleón": "dandelion", "rosa": "rose", "girasol": "sunflower",
    "girasole": "sunflower", "tulipán": "tulip", "tulipane": "tulip", "pantalone": "trouser", "maligno": "malignant",
    "benigno": "benign", "negativa": "negative", "positiva": "positive",
}  # fmt: skip
"""Other names, in Spanish or short, of the classes of data sets that many courses use."""


def resolve_class(name: str, evidence: Evidence, verified: Verified) -> str | None:
    """Return the recomputed matrix's label for a class as written (`Shirts`, `6`, `class 6`), None where it is none.

    A matrix that knows numbers only is read through the names the notebook gives its classes.
    """
    labels = [item.label for item in verified.per_class]
    names = {_plain(label): label for label in labels}
    if len(evidence.class_names) >= len(labels):
        names |= {_plain(given): label for given, label in zip(evidence.class_names, labels, strict=False)}
    names |= {str(place): label for place, label in enumerate(labels) if str(place) not in names}
    written = _plain(name)
    return names.get(written, names.get(IN_ENGLISH.get(written, "")))


def recall_of(label: str, verified: Verified) -> float:
    """Return the recall of a label of the recomputed matrix, 0 where it has none."""
    return next((item.recall or 0.0 for item in verified.per_class if item.label == label), 0.0)


def recall_words(label: str, verified: Verified) -> str:
    """Return the recall of a label in words."""
    return f"recall {recall_of(label, verified):.1%}"


def _plain(name: str) -> str:
    words = re.sub(r"[^\w]+", " ", name.lower()).strip().removeprefix("class ").removeprefix("digit ")
    return words.replace(" ", "").removesuffix("s") if len(words) > 3 else words.replace(" ", "")
