"""The student's words: language, sections, concluding write-up, passages and stated numbers."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

from grader.evidence.reading import vocabulary as words
from grader.evidence.reading.cells import read_sources
from grader.evidence.reading.claims import read_claims
from grader.evidence.reading.class_names import read_class_names
from grader.evidence.reading.comments import read_comments, standing_strings
from grader.evidence.reading.contexts import MAX_QUOTE, Setting
from grader.evidence.reading.hiding import invisible_text
from grader.evidence.reading.language import detect_language
from grader.evidence.reading.markdown import ZERO_WIDTH, read_markdown
from grader.evidence.reading.mentions import names_of_known_data
from grader.evidence.reading.passages import read_passages
from grader.evidence.reading.printed import read_printed
from grader.evidence.reading.sections import FITTING_CALLS, SCORING_CALLS, Document, last_cell_calling, read_document
from grader.evidence.reading.sentences import Sentence, count_words, is_template, split_sentences
from grader.evidence.reading.source import Source, calls, dotted_name
from grader.evidence.reading.statements import read_statements
from grader.model.reading import CellFacts, NumberClaim, Passage, ProseFacts
from grader.model.submission import Submission

MIN_MARKDOWN_WORDS = 40
"""Below this, a notebook has next to no markdown, and comments and printed text count as its prose."""
MIN_CLOSING_WORDS = 5
"""A concluding section with fewer words is a placeholder; the text after the last score is looked at instead."""
MIN_STRING_WORDS = 6
"""Shorter printed strings are labels ("Test accuracy:"), not sentences."""
MIN_HIDDEN_WORDS = 3
"""Shorter hidden texts are markers that editors leave behind."""
_PRINTING = frozenset({"print", "display", "Markdown"})
_EDITOR_MARK = re.compile(
    r"^\s*(?:#?region|#?endregion|begin|end|todo|fixme|\[?toc\]?|navigation|colab|nbgrader|"
    r"md-?toc|markdownlint|prettier)\b",
    re.IGNORECASE,
)


def read_prose(submission: Submission, cells: tuple[CellFacts, ...]) -> ProseFacts:
    """Return what the student wrote, in markdown first; in comments, docstrings and printed strings as well."""
    sources = read_sources(cells)
    document = read_document(cells)
    spoken = _spoken(sources)
    setting = _setting(submission, cells)
    sentences = (*document.sentences, *spoken)
    closing = _closing(document, spoken, cells)
    markdown_words = sum(section.words for section in document.sections)
    bare = markdown_words < MIN_MARKDOWN_WORDS
    own = sentences if bare else document.sentences
    return ProseFacts(
        language=detect_language(sentence.text for sentence in own),
        words=sum(count_words(sentence.text) for sentence in own),
        closing_words=sum(count_words(sentence.text) for sentence in closing),
        closing_cells=tuple(dict.fromkeys(sentence.cell for sentence in closing)),
        sections=document.sections,
        passages=(*read_passages(_in_order(sentences, closing), setting), *_grader_address(document, sources, cells)),
        claims=(*_claims(sentences, setting.class_names), *read_printed(cells, sources)),
        statements=tuple(
            statement for sentence in document.sentences for statement in read_statements(sentence.text, sentence.cell)
        ),
    )


def _setting(submission: Submission, cells: tuple[CellFacts, ...]) -> Setting:
    code = "\n".join(cell.source for cell in cells if cell.kind == "code")
    names = (*read_class_names(submission), *names_of_known_data(code))
    fitting = [cell.index for cell in cells if any(FITTING_CALLS.search(name) for name in cell.calls)]
    first = fitting[0] if fitting else None
    documents = frozenset(cell.index for cell in cells if cell.is_document)
    return Setting(tuple(dict.fromkeys(names)), first, first, documents)


def _in_order(sentences: tuple[Sentence, ...], closing: tuple[Sentence, ...]) -> tuple[Sentence, ...]:
    """Return the sentences by cell, those of the concluding write-up marked as such, so that plans in it are plans."""
    last = {(sentence.cell, sentence.group) for sentence in closing}
    marked = [
        replace(sentence, section="conclusion") if (sentence.cell, sentence.group) in last else sentence
        for sentence in sentences
    ]
    return tuple(sorted(marked, key=lambda sentence: (sentence.cell, sentence.group)))


# ---------------------------------------------------------------- comments, docstrings, printed strings
def _spoken(sources: tuple[Source, ...]) -> tuple[Sentence, ...]:
    """Return the sentences in code cells. Groups are negative, so that they never meet a markdown paragraph's."""
    found: list[Sentence] = []
    group = 0
    for source in sources:
        for text, voice in [
            *((text, "comment") for text in _comment_texts(source)),
            *((text, "printed") for text in _printed_texts(source)),
        ]:
            group += 1
            found += [
                Sentence(
                    sentence, source.index, group - 1_000_000, voice="comment" if voice == "comment" else "printed"
                )
                for sentence in split_sentences(text)
                if not is_template(sentence)
            ]
    return tuple(found)


