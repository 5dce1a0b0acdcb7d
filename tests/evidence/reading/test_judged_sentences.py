"""How well the reader tells what an instructor would credit from what only looks like it."""

from __future__ import annotations

import pytest
from judged_sentences import CREDITED, CREDITED_TOO, EARNS_NOTHING, EARNS_NOTHING_EITHER
from written import TRAINED, passages

NAMES = (
    'class_names = ["T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"]'
)
BEFORE_TRAINING = frozenset({"task", "layers", "training"})
"""Topics told before the network is trained; the others are read where a conclusion stands."""


def _credited(topic: str, text: str) -> bool:
    """Whether a paragraph earns a topic, in the place where students write of it."""
    cells = (NAMES, f"md:{text}", TRAINED) if topic in BEFORE_TRAINING else (NAMES, TRAINED, f"md:## Conclusion\n\n{text}")
    if topic == "weakness":
        return bool(passages("weakness", *cells) or passages("inadequacy", *cells))
    return any(item.strength == "explained" for item in passages(topic, *cells))


@pytest.mark.parametrize("lists", ["first", "second"])
@pytest.mark.parametrize("topic", sorted(CREDITED))
def test_credit(topic: str, lists: str) -> None:
    good, bad = (CREDITED, EARNS_NOTHING) if lists == "first" else (CREDITED_TOO, EARNS_NOTHING_EITHER)
    missed = [text for text in good[topic] if not _credited(topic, text)]
    wrong = [text for text in bad[topic] if _credited(topic, text)]
    hits = len(good[topic]) - len(missed)
    print(f"\n{lists} {topic}: recall {hits}/{len(good[topic])}, traps {len(wrong)}/{len(bad[topic])}")
    for text in missed:
        print("   missed:", text)
    for text in wrong:
        print("   wrong: ", text)
