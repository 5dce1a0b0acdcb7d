"""The page of passages in common: pairs side by side, for staff. It judges nothing, and no grade knows of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from markupsafe import Markup, escape

from grader.model import Excerpt, SharedPassage, Similarity, SimilarPair
from grader.reports.links import SubmissionLink, page_link, submission_link
from grader.reports.numbers import cell_number, count, percent
from grader.reports.page import render
from grader.reports.text import visible

SIMILAR_PAGE = "similar.html"


@dataclass(frozen=True, slots=True)
class ExcerptView:
    """One side of a passage: the cell it stands in, and its lines with the passage marked."""

    cell: int
    link: str
    text: Markup


@dataclass(frozen=True, slots=True)
class PassageView:
    """A passage on both sides; `unusual` says who else has it."""

    number: int
    kind: str
    length: str
    unusual: str
    left: ExcerptView
    right: ExcerptView


@dataclass(frozen=True, slots=True)
class PairView:
    """Two submissions and what they share, the most telling first."""

    number: int
    left: SubmissionLink
    right: SubmissionLink
    words: str
    unusual: str
    passages: tuple[PassageView, ...]


@dataclass(frozen=True, slots=True)
class Sharer:
    """A submission that shares something: where its line is, and the pairs it stands in, by number and partner."""

    submission: str
    anchor: str
    pairs: tuple[tuple[int, str], ...]


def place_of(submission: str) -> str:
    """Return the id of a submission's line on the page; names hold what ids can't."""
    return f"of-{hashlib.sha256(submission.encode('utf-8', 'replace')).hexdigest()[:12]}"


def render_similar(similarity: Similarity, rubric_title: str, digest: str = "") -> str:
    """Return the page of pairs that share unusual passages; `digest` is of the texts that were compared."""
    return render(
        "similar.html.j2",
        rubric_title=rubric_title,
        submissions=similarity.submissions,
        compared=similarity.compared,
        found=similarity.found,
        complete=similarity.complete,
        digest=digest,
        sharers=_sharers(similarity),
        pairs=tuple(_pair_view(pair, number) for number, pair in enumerate(similarity.pairs, 1)),
    )


def _sharers(similarity: Similarity) -> tuple[Sharer, ...]:
    """Return who shares something, in the order of the pairs."""
    found: dict[str, list[tuple[int, str]]] = {}
    for number, pair in enumerate(similarity.pairs, 1):
        found.setdefault(pair.left, []).append((number, pair.right))
        found.setdefault(pair.right, []).append((number, pair.left))
    return tuple(Sharer(name, place_of(name), tuple(pairs)) for name, pairs in found.items())


def _pair_view(pair: SimilarPair, number: int) -> PairView:
    parts = [
        words
        for size, words in (
            (pair.code_tokens, f"{count(pair.code_tokens)} tokens of code"),
            (pair.prose_words, f"{count(pair.prose_words, 'word')} of prose"),
        )
        if size
    ]
    alone = sum(passage.others == 0 for passage in pair.passages)
    told = count(len(pair.passages), "passage")
    return PairView(
        number,
        submission_link(pair.left),
        submission_link(pair.right),
        f"{' and '.join(parts)}, {percent(pair.share)} of the shorter one",
        f"{alone} of {told} in nobody else's work" if alone else f"{told}, all of them elsewhere in the class too",
        tuple(_passage_view(passage, pair, place) for place, passage in enumerate(pair.passages, 1)),
    )


def _passage_view(passage: SharedPassage, pair: SimilarPair, number: int) -> PassageView:
    unit = "tokens of code" if passage.kind == "code" else "words"
    others = "nobody else has any of it"
    if passage.others:
        others = f"parts of it stand in {count(passage.others)} more"
    return PassageView(
        number,
        "Code" if passage.kind == "code" else "Prose",
        f"{count(passage.length)} {unit}",
        others,
        _excerpt_view(passage.left, pair.left),
        _excerpt_view(passage.right, pair.right),
    )


def _excerpt_view(excerpt: Excerpt, submission: str) -> ExcerptView:
    cell = cell_number(excerpt.cell)
    text = escape(visible(excerpt.before)) + Markup("<mark>{}</mark>").format(visible(excerpt.passage))
    return ExcerptView(
        cell, f"{page_link(submission, 'report.html')}#cell-{cell}", text + escape(visible(excerpt.after))
    )
