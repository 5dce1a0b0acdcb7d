"""How well the reader tells what an instructor would credit from what only looks like it, topic by topic."""

from __future__ import annotations

import pytest
from judged_sentences import (
    CREDITED,
    CREDITED_LAST,
    CREDITED_TOO,
    EARNS_NOTHING,
    EARNS_NOTHING_EITHER,
    EARNS_NOTHING_LAST,
)
from written import TRAINED, passages

NAMES = 'class_names = ["T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"]'
BEFORE_TRAINING = frozenset({"task", "layers", "training"})
"""Topics told before the network is trained; the others are read where a conclusion stands."""
MIN_RECALL = 0.9
MIN_PRECISION = 0.9
"""Both are 1.0 on these lists since the rules were mended by them; the slack lets a rule be simplified later."""


def _credited(topic: str, text: str) -> bool:
    """Whether a paragraph earns a topic, in the place where students write of it."""
    cells = (
        (NAMES, f"md:{text}", TRAINED) if topic in BEFORE_TRAINING else (NAMES, TRAINED, f"md:## Conclusion\n\n{text}")
    )
    if topic == "weakness":
        return bool(passages("weakness", *cells) or passages("inadequacy", *cells))
    return any(item.strength == "explained" for item in passages(topic, *cells))


@pytest.mark.parametrize("topic", sorted(CREDITED))
def test_students_are_credited_for_what_they_say_and_not_for_its_look(topic: str) -> None:
    """Per topic, nearly all good sentences are found, and nearly nothing that only looks like them."""
    good = [text for lists in (CREDITED, CREDITED_TOO, CREDITED_LAST) for text in lists[topic]]
    bad = [text for lists in (EARNS_NOTHING, EARNS_NOTHING_EITHER, EARNS_NOTHING_LAST) for text in lists.get(topic, ())]
    missed = [text for text in good if not _credited(topic, text)]
    wrong = [text for text in bad if _credited(topic, text)]
    hits = len(good) - len(missed)
    recall, precision = hits / len(good), hits / max(hits + len(wrong), 1)
    print(f"{topic}: recall {recall:.2f} of {len(good)}, precision {precision:.2f} against {len(bad)} traps")
    assert recall >= MIN_RECALL, missed
    assert precision >= MIN_PRECISION, wrong
