"""Readers of topics that are explained: the task, layers, training, the score, overfitting."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from grader.evidence.reading import vocabulary as words
from grader.evidence.reading.contexts import Context, explains, is_hollow, passage_of
from grader.evidence.reading.overfitting import overfitting_stance
from grader.evidence.reading.sentences import count_words
from grader.model.reading import Passage, Topic


def explanation(
    topic: Topic, term: re.Pattern[str], clause: tuple[re.Pattern[str], ...], content: re.Pattern[str]
) -> Callable[[Context], Passage | None]:
    """Make the reader of a topic that is explained by term, clause and content, here or in the sentence after."""

    def read(context: Context) -> Passage | None:
        text = context.text
        if not term.search(text):
            return None
        if explains(text, term, clause, content):
            return passage_of(topic, context, explained=True)
        after = context.after.text if context.after else ""
        if words.ANAPHORA_START.match(after) and explains(after, term, clause, content) and not is_hollow(text, term):
            return passage_of(topic, context, explained=True, quote=f"{text} {after}")
        return passage_of(topic, context, explained=False)

    return read


def read_task(context: Context) -> Passage | None:
    """Read what goes in and what comes out."""
    until, read_first = context.setting.task_until, context.sentence.cell in context.setting.documents
    if until is not None and context.sentence.cell >= until and not read_first:
        return None
    text = context.text
    if not words.TASK_VERB.search(text):
        both = f"{text} {context.after.text}" if context.after else text
        if not (re.match(r"^\W*(?:inputs?|entradas?)\b", text, re.IGNORECASE) and words.TASK_VERB.search(both)):
            return None
        text = both
    told = bool(words.TASK_INPUT.search(text) and words.TASK_OUTPUT.search(text)) and count_words(text) >= 5
    # A sentence with several layers in it says how the network works, not what it is for.
    explained = told and len(words.LAYER_TERM.findall(text)) <= 1
    return passage_of("task", context, explained=explained, quote=text)


def read_overfitting(context: Context) -> Passage | None:
    """Read what overfitting is, or that it was seen: a reason, a contrast, or training set against validation."""
    stance = overfitting_stance(context.text)
    if stance is None:
        return None
    clauses = (words.REASON, words.FUNCTION_VERBS, words.CONTRAST, _WHEN)
    explained = explains(context.text, words.OVERFITTING, clauses, words.OVERFITTING_CONTENT) or _shows_gap(
        context.text
    )
    quote = context.text
    after = context.after.text if context.after else ""
    if (
        not explained
        and words.ANAPHORA_START.match(after)
        and explains(after, words.OVERFITTING, clauses, words.OVERFITTING_CONTENT)
    ):
        explained, quote = True, f"{quote} {after}"
    hollow = is_hollow(context.text, words.OVERFITTING)
    return replace(passage_of("overfitting", context, explained=explained and not hollow, quote=quote), stance=stance)


_WHEN = re.compile(
    r"\b(?:when|after|until|(?:from|at) (?:about )?epoch|where|instead of|cuando|después|tras|a partir|"
    r"en (?:vez|lugar) de)\b",
    re.IGNORECASE,
)
_GAP = re.compile(
    r"(?:train\w*|entrenamiento).{0,120}?(?:validation|val|test|validación|prueba)|(?:validation|"
    r"val|test|validación|prueba).{0,120}?(?:train\w*|entrenamiento)",
    re.IGNORECASE,
)


def _shows_gap(text: str) -> bool:
    """Whether the sentence sets training against validation: the observation that overfitting rests on."""
    return bool(_GAP.search(text)) and count_words(text) >= 8
