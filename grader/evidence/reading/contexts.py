"""A sentence where it stands, and what can be told of it before its topic: an explanation, a list, a label, a plan."""

from __future__ import annotations

import re
from dataclasses import dataclass

from grader.evidence.reading import vocabulary as words
from grader.evidence.reading.sentences import Sentence, count_words
from grader.model.reading import Passage, Topic

MAX_QUOTE = 400
"""Characters of a quote; longer sentences are cut, as reports show them whole lines."""
MIN_TERMS_OF_A_LIST = 4
WORDS_PER_TERM = 4
"""A sentence with four or more terms and fewer than four words to each is a list of terms."""


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
        """What it says."""
        return self.sentence.text


def neighbour(sentences: tuple[Sentence, ...], number: int, step: int) -> Sentence | None:
    """Return the sentence before or after in the same paragraph, None at its ends."""
    other = number + step
    if 0 <= other < len(sentences) and sentences[other].group == sentences[number].group:
        return sentences[other]
    return None


def passage_of(topic: Topic, context: Context, *, explained: bool, quote: str = "") -> Passage:
    """Return what a sentence says of a topic, cut to what is quoted."""
    text = quote or context.text
    return Passage(topic, "explained" if explained else "named", text[:MAX_QUOTE], context.sentence.cell)


# ---------------------------------------------------------------- how it speaks
def explains(text: str, term: re.Pattern[str], clause: tuple[re.Pattern[str], ...], content: re.Pattern[str]) -> bool:
    """Whether a text explains its term: a clause links it to content, and it is more than a list."""
    if is_hollow(text, term):
        return False
    found = [match for pattern in clause if (match := pattern.search(text)) is not None]
    if not found:
        return False
    # Where only a reason links the two, what it says comes after it: "good because it has filters" says nothing.
    start = found[0].start() if len(found) == 1 and clause[0].search(text) is None else 0
    # The content must be something else than the term itself: "the loss is the training loss" explains nothing.
    terms = {match.span() for match in term.finditer(text)}
    return any(match.span() not in terms for match in content.finditer(text, start))


def is_hollow(text: str, term: re.Pattern[str]) -> bool:
    """Whether a text strings terms or buzzwords together, whatever else it says."""
    terms = len({match[0].lower() for match in term.finditer(text)})
    listed = terms >= MIN_TERMS_OF_A_LIST and count_words(text) < WORDS_PER_TERM * terms
    return listed or len(words.BUZZWORDS.findall(text)) > words.MAX_BUZZWORDS


def is_label(text: str) -> bool:
    """Whether a line only announces what follows: "The wrong answers:", "Where it is unreliable."."""
    return text.rstrip("*_ ").endswith(":") or (
        count_words(text) <= MAX_LABEL_WORDS and _LABEL_START.match(text) is not None
    )


_LABEL_START = re.compile(r"^\W*(?:where|why|what|how|which|dónde|por qué|qué|cómo|cuál\w*)\b", re.IGNORECASE)
MAX_LABEL_WORDS = 6
"""Longer ones, such as "what it gets wrong most are shirts", state something."""


def is_plan(context: Context) -> bool:
    """Whether a sentence says what is to be done next."""
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
