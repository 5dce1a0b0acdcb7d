"""Readers of reasoning: trade-offs, weaknesses and their causes, choices."""

from __future__ import annotations

import re
from dataclasses import replace

from grader.evidence.reading import vocabulary as words
from grader.evidence.reading.choices import reasoned_choice
from grader.evidence.reading.contexts import Context, is_hollow, is_label, is_plan, passage_of
from grader.evidence.reading.failures import (
    FAILURE,
    admits_failure,
    failure_cause,
    is_inadequate,
    is_observable,
    opening_cause,
)
from grader.evidence.reading.mentions import mentioned_classes
from grader.evidence.reading.sentences import count_words
from grader.model.reading import Passage

MIN_TRADE_OFF_WORDS = 8
"""Fewer words can't hold both sides."""


def read_trade_off(context: Context) -> Passage | None:
    """Read what was weighed against what."""
    text = context.text
    named = words.TRADE_OFF_TERM.search(text)
    sides = words.COMPARATIVE.search(text) and _has_two_sides(text)
    if is_hollow(text, words.TRADE_OFF_TERM):
        return passage_of("trade_offs", context, explained=False) if named else None
    weighed = bool(sides) or bool(named and (words.COMPARATIVE.search(text) or words.RESOURCE.search(text)))
    if weighed and count_words(text) >= MIN_TRADE_OFF_WORDS:
        return passage_of("trade_offs", context, explained=True)
    return passage_of("trade_offs", context, explained=False) if named else None


def _has_two_sides(text: str) -> bool:
    """Whether a `but` stands between a gain and a cost: each a resource or a measure, one at least a resource."""
    for match in words.CONTRAST.finditer(text):
        # "Although it is slower, it ..." has its two sides before and after the comma.
        border = text.find(",") if match.start() == 0 else match.start()
        sides = (text[:border], text[max(border, match.end()) :])
        if match[0].lower() in {"while", "whereas", "mientras"} and not all(map(words.COMPARATIVE.search, sides)):
            continue  # two curves side by side
        told = [bool(words.RESOURCE.search(side) or words.GAIN.search(side)) for side in sides]
        if all(told) and any(words.RESOURCE.search(side) for side in sides):
            return True
    return False


def read_weakness(context: Context) -> Passage | None:
    """Read what the model gets wrong, or that it is not good enough."""
    sentence = context.sentence
    if not context.setting.is_after_training(sentence) or is_label(context.text) or is_plan(context):
        return None
    classes = mentioned_classes(context.text, context.setting.class_names)
    if sentence.voice == "comment" and not classes:
        return None  # "# wrong predictions" says what a cell shows
    explained = bool(words.REASON.search(context.text))
    if admits_failure(context.text, classes):
        return replace(passage_of("weakness", context, explained=explained), classes=classes)
    return passage_of("inadequacy", context, explained=explained) if is_inadequate(context.text) else None


def read_failure_reason(context: Context) -> Passage | None:
    """Read why it gets that wrong."""
    if not context.setting.is_after_training(context.sentence):
        return None
    # What a plan is for is no cause; the clause that it opens with may hold one.
    text = opening_cause(context.text) if is_plan(context) else context.text
    classes = mentioned_classes(text, context.setting.class_names)
    found = _failure_reason(context, text, classes)
    return replace(found, classes=classes) if found else None


def _failure_reason(context: Context, text: str, classes: tuple[str, ...]) -> Passage | None:
    cause = failure_cause(text) if admits_failure(text, classes) else None
    if cause and not is_hollow(text, FAILURE):
        return passage_of("failure_reasons", context, explained=True)
    before = context.before.text if context.before else ""
    before_classes = mentioned_classes(before, context.setting.class_names)
    if before and admits_failure(before, before_classes) and not is_plan(context):
        # "It confuses 3 and 8. Both have the same two curves on the right."
        linked = _LINKED_START.match(text) or set(classes) & set(before_classes)
        if linked and is_observable(text):
            return passage_of("failure_reasons", context, explained=True, quote=f"{before} {text}")
    return None if cause is None else passage_of("failure_reasons", context, explained=False)


_LINKED_START = re.compile(
    r"^(?:these|those|both|they|this|the two|in|at|with|that|it|ambos|ambas|estos|estas|los dos|esto|a)\b",
    re.IGNORECASE,
)


def read_choice(context: Context) -> Passage | None:
    """Read why something was chosen."""
    before = context.before.text if context.before else ""
    after = context.after.text if context.after else ""
    found = reasoned_choice(context.text, before, after)
    if found is None:
        return None
    hollow = len(words.BUZZWORDS.findall(found.quote)) > words.MAX_BUZZWORDS
    return passage_of("choice_reason", context, explained=found.grounded and not hollow, quote=found.quote)
