"""What sentences speak of, and whether they explain it.

An explanation takes three things: the topic's term, a clause that says what it does or why, and a word of what that is
about (edges, wrong answers, unseen images). Terms in a row, however many, are named, not explained.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from grader.evidence.reading import vocabulary as words
from grader.evidence.reading.choices import reasoned_choice
from grader.evidence.reading.failures import (
    ERROR_WORD,
    FAILURE,
    admits_failure,
    denies_failure,
    failure_cause,
    is_inadequate,
    is_not_about_this_model,
    is_observable,
    opening_cause,
)
from grader.evidence.reading.insight import has_insight, is_no_insight
from grader.evidence.reading.mentions import mentioned_classes
from grader.evidence.reading.overfitting import overfitting_stance
from grader.evidence.reading.second_voice import JUDGED, Hearing, hear_both
from grader.evidence.reading.sentences import Sentence, count_words
from grader.model.reading import Passage, Topic

MAX_QUOTE = 400
"""Characters of a quote; longer sentences are cut, as reports show them whole lines."""
MIN_TERMS_OF_A_LIST = 4
WORDS_PER_TERM = 4
"""A sentence with four or more terms and fewer than four words to each is a list of terms."""
MIN_HEARD_WORDS = 3
"""Fewer words ("it works") explain nothing, whatever the classifier makes of them."""
MIN_TRADE_OFF_WORDS = 8
"""Fewer words can't hold both sides."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a notebook's story turns: the cells from which it has trained, and the class names it may speak of."""

    class_names: tuple[str, ...] = ()
    first_fit: int | None = None
    task_until: int | None = None
    """Cell before which the task may be stated; None: anywhere."""
    documents: frozenset[int] = frozenset()
    """Cells that are documents beside the code (a README): read before anything is run, wherever they are shown."""

    def is_after_training(self, sentence: Sentence) -> bool:
        """Whether the student could have seen a result when writing this."""
        return sentence.section == "conclusion" or self.first_fit is None or sentence.cell >= self.first_fit


@dataclass(frozen=True, slots=True)
class Context:
    """A sentence with its neighbours in the same paragraph (None at its ends)."""

    sentence: Sentence
    before: Sentence | None
    after: Sentence | None
    setting: Setting

    @property
    def text(self) -> str:
        return self.sentence.text


def read_passages(sentences: tuple[Sentence, ...], setting: Setting) -> tuple[Passage, ...]:
    """Return the passages of all topics, in the order of the sentences."""
    passages: list[Passage] = []
    for number, sentence in enumerate(sentences):
        context = Context(sentence, _neighbour(sentences, number, -1), _neighbour(sentences, number, 1), setting)
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
    if words.NEXT_SEARCH.search(text) or not (linked or _observes_failure(text, context.setting.class_names)):
        shut |= {"next_step_reason"}
    if is_no_insight(text):
        shut |= {"insight"}
    if count_words(text) < MIN_HEARD_WORDS:
        shut |= set(JUDGED)
    topics = tuple(topic for topic in topics if topic not in shut)
    return Hearing(
        text[:MAX_QUOTE],
        context.sentence.cell,
        () if hollow or _is_label(text) else topics,
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


def _neighbour(sentences: tuple[Sentence, ...], number: int, step: int) -> Sentence | None:
    other = number + step
    if 0 <= other < len(sentences) and sentences[other].group == sentences[number].group:
        return sentences[other]
    return None


def _passage(topic: Topic, context: Context, *, explained: bool, quote: str = "") -> Passage:
    text = quote or context.text
    return Passage(topic, "explained" if explained else "named", text[:MAX_QUOTE], context.sentence.cell)


# ---------------------------------------------------------------- explanations
def _explanation(
    topic: Topic, term: re.Pattern[str], clause: tuple[re.Pattern[str], ...], content: re.Pattern[str]
) -> Callable[[Context], Passage | None]:
    """Make the reader of a topic that is explained by term, clause and content, here or in the sentence after."""

    def read(context: Context) -> Passage | None:
        text = context.text
        if not term.search(text):
            return None
        if _explains(text, term, clause, content):
            return _passage(topic, context, explained=True)
        after = context.after.text if context.after else ""
        if words.ANAPHORA_START.match(after) and _explains(after, term, clause, content) and not _is_hollow(text, term):
            return _passage(topic, context, explained=True, quote=f"{text} {after}")
        return _passage(topic, context, explained=False)

    return read


def _explains(text: str, term: re.Pattern[str], clause: tuple[re.Pattern[str], ...], content: re.Pattern[str]) -> bool:
    if _is_hollow(text, term):
        return False
    found = [match for pattern in clause if (match := pattern.search(text)) is not None]
    if not found:
        return False
    # Where only a reason links the two, what it says comes after it: "good because it has filters" says nothing.
    start = found[0].start() if len(found) == 1 and clause[0].search(text) is None else 0
    # The content must be something else than the term itself: "the loss is the training loss" explains nothing.
    terms = {match.span() for match in term.finditer(text)}
    return any(match.span() not in terms for match in content.finditer(text, start))


def _is_hollow(text: str, term: re.Pattern[str]) -> bool:
    terms = len({match[0].lower() for match in term.finditer(text)})
    listed = terms >= MIN_TERMS_OF_A_LIST and count_words(text) < WORDS_PER_TERM * terms
    return listed or len(words.BUZZWORDS.findall(text)) > words.MAX_BUZZWORDS


def _read_task(context: Context) -> Passage | None:
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
    return _passage("task", context, explained=explained, quote=text)


def _read_overfitting(context: Context) -> Passage | None:
    stance = overfitting_stance(context.text)
    if stance is None:
        return None
    clauses = (words.REASON, words.FUNCTION_VERBS, words.CONTRAST, _WHEN)
    explained = _explains(context.text, words.OVERFITTING, clauses, words.OVERFITTING_CONTENT) or _shows_gap(
        context.text
    )
    quote = context.text
    after = context.after.text if context.after else ""
    if (
        not explained
        and words.ANAPHORA_START.match(after)
        and _explains(after, words.OVERFITTING, clauses, words.OVERFITTING_CONTENT)
    ):
        explained, quote = True, f"{quote} {after}"
    hollow = _is_hollow(context.text, words.OVERFITTING)
    return replace(_passage("overfitting", context, explained=explained and not hollow, quote=quote), stance=stance)


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


# ---------------------------------------------------------------- reasoning
def _read_trade_off(context: Context) -> Passage | None:
    text = context.text
    named = words.TRADE_OFF_TERM.search(text)
    sides = words.COMPARATIVE.search(text) and _has_two_sides(text)
    if _is_hollow(text, words.TRADE_OFF_TERM):
        return _passage("trade_offs", context, explained=False) if named else None
    weighed = bool(sides) or bool(named and (words.COMPARATIVE.search(text) or words.RESOURCE.search(text)))
    if weighed and count_words(text) >= MIN_TRADE_OFF_WORDS:
        return _passage("trade_offs", context, explained=True)
    return _passage("trade_offs", context, explained=False) if named else None


def _read_weakness(context: Context) -> Passage | None:
    sentence = context.sentence
    if not context.setting.is_after_training(sentence) or _is_label(context.text) or _is_plan(context):
        return None
    classes = mentioned_classes(context.text, context.setting.class_names)
    if sentence.voice == "comment" and not classes:
        return None  # "# wrong predictions" says what a cell shows
    explained = bool(words.REASON.search(context.text))
    if admits_failure(context.text, classes):
        return replace(_passage("weakness", context, explained=explained), classes=classes)
    return _passage("inadequacy", context, explained=explained) if is_inadequate(context.text) else None


def _is_label(text: str) -> bool:
    """Whether a line only announces what follows: "The wrong answers:", "Where it is unreliable."."""
    return text.rstrip("*_ ").endswith(":") or (
        count_words(text) <= MAX_LABEL_WORDS and _LABEL_START.match(text) is not None
    )


_LABEL_START = re.compile(r"^\W*(?:where|why|what|how|which|dónde|por qué|qué|cómo|cuál\w*)\b", re.IGNORECASE)
MAX_LABEL_WORDS = 6
"""Longer ones, such as "what it gets wrong most are shirts", state something."""


def _read_failure_reason(context: Context) -> Passage | None:
    if not context.setting.is_after_training(context.sentence):
        return None
    # What a plan is for is no cause; the clause that it opens with may hold one.
    text = opening_cause(context.text) if _is_plan(context) else context.text
    classes = mentioned_classes(text, context.setting.class_names)
    found = _failure_reason(context, text, classes)
    return replace(found, classes=classes) if found else None


def _failure_reason(context: Context, text: str, classes: tuple[str, ...]) -> Passage | None:
    cause = failure_cause(text) if admits_failure(text, classes) else None
    if cause and not _is_hollow(text, FAILURE):
        return _passage("failure_reasons", context, explained=True)
    before = context.before.text if context.before else ""
    before_classes = mentioned_classes(before, context.setting.class_names)
    if before and admits_failure(before, before_classes) and not _is_plan(context):
        # "It confuses 3 and 8. Both have the same two curves on the right."
        linked = _LINKED_START.match(text) or set(classes) & set(before_classes)
        if linked and is_observable(text):
            return _passage("failure_reasons", context, explained=True, quote=f"{before} {text}")
    return None if cause is None else _passage("failure_reasons", context, explained=False)


_LINKED_START = re.compile(
    r"^(?:these|those|both|they|this|the two|in|at|with|that|it|ambos|ambas|estos|estas|los dos|esto|a)\b",
    re.IGNORECASE,
)


def _read_choice(context: Context) -> Passage | None:
    before = context.before.text if context.before else ""
    after = context.after.text if context.after else ""
    found = reasoned_choice(context.text, before, after)
    if found is None:
        return None
    hollow = len(words.BUZZWORDS.findall(found.quote)) > words.MAX_BUZZWORDS
    return _passage("choice_reason", context, explained=found.grounded and not hollow, quote=found.quote)


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


# ---------------------------------------------------------------- looking ahead and back
def _is_plan(context: Context) -> bool:
    sentence = context.sentence
    if not context.setting.is_after_training(sentence):
        return False
    marked = words.NEXT_MARK.search(sentence.text) or words.NEXT_HEADING.search(sentence.heading)
    return bool(marked and words.NEXT_ACTION.search(sentence.text)) or _is_vague_plan(sentence)


def _is_vague_plan(sentence: Sentence) -> bool:
    return (
        re.search(
            r"\b(?:next|future (?:work|steps?)|could be improved|can be improved|more work|trabajo futuro|"
            r"se puede mejorar|próximos? pasos?)\b",
            sentence.text,
            re.IGNORECASE,
        )
        is not None
        and sentence.section == "conclusion"
    )


def _read_next_step(context: Context) -> Passage | None:
    if not _is_plan(context):
        return None
    text = context.text
    classes = mentioned_classes(text, context.setting.class_names)
    acts = words.NEXT_ACTION.search(text) or words.NEXT_LABEL.match(text)
    concrete = bool(acts and (words.NEXT_OBJECT.search(text) or classes))
    hollow = len(words.BUZZWORDS.findall(text)) > words.MAX_BUZZWORDS
    return replace(_passage("next_step", context, explained=concrete and not hollow), classes=classes)


def _read_next_step_reason(context: Context) -> Passage | None:
    step = _read_next_step(context)
    if step is None or step.strength == "named":
        return None
    names = context.setting.class_names
    # "To find the digits that are confused" looks for a failure, and follows from none.
    own = words.NEXT_SEARCH.sub(" ", context.text)
    if words.NEXT_CAUSE.search(own) and _observes_failure(own, names):
        return _passage("next_step_reason", context, explained=True)
    before = context.before
    if before is not None and _observes_failure(before.text, names) and not denies_failure(before.text):
        shared = set(step.classes) & set(mentioned_classes(before.text, names))
        if shared or words.CONNECTIVE_START.match(context.text) or words.NEXT_CAUSE.search(context.text):
            return _passage("next_step_reason", context, explained=True, quote=f"{before.text} {context.text}")
    after = context.after
    if (
        after is not None
        and words.ANAPHORA_START.match(after.text)
        and words.REASON.search(after.text)
        and _observes_failure(after.text, names)
    ):
        return _passage("next_step_reason", context, explained=True, quote=f"{context.text} {after.text}")
    return None


def _observes_failure(text: str, class_names: tuple[str, ...]) -> bool:
    """Whether a sentence refers to something that was seen to go wrong."""
    classes = mentioned_classes(text, class_names)
    return (
        bool(classes)
        or admits_failure(text, classes)
        or overfitting_stance(text) in {"present", "general"}
        or bool(ERROR_WORD.search(text))
    )


def _read_insight(context: Context) -> Passage | None:
    sentence = context.sentence
    if sentence.voice == "comment" or not context.setting.is_after_training(sentence):
        return None
    text = sentence.text
    before = context.before.text if context.before else ""
    classes = mentioned_classes(text, context.setting.class_names)
    if has_insight(text, before, classes) and not _is_plan(context):
        return replace(_passage("insight", context, explained=True), classes=classes)
    return _passage("insight", context, explained=False) if words.LEARNED.search(text) else None


_READERS: tuple[Callable[[Context], Passage | None], ...] = (
    _read_task,
    _explanation("layers", words.LAYER_TERM, (words.FUNCTION_VERBS, words.REASON), words.LAYER_CONTENT),
    _explanation("training", words.TRAINING_TERM, (words.FUNCTION_VERBS, words.REASON), words.TRAINING_CONTENT),
    _explanation("score", words.SCORE_TERM, (words.SCORE_FUNCTION,), words.SCORE_CONTENT),
    _read_overfitting,
    _read_trade_off,
    _read_weakness,
    _read_failure_reason,
    _read_choice,
    _read_next_step,
    _read_next_step_reason,
    _read_insight,
)
