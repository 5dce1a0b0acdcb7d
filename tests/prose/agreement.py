"""How well the grader's levels agree with the labels: measured, kept, and written as a table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from sklearn.metrics import cohen_kappa_score, confusion_matrix

from grader.evidence.reading.sentence_model import in_place_of_shipped

from .training import figures, folds, labelled_sentences, model_without
from .writeups import CRITERIA, WriteUp, graded, write_ups

HERE = Path(__file__).resolve().parent
README = HERE / "README.md"
KEPT = HERE / "measured.json"
BEGIN, END = "<!-- measured -->", "<!-- /measured -->"
LEVELS = (1, 2, 3, 4)
Levels = Mapping[str, tuple[int, int]]


def measure(items: Sequence[WriteUp]) -> Levels:
    """Grade write-ups: those of the development part by a classifier that never saw their writer, the others as shipped."""
    fold = {person: persons for persons in folds() for person in persons}
    found: dict[str, tuple[int, int]] = {}
    for item in items:
        if item.part == "held_out":
            found[item.name] = graded(item)
            continue
        with in_place_of_shipped(model_without(fold.get(item.person, frozenset()))):
            found[item.name] = graded(item)
    return found


def kappa(items: Sequence[WriteUp], levels: Levels, criterion: int) -> float:
    """The quadratic weighted kappa between labels and levels."""
    labels, given = _pairs(items, levels, criterion)
    return float(cohen_kappa_score(labels, given, weights="quadratic"))


def exact(items: Sequence[WriteUp], levels: Levels, criterion: int) -> float:
    """The share of write-ups that get the very level of their label."""
    return sum(a == b for a, b in zip(*_pairs(items, levels, criterion), strict=True)) / len(items)


def _pairs(items: Sequence[WriteUp], levels: Levels, criterion: int) -> tuple[list[int], list[int]]:
    return [item.levels[criterion] for item in items], [levels[item.name][criterion] for item in items]


def parts() -> list[tuple[str, list[WriteUp]]]:
    """The groups that figures are given for."""
    everything = list(write_ups())
    return [
        ("all", everything),
        ("English", [item for item in everything if item.language == "en"]),
        ("Spanish", [item for item in everything if item.language == "es"]),
        ("development", [item for item in everything if item.part == "development"]),
        ("held out", [item for item in everything if item.part == "held_out"]),
    ]


def table(levels: Levels) -> str:
    """The figures as Markdown."""
    lines = [
        "| write-ups | number | understanding: kappa | exact | write_up: kappa | exact |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, items in parts():
        cells = [
            f"{value:.2f}"
            for criterion in range(2)
            for value in (kappa(items, levels, criterion), exact(items, levels, criterion))
        ]
        lines.append(f"| {name} | {len(items)} | {' | '.join(cells)} |")
    everything = list(write_ups())
    for criterion, title in enumerate(CRITERIA):
        counts = confusion_matrix(*_pairs(everything, levels, criterion), labels=LEVELS)
        lines += ["", f"`{title}`, all write-ups: label by row, level given by column.", ""]
        lines += ["| | 1 | 2 | 3 | 4 |", "| --- | --- | --- | --- | --- |"]
        lines += [f"| **{level}** | {' | '.join(map(str, row))} |" for level, row in zip(LEVELS, counts, strict=True)]
    return "\n".join(lines)


def sentence_table() -> str:
    """The classifier's figures as Markdown."""
    persons = {item.person for item in labelled_sentences()}
    lines = [
        f"{len(labelled_sentences())} sentences of {len(persons)} persons; `explained` in sentences of unseen persons:",
        "",
        "| topic | explained | precision | recall | average precision | accuracy of none, named, explained |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {topic} | {row['sentences']:.0f} | {row['precision']:.2f} | {row['recall']:.2f} | "
        f"{row['average_precision']:.2f} | {row['accuracy']:.2f} |"
        for topic, row in figures().items()
    ]
    return "\n".join(lines)


def keep(levels: Levels) -> None:
    """Write the levels to `measured.json` and the tables into README.md."""
    KEPT.write_text(json.dumps({name: list(pair) for name, pair in levels.items()}, indent=0) + "\n", encoding="utf-8")
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    README.write_text(f"{before}{BEGIN}\n\n{table(levels)}\n\n{sentence_table()}\n\n{END}{after}", encoding="utf-8")


def kept() -> Levels:
    """The levels of the last measurement."""
    return {name: (pair[0], pair[1]) for name, pair in json.loads(KEPT.read_text(encoding="utf-8")).items()}