def _comment_texts(source: Source) -> list[str]:
    """Return runs of comment lines as one text each, then docstrings and standing strings."""
    texts: list[str] = []
    last = None
    for comment in read_comments(source.text):
        if comment.is_code:
            continue
        if (
            last is not None
            and comment.alone
            and comment.line == last + 1
            and texts
            and not re.match(r"^\s*(?:[-*•]|\d+[.)])", comment.text)
        ):
            texts[-1] += f" {comment.text}"
        else:
            texts.append(comment.text)
        last = comment.line if comment.alone else None
    if source.tree is not None:
        for node in standing_strings(source.tree):
            value = node.value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                texts += [re.sub(r"\s+", " ", part) for part in re.split(r"\n\s*\n", value.value)]
    return [ZERO_WIDTH.sub("", text).strip() for text in texts if re.search(r"[^\W\d_]{2}", text)]


def _printed_texts(source: Source) -> list[str]:
    texts: list[str] = []
    for call in calls(source.tree or ast.Module([], [])):
        if dotted_name(call.func).rpartition(".")[2] in _PRINTING:
            texts += [
                re.sub(r"\s+", " ", argument.value)
                for argument in call.args
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
            ]
    return [text for text in texts if count_words(text) >= MIN_STRING_WORDS]


# ---------------------------------------------------------------- the concluding write-up
def _closing(document: Document, spoken: tuple[Sentence, ...], cells: tuple[CellFacts, ...]) -> tuple[Sentence, ...]:
    """Return the concluding write-up: conclusion-like sections after training, else what follows the last score."""
    trained = last_cell_calling(cells, FITTING_CALLS)
    scored = last_cell_calling(cells, SCORING_CALLS)
    documents = {cell.index for cell in cells if cell.is_document}  # a README's results are written once they are known
    concluding = tuple(
        sentence
        for sentence in document.sentences
        if sentence.section == "conclusion" or (sentence.cell in documents and sentence.section == "evaluation")
    )
    after_training = tuple(sentence for sentence in concluding if trained is None or sentence.cell > trained)
    end = scored if scored is not None else trained
    after_score = tuple(sentence for sentence in document.sentences if end is not None and sentence.cell > end)
    in_code = tuple(
        sentence
        for sentence in spoken
        if end is not None and sentence.cell >= end and count_words(sentence.text) >= MIN_STRING_WORDS
    )
    for candidate in (after_training, after_score, concluding, in_code):
        if sum(count_words(sentence.text) for sentence in candidate) >= MIN_CLOSING_WORDS:
            return candidate
    return after_training or after_score


# ---------------------------------------------------------------- stated numbers
def _claims(sentences: tuple[Sentence, ...], class_names: tuple[str, ...]) -> tuple[NumberClaim, ...]:
    # Printed strings are read where they come out, in the outputs.
    return tuple(
        claim
        for sentence in sentences
        if sentence.voice != "printed"
        for claim in read_claims(
            sentence.text, sentence.cell, "prose" if sentence.voice == "prose" else "comment", class_names
        )
    )


# ---------------------------------------------------------------- text that addresses the grader
def _grader_address(
    document: Document, sources: tuple[Source, ...], cells: tuple[CellFacts, ...]
) -> tuple[Passage, ...]:
    """Return text written to steer a grader: `explained` where it is an instruction, `named` where it is only hidden.

    `stance` says whether a reader of the notebook sees it: `visible` or `hidden`.
    """
    found: list[Passage] = []
    unseen = [(text, cell.index) for cell in cells if cell.kind != "code" and (text := invisible_text(cell.source))]
    found += [Passage("grader_address", "named", text[:MAX_QUOTE], cell, "hidden") for text, cell in unseen]
    for text, cell in document.hidden:
        if count_words(text) < MIN_HIDDEN_WORDS or _EDITOR_MARK.match(text):
            continue
        instruction = words.GRADER_ADDRESS.search(text) is not None
        found.append(
            Passage("grader_address", "explained" if instruction else "named", text[:MAX_QUOTE], cell, "hidden")
        )
    found += [
        Passage("grader_address", "explained", sentence[:MAX_QUOTE], cell, "visible")
        for text, cell in _all_texts(sources, cells)
        for sentence in split_sentences(ZERO_WIDTH.sub("", text))
        if words.GRADER_ADDRESS.search(sentence)
    ]
    return tuple(dict.fromkeys(found))


def _all_texts(sources: tuple[Source, ...], cells: tuple[CellFacts, ...]) -> list[tuple[str, int]]:
    """Return the visible markdown, the comments and every string of the code, template sentences included."""
    texts = [(block, cell.index) for cell in cells if cell.kind != "code" for block in _visible(cell.source)]
    for source in sources:
        texts += [(comment.text, source.index) for comment in read_comments(source.text)]
        texts += [
            (node.value, source.index)
            for node in ast.walk(source.tree or ast.Module([], []))
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and count_words(node.value) >= MIN_HIDDEN_WORDS
        ]
    return texts


def _visible(source: str) -> list[str]:
    return [block.text for block in read_markdown(source).blocks]
