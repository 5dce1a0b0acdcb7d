"""The assignment's own text: what stands in its template, or in most of the class, is nobody's explanation.

A student's sentence is the assignment's where it is the same but for spaces, punctuation and case; where it differs in
little, only the words that were put in are the student's. Everything is compared sentence by sentence, so that it does
not matter how lines were broken, and the order of submissions plays no part.
"""

from __future__ import annotations

import ast
import hashlib
import io
import re
import tokenize
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cached_property

from grader.evidence.reading.sentences import split_sentences
from grader.model import Cell, Submission

SHARED_BY = 0.6
"""Share of a class from which a sentence is taken for the assignment's: copies among friends are fewer."""

LEAST_SHARING = 5
"""Fewer students with the same sentence may have copied from each other, whatever their share."""

LEAST_SHARED_WORDS = 6
"""Shorter sentences are alike by chance: `The model is overfitting.`"""

ALIKE = 0.8
"""Likeness of words (difflib's ratio) from which a sentence is a template's, changed: one word in five may differ."""

LEAST_ALIKE_WORDS = 6
"""Shorter sentences of one student differ from a template's in what matters."""

CONTEXT_BEFORE, CONTEXT_AFTER = 6, 3
"""Words of the template kept around a number that was filled in: without them it would be a number of nothing."""

MAX_SENTENCES = 5_000
"""Sentences of templates that are compared with; a longer template is cut."""

_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*")
_BLANK = re.compile(r"_{2,}|\.{3,}|…+|\[[^\]\n]{0,40}\]|<[^>\n]{1,40}>|\bTODO\b|\?{2,}|\bX{2,}\b")
_MARK = re.compile(r"^(\s*(?:[-*+]\s+|\d+[.)]\s+|>\s*)*)")
_HEADING = re.compile(r"^\s*(?:#{1,6}\s|={3,}\s*$|-{3,}\s*$)")
_FENCE = re.compile(r"^\s*(?:```|~~~)")


