"""What each family of checks is about, in the order in which a rubric's author meets them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from grader.checks.registry import CHECKS, Check

FAMILIES: Mapping[str, str] = {
    "task": "What is predicted from what, and whether the text says so.",
    "data": "The data itself: shown, counted, labelled, files that can be read.",
    "split": "Which rows trained, which were held back, and what leaked between them; told by rows, not by names.",
    "model": "The network: does it run, fit its labels, learn, and are its choices tuned and justified.",
    "training": "How training went: loss, curves, learning rate, collapse, dead units.",
    "evaluation": "The score: of which rows, recomputed outside, its confusion matrix, errors and weak classes.",
    "prediction": "The trained network at work: one input, a batch, files.",
    "readme": "The README: six questions that it answers.",
    "project": "What lies in the project's folder beside the notebook: documents, logs, tables, pictures, models.",
    "code": "The notebook as code: runs from top to bottom, seeded, comes out again, readable.",
    "understanding": "What the prose explains of the model, and whether the measured facts bear it out.",
    "write_up": "The concluding text: the score stated and true, weaknesses, the next step, insight.",
    "prose": "What else was seen in the text.",
}


def family_of(check_id: str) -> str:
    """Return the family of a check: what stands before its point."""
    return check_id.partition(".")[0]


def by_family(prefix: str = "") -> Iterable[tuple[str, str, tuple[Check, ...]]]:
    """Return (family, what it is about, its checks by id) for the checks whose ids start with `prefix`.

    A family that this file does not describe comes last, without a description.
    """
    chosen = [CHECKS[name] for name in sorted(CHECKS) if name.startswith(prefix)]
    names = dict.fromkeys([*FAMILIES, *(family_of(item.id) for item in chosen)])
    for name in names:
        members = tuple(item for item in chosen if family_of(item.id) == name)
        if members:
            yield name, FAMILIES.get(name, ""), members
