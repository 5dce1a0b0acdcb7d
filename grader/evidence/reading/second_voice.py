"""The rules and the sentence classifier heard together, topic by topic.

The rules know the words of the trade; the classifier has learned how students put things in their own words. A sentence
explains a topic where the classifier is sure of it, or where the rules say so and the classifier does not deny it. What
it denies is only named; what neither hears is not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from grader.evidence.reading.sentence_model import sentence_model
from grader.model.reading import Passage, Topic

SURE = 0.5
"""From here on the classifier's word alone makes an explanation: it is more likely one than not."""
SURER = 0.6
"""The same for topics that it tells less well alone: only seven in ten of those above one half are right."""
HARDER: frozenset[Topic] = frozenset({"weakness", "failure_reasons"})
DENIED = 0.1
"""Below, it denies what the rules took for one."""
JUDGED: tuple[Topic, ...] = (
    "layers",
    "training",
    "score",
    "overfitting",
    "trade_offs",
    "failure_reasons",
    "weakness",
    "next_step",
    "next_step_reason",
    "insight",
)
"""Topics that the classifier was trained on."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """A sentence of prose, and which topics can be heard in it where it stands: results only after training."""

    text: str
    cell: int
    topics: tuple[Topic, ...]
    classes: tuple[str, ...]
    stance: str


def hear_both(by_rules: Sequence[Passage], heard: Hearing) -> list[Passage]:
    """Return the passages of one sentence, those of the rules set right and added to by the classifier."""
    model = sentence_model()
    heard_as = model.strengths(heard.text, JUDGED) if heard.topics or by_rules else {}
    settled: list[Passage] = []
    for item in by_rules:
        if item.topic not in JUDGED or item.strength == "named":
            settled.append(item)
            continue
        # What the rules found in two sentences is judged by both.
        strength = heard_as[item.topic] if item.quote == heard.text else model.strength(item.topic, item.quote)
        settled.append(item if strength.explained >= DENIED else replace(item, strength="named"))
    credited = {item.topic for item in settled if item.strength == "explained"}
    added = [
        _added(topic, heard)
        for topic in heard.topics
        if topic not in credited and heard_as[topic].explained >= (SURER if topic in HARDER else SURE)
    ]
    topics = {item.topic for item in added}
    return [*(item for item in settled if item.topic not in topics), *added]


def _added(topic: Topic, heard: Hearing) -> Passage:
    stance = heard.stance if topic == "overfitting" else ""
    return Passage(topic, "explained", heard.text, heard.cell, stance, heard.classes, voice="classifier")
