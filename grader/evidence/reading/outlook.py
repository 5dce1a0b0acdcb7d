"""Readers of what looks ahead and back: the next step, its reason, insight."""

from __future__ import annotations

from dataclasses import replace

from grader.evidence.reading import vocabulary as words
from grader.evidence.reading.contexts import Context, is_plan, passage_of
from grader.evidence.reading.failures import ERROR_WORD, admits_failure, denies_failure
from grader.evidence.reading.insight import has_insight
from grader.evidence.reading.mentions import mentioned_classes
from grader.evidence.reading.overfitting import overfitting_stance
from grader.model.reading import Passage


def read_next_step(context: Context) -> Passage | None:
    """Read what is to be done next."""
    if not is_plan(context):
        return None
    text = context.text
    classes = mentioned_classes(text, context.setting.class_names)
    acts = words.NEXT_ACTION.search(text) or words.NEXT_LABEL.match(text)
    concrete = bool(acts and (words.NEXT_OBJECT.search(text) or classes))
    hollow = len(words.BUZZWORDS.findall(text)) > words.MAX_BUZZWORDS
    return replace(passage_of("next_step", context, explained=concrete and not hollow), classes=classes)


def read_next_step_reason(context: Context) -> Passage | None:
    """Read which result asks for it."""
    step = read_next_step(context)
    if step is None or step.strength == "named":
        return None
    names = context.setting.class_names
    # "To find the digits that are confused" looks for a failure, and follows from none.
    own = words.NEXT_SEARCH.sub(" ", context.text)
    if words.NEXT_CAUSE.search(own) and observes_failure(own, names):
        return passage_of("next_step_reason", context, explained=True)
    before = context.before
    if before is not None and observes_failure(before.text, names) and not denies_failure(before.text):
        shared = set(step.classes) & set(mentioned_classes(before.text, names))
        if shared or words.CONNECTIVE_START.match(context.text) or words.NEXT_CAUSE.search(context.text):
            return passage_of("next_step_reason", context, explained=True, quote=f"{before.text} {context.text}")
    after = context.after
    if (
        after is not None
        and words.ANAPHORA_START.match(after.text)
        and words.REASON.search(after.text)
        and observes_failure(after.text, names)
    ):
        return passage_of("next_step_reason", context, explained=True, quote=f"{context.text} {after.text}")
    return None


def observes_failure(text: str, class_names: tuple[str, ...]) -> bool:
    """Whether a sentence refers to something that was seen to go wrong."""
    classes = mentioned_classes(text, class_names)
    return (
        bool(classes)
        or admits_failure(text, classes)
        or overfitting_stance(text) in {"present", "general"}
        or bool(ERROR_WORD.search(text))
    )


def read_insight(context: Context) -> Passage | None:
    """Read what was learned."""
    sentence = context.sentence
    if sentence.voice == "comment" or not context.setting.is_after_training(sentence):
        return None
    text = sentence.text
    before = context.before.text if context.before else ""
    classes = mentioned_classes(text, context.setting.class_names)
    if has_insight(text, before, classes) and not is_plan(context):
        return replace(passage_of("insight", context, explained=True), classes=classes)
    return passage_of("insight", context, explained=False) if words.LEARNED.search(text) else None