@dataclass(frozen=True)
class Given:
    """Sentences, by their words, and lines of code that are the assignment's."""

    sentences: frozenset[str] = frozenset()
    code: frozenset[str] = frozenset()
    blanks: tuple[str, ...] = field(default=())
    """Patterns of sentences with a place to fill in."""

    @cached_property
    def digest(self) -> str:
        """What tells one template from another; empty where there is none."""
        if not self.sentences and not self.code:
            return ""
        parts = (*sorted(self.sentences), "\0", *sorted(self.code), "\0", *sorted(self.blanks))
        return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()

    @cached_property
    def _by_word(self) -> dict[str, list[tuple[str, ...]]]:
        found: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        for sentence in sorted(self.sentences):
            words = tuple(sentence.split())
            if len(words) >= LEAST_ALIKE_WORDS:
                for word in set(words):
                    found[word].append(words)
        return found

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(pattern, re.IGNORECASE | re.DOTALL) for pattern in self.blanks)

    # ------------------------------------------------------------ sentences
    def own_part(self, sentence: str) -> str:
        """Return what of a sentence is the student's: all of it, what was put into the template's, or nothing."""
        words = plain(sentence)
        if not words:
            return sentence
        if words in self.sentences:
            return ""
        for pattern in self._patterns:
            found = pattern.fullmatch(sentence.strip())
            if found is not None:
                return _filled_in(sentence.strip(), [found.span(number + 1) for number in range(len(found.groups()))])
        like = self._most_alike(tuple(words.split()))
        return sentence if like is None else _put_in(sentence, like)

    def _most_alike(self, words: tuple[str, ...]) -> tuple[str, ...] | None:
        if len(words) < LEAST_ALIKE_WORDS:
            return None
        shared: Counter[tuple[str, ...]] = Counter()
        for word in set(words):
            shared.update(self._by_word.get(word, ()))
        best, most = None, ALIKE
        for other, count in shared.most_common(5):
            if 2 * count < ALIKE * 0.8 * len(set(words)):
                break
            ratio = SequenceMatcher(None, other, words, autojunk=False).ratio()
            if ratio >= most:
                best, most = other, ratio
        return best

    # ------------------------------------------------------------ cells
    def own_markdown(self, source: str) -> str:
        """Return a text cell without the assignment's sentences; headings stay, as what they announce."""
        kept = []
        fenced = False
        for line in _paragraph_lines(source):
            fenced ^= _FENCE.match(line) is not None
            if fenced or _HEADING.match(line) or not line.strip():
                kept.append(line)
                continue
            mark = _MARK.match(line)
            start = mark[0] if mark else ""
            own = [part for sentence in split_sentences(line[len(start) :]) if (part := self.own_part(sentence))]
            kept.append(start + " ".join(own) if own else "")
        return "\n".join(kept)

    def own_code(self, source: str) -> str:
        """Return code without the assignment's comments and texts: nothing where every line is the assignment's."""
        lines = [plain_code(line) for line in source.splitlines() if plain_code(line)]
        if self.code and lines and all(line in self.code for line in lines):
            return ""
        return self._without_texts(source)

    def _without_texts(self, source: str) -> str:
        kept = source.split("\n")
        for line, start, end, text in _texts_in(source):
            words = plain(text)
            if words and (words in self.sentences or not any(map(self.own_part, split_sentences(text)))):
                kept[line] = kept[line][:start] + kept[line][end:]
        return "\n".join(kept)

    # ------------------------------------------------------------ making
    def __or__(self, other: Given) -> Given:
        return Given(
            self.sentences | other.sentences, self.code | other.code, tuple(sorted({*self.blanks, *other.blanks}))
        )

    @classmethod
    def of(cls, cells: Iterable[Cell]) -> Given:
        """Return what a template's cells give: its sentences, its comments, and its lines of code."""
        cells = tuple(cells)
        raw = list(dict.fromkeys(_sentences(cells)))[:MAX_SENTENCES]
        code = frozenset(
            plain_code(line) for cell in cells if cell.kind == "code" for line in cell.source.splitlines()
        ) - {""}
        patterns = {pattern for sentence in raw if (pattern := _blank_pattern(sentence))}
        return cls(frozenset(map(plain, raw)) - {""}, code, tuple(sorted(patterns)))

    @classmethod
    def shared(cls, submissions: Sequence[Submission]) -> Given:
        """Return the sentences that most of a class has, in texts and comments; the students' order plays no part."""
        counted: Counter[str] = Counter()
        for submission in submissions:
            counted.update(telling_sentences(submission.cells))
        return shared_by_most(counted, len(submissions))


NOTHING_GIVEN = Given()


def telling_sentences(cells: Iterable[Cell]) -> frozenset[str]:
    """Return the sentences of texts and comments that are long enough not to be alike by chance, by their words."""
    found = {plain(sentence) for sentence in _sentences(cells)}
    return frozenset(words for words in found if words.count(" ") + 1 >= LEAST_SHARED_WORDS)


def shared_by_most(counted: Mapping[str, int], submissions: int) -> Given:
    """Return the sentences that most of so many submissions have, given in how many each stands."""
    least = max(LEAST_SHARING, SHARED_BY * submissions)
    return Given(frozenset(words for words, count in counted.items() if count >= least))


def plain(text: str) -> str:
    """Return the words of a text and nothing else: without marks, spaces and case."""
    return " ".join(_WORD.findall(text.casefold()))


def plain_code(line: str) -> str:
    """Return a line of code without spaces and its comment's sign."""
    return re.sub(r"\s+", "", line)


def _sentences(cells: Iterable[Cell]) -> Iterator[str]:
    for cell in cells:
        if cell.kind == "code":
            for _, _, _, text in _texts_in(cell.source):
                yield from split_sentences(text)
        else:
            for line in _paragraph_lines(cell.source):
                mark = _MARK.match(line)
                if not _HEADING.match(line):
                    yield from split_sentences(line[len(mark[0]) if mark else 0 :])


