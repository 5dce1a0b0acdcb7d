"""Sections of a notebook, by heading words and, without any, by position."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from grader.evidence.reading.markdown import Block, read_markdown, readable
from grader.evidence.reading.sentences import Sentence, count_words, is_template, split_sentences
from grader.model.reading import CellFacts, Section, SectionKind

_HEADINGS: tuple[tuple[SectionKind, str], ...] = (
    (
        "conclusion",
        (
            r"conclu|write[\s-]?up|reflect|reflexi|lessons?\b|what (?:i|we) learn|learned|aprend|next steps?|"
            r"future|futuro|"
            r"próximos pasos|siguientes pasos|limitation|limitaci|discussion|discusi|summary|resumen|"
            r"final (?:thoughts|remarks|words)|"
            r"takeaways?|wrap[\s-]?up|closing|improve|mejoras?\b|memoria\b|informe\b|report\b|fazit|in short|"
            r"my thoughts|"
            r"retrospect|cierre|valoraci|where next|what now|weakness"
        ),
    ),
    (
        "evaluation",
        (
            r"evaluat|evaluaci|\btest(?:ing)?\b|results?\b|resultados?|confusion|confusi|accura|exactitud|"
            r"precisi|score|metric|métric|"
            r"errors?\b|errores|mistakes?|wrong|performance|rendimiento|predict|prediccion|how (?:well|"
            r"good)|analysis|análisis|prueba"
        ),
    ),
    (
        "training",
        (
            r"train|entren|fit(?:ting)?\b|learning curve|curvas?\b|curves?\b|optimi|compil|hyperparam|"
            r"hiperpar|tuning|ajuste"
        ),
    ),
    (
        "model",
        (
            r"model|network|architect|arquitect|\bred(?:es)?\b|\bcnn\b|layers?\b|capas?\b|candidates?\b|"
            r"baseline|dense\b|build"
        ),
    ),
    (
        "data",
        (
            r"data|datos|dataset|load|carg|preprocess|preproces|explor|split|partici|divisi|prepar|"
            r"images?\b|imágenes|normali|cleaning|"
            r"features?\b|classes\b|clases\b|samples\b"
        ),
    ),
    (
        "introduction",
        (
            r"intro|overview|goal|objetiv|task|tarea|problem|about|purpose|motivation|project|proyecto|"
            r"abstract|aim\b|set[\s-]?up|import|librar"
        ),
    ),
)
"""Words of headings, surest kind first: "Conclusions about the model" is a conclusion."""
MAX_PROSE_CHARACTERS = 400_000
"""Markdown read of one notebook, without pasted pictures: a novel. Nobody wrote what follows."""
_APPENDIX = re.compile(
    r"^\W*(?:references|bibliograph\w*|sources|appendix|credits|referencias|bibliografía|fuentes|"
    r"anexo)\b",
    re.IGNORECASE,
)
"""What comes last without concluding."""
_PATTERNS = tuple((kind, re.compile(words, re.IGNORECASE)) for kind, words in _HEADINGS)
SCORING_CALLS = re.compile(
    r"(?:^|\.)(?:evaluate|predict|predict_classes|predict_proba|score|confusion_matrix|from_predictions|from_estimator|"
    r"classification_report|accuracy_score|mean_absolute_error|mean_squared_error|r2_score)$"
)
"""Calls after which a notebook has seen its result."""
FITTING_CALLS = re.compile(r"(?:^|\.)(?:fit|fit_generator|train_on_batch)$")
_CODE_KINDS: tuple[tuple[SectionKind, re.Pattern[str]], ...] = (
    ("evaluation", SCORING_CALLS),
    ("training", FITTING_CALLS),
    ("model", re.compile(r"(?:^|\.)(?:Sequential|Model|compile|Dense|Conv\w+)$")),
    ("data", re.compile(r"(?:^|\.)(?:load_\w+|read_csv|train_test_split|image_dataset_from_directory|fetch_\w+)$")),
)


@dataclass(slots=True)
class _Open:
    kind: SectionKind
    heading: str
    cells: list[int] = field(default_factory=list)
    words: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    """The markdown of a notebook: its sections, its sentences in order, and the text hidden in it, by cell."""

    sections: tuple[Section, ...]
    sentences: tuple[Sentence, ...]
    hidden: tuple[tuple[str, int], ...]


def kind_of_heading(heading: str) -> SectionKind:
    """Return what a heading announces, `other` where its words say nothing."""
    return next((kind for kind, pattern in _PATTERNS if pattern.search(heading)), "other")


def read_document(cells: tuple[CellFacts, ...]) -> Document:
    """Read all markdown (and raw) cells. Template sentences are left out of the sentences and of the word counts."""
    reader = _DocumentReader(cells)
    room = MAX_PROSE_CHARACTERS
    for cell in cells:
        if cell.kind != "code" and room > 0:
            reader.read(cell)
            room -= len(readable(cell.source))
    return reader.finish()


def last_cell_calling(cells: tuple[CellFacts, ...], pattern: re.Pattern[str]) -> int | None:
    """Return the index of the last cell with such a call."""
    found = [cell.index for cell in cells if any(pattern.search(name) for name in cell.calls)]
    return found[-1] if found else None


def _calls_any(cell: CellFacts, pattern: re.Pattern[str]) -> bool:
    return any(pattern.search(name) for name in cell.calls)


class _DocumentReader:
    def __init__(self, cells: tuple[CellFacts, ...]) -> None:
        self._calling = [cell for cell in cells if cell.calls]
        self._places = [cell.index for cell in self._calling]
        scoring = [cell.index for cell in self._calling if _calls_any(cell, SCORING_CALLS)]
        fitting = [cell.index for cell in self._calling if _calls_any(cell, FITTING_CALLS)]
        self._first_scoring = min(scoring, default=None)
        self._last_result = max((*scoring, *fitting), default=-1)
        self._kinds: dict[int, SectionKind] = {}
        self._sections: list[_Open] = []
        self._headings: list[tuple[int, SectionKind]] = []
        self._sentences: list[Sentence] = []
        self._hidden: list[tuple[str, int]] = []
        self._group = 0

    def read(self, cell: CellFacts) -> None:
        text = read_markdown(cell.source)
        self._hidden += [(part, cell.index) for part in text.hidden]
        if not any(block.kind == "heading" for block in text.blocks):
            self._split_by_position(cell)
        for block in text.blocks:
            if block.kind == "heading":
                self._open_heading(block, cell)
            else:
                self._add(block, cell)

    def finish(self) -> Document:
        sections = tuple(
            Section(part.kind, part.heading, tuple(part.cells), part.words) for part in self._sections if part.cells
        )
        return Document(sections, tuple(self._sentences), tuple(self._hidden))

    def _open_heading(self, block: Block, cell: CellFacts) -> None:
        if not self._sections and block.level == 1:
            self._sections.append(_Open("introduction", block.text, [cell.index]))  # the title, whatever it is called
            return
        self._headings = [(level, kind) for level, kind in self._headings if level < block.level]
        kind = kind_of_heading(block.text)
        inherited = self._headings[-1][1] if self._headings else "other"
        # Under "Conclusion", a sub-heading such as "The data" still belongs to the conclusion.
        if kind == "other" or inherited == "conclusion":
            kind = inherited if inherited != "other" else kind
        if kind == "other":
            kind = self._kind_by_position(cell)
        if _APPENDIX.search(block.text):
            kind = "other"
        self._headings.append((block.level, kind))
        self._sections.append(_Open(kind, block.text, [cell.index]))

    def _split_by_position(self, cell: CellFacts) -> None:
        """Start a section for markdown without a heading where the notebook has no headings so far."""
        position = self._kind_by_position(cell)
        if not self._sections or not self._headings:
            self._sections.append(_Open(position, "", [cell.index]))

    def _kind_by_position(self, cell: CellFacts) -> SectionKind:
        following = bisect_right(self._places, cell.index)
        if following < len(self._places) and (following == 0 or self._places[0] >= cell.index):
            return "introduction"
        scored = self._first_scoring is not None and self._first_scoring < cell.index
        if scored and self._last_result <= cell.index:
            return "conclusion"
        return self._kind_of_code(following)

    def _kind_of_code(self, number: int) -> SectionKind:
        """Return what the code of one of the calling cells is about, `other` where there is no such cell."""
        if number not in self._kinds:
            followed = self._calling[number : number + 1]
            self._kinds[number] = next(
                (kind for kind, words in _CODE_KINDS if any(_calls_any(cell, words) for cell in followed)), "other"
            )
        return self._kinds[number]

    def _add(self, block: Block, cell: CellFacts) -> None:
        if not self._sections:
            self._sections.append(_Open(self._kind_by_position(cell), "", []))
        section = self._sections[-1]
        self._group += 1
        for text in split_sentences(block.text):
            if is_template(text):
                continue
            section.words += count_words(text)
            self._sentences.append(Sentence(text, cell.index, self._group, section.kind, heading=section.heading))
        if cell.index not in section.cells:
            section.cells.append(cell.index)
