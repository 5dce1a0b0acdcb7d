"""What sentences speak of, and whether they explain it.

An explanation takes three things: the topic's term, a clause that says what it does or why, and a word of what that is
about (edges, wrong answers, unseen images). Terms in a row, however many, are named, not explained.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from grader.evidence.reading import vocabulary as words
from grader.evidence.reading.contexts import MAX_QUOTE, Context, Setting, is_label, neighbour
from grader.evidence.reading.explanations import explanation, read_overfitting, read_task
from grader.evidence.reading.failures import denies_failure, is_not_about_this_model
from grader.evidence.reading.insight import is_no_insight
from grader.evidence.reading.mentions import mentioned_classes
from grader.evidence.reading.outlook import observes_failure, read_insight, read_next_step, read_next_step_reason
from grader.evidence.reading.overfitting import overfitting_stance
from grader.evidence.reading.reasoning import read_choice, read_failure_reason, read_trade_off, read_weakness
from grader.evidence.reading.second_voice import JUDGED, Hearing, hear_both
from grader.evidence.reading.sentences import Sentence, count_words
from grader.model.reading import Passage, Topic

MIN_HEARD_WORDS = 3
"""Fewer words ("it works") explain nothing, whatever the classifier makes of them."""


def read_passages(sentences: tuple[Sentence, ...], setting: Setting) -> tuple[Passage, ...]:
    """Return the passages of all topics, in the order of the sentences."""
    passages: list[Passage] = []
    for number, sentence in enumerate(sentences):
        context = Context(sentence, neighbour(sentences, number, -1), neighbour(sentences, number, 1), setting)
        by_rules = [found for reader in _READERS if (found := reader(context)) is not None]
        passages += hear_both(by_rules, _hearing(context)) if sentence.voice == "prose" else by_rules
    return tuple(passages)


def _hearing(context: Context) -> Hearing:
    """Return what the classifier is asked: results can only be told after training, plans not before it either."""
    text = context.text
    late = context.setting.is_after_training(context.sentence)
    topics = tuple(topic for topic in JUDGED if late or topic in _EARLY)
    hollow = len(words.BUZZWORDS.findall(text)) > words.MAX_BUZZWORDS
    shut: set[Topic] = set()  # what rules know a sentence not to be, whatever it sounds like
    if denies_failure(text) or is_not_about_this_model(text):
        shut |= {"weakness", "failure_reasons"}
    if _WISH_ONLY.search(text) and not words.NEXT_OBJECT.search(text):
        shut |= {"next_step", "next_step_reason"}
    linked = words.NEXT_CAUSE.search(text) or words.REASON.search(text) or words.CONNECTIVE_START.match(text)
    if words.NEXT_SEARCH.search(text) or not (linked or observes_failure(text, context.setting.class_names)):
        shut |= {"next_step_reason"}
    if is_no_insight(text):
        shut |= {"insight"}
    if count_words(text) < MIN_HEARD_WORDS:
        shut |= set(JUDGED)
    topics = tuple(topic for topic in topics if topic not in shut)
    return Hearing(
        text[:MAX_QUOTE],
        context.sentence.cell,
        () if hollow or is_label(text) else topics,
        mentioned_classes(text, context.setting.class_names),
        overfitting_stance(text) or "general",
    )


_WISH_ONLY = re.compile(
    r"\b(?:improv\w+|better|enhanc\w+|mejor\w*|optimi\w+)\b(?: \w+){0,2} (?:model|network|accuracy|results?|"
    r"performance|modelo|red|exactitud|resultados?|rendimiento)\b|\bmore (?:work|research)\b",
    re.IGNORECASE,
)
"""A wish without a step: "the next step is to improve the model"."""
_EARLY: frozenset[Topic] = frozenset({"layers", "training", "score", "overfitting", "trade_offs"})
"""Topics that may be told before the network is trained."""


_READERS: tuple[Callable[[Context], Passage | None], ...] = (
    read_task,
    explanation("layers", words.LAYER_TERM, (words.FUNCTION_VERBS, words.REASON), words.LAYER_CONTENT),
    explanation("training", words.TRAINING_TERM, (words.FUNCTION_VERBS, words.REASON), words.TRAINING_CONTENT),
    explanation("score", words.SCORE_TERM, (words.SCORE_FUNCTION,), words.SCORE_CONTENT),
    read_overfitting,
    read_trade_off,
    read_weakness,
    read_failure_reason,
    read_choice,
    read_next_step,
    read_next_step_reason,
    read_insight,
)