def _paragraph_lines(source: str) -> list[str]:
    """Return the lines of a text with those of one paragraph joined."""
    found: list[str] = []
    fenced = False
    for line in source.split("\n"):
        begins = fenced or _FENCE.match(line) or _HEADING.match(line) or not line.strip() or "|" in line
        marked = _MARK.match(line)
        if found and found[-1].strip() and not begins and not (marked and marked[0].strip()):
            last = found[-1]
            if not (_HEADING.match(last) or _FENCE.match(last) or "|" in last):
                found[-1] = f"{last} {line.strip()}"
                continue
        fenced ^= _FENCE.match(line) is not None
        found.append(line)
    return found


def _texts_in(source: str) -> Iterator[tuple[int, int, int, str]]:
    """Yield (line, start, end, text) of comments and of strings on one line; of longer strings, line by line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError, ValueError, IndentationError):
        for number, line in enumerate(source.split("\n")):
            if line.lstrip().startswith("#"):
                yield number, 0, len(line), line.lstrip("# \t")
        return
    for token in tokens:
        (first, start), (last, end) = token.start, token.end
        if token.type == tokenize.COMMENT:
            yield first - 1, start, end, token.string.lstrip("#").strip()
        elif token.type == tokenize.STRING and first == last and len(token.string) > 6:
            inner = token.string.lstrip("rRbBuUfF")
            quotes = 3 if inner[:3] in {'"""', "'''"} else 1
            before = len(token.string) - len(inner) + quotes
            yield first - 1, start + before, end - quotes, token.string[before:-quotes]
        elif token.type == tokenize.STRING and _is_text(token.string):
            for offset, line in enumerate(token.string.split("\n")):
                if offset and first + offset < last:
                    yield first - 1 + offset, 0, len(line), line


def _is_text(string: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return isinstance(ast.literal_eval(string), str)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False


def _blank_pattern(sentence: str) -> str:
    """Return a pattern of a sentence with places to fill in, empty where it has none or little around them."""
    parts = _BLANK.split(sentence)
    if len(parts) < 2 or len(parts) > 5 or sum(len(_WORD.findall(part)) for part in parts) < 3:
        return ""
    fixed = [r"\W+".join(re.escape(word) for word in _WORD.findall(part)) for part in parts]
    pattern = r"\W*" + fixed[0]
    for part in fixed[1:]:
        pattern += r"\W*?(.{0,400}?)" + (r"\W*" + part if part else "")
    return pattern + r"\W*"


def _filled_in(sentence: str, spans: list[tuple[int, int]]) -> str:
    return _joined(sentence, [span for span in spans if _WORD.search(sentence[span[0] : span[1]])])


def _put_in(sentence: str, template: tuple[str, ...]) -> str:
    """Return the words of a sentence that its template does not have."""
    spans = [match.span() for match in _WORD.finditer(sentence)]
    words = plain(sentence).split()
    if len(words) != len(spans):
        return ""
    matcher = SequenceMatcher(None, template, words, autojunk=False)
    put = [(low, high) for kind, _, _, low, high in matcher.get_opcodes() if kind in {"insert", "replace"}]
    return _joined(sentence, [(spans[low][0], spans[high - 1][1]) for low, high in put])


def _joined(sentence: str, spans: list[tuple[int, int]]) -> str:
    """Return the parts of a sentence, those that touch as one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(_with_context(sentence, *span) for span in spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return " ".join(sentence[start:end].strip() for start, end in merged)


def _with_context(sentence: str, start: int, end: int) -> tuple[int, int]:
    """Return where a part stands; a number alone with the words around it, as they say what it is a number of."""
    own = sentence[start:end]
    if not any(letter.isdigit() for letter in own) or len(_WORD.findall(own)) > CONTEXT_AFTER:
        return start, end
    before = [match.start() for match in _WORD.finditer(sentence[:start])][-CONTEXT_BEFORE:]
    after = [match.end() for match in _WORD.finditer(sentence) if match.start() >= end][:CONTEXT_AFTER]
    return before[0] if before else start, after[-1] if after else end
